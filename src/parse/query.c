#include "parse/query.h"

#include <math.h>

#include "base/jpholiday.h"
#include "base/utf8.h"

#define MINUTE_MS 60000ll
#define DAY_MS    86400000ll

static const struct {
	const char *name;
	hk_query_kind kind;
} fields[] = {
#define FIELD(id, name, kind) {name, HK_QUERY_KIND_##kind},
#define ALIAS(name, id)
#define FLAG(field, id, name)
#include "parse/query.def"
#undef FIELD
#undef ALIAS
#undef FLAG
};

static const struct {
	const char *name;
	hk_query_field field;
} aliases[] = {
#define FIELD(id, name, kind)
#define ALIAS(name, id) {name, HK_QUERY_##id},
#define FLAG(field, id, name)
#include "parse/query.def"
#undef FIELD
#undef ALIAS
#undef FLAG
};

static const struct {
	const char *name;
	hk_query_field field;
} flags[] = {
#define FIELD(id, name, kind)
#define ALIAS(name, id)
#define FLAG(field, id, name) {name, HK_QUERY_##field},
#include "parse/query.def"
#undef FIELD
#undef ALIAS
#undef FLAG
};

const char *
hk_query_field_name(hk_query_field field)
{
	return fields[field].name;
}

hk_query_kind
hk_query_field_kind(hk_query_field field)
{
	return fields[field].kind;
}

const char *
hk_query_flag_name(hk_query_flag flag)
{
	return flags[flag].name;
}

hk_query_field
hk_query_flag_field(hk_query_flag flag)
{
	return flags[flag].field;
}

const char *
hk_query_wrong_text(hk_query_wrong wrong)
{
	switch (wrong) {
	case HK_QUERY_TOO_LONG:
		return "the query is too long";
	case HK_QUERY_TOO_MANY:
		return "the query has too many words or values";
	case HK_QUERY_NOT_UTF8:
		return "the query holds a control character or is not UTF-8";
	case HK_QUERY_NO_END:
		return "a quotation mark is not closed";
	case HK_QUERY_NO_FIELD:
		return "there is no such field";
	case HK_QUERY_NO_VALUE:
		return "a value is missing";
	case HK_QUERY_NO_NUMBER:
		return "this is no number";
	case HK_QUERY_NO_TIME:
		return "this is no time";
	case HK_QUERY_NO_YESNO:
		return "this is neither yes nor no";
	case HK_QUERY_NO_FLAG:
		return "this word is not known here";
	case HK_QUERY_EMPTY_RANGE:
		return "the range is empty";
	case HK_QUERY_NOTHING_WRONG:
		break;
	}
	return "nothing is wrong";
}

static bool
same(hk_span text, const char *name)
{
	return hk_span_eq(text, hk_span_str(name));
}

/* Times --------------------------------------------------------------------------------------- */

/* What is left of a time. */
typedef struct reader {
	const uint8_t *at, *end;
} reader;

static bool
digits(reader *r, int count, int64_t *ret)
{
	int64_t value = 0;

	if (r->end - r->at < count) {
		return false;
	}
	for (int i = 0; i < count; i++) {
		if (r->at[i] < '0' || r->at[i] > '9') {
			return false;
		}
		value = value * 10 + (r->at[i] - '0');
	}
	r->at += count;
	*ret = value;
	return true;
}

static bool
mark(reader *r, char c)
{
	if (r->at < r->end && *r->at == (uint8_t)c) {
		r->at++;
		return true;
	}
	return false;
}

static int64_t
month_days(int64_t year, int64_t month)
{
	return month == 12 ? 31 : hk_date_days(year, month + 1, 1) - hk_date_days(year, month, 1);
}

/* What may follow "T": hours, minutes, seconds, zone. */
static bool
clock_of(reader *r, int64_t midnight_ms, int zone_min, int64_t *ret_from, int64_t *ret_to)
{
	int64_t hour, minute = 0, second = 0, span_ms = 60 * MINUTE_MS;

	if (!digits(r, 2, &hour) || hour > 23) {
		return false;
	}
	if (mark(r, ':')) {
		if (!digits(r, 2, &minute) || minute > 59) {
			return false;
		}
		span_ms = MINUTE_MS;
		if (mark(r, ':')) {
			if (!digits(r, 2, &second) || second > 59) {
				return false;
			}
			span_ms = 1000;
		}
	}
	int64_t ahead = zone_min;
	if (mark(r, 'Z') || mark(r, 'z')) {
		ahead = 0;
	} else if (r->at < r->end && (*r->at == '+' || *r->at == '-')) {
		bool west = *r->at++ == '-';
		int64_t h, m = 0;
		if (!digits(r, 2, &h) || (r->at < r->end && (mark(r, ':'), !digits(r, 2, &m))) ||
			h > 14 || m > 59) {
			return false;
		}
		ahead = (h * 60 + m) * (west ? -1 : 1);
	}
	if (r->at != r->end) {
		return false;
	}
	*ret_from = midnight_ms + (hour * 60 + minute - ahead) * MINUTE_MS + second * 1000;
	*ret_to = *ret_from + span_ms;
	return true;
}

static bool
date(reader r, int zone_min, int64_t *ret_from, int64_t *ret_to)
{
	int64_t year, month = 1, day = 1, days;
	int64_t shift_ms = zone_min * MINUTE_MS;
	char between = '-';

	if (!digits(&r, 4, &year) || year < 1970) {
		return false;
	}
	if (r.at == r.end) {
		days = hk_date_days(year + 1, 1, 1) - hk_date_days(year, 1, 1);
	} else {
		between = *r.at == '/' ? '/' : '-';
		if (!mark(&r, between) || !digits(&r, 2, &month) || month < 1 || month > 12) {
			return false;
		}
		days = month_days(year, month);
		if (r.at < r.end) {
			if (!mark(&r, between) || !digits(&r, 2, &day) || day < 1 || day > days) {
				return false;
			}
			days = 1;
		}
	}
	int64_t midnight_ms = hk_date_days(year, month, day) * DAY_MS;
	if (mark(&r, 'T') || mark(&r, 't')) {
		return clock_of(&r, midnight_ms, zone_min, ret_from, ret_to);
	}
	if (r.at != r.end) {
		return false;
	}
	*ret_from = midnight_ms - shift_ms;
	*ret_to = *ret_from + days * DAY_MS;
	return true;
}

/* "7d": from so long ago until the end of time (a clock that runs a little ahead shall not hide a row). */
static bool
ago(hk_span text, int64_t now_ms, int64_t *ret_from, int64_t *ret_to)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {{'m', MINUTE_MS}, {'h', 60 * MINUTE_MS}, {'d', DAY_MS}, {'w', 7 * DAY_MS}};
	reader r = {text.data, text.data + text.len - 1};
	int64_t value;

	if (text.len < 2 || text.len > 6 || !digits(&r, (int)text.len - 1, &value)) {
		return false;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (*r.end == (uint8_t)units[i].letter) {
			*ret_from = now_ms - value * units[i].ms;
			*ret_to = INT64_MAX;
			return true;
		}
	}
	return false;
}

hk_err
hk_query_time(hk_span text, int64_t now_ms, int zone_min, int64_t *ret_from, int64_t *ret_to)
{
	int64_t shift_ms = zone_min * MINUTE_MS, local_ms = now_ms + shift_ms;
	int64_t today = (local_ms - (local_ms < 0 ? DAY_MS - 1 : 0)) / DAY_MS, first = today,
		days = 1;
	int year, month, day;

	if (text.len == 0) {
		return HK_EFORM;
	}
	if (text.data[0] >= '0' && text.data[0] <= '9') {
		return date((reader){text.data, text.data + text.len}, zone_min, ret_from,
			       ret_to) ||
				       ago(text, now_ms, ret_from, ret_to)
			       ? HK_OK
			       : HK_EFORM;
	}
	hk_date_of(today, &year, &month, &day);
	if (same(text, "yesterday")) {
		first = today - 1;
	} else if (same(text, "month")) {
		first = hk_date_days(year, month, 1);
		days = month_days(year, month);
	} else if (same(text, "year")) {
		first = hk_date_days(year, 1, 1);
		days = hk_date_days(year + 1, 1, 1) - first;
	} else if (!same(text, "today")) {
		return HK_EFORM;
	}
	*ret_from = first * DAY_MS - shift_ms;
	*ret_to = *ret_from + days * DAY_MS;
	return HK_OK;
}

/* Values -------------------------------------------------------------------------------------- */

typedef struct parser {
	const uint8_t *start, *at, *end;
	int64_t now_ms;
	int zone_min;
	hk_query *q;
	size_t used; /* bytes of q->text */
	hk_query_fault *fault;
} parser;

static hk_err
wrong(parser *p, hk_query_wrong what, const uint8_t *at, size_t len, hk_query_field field)
{
	size_t column = 1;

	for (const uint8_t *c = p->start; c < at; c++) {
		column += (*c & 0xc0) != 0x80;
	}
	*p->fault = (hk_query_fault){what, (size_t)(at - p->start), len, column, field};
	return what == HK_QUERY_TOO_LONG || what == HK_QUERY_TOO_MANY ? HK_ELIMIT : HK_EFORM;
}

/* Length of the blank at `at`, 0 when there is none. */
static size_t
blank(const parser *p, const uint8_t *at)
{
	if (at == p->end) {
		return 0;
	}
	if (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
		return 1;
	}
	return p->end - at >= 3 && at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80 ? 3 : 0;
}

/* A word up to a blank (and, when list, a comma), or a quoted text; copied without quotes. */
static hk_err
word(parser *p, bool list, hk_query_field field, hk_span *ret, bool *ret_quoted)
{
	const uint8_t *begin = p->at;
	char *out = p->q->text + p->used;
	size_t len = 0;

	*ret_quoted = p->at < p->end && *p->at == '"';
	if (*ret_quoted) {
		p->at++;
		while (p->at < p->end && *p->at != '"') {
			p->at += *p->at == '\\' && p->at + 1 < p->end &&
				 (p->at[1] == '"' || p->at[1] == '\\');
			out[len++] = (char)*p->at++;
		}
		if (p->at == p->end) {
			return wrong(p, HK_QUERY_NO_END, begin, (size_t)(p->end - begin), field);
		}
		p->at++;
		if (p->at < p->end && !blank(p, p->at) && !(list && *p->at == ',')) {
			/* "a"b: two words that nobody meant; rather say so. */
			return wrong(p, HK_QUERY_NO_END, begin, (size_t)(p->at - begin), field);
		}
	} else {
		while (p->at < p->end && !blank(p, p->at) && !(list && *p->at == ',')) {
			out[len++] = (char)*p->at++;
		}
	}
	p->used += len;
	*ret = hk_span_of(out, len);
	return HK_OK;
}

/* "12", "-3", at most 18 digits. */
static bool
integer(hk_span text, int64_t *ret)
{
	bool minus = text.len > 0 && text.data[0] == '-';
	reader r = {text.data + minus, text.data + text.len};
	int64_t value;

	if (text.len <= (size_t)minus || text.len - minus > 18 ||
		!digits(&r, (int)(text.len - minus), &value)) {
		return false;
	}
	*ret = minus ? -value : value;
	return true;
}

/* "0.85", "85%", ".5", "1": at most 9 digits on either side. */
static bool
real(hk_span text, double *ret)
{
	bool percent = text.len > 0 && text.data[text.len - 1] == '%';
	double value = 0, unit = 1;
	size_t len = text.len - percent, seen = 0;
	bool behind = false;

	for (size_t i = 0; i < len; i++) {
		if (text.data[i] == '.' && !behind) {
			behind = true;
			continue;
		}
		if (text.data[i] < '0' || text.data[i] > '9' || ++seen > 18) {
			return false;
		}
		value = value * 10 + (text.data[i] - '0');
		unit *= behind ? 10 : 1;
	}
	*ret = value / unit / (percent ? 100 : 1);
	return seen > 0;
}

/* One number or time as a span. */
static bool
point(const parser *p, hk_query_kind kind, hk_span text, hk_query_value *ret)
{
	if (kind == HK_QUERY_KIND_TIME) {
		return hk_query_time(text, p->now_ms, p->zone_min, &ret->from, &ret->to) == HK_OK;
	}
	if (kind == HK_QUERY_KIND_REAL) {
		bool good = real(text, &ret->low);
		ret->high = ret->low;
		return good;
	}
	bool good = integer(text, &ret->from);
	ret->to = ret->from;
	return good;
}

static hk_query_value
everything(void)
{
	return (hk_query_value){
		.from = INT64_MIN, .to = INT64_MAX, .low = -HUGE_VAL, .high = HUGE_VAL};
}

/* What lies above (or below) a point, with it or without. */
static void
beyond(hk_query_kind kind, bool above, bool with, const hk_query_value *point_value,
	hk_query_value *ret)
{
	bool span = kind == HK_QUERY_KIND_TIME; /* half open, so both ends are moved alike */

	*ret = everything();
	if (kind == HK_QUERY_KIND_REAL) {
		*(above ? &ret->low : &ret->high) = point_value->low;
		*(above ? &ret->above : &ret->below) = !with;
	} else if (above) {
		ret->from = with ? point_value->from : span ? point_value->to : point_value->to + 1;
	} else {
		ret->to = with ? point_value->to : span ? point_value->from : point_value->from - 1;
	}
}

static const uint8_t *
dots(hk_span text)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] == '.' && text.data[i + 1] == '.') {
			return text.data + i;
		}
	}
	return NULL;
}

static hk_err
ordered(parser *p, hk_query_field field, hk_span text, const uint8_t *at, hk_query_value *ret)
{
	hk_query_kind kind = fields[field].kind;
	hk_query_wrong bad = kind == HK_QUERY_KIND_TIME ? HK_QUERY_NO_TIME : HK_QUERY_NO_NUMBER;
	const uint8_t *cut = dots(text), *end = text.data + text.len;
	hk_query_value low = everything(), high = everything();

	if (kind == HK_QUERY_KIND_TIME && same(text, "none")) {
		ret->none = true;
		return HK_OK;
	}
	if (cut) {
		hk_span left = hk_span_of(text.data, (size_t)(cut - text.data));
		hk_span right = hk_span_of(cut + 2, (size_t)(end - cut - 2));
		if (left.len == 0 && right.len == 0) {
			return wrong(p, HK_QUERY_EMPTY_RANGE, at, text.len, field);
		}
		if ((left.len > 0 && !point(p, kind, left, &low)) ||
			(right.len > 0 && !point(p, kind, right, &high))) {
			return wrong(p, bad, at, text.len, field);
		}
		*ret = everything();
		ret->from = low.from;
		ret->low = low.low;
		ret->to = high.to;
		ret->high = high.high;
		return ret->from > ret->to - (kind == HK_QUERY_KIND_TIME) || ret->low > ret->high
			       ? wrong(p, HK_QUERY_EMPTY_RANGE, at, text.len, field)
			       : HK_OK;
	}
	char sign = text.len > 0 ? (char)text.data[0] : '\0';
	if (sign != '<' && sign != '>') {
		return point(p, kind, text, ret) ? HK_OK : wrong(p, bad, at, text.len, field);
	}
	bool with = text.len > 1 && text.data[1] == '=';
	hk_span rest = hk_span_of(text.data + 1 + with, text.len - 1 - with);
	if (!point(p, kind, rest, &low)) {
		return wrong(p, bad, at, text.len, field);
	}
	beyond(kind, sign == '>', with, &low, ret);
	return HK_OK;
}

static bool
flag(hk_query_field field, hk_span text, hk_query_flag *ret)
{
	for (size_t i = 0; i < HK_QUERY_FLAG_COUNT; i++) {
		if (flags[i].field == field && same(text, flags[i].name)) {
			*ret = (hk_query_flag)i;
			return true;
		}
	}
	return false;
}

static hk_err
value(parser *p, hk_query_field field, const uint8_t *at, hk_span text, bool quoted)
{
	hk_query_value v = everything();

	if (p->q->value_count == HK_QUERY_VALUES_MAX) {
		return wrong(p, HK_QUERY_TOO_MANY, at, text.len, field);
	}
	v.text = text;
	v.quoted = quoted;
	switch (fields[field].kind) {
	case HK_QUERY_KIND_TEXT:
		break;
	case HK_QUERY_KIND_WORD:
	case HK_QUERY_KIND_WILD:
		v.none = !quoted && same(text, "none");
		break;
	case HK_QUERY_KIND_INT:
	case HK_QUERY_KIND_REAL:
	case HK_QUERY_KIND_TIME:
		HK_TRY(ordered(p, field, text, at, &v));
		v.text = text;
		break;
	case HK_QUERY_KIND_YESNO:
		v.yes = same(text, "yes") || same(text, "true") || same(text, "1");
		if (!v.yes && !same(text, "no") && !same(text, "false") && !same(text, "0")) {
			return wrong(p, HK_QUERY_NO_YESNO, at, text.len, field);
		}
		break;
	case HK_QUERY_KIND_IS:
	case HK_QUERY_KIND_HAS:
		if (!flag(field, text, &v.flag)) {
			return wrong(p, HK_QUERY_NO_FLAG, at, text.len, field);
		}
		break;
	}
	p->q->values[p->q->value_count++] = v;
	return HK_OK;
}

/* Terms --------------------------------------------------------------------------------------- */

/* The field that begins at p->at, with its colon passed; *ret_is false: this is a text. */
static hk_err
field_of(parser *p, hk_query_field *ret, bool *ret_is)
{
	const uint8_t *at = p->at;

	*ret_is = false;
	while (at < p->end && ((*at >= 'a' && *at <= 'z') || *at == '_')) {
		at++;
	}
	if (at == p->at || at == p->end || *at != ':' ||
		(p->end - at >= 3 && at[1] == '/' && at[2] == '/')) {
		return HK_OK;
	}
	hk_span name = hk_span_of(p->at, (size_t)(at - p->at));
	for (size_t i = 1; i < HK_QUERY_FIELD_COUNT && !*ret_is; i++) {
		if (same(name, fields[i].name)) {
			*ret = (hk_query_field)i;
			*ret_is = true;
		}
	}
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0] && !*ret_is; i++) {
		if (same(name, aliases[i].name)) {
			*ret = aliases[i].field;
			*ret_is = true;
		}
	}
	if (!*ret_is) {
		return wrong(p, HK_QUERY_NO_FIELD, p->at, name.len, HK_QUERY_TEXT);
	}
	p->at = at + 1;
	return HK_OK;
}

static hk_err
values(parser *p, hk_query_field field)
{
	bool more = true;

	while (more) {
		const uint8_t *at = p->at;
		hk_span text;
		bool quoted;
		HK_TRY(word(p, true, field, &text, &quoted));
		if (text.len == 0) {
			return wrong(p, HK_QUERY_NO_VALUE, at, (size_t)(p->at - at), field);
		}
		HK_TRY(value(p, field, at, text, quoted));
		more = p->at < p->end && *p->at == ',';
		p->at += more;
	}
	return HK_OK;
}

static hk_err
term(parser *p)
{
	const uint8_t *begin = p->at;
	hk_query_term t = {HK_QUERY_TEXT, false, (size_t)(begin - p->start), p->q->value_count, 0};
	bool is_field;

	if (*p->at == '-' && p->at + 1 < p->end && !blank(p, p->at + 1)) {
		t.negated = true;
		p->at++;
	}
	HK_TRY(field_of(p, &t.field, &is_field));
	if (is_field) {
		HK_TRY(values(p, t.field));
	} else {
		const uint8_t *at = p->at;
		hk_span text;
		bool quoted;
		HK_TRY(word(p, false, t.field, &text, &quoted));
		if (text.len == 0) {
			return HK_OK; /* "" : nothing is asked */
		}
		HK_TRY(value(p, t.field, at, text, quoted));
	}
	if (p->q->term_count == HK_QUERY_TERMS_MAX) {
		return wrong(p, HK_QUERY_TOO_MANY, begin, (size_t)(p->at - begin), t.field);
	}
	t.count = p->q->value_count - t.first;
	p->q->terms[p->q->term_count++] = t;
	return HK_OK;
}

hk_err
hk_query_parse(hk_span text, int64_t now_ms, int zone_min, hk_query *ret, hk_query_fault *ret_fault)
{
	static const uint8_t nothing[1];
	const uint8_t *start = text.data ? text.data : nothing;
	parser p = {start, start, start + text.len, now_ms, zone_min, ret, 0, ret_fault};

	*ret_fault = (hk_query_fault){0};
	ret->term_count = ret->value_count = 0;
	if (text.len > HK_QUERY_BYTES_MAX) {
		return wrong(&p, HK_QUERY_TOO_LONG, start, 0, HK_QUERY_TEXT);
	}
	for (size_t i = 0; i < text.len; i++) {
		if ((start[i] < 0x20 && !blank(&p, start + i)) || start[i] == 0x7f) {
			return wrong(&p, HK_QUERY_NOT_UTF8, start + i, 1, HK_QUERY_TEXT);
		}
	}
	if (!hk_utf8_valid(text)) {
		return wrong(&p, HK_QUERY_NOT_UTF8, start, 0, HK_QUERY_TEXT);
	}
	while (p.at < p.end) {
		size_t n = blank(&p, p.at);
		if (n > 0) {
			p.at += n;
			continue;
		}
		HK_TRY(term(&p));
	}
	return HK_OK;
}
