/* store/list against a filter and a sort in C, over random rows, queries, sorts and pages; pages while rows change; faults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/list_int.h"
#include "store/tally.h"
#include "sys/gerr.h"
#include "sys/textfold.h"

#include "store.h"
#include "tap.h"

enum { CASES = 300, ME = 2 };
#define NOW_MS INT64_C(1764036000000)
#define DAY_MS INT64_C(86400000)

typedef struct row {
	int64_t id, target, actor, source, reporter, assignee, campaign;
	const char *state, *kind, *label, *note;
	char name[64], host[64], domain[64], url[96];
	double score;
	int64_t seen, opened, updated, last, closed, due;
	bool breached, deleted, capture, has_host;
} row;

static hk_db *db;
static row rows[CASES * 2];
static size_t row_count;
static uint32_t seed = 4711;

static uint32_t
next(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void
run(hk_sql sql, const hk_value *values, size_t count)
{
	g_autoptr(GError) error = NULL;

	if (!hk_db_exec(db, sql, values, count, NULL, &error)) {
		ok(false, "%s", error->message);
	}
}

static int64_t
some_time(void)
{
	return NOW_MS - (int64_t)next(60) * DAY_MS + next(3) * 1000;
}

static void
make_row(int64_t id)
{
	static const char *const words[] = {"mihon", "bank", "login", "card", "みほん", "銀行"};
	row *r = &rows[row_count++];

	*r = (row){.id = id};
	r->state = hk_list_states(HK_LIST_CASES)[next(10)];
	r->kind = hk_list_kinds()[next(7)];
	r->target = next(4);
	r->actor = next(3);
	r->source = 1 + next(2);
	r->reporter = next(4);
	r->assignee = next(4);
	r->campaign = next(10) == 0;
	r->has_host = next(8) > 0;
	char domain[48], host[52];
	snprintf(domain, sizeof domain, "%s-%u.example", words[next(4)], next(20));
	snprintf(host, sizeof host, "%s%s", next(2) ? "www." : "", domain);
	snprintf(r->url, sizeof r->url, "https://%s/%s_%u", host, words[next(4)], next(30));
	g_strlcpy(r->domain, domain, sizeof r->domain);
	g_strlcpy(r->host, host, sizeof r->host);
	snprintf(r->name, sizeof r->name, "%s %s%u", words[next(6)], words[next(6)], next(9));
	r->score = next(11) / 10.0;
	r->seen = some_time();
	r->opened = some_time();
	r->updated = some_time();
	r->last = some_time();
	r->closed = next(2) ? some_time() : 0;
	r->due = next(3) ? some_time() + 20 * DAY_MS : 0;
	r->breached = next(4) == 0;
	r->deleted = next(10) == 0;
	r->capture = next(3) == 0;
	r->label = next(3) ? NULL : next(2) ? "急ぎ" : "sms";
	r->note = next(3) ? NULL : "スクリーンショット 100%_済";
	run(HK_SQL("INSERT INTO cases (id, name, kind, state, host, domain, url, urls, score, "
		   "target_id, actor_id, "
		   "source_id, reporter_id, assignee_id, campaign_id, first_seen_ms, detected_ms, "
		   "opened_ms, updated_ms, "
		   "last_seen_ms, closed_ms, down_ms, due_ms, breached, deleted_ms, capture) "
		   "VALUES ($1, "
		   "$2, $3, $4, $5, $6, $7, "
		   "$8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, $18, $19, $20, $20, $21, "
		   "$22, "
		   "$23, $24)"),
		HK_ARGS(hk_v_int(id), hk_v_str(r->name), hk_v_str(r->kind), hk_v_str(r->state),
			hk_v_str(r->has_host ? r->host : NULL),
			hk_v_str(r->has_host ? r->domain : NULL),
			hk_v_str(r->has_host ? r->url : NULL), hk_v_int(r->has_host),
			hk_v_real(r->score), hk_v_id(r->target), hk_v_id(r->actor),
			hk_v_int(r->source), hk_v_id(r->reporter), hk_v_id(r->assignee),
			hk_v_id(r->campaign), hk_v_int(r->seen), hk_v_int(r->opened),
			hk_v_int(r->updated), hk_v_int(r->last), hk_v_id(r->closed),
			hk_v_id(r->due), hk_v_int(r->breached), hk_v_id(r->deleted ? NOW_MS : 0),
			r->capture ? hk_v_blob(HK_SPAN_LIT("x")) : hk_v_null()));
	if (r->has_host) {
		run(HK_SQL("INSERT INTO case_urls (case_id, url, hash, host, first_ms, last_ms) "
			   "VALUES ($1, $2, $3, $4, 0, 0)"),
			HK_ARGS(hk_v_int(id), hk_v_str(r->url), hk_v_blob(hk_span_str(r->url)),
				hk_v_str(r->host)));
	}
	if (r->label) {
		run(HK_SQL("INSERT INTO labels (case_id, label) VALUES ($1, $2)"),
			HK_ARGS(hk_v_int(id), hk_v_str(r->label)));
		run(HK_SQL("INSERT INTO case_keys (kind, key, case_id, last_ms) VALUES "
			   "('kit', $2, $1, 0), ('form', 'f=1', $1, 0)"),
			HK_ARGS(hk_v_int(id), hk_v_str(r->label)));
	}
	if (r->note) {
		run(HK_SQL("INSERT INTO comments (case_id, at_ms, text) VALUES ($1, 0, $2)"),
			HK_ARGS(hk_v_int(id), hk_v_str(r->note)));
	}
	hk_search_index(db, id, NULL);
}

static void
fill(void)
{
	hk_db_begin(db, true, NULL);
	for (int i = 1; i <= 3; i++) {
		char key[16], name[32];
		snprintf(key, sizeof key, "k%d", i);
		snprintf(name, sizeof name, "名%d", i);
		run(HK_SQL("INSERT INTO targets (id, key, name, name_en, own, updated_ms) VALUES "
			   "($1, $2, $3, $2, $4, 0)"),
			HK_ARGS(hk_v_int(i), hk_v_str(key), hk_v_str(name), hk_v_int(i == 1)));
		run(HK_SQL("INSERT INTO actors (id, key, name, updated_ms) VALUES ($1, $2, $3, 0)"),
			HK_ARGS(hk_v_int(i), hk_v_str(key), hk_v_str(name)));
		run(HK_SQL("INSERT INTO users (id, login, name, state, created_ms) VALUES ($1, $2, "
			   "$3, 'active', 0)"),
			HK_ARGS(hk_v_int(i), hk_v_str(key), hk_v_str(name)));
		run(HK_SQL("INSERT INTO sources (id, key, kind, name, updated_ms) VALUES ($1, $2, "
			   "'x', $3, 0) ON CONFLICT (id) DO "
			   "UPDATE SET key = excluded.key, name = excluded.name"),
			HK_ARGS(hk_v_int(i), hk_v_str(key), hk_v_str(name)));
	}
	run(HK_SQL("INSERT INTO campaigns (id, name, kind, opened_ms, updated_ms) VALUES (1, 'c', "
		   "'manual', 0, 0)"),
		HK_NO_ARGS);
	run(HK_SQL("DELETE FROM statuses"), HK_NO_ARGS);
	run(HK_SQL("INSERT INTO statuses (key, name, name_en, handled, updated_ms) VALUES ('down', "
		   "'x', 'x', 1, 0), ('closed', 'x', 'x', 1, 0), "
		   "('new', 'x', 'x', 0, 0)"),
		HK_NO_ARGS);
	for (int64_t id = 1; id <= CASES; id++) {
		make_row(id);
	}
	hk_tally_rebuild(db, NULL);
	ok(hk_db_commit(db, NULL), "filled");
}

/* Conditions ------------------------------------------------------------------------------------- */

static bool
is_open(const row *r)
{
	return g_strv_contains(hk_list_open(), r->state);
}

static bool
text_has(const row *r, const char *needle)
{
	g_autoptr(GString) all = g_string_new(NULL), want = g_string_new(NULL);
	g_autofree char *target =
		g_strdup_printf("名%d k%d 名%d", (int)r->target, (int)r->target, (int)r->actor);
	const char *const texts[] = {r->name, r->has_host ? r->host : "",
		r->target || r->actor ? target : "", r->label ? r->label : "",
		r->has_host ? r->url : "", r->note ? r->note : ""};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		hk_textfold(hk_span_str(texts[i]), all);
		g_string_append_c(all, '\n');
	}
	hk_textfold(hk_span_str(needle), want);
	return strstr(all->str, want->str) != NULL;
}

#define IS(condition)                                                                              \
	{                                                                                          \
		return (condition);                                                                \
	}
#define COND(n, body) static bool c##n(const row *r) body

COND(0, IS(strcmp(r->state, "new") == 0))
COND(1, IS(strcmp(r->state, "new") == 0 || strcmp(r->state, "closed") == 0))
COND(2, IS(strcmp(r->kind, "phishing") == 0))
COND(3, IS(r->target == 2))
COND(4, IS(r->target == 2 || r->target == 0))
COND(5, IS(r->target == 1))
COND(6, IS(r->target != 1))
COND(7, IS(r->actor == 0))
COND(8, IS(r->source == 1))
COND(9, IS(r->reporter == 0))
COND(10, IS(r->assignee == ME))
COND(11, IS(r->assignee == 0 || r->assignee == 3))
COND(12, IS(r->has_host &&strcmp(r->host, "www.bank-3.example") == 0))
COND(13, IS(r->has_host &&g_str_has_suffix(r->host, "-3.example")))
COND(14, IS(r->has_host &&g_str_has_prefix(r->domain, "card")))
COND(15, IS(strstr(r->name, "bank") || strstr(r->name, "login")))
COND(16, IS(r->has_host &&strstr(r->url, "/mihon_1")))
COND(17, IS(r->label &&strcmp(r->label, "sms") == 0))
COND(18, IS(!r->label))
COND(19, IS(r->campaign == 1))
COND(20, IS(r->campaign == 0))
COND(21, IS(r->score >= 0.75))
COND(22, IS(r->score > 0.15 && r->score <= 0.5))
COND(23, IS(r->seen >= NOW_MS - 7 * DAY_MS))
COND(24, IS(r->opened >= INT64_C(1761922800000) && r->opened < INT64_C(1764514800000)))
COND(25, IS(r->closed == 0))
COND(26, IS(is_open(r) && r->due != 0 && r->due < NOW_MS))
COND(27, IS(r->breached))
COND(28, IS(is_open(r)))
COND(29, IS(!is_open(r)))
COND(30, IS(strcmp(r->state, "down") == 0 || strcmp(r->state, "closed") == 0))
COND(31, IS(r->capture))
COND(32, IS(text_has(r, "銀行")))
COND(33, IS(text_has(r, "mihon")))
COND(34, IS(text_has(r, "100%_済")))
COND(35, IS(text_has(r, "み")))
COND(36, IS(text_has(r, "zzz")))
COND(37, IS(r->id >= 50 && r->id <= 120))
COND(38, IS(strstr(r->name, "銀行")))
COND(39, IS(text_has(r, "名2")))
COND(40, IS(r->updated < INT64_C(1763910000000)))
COND(41, IS(r->note != NULL))
COND(42, IS(strcmp(r->state, "duplicate") == 0))
COND(43, IS(r->deleted))
COND(44, IS(text_has(r, "k 銀")))
COND(45, IS(r->target != 0))
COND(46, IS(r->has_host && (strstr(r->url, "/mihon_1") || strstr(r->url, "bank-1"))))
COND(47, IS(r->has_host && (g_str_has_suffix(r->host, "-3.example") ||
				   g_str_has_prefix(r->host, "www.card"))))
COND(48, IS(r->actor != 0))
COND(49, IS(r->label != NULL))
COND(50, IS(!r->breached))
COND(51, IS(!r->has_host))
COND(52, IS(r->seen < INT64_C(1763910000000)))
COND(53, IS(r->closed >= INT64_C(1761922800000) && r->closed < INT64_C(1764514800000)))
COND(54, IS(r->campaign != 0))
COND(55, IS(r->id < 0))
COND(56, IS(strcmp(r->kind, "scam") == 0 || strcmp(r->kind, "c2") == 0))

static const struct {
	const char *q;
	bool (*test)(const row *r);
} conditions[] = {{"status:new", c0}, {"status:new,closed", c1}, {"kind:phishing", c2},
	{"target:k2", c3}, {"target:\"名２\",none", c4}, {"own:yes", c5}, {"own:no", c6},
	{"actor:none", c7}, {"source:K1", c8}, {"by:auto", c9}, {"assignee:me", c10},
	{"assignee:none,k3", c11}, {"host:www.bank-3.example", c12}, {"host:*-3.example", c13},
	{"domain:card*.example", c14}, {"name:BANK,login", c15}, {"url:/mihon_1", c16},
	{"label:SMS", c17}, {"label:none", c18}, {"campaign:1", c19}, {"campaign:none", c20},
	{"score:>=75%", c21}, {"score:0.15..0.5", c22}, {"seen:7d", c23}, {"opened:2025-11", c24},
	{"closed:none", c25}, {"is:overdue", c26}, {"breached:yes", c27}, {"is:open", c28},
	{"is:closed", c29}, {"is:handled", c30}, {"has:capture", c31}, {"銀行", c32},
	{"ＭＩＨＯＮ", c33}, {"100%_済", c34}, {"ミ", c35}, {"zzz", c36}, {"id:50..120", c37},
	{"name:銀行", c38}, {"名2", c39}, {"updated:<2025-11-24", c40}, {"has:comment", c41},
	{"status:duplicate", c42}, {"is:deleted", c43}, {"\"k 銀\"", c44}, {"has:target", c45},
	{"url:/mihon_1,bank-1", c46}, {"host:*-3.example,www.card*", c47}, {"has:actor", c48},
	{"has:label", c49}, {"breached:no", c50}, {"urls:<1", c51}, {"detected:<2025-11-24", c52},
	{"down:2025-11", c53}, {"has:campaign", c54}, {"has:attachment", c55}, {"service:x", c55},
	{"kind:scam,c2", c56}, {"urls:>1", c55}, {"host:none", c51}, {"key:kit=sms", c17},
	{"key:kit=sms,\"kit=急ぎ\"", c49}, {"key:none", c18}, {"key:form=f=1", c49},
	{"key:form=sms", c55}};

/* Sorts ------------------------------------------------------------------------------------------ */

static const char *sort_key;
static bool falling;

static int
cmp_int(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_sort(const void *pa, const void *pb)
{
	const row *a = *(const row *const *)pa, *b = *(const row *const *)pb;
	int c = 0, empty = 0;

#define INTS(key, member)                                                                          \
	if (strcmp(sort_key, key) == 0) {                                                          \
		c = cmp_int(a->member, b->member);                                                 \
	}
#define EMPTY(key, member)                                                                         \
	if (strcmp(sort_key, key) == 0) {                                                          \
		c = cmp_int(a->member, b->member);                                                 \
		empty = cmp_int(a->member == 0, b->member == 0);                                   \
	}
#define TEXTS(key, member)                                                                         \
	if (strcmp(sort_key, key) == 0) {                                                          \
		c = strcmp(a->member, b->member);                                                  \
	}
	INTS("first_seen", seen)
	INTS("updated", updated)
	INTS("opened", opened)
	INTS("last_seen", last)
	INTS("source", source)
	EMPTY("target", target)
	EMPTY("actor", actor)
	EMPTY("by", reporter)
	EMPTY("assignee", assignee)
	EMPTY("closed", closed)
	EMPTY("due", due)
	TEXTS("name", name)
	TEXTS("kind", kind)
	TEXTS("state", state)
	if (strcmp(sort_key, "score") == 0) {
		c = a->score < b->score ? -1 : a->score > b->score;
	}
	if (strcmp(sort_key, "host") == 0) {
		c = a->has_host && b->has_host ? strcmp(a->host, b->host) : 0;
		empty = cmp_int(!a->has_host, !b->has_host);
	}
	if (empty) {
		return empty;
	}
	c = c ? c : cmp_int(a->id, b->id);
	return falling ? -c : c;
}

/* One query, all pages --------------------------------------------------------------------------- */

static GString *
walk(const char *q, const char *sort, unsigned limit, int64_t *ret_count, bool *ret_exact)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_filter) f = hk_filter_new(db, HK_LIST_CASES, q, ME, NOW_MS, &error);
	g_autofree char *after = NULL;
	bool first = true;

	while (f) {
		hk_page page;
		if (!hk_list_page(db, f, sort, limit, after, &page, &error)) {
			break;
		}
		for (size_t i = 0; i < page.ids->len; i++) {
			g_string_append_printf(
				out, "%d ", (int)g_array_index(page.ids, int64_t, i));
		}
		if (first) {
			*ret_count = page.count;
			*ret_exact = page.exact;
		}
		first = false;
		g_free(after);
		after = g_steal_pointer(&page.next);
		hk_page_clear(&page);
		if (!after) {
			break;
		}
	}
	if (error) {
		g_string_append(out, error->message);
	}
	return out;
}

static bool
one_query(int most_terms)
{
	g_autoptr(GString) q = g_string_new(NULL), want = g_string_new(NULL);
	size_t picks[3], count = next((uint32_t)most_terms + 1);
	bool nots[3], duplicates = false, deleted = false;
	const row *found[CASES * 2];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		picks[i] = next(G_N_ELEMENTS(conditions));
		nots[i] = next(4) == 0;
		const char *text = conditions[picks[i]].q;
		g_string_append_printf(q, "%s%s%s", i ? " " : "", nots[i] ? "-" : "", text);
		duplicates = duplicates || (g_str_has_prefix(text, "status:") && !nots[i]) ||
			     g_str_has_prefix(text, "id:");
		deleted = deleted || (strcmp(text, "is:deleted") == 0 && !nots[i]);
	}
	for (size_t i = 0; i < row_count; i++) {
		const row *r = &rows[i];
		bool in =
			r->deleted == deleted && (duplicates || strcmp(r->state, "duplicate") != 0);
		for (size_t k = 0; k < count; k++) {
			in = in && conditions[picks[k]].test(r) != nots[k];
		}
		if (in) {
			found[n++] = r;
		}
	}
	const char *const *sorts = hk_list_sorts(HK_LIST_CASES);
	sort_key = sorts[next((uint32_t)g_strv_length((char **)(void *)(uintptr_t)sorts))];
	falling = next(2);
	qsort(found, n, sizeof found[0], by_sort);
	for (size_t i = 0; i < n; i++) {
		g_string_append_printf(want, "%d ", (int)found[i]->id);
	}
	g_autofree char *sort = g_strdup_printf("%s%s", falling ? "-" : "", sort_key);
	unsigned limit = next(3) == 0 ? 1 + next(5) : 1 + next(60);
	int64_t total = -1, exactly = -1;
	bool exact = false;
	g_autoptr(GString) got = walk(q->str, sort, limit, &total, &exact);
	if (strcmp(got->str, want->str) != 0 ||
		(exact ? total != (int64_t)n : total > (int64_t)n)) {
		ok(false, "%s, sort %s, limit %u: total %d %s", q->str, sort, limit, (int)total,
			exact ? "exactly" : "at least");
		tap_diag("got  %s", got->str);
		tap_diag("want %s", want->str);
		return false;
	}
	g_autoptr(hk_filter) f = hk_filter_new(db, HK_LIST_CASES, q->str, ME, NOW_MS, NULL);
	GArray *ids = NULL;
	bool good = hk_list_count(db, f, 100000, &exactly, NULL) && exactly == (int64_t)n &&
		    hk_list_ids(db, f, 7, &ids, NULL) && ids->len == MIN(n, 7u);
	g_clear_pointer(&ids, g_array_unref);
	return good || ok(false, "%s: counted %d instead of %zu", q->str, (int)exactly, n);
}

static void
queries(int64_t few, int count, const char *what)
{
	bool good = true;

	hk_list_few = few;
	for (int i = 0; i < count && good; i++) {
		good = one_query(3);
	}
	ok(good, "%d random queries, %s", count, what);
	hk_list_few = HK_LIST_FEW;
}

/* Each condition alone is right, and finds something. */
static void
conditions_alone(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++) {
		int64_t total;
		bool exact;
		g_autoptr(GString) got = walk(conditions[i].q, "id", 200, &total, &exact);
		ok(got->len == 0 || g_ascii_isdigit(got->str[0]), "%s: %.60s", conditions[i].q,
			got->str);
	}
}

/* Rows come, go and move between two pages: those that stay as they are are seen exactly once. */
static void
while_changing(int64_t few)
{
	bool seen[CASES + 1] = {false}, touched[CASES + 1] = {false}, good = true;
	g_autofree char *after = NULL;
	int64_t fresh = 1000 + few;

	hk_list_few = few;
	g_autoptr(hk_filter) f = hk_filter_new(db, HK_LIST_CASES, "score:>=0.3", ME, NOW_MS, NULL);
	do {
		hk_page page;
		good = good && hk_list_page(db, f, "-updated", 13, after, &page, NULL);
		for (size_t i = 0; good && i < page.ids->len; i++) {
			int64_t id = g_array_index(page.ids, int64_t, i);
			if (id <= CASES) {
				good = !seen[id] || touched[id];
				seen[id] = true;
			}
		}
		g_free(after);
		after = g_steal_pointer(&page.next);
		hk_page_clear(&page);
		hk_db_begin(db, true, NULL);
		for (int i = 0; i < 3; i++) {
			int64_t id = 1 + next(CASES);
			touched[id] = true;
			run(HK_SQL("UPDATE cases SET updated_ms = $2 WHERE id = $1"),
				HK_ARGS(hk_v_int(id), hk_v_int(some_time())));
			rows[id - 1].updated = 0;
		}
		make_row(fresh++);
		hk_db_commit(db, NULL);
	} while (after && good);
	for (int64_t id = 1; id <= CASES; id++) {
		const row *r = &rows[id - 1];
		if (!touched[id] && r->score >= 0.3 && !r->deleted &&
			strcmp(r->state, "duplicate") != 0) {
			good = good && seen[id];
		}
	}
	ok(good, "every row once while others change (few: %d)", (int)few);
	hk_list_few = HK_LIST_FEW;
}

/* Faults ----------------------------------------------------------------------------------------- */

static void
fails(const char *q, const char *sort, const char *after, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_filter) f = hk_filter_new(db, HK_LIST_CASES, q, ME, NOW_MS, &error);
	hk_page page;

	if (f) {
		if (hk_list_page(db, f, sort, 5, after, &page, &error)) {
			hk_page_clear(&page);
		}
	}
	ok(error && hk_error_code(error) == HK_EFORM && strstr(error->message, want),
		"%s %s %s: %s", q, sort ? sort : "", after ? after : "",
		error ? error->message : "no error");
}

static void
faults(void)
{
	g_autoptr(GError) error = NULL;
	hk_page page;

	fails("stauts:new", NULL, NULL, "q: at character 1");
	fails("key:favicon", NULL, NULL, "write key:KIND=VALUE");
	fails("key:=x", NULL, NULL, "write key:KIND=VALUE");
	fails("status:gone", NULL, NULL, "known are new triaged");
	fails("kind:x", NULL, NULL, "there is no kind x");
	fails("target:nobody", NULL, NULL, "there is no target nobody");
	fails("by:nobody", NULL, NULL, "there is no user nobody");
	fails("campaign:x", NULL, NULL, "there is no campaign x");
	fails("case:5", NULL, NULL, "is no field of this list");
	fails("score:x", NULL, NULL, "this is no number");
	fails("seen:x", NULL, NULL, "this is no time");
	fails("is:x", NULL, NULL, "known with is: are open");
	fails("", "colour", NULL, "sort: ");
	fails("", "--id", NULL, "sort: ");
	g_autoptr(hk_filter) f = hk_filter_new(db, HK_LIST_CASES, "", ME, NOW_MS, NULL);
	ok(hk_list_page(db, f, "name", 5, NULL, &page, &error) && page.next, "a page and a cursor");
	g_autofree char *next_page = g_steal_pointer(&page.next);
	hk_page_clear(&page);
	fails("", "-name", next_page, "after: ");
	fails("", "id", next_page, "after: ");
	fails("status:new", "name", next_page, "after: ");
	fails("", "name", "x", "after: ");
	fails("", "name", "0.v.1.", "after: ");
	for (size_t i = 0, n = strlen(next_page); i < n; i += 3) {
		char keep = next_page[i];
		next_page[i] = keep == '1' ? '2' : '1';
		fails("", "name", next_page, "after: ");
		next_page[i] = keep;
	}
}

static void
sightings(void)
{
	g_autoptr(GError) error = NULL;

	hk_db_begin(db, true, NULL);
	for (int i = 1; i <= 40; i++) {
		char title[32];
		snprintf(title, sizeof title, "Title %d %s", i, i % 3 ? "銀行" : "x_y");
		run(HK_SQL("INSERT INTO sightings (id, source_id, key, kind, state, seen_ms, host, "
			   "title, score, data) VALUES ($1, 1, "
			   "$2, 'url', $3, $4, 'h.example', $5, $6, '{}')"),
			HK_ARGS(hk_v_int(i), hk_v_blob(hk_span_of(&i, sizeof i)),
				hk_v_str(i % 2 ? "new" : "ignored"), hk_v_int(NOW_MS - i * DAY_MS),
				hk_v_str(title), hk_v_real(i % 7 / 10.0)));
	}
	hk_db_commit(db, NULL);
	static const struct {
		const char *q, *sort;
		int count, first;
	} asks[] = {{"", NULL, 40, 40}, {"status:new", "-score", 20, 27}, {"銀行", "id", 27, 1},
		{"x_y status:new", "-first_seen", 7, 3}, {"X_Y", "id", 13, 3},
		{"seen:10d", "id", 10, 1}, {"host:h.example score:0.3", "id", 6, 3},
		{"name:title", "id", 40, 1}, {"case:1", "id", 0, 0}, {"target:none", "id", 40, 1}};
	for (int few = 0; few < 2; few++) {
		hk_list_few = few ? HK_LIST_FEW : 3;
		for (size_t i = 0; i < G_N_ELEMENTS(asks); i++) {
			g_autoptr(hk_filter) f =
				hk_filter_new(db, HK_LIST_SIGHTINGS, asks[i].q, ME, NOW_MS, &error);
			hk_page page = {0};
			int64_t n = -1;
			ok(f && hk_list_page(db, f, asks[i].sort, 5, NULL, &page, &error) &&
					hk_list_count(db, f, 1000, &n, &error),
				"sightings: %s: %s", asks[i].q, error ? error->message : "listed");
			is_int(n, asks[i].count, "how many");
			is_int(page.ids && page.ids->len ? g_array_index(page.ids, int64_t, 0) : 0,
				asks[i].first, "the first");
			hk_page_clear(&page);
			g_clear_error(&error);
		}
	}
	hk_list_few = HK_LIST_FEW;
}

/* What list_fields.c knows by heart is what flow says. */
static void
by_heart(void)
{
	static const char *const states[] = {
#define STATE_CASE(text) text,
#define STATE_SIGHTING(text)
#define STATE_TASK(text)
#define STATE_INTAKE(text)
#define STATE_RUN(text)
#define STATE_REPORT(text)
#define STATE_LIVENESS(text)
#define STATE_DROP(text)
#define STATE_SESSION(text)
#define STATE_LINK(text)
#define STATE_JOB(text)
#define STATE(machine, id, text, en, ja) STATE_##machine(text)
#define MOVE(machine, from, act, to, clock)
#include "flow/states.def"
#undef STATE
#undef MOVE
		NULL};
	static const char *const kinds[] = {
#define KIND(id, text, en, ja, figure, queue) text,
#include "flow/casekinds.def"
#undef KIND
		NULL};

	ok(g_strv_equal(states, hk_list_states(HK_LIST_CASES)), "the states of cases");
	ok(g_strv_equal(kinds, hk_list_kinds()), "the kinds of cases");
}

int
main(void)
{
	db = hk_test_db();
	fill();
	by_heart();
	conditions_alone();
	queries(HK_LIST_FEW, 700, "few rows each");
	queries(4, 700, "many rows each");
	queries(60, 700, "now few, now many");
	faults();
	sightings();
	while_changing(HK_LIST_FEW);
	while_changing(4);
	hk_db_close(db);
	return tap_done();
}
