/* hk_audit_verify: reads the whole chain and says where it first breaks. */
#include <inttypes.h>
#include <string.h>

#include "flow/audit.h"
#include "sys/gerr.h"

/* Rows of one query: a chain of any length is read in constant memory. */
enum { PIECE = 5000 };

/* A head that somebody put down at some time. */
typedef struct witness {
	hk_event_head head;
	const char *who; /* "the anchor", "the head that was kept elsewhere" */
} witness;

typedef struct check {
	hk_db *db;
	const hk_audit_key *key;
	hk_audit_report *report;
	GArray *witnesses; /* by number */
	unsigned next;     /* the first witness that has not been asked */
	hk_event_head last;
	GByteArray *scratch;
} check;

void
hk_audit_report_clear(hk_audit_report *report)
{
	g_clear_pointer(&report->what, g_free);
}

static void bad(check *c, int64_t seq, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
bad(check *c, int64_t seq, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	c->report->bad_seq = seq;
	c->report->what = g_strdup_vprintf(format, args);
	va_end(args);
}

static int
compare_witnesses(const void *a, const void *b)
{
	const witness *x = a, *y = b;

	return (x->head.seq > y->head.seq) - (x->head.seq < y->head.seq);
}

static bool
read_witnesses(check *c, const hk_event_head *heads, size_t count, GError **error)
{
	g_autoptr(hk_rows) rows = hk_anchors_read(c->db, error);
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		witness w = {.head = {.seq = hk_rows_int(rows, 0)}, .who = "an anchor"};
		hk_span mac = hk_rows_blob(rows, 2);
		if (mac.len == sizeof w.head.mac) {
			memcpy(w.head.mac, mac.data, mac.len);
		}
		g_array_append_val(c->witnesses, w);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		witness w = {.head = heads[i], .who = "a head that was kept elsewhere"};
		g_array_append_val(c->witnesses, w);
	}
	g_array_sort(c->witnesses, compare_witnesses);
	return true;
}

/* All witnesses of the row that was read last. */
static void
ask_witnesses(check *c)
{
	while (c->next < c->witnesses->len && c->report->bad_seq == 0) {
		const witness *w = &g_array_index(c->witnesses, witness, c->next);
		if (w->head.seq > c->last.seq) {
			return;
		}
		if (!hk_hmac_same(w->head.mac, c->last.mac)) {
			bad(c, w->head.seq,
				"the row is not the one that %s names: the chain was written anew",
				w->who);
			return;
		}
		c->report->anchors++;
		c->next++;
	}
}

static void
check_row(check *c, const hk_event_record *r)
{
	uint8_t mac[HK_EVENT_MAC_SIZE];
	int64_t want = c->last.seq + 1;

	if (r->seq < want) {
		bad(c, r->seq, "a row was put in before the first one");
		return;
	}
	if (r->seq > want) {
		if (r->seq == want + 1) {
			bad(c, want, "the row is missing");
		} else {
			bad(c, want, "the rows %" PRId64 " to %" PRId64 " are missing", want,
				r->seq - 1);
		}
		return;
	}
	hk_audit_mac(c->key, c->last.mac, r, c->scratch, mac);
	if (!hk_hmac_same(mac, r->mac)) {
		bad(c, r->seq,
			"the MAC does not fit: the row (%s by %s) was changed, moved, or put in "
			"without the key",
			r->act ? r->act : "?", r->who ? r->who : "?");
		return;
	}
	c->last.seq = r->seq;
	memcpy(c->last.mac, mac, sizeof mac);
	c->report->rows++;
	ask_witnesses(c);
}

static bool
check_piece(check *c, int64_t after, int64_t *ret_count, GError **error)
{
	g_autoptr(hk_rows) rows = hk_events_read(c->db, after, PIECE, error);
	GError *inner = NULL;
	hk_event_record r;

	*ret_count = 0;
	if (!rows) {
		return false;
	}
	while (c->report->bad_seq == 0 && hk_events_next(rows, &r, &inner)) {
		check_row(c, &r);
		++*ret_count;
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* What must stand at the end. */
static bool
check_end(check *c, GError **error)
{
	g_autoptr(GError) inner = NULL;
	hk_event_head head;

	if (c->next < c->witnesses->len) {
		const witness *w = &g_array_index(c->witnesses, witness, c->witnesses->len - 1);
		bad(c, c->last.seq + 1,
			"the rows from here on are missing: %s names row %" PRId64
			", so the end was cut off",
			w->who, w->head.seq);
		return true;
	}
	if (!hk_events_head(c->db, &head, &inner)) {
		hk_err code = hk_error_code(inner);
		if (code != HK_ENOENT && code != HK_ECHECK) {
			g_propagate_error(error, g_steal_pointer(&inner));
			return false;
		}
		if (c->last.seq > 0) {
			bad(c, c->last.seq, "the chain's head is gone");
		}
		return true;
	}
	if (head.seq > c->last.seq) {
		bad(c, c->last.seq + 1,
			"the rows up to %" PRId64 " are missing: the end was cut off", head.seq);
	} else if (head.seq < c->last.seq) {
		bad(c, head.seq + 1,
			"the chain ends before this row: rows were put behind its end");
	} else if (!hk_hmac_same(head.mac, c->last.mac)) {
		bad(c, head.seq, "the chain's head was changed");
	}
	return true;
}

static bool
run(check *c, const hk_event_head *heads, size_t count, GError **error)
{
	int64_t read = PIECE;
	/* Rows below 1 are none of ours, yet must not go unseen. */
	int64_t after = INT64_MIN;

	if (!read_witnesses(c, heads, count, error)) {
		return false;
	}
	while (read == PIECE && c->report->bad_seq == 0) {
		if (!check_piece(c, after, &read, error)) {
			return false;
		}
		after = c->last.seq;
	}
	return c->report->bad_seq != 0 || check_end(c, error);
}

bool
hk_audit_verify(hk_db *db, const hk_audit_key *key, const hk_event_head *heads, size_t count,
	hk_audit_report *report, GError **error)
{
	g_autoptr(GByteArray) scratch = g_byte_array_new();
	g_autoptr(GArray) witnesses = g_array_new(FALSE, FALSE, sizeof(witness));
	check c = {
		.db = db, .key = key, .report = report, .witnesses = witnesses, .scratch = scratch};

	*report = (hk_audit_report){0};
	/* One snapshot: what is written meanwhile is not looked at, nor is its head. */
	if (!hk_db_begin(db, false, error)) {
		return false;
	}
	bool good = run(&c, heads, count, error);
	hk_db_rollback(db);
	report->head = c.last;
	return good;
}
