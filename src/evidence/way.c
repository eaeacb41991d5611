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

/* What the gate's report says of the places ("host:port") that were asked for. */
typedef struct places {
	GHashTable *known;   /* somebody answered: place -> its address, borrowed */
	GHashTable *away;    /* nobody did: no such name, no connection */
	GHashTable *refused; /* egress did not let it happen, or the DNS did not say */
	GHashTable *killed;  /* the kill switch cut it, whatever came before */
} places;

static GHashTable *
set_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static bool
is_in(GHashTable *set, const char *url)
{
	g_autofree char *authority = authority_of(url);

	return authority && g_hash_table_contains(set, authority);
}

static void
sort_row(places *p, const hk_gate_row *row)
{
	g_autofree char *host = g_ascii_strdown(row->host, -1);
	g_autofree char *place = g_strdup_printf("%s:%u", host, row->port);

	if (row->refused == HK_EGRESS_KILLED) {
		g_hash_table_add(p->killed, g_strdup(place));
	}
	if (row->refused == HK_EGRESS_UNRESOLVED || row->refused == HK_EGRESS_CONNECT) {
		g_hash_table_add(p->away, g_steal_pointer(&place));
	} else if (*row->address) {
		g_hash_table_insert(p->known, g_steal_pointer(&place), row->address);
	} else {
		g_hash_table_add(p->refused, g_steal_pointer(&place));
	}
}

/* A place that answered once is there. */
static void
forget_known(const places *p, GHashTable *set)
{
	GHashTableIter iter;
	void *place;

	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &place, NULL)) {
		if (g_hash_table_contains(p->known, place)) {
			g_hash_table_iter_remove(&iter);
		}
	}
}

/* A refusal over http is an answer of the gate's with a text of its own: no page of anybody's. What a page itself says about refusals counts for
 * nothing: only the gate's report does. */
static void
drop_refused(hk_capture *capture, const places *p)
{
	const char *end = capture->final_url ? capture->final_url : capture->url;

	for (guint i = capture->pages->len; i > 0; i--) {
		const hk_capture_page *page = g_ptr_array_index(capture->pages, i - 1);

		if (is_in(p->refused, page->url) || is_in(p->away, page->url)) {
			g_ptr_array_remove_index(capture->pages, i - 1);
		}
	}
	if (is_in(p->refused, end) || is_in(p->killed, end)) {
		hk_capture_note(capture, HK_CAPTURE_REFUSED);
	} else if (is_in(p->away, end)) {
		hk_capture_note(capture, HK_CAPTURE_UNREACHABLE);
	}
}

/* Such an answer is not what the place said: it said nothing. */
static void
drop_answer(hk_capture *capture, hk_capture_exchange *x)
{
	const char *code = hk_capture_header_get(x->response_headers, "Hikeshi-Refused");

	if (!code) {
		return;
	}
	g_free(x->error);
	x->error = g_strdup_printf("egress: %s", code);
	x->status = 0;
	g_clear_pointer(&x->status_text, g_free);
	g_clear_pointer(&x->response_head, g_free);
	g_clear_pointer(&x->mime, g_free);
	if (x->body) {
		capture->body_bytes -= g_bytes_get_size(x->body);
	}
	g_clear_pointer(&x->body, g_bytes_unref);
	x->body_exact = false;
	x->body_why = "none";
	g_ptr_array_set_size(x->response_headers, 0);
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
	g_autoptr(GHashTable) known = set_new();
	g_autoptr(GHashTable) away = set_new();
	g_autoptr(GHashTable) refused = set_new();
	g_autoptr(GHashTable) killed = set_new();
	places p = {known, away, refused, killed};
	hk_gate_report report;

	hk_gate_report_get(gate, slot, &report);
	keep_records(capture, &report);
	for (guint i = 0; i < report.rows->len; i++) {
		const hk_gate_row *row = g_ptr_array_index(report.rows, i);

		if (row->refused != HK_EGRESS_OK) {
			add_refusal(capture, row);
		}
		sort_row(&p, row);
	}
	forget_known(&p, away);
	forget_known(&p, refused);
	drop_refused(capture, &p);
	for (guint i = 0; i < capture->exchanges->len; i++) {
		hk_capture_exchange *x = g_ptr_array_index(capture->exchanges, i);

		if (is_in(refused, x->url) || is_in(away, x->url)) {
			drop_answer(capture, x);
		}
		g_autofree char *authority = x->status > 0 ? authority_of(x->url) : NULL;
		const char *address = authority ? g_hash_table_lookup(known, authority) : NULL;

		if (address) {
			set_address(x, address);
		}
	}
	hk_gate_report_clear(&report);
}
