#include "parse/stixpattern.h"

#include "base/cur.h"

/* The grammar is that of OASIS (STIXPattern.g4), read by recursive descent; the precedence is the specification's: a
 * comparison's AND before OR; between observations AND before OR before FOLLOWEDBY, qualifiers bind to the observation
 * in front of them. Only two things are kept of the tree: which terms stand under an AND, and the order. */
typedef struct reader {
	hk_cur cur;
	hk_stix_term *terms; /* the caller's */
	size_t max;
	size_t count;
	unsigned depth;
} reader;

typedef enum word {
	WORD_NONE,
	WORD_AND,
	WORD_OR,
	WORD_NOT,
	WORD_IN,
	WORD_LIKE,
	WORD_MATCHES,
	WORD_ISSUBSET,
	WORD_ISSUPERSET,
	WORD_EXISTS,
	WORD_FOLLOWEDBY,
	WORD_START,
	WORD_STOP,
	WORD_WITHIN,
	WORD_SECONDS,
	WORD_REPEATS,
	WORD_TIMES,
	WORD_TRUE,
	WORD_FALSE,
	WORD_COUNT
} word;

static const char *const words[WORD_COUNT] = {"", "AND", "OR", "NOT", "IN", "LIKE", "MATCHES",
	"ISSUBSET", "ISSUPERSET", "EXISTS", "FOLLOWEDBY", "START", "STOP", "WITHIN", "SECONDS",
	"REPEATS", "TIMES", "true", "false"};

static hk_err observations(reader *r);
static hk_err comparisons(reader *r);

static int
peek_at(const reader *r, size_t ahead)
{
	return ahead < hk_cur_left(&r->cur) ? r->cur.at[ahead] : -1;
}

static int
peek(const reader *r)
{
	return peek_at(r, 0);
}

static void
step(reader *r, size_t n)
{
	if (hk_cur_skip(&r->cur, n) != HK_OK) {
		HK_BUG("stepping over the end");
	}
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_byte(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* The error for a byte that does not belong here. */
static hk_err
odd(const reader *r)
{
	return hk_cur_empty(&r->cur) ? HK_ETRUNC : HK_EFORM;
}

/* Blanks and comments. An unclosed comment runs to the end, where something will be missing. */
static void
blanks(reader *r)
{
	for (;;) {
		int c = peek(r);

		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			step(r, 1);
		} else if (c == '/' && peek_at(r, 1) == '/') {
			while (peek(r) >= 0 && peek(r) != '\n') {
				step(r, 1);
			}
		} else if (c == '/' && peek_at(r, 1) == '*') {
			step(r, 2);
			while (peek(r) >= 0 && !(peek(r) == '*' && peek_at(r, 1) == '/')) {
				step(r, 1);
			}
			step(r, peek(r) >= 0 ? 2 : 0);
		} else {
			return;
		}
	}
}

/* The keyword that stands here, which is not yet passed. */
static word
word_here(reader *r, size_t *ret_len)
{
	size_t len = 0;

	blanks(r);
	while (is_name_byte(peek_at(r, len)) || peek_at(r, len) == '-') {
		len++;
	}
	hk_span here = hk_span_of(r->cur.at, len);
	for (int i = 1; i < WORD_COUNT; i++) {
		if (hk_span_eq(here, hk_span_str(words[i]))) {
			*ret_len = len;
			return (word)i;
		}
	}
	return WORD_NONE;
}

static bool
eat_word(reader *r, word want)
{
	size_t len;

	if (word_here(r, &len) != want) {
		return false;
	}
	step(r, len);
	return true;
}

static hk_err
need_word(reader *r, word want)
{
	return eat_word(r, want) ? HK_OK : odd(r);
}

static bool
eat(reader *r, char c)
{
	blanks(r);
	if (peek(r) != c) {
		return false;
	}
	step(r, 1);
	return true;
}

static hk_err
need(reader *r, char c)
{
	return eat(r, c) ? HK_OK : odd(r);
}

/* 'text' with \' and \\; *ret is what stands between the quotes. */
static hk_err
quoted(reader *r, hk_span *ret)
{
	HK_TRY(need(r, '\''));
	const uint8_t *start = r->cur.at;
	while (peek(r) != '\'') {
		if (peek(r) == '\\' && peek_at(r, 1) != '\'' && peek_at(r, 1) != '\\') {
			return peek_at(r, 1) < 0 ? HK_ETRUNC : HK_EFORM;
		}
		HK_TRY(hk_cur_skip(&r->cur, peek(r) == '\\' ? 2 : 1));
	}
	*ret = hk_span_of(start, (size_t)(r->cur.at - start));
	step(r, 1);
	return HK_OK;
}

static hk_err
number(reader *r, bool fraction, hk_span *ret)
{
	const uint8_t *start = r->cur.at;
	size_t digits = 0;

	if (peek(r) == '-' || peek(r) == '+') {
		step(r, 1);
	}
	for (; is_digit(peek(r)); digits++) {
		step(r, 1);
	}
	if (fraction && peek(r) == '.') {
		step(r, 1);
		for (; is_digit(peek(r)); digits++) {
			step(r, 1);
		}
	}
	*ret = hk_span_of(start, (size_t)(r->cur.at - start));
	return digits > 0 && !is_name_byte(peek(r)) ? HK_OK : odd(r);
}

/* A literal; *ret_text: it is a plain string. */
static hk_err
literal(reader *r, hk_span *ret, bool *ret_text)
{
	size_t len;

	blanks(r);
	int c = peek(r);
	*ret_text = c == '\'';
	if (c == '\'') {
		return quoted(r, ret);
	}
	if ((c == 't' || c == 'h' || c == 'b') && peek_at(r, 1) == '\'') {
		step(r, 1);
		return quoted(r, ret);
	}
	word w = word_here(r, &len);
	if (w == WORD_TRUE || w == WORD_FALSE) {
		*ret = hk_span_of(r->cur.at, len);
		step(r, len);
		return HK_OK;
	}
	return number(r, true, ret);
}

/* One piece of a path: a name or a quoted name. */
static hk_err
path_name(reader *r)
{
	hk_span ignored;

	if (peek(r) == '\'') {
		return quoted(r, &ignored);
	}
	if (!is_name_byte(peek(r))) {
		return odd(r);
	}
	while (is_name_byte(peek(r)) || peek(r) == '-') {
		step(r, 1);
	}
	return HK_OK;
}

/* type:name.name[3].'name'[*] */
static hk_err
path(reader *r, hk_span *ret)
{
	hk_span ignored;

	blanks(r);
	const uint8_t *start = r->cur.at;
	if (!is_name_byte(peek(r)) || is_digit(peek(r))) {
		return odd(r);
	}
	HK_TRY(path_name(r));
	if (peek(r) != ':') {
		return odd(r);
	}
	step(r, 1);
	HK_TRY(path_name(r));
	for (;;) {
		if (peek(r) == '.') {
			step(r, 1);
			HK_TRY(path_name(r));
		} else if (peek(r) == '[') {
			step(r, 1);
			if (peek(r) == '*') {
				step(r, 1);
			} else {
				HK_TRY(number(r, false, &ignored));
			}
			HK_TRY(need(r, ']'));
		} else {
			break;
		}
	}
	*ret = hk_span_of(start, (size_t)(r->cur.at - start));
	return HK_OK;
}

static hk_stix_kind
kind_of(hk_span path_text)
{
	static const struct {
		const char *path;
		hk_stix_kind kind;
	} known[] = {{"url:value", HK_STIX_URL}, {"domain-name:value", HK_STIX_DOMAIN},
		{"ipv4-addr:value", HK_STIX_IPV4}, {"ipv6-addr:value", HK_STIX_IPV6},
		{"url:'value'", HK_STIX_URL}, {"domain-name:'value'", HK_STIX_DOMAIN}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (hk_span_eq(path_text, hk_span_str(known[i].path))) {
			return known[i].kind;
		}
	}
	return HK_STIX_OTHER;
}

static hk_err
add(reader *r, hk_span path_text, hk_span value, hk_stix_use use)
{
	hk_stix_kind kind = kind_of(path_text);

	if (r->count >= r->max || r->count >= HK_STIXPATTERN_TERMS_MAX) {
		return HK_ELIMIT;
	}
	if (kind == HK_STIX_OTHER) {
		use = HK_STIX_UNKNOWN;
	}
	r->terms[r->count++] = (hk_stix_term){kind, use, path_text, value};
	return HK_OK;
}

/* IN ('a', 'b') */
static hk_err
set(reader *r, hk_span path_text, bool negated)
{
	HK_TRY(need(r, '('));
	if (eat(r, ')')) {
		return HK_OK;
	}
	do {
		hk_span value;
		bool text;

		HK_TRY(literal(r, &value, &text));
		HK_TRY(add(r, path_text, value,
			!text     ? HK_STIX_UNKNOWN
			: negated ? HK_STIX_NEGATED
				  : HK_STIX_TAKE));
	} while (eat(r, ','));
	return need(r, ')');
}

static bool
has_wildcard(hk_span value)
{
	return value.len > 0 &&
	       (memchr(value.data, '%', value.len) || memchr(value.data, '_', value.len));
}

/* = == != <> < <= > >= */
static hk_err
symbol(reader *r, bool *ret_equal, bool *ret_negated)
{
	int a = peek(r);
	int b = peek_at(r, 1);

	if (a == '=') {
		*ret_equal = true;
		step(r, b == '=' ? 2 : 1);
	} else if ((a == '!' && b == '=') || (a == '<' && b == '>')) {
		*ret_equal = true;
		*ret_negated = !*ret_negated;
		step(r, 2);
	} else if (a == '<' || a == '>') {
		*ret_equal = false;
		step(r, b == '=' ? 2 : 1);
	} else {
		return odd(r);
	}
	return HK_OK;
}

static hk_err
comparison(reader *r)
{
	hk_span path_text;
	hk_span value = {NULL, 0};
	bool equal = false;
	bool text = true;
	size_t len;

	HK_TRY(path(r, &path_text));
	bool negated = eat_word(r, WORD_NOT);
	word w = word_here(r, &len);
	if (w == WORD_IN) {
		step(r, len);
		return set(r, path_text, negated);
	}
	if (w == WORD_LIKE || w == WORD_MATCHES || w == WORD_ISSUBSET || w == WORD_ISSUPERSET) {
		step(r, len);
		blanks(r);
		HK_TRY(quoted(r, &value));
		hk_stix_use use = w != WORD_LIKE        ? HK_STIX_UNEQUAL
				  : has_wildcard(value) ? HK_STIX_WILDCARD
							: HK_STIX_TAKE;
		return add(r, path_text, value, negated ? HK_STIX_NEGATED : use);
	}
	HK_TRY(symbol(r, &equal, &negated));
	HK_TRY(literal(r, &value, &text));
	return add(r, path_text, value,
		negated  ? HK_STIX_NEGATED
		: !equal ? HK_STIX_UNEQUAL
		: text   ? HK_STIX_TAKE
			 : HK_STIX_UNKNOWN);
}

/* One operand of AND within an observation: a comparison or a bracket. *ret_counts: it narrows what it is joined to. */
static hk_err
operand(reader *r, bool *ret_counts)
{
	static const hk_span refs = {(const uint8_t *)"domain-name:resolves_to_refs", 28};
	size_t before = r->count;
	hk_span path_text;

	*ret_counts = true;
	if (eat_word(r, WORD_EXISTS)) {
		HK_TRY(path(r, &path_text));
		return add(r, path_text, (hk_span){NULL, 0}, HK_STIX_UNEQUAL);
	}
	if (!eat(r, '(')) {
		HK_TRY(comparison(r));
		*ret_counts = r->count == before || r->terms[before].path.len < refs.len ||
			      !hk_span_eq(hk_span_of(r->terms[before].path.data, refs.len), refs);
		return HK_OK;
	}
	if (++r->depth > HK_STIXPATTERN_DEPTH_MAX) {
		return HK_ELIMIT;
	}
	HK_TRY(comparisons(r));
	r->depth--;
	return need(r, ')');
}

static void
narrow(reader *r, size_t from)
{
	for (size_t i = from; i < r->count; i++) {
		if (r->terms[i].use == HK_STIX_TAKE) {
			r->terms[i].use = HK_STIX_NARROWED;
		}
	}
}

static hk_err
comparisons(reader *r)
{
	do {
		size_t from = r->count;
		unsigned conditions = 0;
		do {
			bool counts;
			HK_TRY(operand(r, &counts));
			conditions += counts ? 1 : 0;
		} while (eat_word(r, WORD_AND));
		if (conditions > 1) {
			narrow(r, from);
		}
	} while (eat_word(r, WORD_OR));
	return HK_OK;
}

/* START t'..' STOP t'..', WITHIN n SECONDS, REPEATS n TIMES */
static hk_err
qualifiers(reader *r)
{
	hk_span ignored;
	bool text;

	for (;;) {
		if (eat_word(r, WORD_START)) {
			HK_TRY(literal(r, &ignored, &text));
			HK_TRY(need_word(r, WORD_STOP));
			HK_TRY(literal(r, &ignored, &text));
		} else if (eat_word(r, WORD_WITHIN)) {
			blanks(r);
			HK_TRY(number(r, true, &ignored));
			HK_TRY(need_word(r, WORD_SECONDS));
		} else if (eat_word(r, WORD_REPEATS)) {
			blanks(r);
			HK_TRY(number(r, false, &ignored));
			HK_TRY(need_word(r, WORD_TIMES));
		} else {
			return HK_OK;
		}
	}
}

/* [ comparisons ] or ( observations ), and what qualifies it. */
static hk_err
observation(reader *r)
{
	if (++r->depth > HK_STIXPATTERN_DEPTH_MAX) {
		return HK_ELIMIT;
	}
	if (eat(r, '[')) {
		HK_TRY(comparisons(r));
		HK_TRY(need(r, ']'));
	} else {
		HK_TRY(need(r, '('));
		HK_TRY(observations(r));
		HK_TRY(need(r, ')'));
	}
	r->depth--;
	return qualifiers(r);
}

static hk_err
observations(reader *r)
{
	size_t all = r->count;
	unsigned followed = 0;

	do {
		do {
			size_t from = r->count;
			unsigned joined = 0;
			do {
				HK_TRY(observation(r));
				joined++;
			} while (eat_word(r, WORD_AND));
			if (joined > 1) {
				narrow(r, from);
			}
		} while (eat_word(r, WORD_OR));
		followed++;
	} while (eat_word(r, WORD_FOLLOWEDBY));
	if (followed > 1) {
		narrow(r, all);
	}
	return HK_OK;
}

hk_err
hk_stixpattern_read(hk_span pattern, hk_stix_term *ret, size_t max, size_t *ret_count)
{
	reader r = {.cur = hk_cur_of(pattern), .terms = ret, .max = max};

	if (pattern.len > HK_STIXPATTERN_BYTES_MAX) {
		return HK_ELIMIT;
	}
	HK_TRY(observations(&r));
	blanks(&r);
	if (!hk_cur_empty(&r.cur)) {
		return HK_EFORM;
	}
	*ret_count = r.count;
	return HK_OK;
}

hk_err
hk_stixpattern_text(hk_span value, char *ret, size_t max, size_t *ret_len)
{
	hk_cur cur = hk_cur_of(value);
	size_t len = 0;
	uint8_t c;

	/* A first look, so that *ret is untouched on failure. */
	for (; !hk_cur_empty(&cur); len++) {
		HK_TRY(hk_cur_u8(&cur, &c));
		if (c == '\\' && (hk_cur_u8(&cur, &c) != HK_OK || (c != '\\' && c != '\''))) {
			return HK_EFORM;
		}
		if (c == '\0') {
			return HK_EFORM;
		}
	}
	if (len + 1 > max) {
		return HK_ELIMIT;
	}
	cur = hk_cur_of(value);
	for (size_t i = 0; i < len; i++) {
		HK_TRY(hk_cur_u8(&cur, &c));
		if (c == '\\') {
			HK_TRY(hk_cur_u8(&cur, &c));
		}
		ret[i] = (char)c;
	}
	ret[len] = '\0';
	*ret_len = len;
	return HK_OK;
}

const char *
hk_stix_use_name(hk_stix_use use)
{
	static const char *const names[] = {
		"take", "narrowed", "negated", "wildcard", "unequal", "unknown"};

	return names[use];
}
