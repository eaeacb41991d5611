#include "evidence/way.h"

#include <string.h>

#include "base/num.h"
#include "sys/gate.h"

/* "host:port" of an address, the scheme's port filled in; NULL: it has none. Caller frees. */
static char *
authority_of(const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;

	if (!host) {
		return NULL;
	}
	host += 3;
	bool tls = g_str_has_prefix(url, "https:") || g_str_has_prefix(url, "wss:");
	g_autofree char *place = g_ascii_strdown(host, (gssize)strcspn(host, "/?#"));
	const char *colon = strrchr(place, ':');

	return colon && !strchr(colon, ']') ? g_steal_pointer(&place)
					    : g_strdup_printf("%s:%d", place, tls ? 443 : 80);
}

/* "192.0.2.1:443" or "[2001:db8::1]:443" in its two parts. */
static void
set_address(hk_capture_exchange *x, const char *address)
{
	const char *colon = strrchr(address, ':');
	uint64_t port = 0;

	if (!colon || hk_parse_u64(hk_span_str(colon + 1), 65535, &port) != HK_OK) {
		return;
	}
	size_t len = (size_t)(colon - address);
	bool bracket = len > 2 && *address == '[';

	g_free(x->remote_ip);
	x->remote_ip = g_strndup(address + bracket, len - 2 * bracket);
	x->remote_port = (unsigned)port;
}

static void
add_refusal(hk_capture *capture, const hk_gate_row *row)
{
	hk_capture_event *event = hk_capture_add_event(capture, HK_CAPTURE_EVENT_REFUSED);

	if (event) {
		g_autofree char *text = g_strdup_printf("%s%s%s",
			hk_egress_reason_code(row->refused), *row->detail ? ": " : "", row->detail);
		g_autofree char *url = g_strdup_printf("%s:%u", row->host, row->port);

		event->text = hk_capture_text(text, HK_CAPTURE_TEXT_MAX);
		event->url = hk_capture_text(url, HK_CAPTURE_URL_MAX);
	}
}

/* Whether nothing but refusals came from where an address leads. */
static bool
is_refused(const GHashTable *refused, const char *url)
{
	g_autofree char *authority = authority_of(url);

	return authority && g_hash_table_contains((GHashTable *)(uintptr_t)refused, authority);
}

/* A refusal over http is an answer of the gate's with a text of its own: no page of anybody's. What a page itself says about refusals counts for
 * nothing: only the gate's report does. */
static void
drop_refused(hk_capture *capture, const GHashTable *refused)
{
	for (guint i = capture->pages->len; i > 0; i--) {
		const hk_capture_page *page = g_ptr_array_index(capture->pages, i - 1);

		if (is_refused(refused, page->url)) {
			g_ptr_array_remove_index(capture->pages, i - 1);
		}
	}
	if (is_refused(refused, capture->final_url ? capture->final_url : capture->url)) {
		hk_capture_note(capture, HK_CAPTURE_REFUSED);
	}
}

/* Who asked, for which case, through which exit, what it resolved to: as egress recorded it. */
static void
keep_records(hk_capture *capture, const hk_gate_report *report)
{
	g_autoptr(GString) text =
		g_string_new_len(report->records->str, (gssize)report->records->len);

	if (report->recorded > HK_GATE_ROWS) {
		g_string_append_printf(text, "{\"more\":%zu}\n", report->recorded - HK_GATE_ROWS);
	}
	g_clear_pointer(&capture->egress, g_bytes_unref);
	capture->egress = text->len > 0 ? g_bytes_new(text->str, text->len) : NULL;
}

void
hk_way_addresses(void *gate, unsigned slot, hk_capture *capture)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) refused =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	hk_gate_report report;

	hk_gate_report_get(gate, slot, &report);
	keep_records(capture, &report);
	for (guint i = 0; i < report.rows->len; i++) {
		const hk_gate_row *row = g_ptr_array_index(report.rows, i);

		g_autofree char *host = g_ascii_strdown(row->host, -1);
		char *place = g_strdup_printf("%s:%u", host, row->port);

		if (row->refused != HK_EGRESS_OK) {
			add_refusal(capture, row);
		}
		if (*row->address) {
			g_hash_table_insert(known, place, row->address);
		} else {
			g_hash_table_add(refused, place);
		}
	}
	GHashTableIter iter;
	void *place;

	g_hash_table_iter_init(&iter, refused);
	while (g_hash_table_iter_next(&iter, &place, NULL)) {
		if (g_hash_table_contains(known, place)) {
			g_hash_table_iter_remove(&iter);
		}
	}
	drop_refused(capture, refused);
	for (guint i = 0; i < capture->exchanges->len; i++) {
		hk_capture_exchange *x = g_ptr_array_index(capture->exchanges, i);
		g_autofree char *authority = x->status > 0 ? authority_of(x->url) : NULL;
		const char *address = authority ? g_hash_table_lookup(known, authority) : NULL;

		if (address) {
			set_address(x, address);
		}
	}
	hk_gate_report_clear(&report);
}
