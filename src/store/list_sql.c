#include "store/list_int.h"

#include <inttypes.h>
#include <string.h>

#define OPEN_SQL "('new', 'triaged', 'confirmed', 'reported', 'resurrected')"

char *
hk_list_pattern(const char *text, bool stars, bool whole)
{
	GString *out = g_string_new(whole ? "" : "%");

	for (; *text != '\0'; text++) {
		if (*text == '*' && stars) {
			g_string_append_c(out, '%');
		} else if (*text == '%' || *text == '_' || *text == '\\') {
			g_string_append_c(out, '\\');
			g_string_append_c(out, *text);
		} else {
			g_string_append_c(out, *text);
		}
	}
	g_string_append(out, whole ? "" : "%");
	return g_string_free(out, false);
}

static void
put_texts(hk_sqlb *b, const GPtrArray *texts, size_t from)
{
	for (size_t i = from; i < texts->len; i++) {
		hk_sqlb_add(b, i > from ? HK_SQL(", ") : HK_SQL("("));
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(texts, i)));
	}
	hk_sqlb_add(b, HK_SQL(")"));
}

static void
put_numbers(hk_sqlb *b, const GArray *numbers)
{
	for (size_t i = 0; i < numbers->len; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : HK_SQL("("));
		hk_sqlb_value(b, hk_v_int(g_array_index(numbers, int64_t, i)));
	}
	hk_sqlb_add(b, HK_SQL(")"));
}

static void
put_or(hk_sqlb *b, bool *first)
{
	if (!*first) {
		hk_sqlb_add(b, HK_SQL(" OR "));
	}
	*first = false;
}

/* One value: SQLite then reads the index of a sort by the same column from there, which it does not with IN. */
static void
put_list(hk_sqlb *b, const hk_part *part, bool texts)
{
	hk_sqlb_add(b, part->field->column);
	if ((texts ? part->texts->len - part->likes : part->numbers->len) == 1) {
		hk_sqlb_add(b, HK_SQL(" = "));
		hk_sqlb_value(b, texts ? hk_v_str(g_ptr_array_index(part->texts, part->likes))
				       : hk_v_int(g_array_index(part->numbers, int64_t, 0)));
		return;
	}
	hk_sqlb_add(b, HK_SQL(" IN "));
	if (texts) {
		put_texts(b, part->texts, part->likes);
	} else {
		put_numbers(b, part->numbers);
	}
}

static void
put_none(hk_sqlb *b, const hk_part *part, bool *first)
{
	if (part->none) {
		put_or(b, first);
		hk_sqlb_add(b, part->field->column);
		hk_sqlb_add(b, HK_SQL(" IS NULL"));
	}
}

static void
put_in(hk_sqlb *b, const hk_part *part)
{
	bool first = true;

	if (part->numbers->len > 0) {
		put_or(b, &first);
		put_list(b, part, false);
	}
	if (part->texts->len > part->likes) {
		put_or(b, &first);
		put_list(b, part, true);
	}
	put_none(b, part, &first);
	if (first) {
		hk_sqlb_add(b, HK_SQL("1 = 0")); /* own:yes where no target is */
	}
}

static void
put_like(hk_sqlb *b, hk_sql column, const hk_part *part)
{
	bool first = true;

	for (size_t i = 0; i < part->likes; i++) {
		put_or(b, &first);
		hk_sqlb_add(b, column);
		hk_sqlb_add(b, HK_SQL(" LIKE "));
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(part->texts, i)));
		hk_sqlb_add(b, HK_SQL(" ESCAPE '\\'"));
	}
}

static void
put_wild(hk_sqlb *b, const hk_part *part)
{
	put_like(b, part->field->column, part);
	if (part->texts->len > part->likes || part->none) {
		hk_sqlb_add(b, part->likes > 0 ? HK_SQL(" OR ") : HK_SQL(""));
		put_in(b, part);
	}
}

/* Ends EXISTS (SELECT ...: OFFSET 0 keeps PostgreSQL from making a join of it, which it begins at the wrong end: it then reads all texts
 * for a page of 20. */
static void
end_exists(hk_sqlb *b)
{
	hk_sqlb_both(b, HK_SQL(")"), HK_SQL(" OFFSET 0)"));
}

static void
put_text(const hk_filter *f, hk_sqlb *b, const hk_part *part)
{
	const char *text = g_ptr_array_index(part->texts, 0);

	if (f->of == HK_LIST_CASES) {
		hk_sqlb_both(b,
			HK_SQL("EXISTS (SELECT 1 FROM case_texts x WHERE x.case_id = c.id AND "
			       "instr(x.text, "),
			HK_SQL("EXISTS (SELECT 1 FROM case_texts x WHERE x.case_id = c.id AND "
			       "strpos(x.text, "));
		hk_sqlb_value(b, hk_v_str(text));
		hk_sqlb_add(b, HK_SQL(") > 0"));
		end_exists(b);
		return;
	}
	g_autofree char *like = hk_list_pattern(text, false, false);
	hk_sqlb_add(b, HK_SQL("lower(c.title || ' ' || COALESCE(c.url, '') || ' ' || "
			      "COALESCE(c.host, '')) LIKE "));
	hk_sqlb_value(b, hk_v_str(like));
	hk_sqlb_add(b, HK_SQL(" ESCAPE '\\'"));
}

static void
put_name(const hk_filter *f, hk_sqlb *b, const hk_part *part)
{
	if (part->likes == 0) {
		hk_sqlb_add(b, HK_SQL("1 = 0")); /* name:none: every case has one */
		return;
	}
	hk_sqlb_add(b, HK_SQL("EXISTS (SELECT 1 FROM case_texts x WHERE x.case_id = c.id AND ("));
	put_like(b,
		f->engine == HK_DB_SQLITE ? HK_SQL("substr(x.text, 1, instr(x.text, char(10)) - 1)")
					  : HK_SQL("split_part(x.text, chr(10), 1)"),
		part);
	hk_sqlb_add(b, HK_SQL(")"));
	end_exists(b);
}

static void
put_url(hk_sqlb *b, const hk_part *part)
{
	if (part->likes > 0) {
		hk_sqlb_add(b,
			HK_SQL("EXISTS (SELECT 1 FROM case_urls u WHERE u.case_id = c.id AND ("));
		put_like(b, HK_SQL("lower(u.url)"), part);
		hk_sqlb_add(b, HK_SQL(")"));
		end_exists(b);
	}
	if (part->none) {
		hk_sqlb_add(b, part->likes > 0 ? HK_SQL(" OR c.urls = 0") : HK_SQL("c.urls = 0"));
	}
}

static void
put_holds(hk_sqlb *b, const hk_part *part)
{
	bool first = true;

	for (size_t i = 0; i < part->likes; i++) {
		put_or(b, &first);
		hk_sqlb_add(b, HK_SQL("lower("));
		hk_sqlb_add(b, part->field->column);
		hk_sqlb_add(b, HK_SQL(") LIKE "));
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(part->texts, i)));
		hk_sqlb_add(b, HK_SQL(" ESCAPE '\\'"));
	}
	put_none(b, part, &first);
}

static void
put_bound(hk_sqlb *b, hk_sql column, hk_sql sign, hk_value value, bool *first)
{
	hk_sqlb_add(b, *first ? HK_SQL("(") : HK_SQL(" AND "));
	*first = false;
	hk_sqlb_add(b, column);
	hk_sqlb_add(b, sign);
	hk_sqlb_value(b, value);
}

/* One span of a number or time. */
static void
put_span(hk_sqlb *b, const hk_part *part, const hk_query_value *v)
{
	bool first = true, real = part->field->how == HK_HOW_REAL,
	     time = part->field->how == HK_HOW_TIME;
	hk_sql column = part->field->column;

	if (v->none) {
		hk_sqlb_add(b, column);
		hk_sqlb_add(b, HK_SQL(" IS NULL"));
		return;
	}
	if (real ? v->low >= -1e300 : v->from != INT64_MIN) {
		put_bound(b, column, real && v->above ? HK_SQL(" > ") : HK_SQL(" >= "),
			real ? hk_v_real(v->low) : hk_v_int(v->from), &first);
	}
	if (real ? v->high <= 1e300 : v->to != INT64_MAX) {
		put_bound(b, column, time || (real && v->below) ? HK_SQL(" < ") : HK_SQL(" <= "),
			real ? hk_v_real(v->high) : hk_v_int(v->to), &first);
	}
	hk_sqlb_add(b, first ? HK_SQL("1 = 1") : HK_SQL(")"));
}

static void
put_label(hk_sqlb *b, const hk_part *part)
{
	if (part->texts->len > 0) {
		hk_sqlb_add(b, HK_SQL("EXISTS (SELECT 1 FROM labels l WHERE l.case_id = c.id AND "
				      "l.label IN "));
		put_texts(b, part->texts, 0);
		end_exists(b);
		hk_sqlb_add(b, part->none ? HK_SQL(" OR ") : HK_SQL(""));
	}
	if (part->none) {
		hk_sqlb_add(b, HK_SQL("NOT EXISTS (SELECT 1 FROM labels l WHERE l.case_id = c.id"));
		end_exists(b);
	}
}

void
hk_filter_keys(const hk_part *part, hk_sqlb *b)
{
	for (size_t i = 0; i + 1 < part->texts->len; i += 2) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(" OR (k.kind = ") : HK_SQL("(k.kind = "));
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(part->texts, i)));
		hk_sqlb_add(b, HK_SQL(" AND k.key = "));
		hk_sqlb_value(b, hk_v_str(g_ptr_array_index(part->texts, i + 1)));
		hk_sqlb_add(b, HK_SQL(")"));
	}
}

static void
put_key(hk_sqlb *b, const hk_part *part)
{
	if (part->texts->len > 0) {
		hk_sqlb_add(b,
			HK_SQL("EXISTS (SELECT 1 FROM case_keys k WHERE k.case_id = c.id AND ("));
		hk_filter_keys(part, b);
		hk_sqlb_add(b, HK_SQL(")"));
		end_exists(b);
		hk_sqlb_add(b, part->none ? HK_SQL(" OR ") : HK_SQL(""));
	}
	if (part->none) {
		hk_sqlb_add(
			b, HK_SQL("NOT EXISTS (SELECT 1 FROM case_keys k WHERE k.case_id = c.id"));
		end_exists(b);
	}
}

/* The states that were looked up, as a list: with the question in their place PostgreSQL reads the small table by a way that was made dear
 * (list_plan.c), beside which all other costs look alike. */
static void
put_states(hk_sqlb *b, const hk_part *part)
{
	hk_sqlb_add(b, HK_SQL("c.state IN "));
	put_texts(b, part->texts, 0);
}

static void
put_is(const hk_filter *f, hk_sqlb *b, const hk_part *part, const hk_query_value *v)
{
	switch ((int)v->flag) {
	case HK_QUERY_IS_OPEN:
		hk_sqlb_add(b, HK_SQL("c.state IN " OPEN_SQL));
		break;
	case HK_QUERY_IS_CLOSED:
		hk_sqlb_add(b, HK_SQL("c.state NOT IN " OPEN_SQL));
		break;
	case HK_QUERY_IS_HANDLED:
		if (part->states && part->texts->len > 0) {
			put_states(b, part);
			break;
		}
		hk_sqlb_add(
			b, HK_SQL("c.state IN (SELECT s.key FROM statuses s WHERE s.handled = 1)"));
		break;
	case HK_QUERY_IS_UNSUPPORTED:
		if (part->states && part->texts->len > 0) {
			put_states(b, part);
			break;
		}
		hk_sqlb_add(b, HK_SQL("c.state NOT IN (SELECT s.key FROM statuses s WHERE "
				      "s.handled = 1)"));
		break;
	case HK_QUERY_IS_DELETED:
		hk_sqlb_add(b, HK_SQL("c.deleted_ms IS NOT NULL"));
		break;
	case HK_QUERY_IS_MINE:
		hk_sqlb_add(b, HK_SQL("c.assignee_id = "));
		hk_sqlb_value(b, hk_v_int(f->me));
		break;
	case HK_QUERY_IS_OVERDUE:
		hk_sqlb_add(b, HK_SQL("c.state IN " OPEN_SQL " AND c.due_ms < "));
		hk_sqlb_value(b, hk_v_int(f->now_ms));
		break;
	case HK_QUERY_IS_AWAITING:
		hk_sqlb_add(
			b, HK_SQL("c.id IN (SELECT s.case_id FROM reports r JOIN report_sites s "
				  "ON s.report_id = r.id WHERE r.state = 'drafted')"));
		break;
	default:
		HK_BUG("a flag without SQL");
	}
}

static hk_sql
has_sql(hk_list_of of, hk_query_flag flag)
{
	switch ((int)flag) {
	case HK_QUERY_HAS_ACTOR:
		return of == HK_LIST_CASES ? HK_SQL("c.actor_id IS NOT NULL") : HK_SQL("1 = 0");
	case HK_QUERY_HAS_CAPTURE:
		return of == HK_LIST_CASES ? HK_SQL("c.capture IS NOT NULL") : HK_SQL("1 = 0");
	case HK_QUERY_HAS_CAMPAIGN:
		return HK_SQL("c.campaign_id IS NOT NULL");
	case HK_QUERY_HAS_TARGET:
		return HK_SQL("c.target_id IS NOT NULL");
	case HK_QUERY_HAS_URL:
		return HK_SQL("c.url IS NOT NULL");
	case HK_QUERY_HAS_LABEL:
		return of == HK_LIST_CASES
			       ? HK_SQL("EXISTS (SELECT 1 FROM labels l WHERE l.case_id = c.id")
			       : HK_SQL("1 = 0");
	case HK_QUERY_HAS_COMMENT:
		return of == HK_LIST_CASES ? HK_SQL("EXISTS (SELECT 1 FROM comments m WHERE "
						    "m.case_id = c.id AND "
						    "m.deleted_ms IS NULL")
					   : HK_SQL("1 = 0");
	case HK_QUERY_HAS_ATTACHMENT:
		return of == HK_LIST_CASES
			       ? HK_SQL("EXISTS (SELECT 1 FROM attachments m WHERE m.case_id = "
					"c.id "
					"AND m.deleted_ms IS NULL")
			       : HK_SQL("EXISTS (SELECT 1 FROM attachments m WHERE m.sighting_id = "
					"c.id AND m.deleted_ms IS NULL");
	default:
		HK_BUG("a flag without SQL");
	}
}

static void
put_has(const hk_filter *f, hk_sqlb *b, hk_query_flag flag)
{
	hk_sql sql = has_sql(f->of, flag);

	hk_sqlb_add(b, sql);
	if (g_str_has_prefix(sql.text, "EXISTS")) {
		end_exists(b);
	}
}

/* Conditions of single values, joined by or. */
static void
put_each(const hk_filter *f, hk_sqlb *b, const hk_part *part)
{
	bool first = true;

	for (size_t i = 0; i < part->term->count; i++) {
		const hk_query_value *v = &f->query.values[part->term->first + i];
		put_or(b, &first);
		switch ((int)part->field->how) {
		case HK_HOW_FLAG:
			hk_sqlb_add(b, part->field->column);
			hk_sqlb_add(b, v->yes ? HK_SQL(" = 1") : HK_SQL(" = 0"));
			break;
		case HK_HOW_OWN:
			hk_sqlb_add(b, v->yes ? HK_SQL("(") : HK_SQL("(("));
			put_in(b, part);
			hk_sqlb_add(b, v->yes ? HK_SQL(")") : HK_SQL(") IS NOT TRUE)"));
			break;
		case HK_HOW_IS:
			put_is(f, b, part, v);
			break;
		case HK_HOW_HAS:
			put_has(f, b, v->flag);
			break;
		default:
			put_span(b, part, v);
		}
	}
}

void
hk_filter_part(const hk_filter *f, const hk_part *part, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL("("));
	switch (part->field->how) {
	case HK_HOW_TEXT:
		put_text(f, b, part);
		break;
	case HK_HOW_WORD:
	case HK_HOW_STATE:
	case HK_HOW_KIND:
	case HK_HOW_TARGET:
	case HK_HOW_ACTOR:
	case HK_HOW_SOURCE:
	case HK_HOW_USER:
	case HK_HOW_NUMBER:
		put_in(b, part);
		break;
	case HK_HOW_WILD:
		put_wild(b, part);
		break;
	case HK_HOW_NAME:
		put_name(f, b, part);
		break;
	case HK_HOW_URL:
		put_url(b, part);
		break;
	case HK_HOW_HOLDS:
		put_holds(b, part);
		break;
	case HK_HOW_LABEL:
		put_label(b, part);
		break;
	case HK_HOW_KEY:
		put_key(b, part);
		break;
	case HK_HOW_OWN:
	case HK_HOW_INT:
	case HK_HOW_REAL:
	case HK_HOW_TIME:
	case HK_HOW_FLAG:
	case HK_HOW_IS:
	case HK_HOW_HAS:
		put_each(f, b, part);
		break;
	}
	hk_sqlb_add(b, HK_SQL(")"));
}

/* PostgreSQL sees by itself that one state is among the open ones, and would take the two conditions for two that few rows fulfil together. */
static bool
one_says_all(const hk_filter *f)
{
	return f->engine == HK_DB_PGSQL && f->one_state &&
	       g_strv_contains(hk_list_open(), f->one_state);
}

void
hk_filter_states(const hk_filter *f, bool one, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL(" WHERE 1 = 1"));
	if (f->open_only && !(one && one_says_all(f))) {
		/* word by word the condition of the indexes cases_open_* */
		hk_sqlb_add(b, HK_SQL(" AND c.state IN " OPEN_SQL));
	}
	if (one && f->one_state) {
		hk_sqlb_add(b, HK_SQL(" AND c.state = "));
		hk_sqlb_value(b, hk_v_str(f->one_state));
	}
}

/* Whether hk_filter_states has said it already: PostgreSQL would take it for another condition. */
static bool
said(const hk_filter *f, const hk_part *part)
{
	if (f->engine != HK_DB_PGSQL || part->term->negated || !part->states) {
		return false;
	}
	return (part->texts->len == 1 && f->one_state &&
		       strcmp(g_ptr_array_index(part->texts, 0), f->one_state) == 0) ||
	       (f->open_only && part->field->how == HK_HOW_IS &&
		       f->query.values[part->term->first].flag == HK_QUERY_IS_OPEN);
}

static bool
overdue(const hk_filter *f, const hk_part *part)
{
	return f->engine == HK_DB_PGSQL && f->open_only && part->field->how == HK_HOW_IS &&
	       !part->term->negated && part->term->count == 1 &&
	       f->query.values[part->term->first].flag == HK_QUERY_IS_OVERDUE;
}

static void
put_condition(const hk_filter *f, const hk_part *part, hk_sqlb *b)
{
	hk_sqlb_add(b, HK_SQL(" AND "));
	if (overdue(f, part)) {
		hk_sqlb_add(b, HK_SQL("c.due_ms < "));
		hk_sqlb_value(b, hk_v_int(f->now_ms));
		return;
	}
	hk_filter_part(f, part, b);
	if (part->term->negated) {
		hk_sqlb_add(b, HK_SQL(" IS NOT TRUE"));
	}
}

void
hk_filter_where(const hk_filter *f, hk_sqlb *b)
{
	hk_filter_states(f, true, b);
	if (f->of == HK_LIST_CASES) {
		hk_sqlb_add(b, f->deleted ? HK_SQL(" AND c.deleted_ms IS NOT NULL")
					  : HK_SQL(" AND c.deleted_ms IS NULL"));
		if (!f->duplicates && !f->open_only) {
			hk_sqlb_add(b, HK_SQL(" AND c.state <> 'duplicate'"));
		}
	}
	for (size_t i = 0; i < f->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(f->parts, i);
		if (!said(f, part)) {
			put_condition(f, part, b);
		}
	}
}

/* The search index ------------------------------------------------------------------------------ */

static void
ask_numbers(hk_search_ask *ask, hk_search_tag tag, const hk_part *part)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < part->numbers->len; i++) {
		g_ptr_array_add(texts,
			g_strdup_printf("%" PRId64, g_array_index(part->numbers, int64_t, i)));
	}
	if (part->none) {
		g_ptr_array_add(texts, g_strdup("0"));
	}
	if (texts->len > 0) {
		hk_search_ask_tag(ask, tag, (const char *const *)texts->pdata, texts->len);
	}
}

/* The pieces between the stars of a single pattern. */
static void
ask_pattern(hk_search_ask *ask, const char *like)
{
	g_autoptr(GString) piece = g_string_new(NULL);

	for (; *like != '\0'; like++) {
		if (*like == '%') {
			if (piece->len > 0) {
				hk_search_ask_text(ask, hk_span_of(piece->str, piece->len));
			}
			g_string_truncate(piece, 0);
			continue;
		}
		like += *like == '\\';
		g_string_append_c(piece, *like);
	}
	if (piece->len > 0) {
		hk_search_ask_text(ask, hk_span_of(piece->str, piece->len));
	}
}

/* The longest piece between the stars; "": there is none. */
static char *
longest_piece(const char *like)
{
	g_autoptr(GString) piece = g_string_new(NULL);
	GString *best = g_string_new(NULL);

	for (bool more = true; more; like++) {
		more = *like != '\0';
		if (more && *like != '%') {
			like += *like == '\\';
			g_string_append_c(piece, *like);
			continue;
		}
		if (piece->len > best->len) {
			g_string_assign(best, piece->str);
		}
		g_string_truncate(piece, 0);
	}
	return g_string_free(best, false);
}

/* One of several patterns. */
static void
ask_patterns(hk_search_ask *ask, const hk_part *part)
{
	g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < part->likes; i++) {
		char *piece = longest_piece(g_ptr_array_index(part->texts, i));
		g_ptr_array_add(pieces, piece);
		if (*piece == '\0') {
			return;
		}
	}
	hk_search_ask_any(ask, (const char *const *)pieces->pdata, pieces->len);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80) {
			return false;
		}
	}
	return true;
}

/* Whether the search text holds what the patterns want. A host stands in it as it is, a URL too unless folding changes it. */
static bool
all_patterns(const hk_part *part)
{
	bool good = part->likes > 0 && part->likes == part->texts->len && !part->none;

	for (size_t i = 0; good && part->field->how != HK_HOW_NAME && i < part->likes; i++) {
		good = is_ascii(g_ptr_array_index(part->texts, i));
	}
	return good;
}

/* -has:target: tagged with none. */
static void
ask_absent(const hk_filter *f, hk_search_ask *ask, const hk_part *part)
{
	static const char *const none = "0";

	for (size_t i = 0; part->field->how == HK_HOW_HAS && i < part->term->count; i++) {
		hk_query_flag flag = f->query.values[part->term->first + i].flag;
		if (flag == HK_QUERY_HAS_TARGET || flag == HK_QUERY_HAS_ACTOR) {
			hk_search_ask_tag(ask,
				flag == HK_QUERY_HAS_TARGET ? HK_TAG_TARGET : HK_TAG_ACTOR, &none,
				1);
		}
	}
}

hk_search_ask *
hk_filter_ask(const hk_filter *f, const hk_db *db)
{
	hk_search_ask *ask = hk_search_ask_new(db);

	for (size_t i = 0; f->of == HK_LIST_CASES && i < f->parts->len; i++) {
		const hk_part *part = g_ptr_array_index(f->parts, i);
		const char *text = part->texts->len > 0 ? g_ptr_array_index(part->texts, 0) : NULL;
		if (part->term->negated) {
			ask_absent(f, ask, part);
			continue;
		}
		if (part->states) {
			hk_search_ask_tag(ask, HK_TAG_STATE,
				(const char *const *)part->texts->pdata, part->texts->len);
			continue;
		}
		switch ((int)part->field->how) {
		case HK_HOW_TEXT:
			if (*text != '\0') {
				hk_search_ask_text(ask, hk_span_str(text));
			}
			break;
		case HK_HOW_KIND:
			hk_search_ask_tag(ask, HK_TAG_KIND, (const char *const *)part->texts->pdata,
				part->texts->len);
			break;
		case HK_HOW_TARGET:
			ask_numbers(ask, HK_TAG_TARGET, part);
			break;
		case HK_HOW_OWN:
			if (part->term->count == 1 && f->query.values[part->term->first].yes) {
				ask_numbers(ask, HK_TAG_TARGET, part);
			}
			break;
		case HK_HOW_ACTOR:
			ask_numbers(ask, HK_TAG_ACTOR, part);
			break;
		case HK_HOW_SOURCE:
			ask_numbers(ask, HK_TAG_SOURCE, part);
			break;
		case HK_HOW_WILD:
		case HK_HOW_NAME:
		case HK_HOW_URL:
			if (!all_patterns(part)) {
				break;
			}
			if (part->likes == 1) {
				ask_pattern(ask, text);
			} else {
				ask_patterns(ask, part);
			}
			break;
		default:
			break;
		}
	}
	return ask;
}
