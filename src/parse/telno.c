#include "parse/telno.h"

#include "base/utf8.h"

/* Digits of what is near to a mobile number: a typing error, or one that is blotted in part only. */
enum { NEAR_MIN = 9, NEAR_MAX = 14 };

/* What a character means inside a number. */
typedef enum part { NONE, DIGIT, PLUS, HYPHEN, BLANK, BLOT, MORE, OPEN, CLOSE, NOTHING } part;

/* Of ASCII; what is not here is NONE. */
static const uint8_t ascii[128] = {
	['+'] = PLUS,
	['-'] = HYPHEN,
	[' '] = BLANK,
	['\t'] = BLANK,
	['*'] = BLOT,
	['x'] = BLOT,
	['X'] = BLOT,
	['?'] = BLOT,
	['#'] = BLOT,
	['('] = OPEN,
	[')'] = CLOSE,
	['0'] = DIGIT,
	['1'] = DIGIT,
	['2'] = DIGIT,
	['3'] = DIGIT,
	['4'] = DIGIT,
	['5'] = DIGIT,
	['6'] = DIGIT,
	['7'] = DIGIT,
	['8'] = DIGIT,
	['9'] = DIGIT,
};

static const struct {
	uint32_t c;
	part part;
} parts[] = {
	{0xff0b, PLUS},
	{0x2010, HYPHEN},
	{0x2011, HYPHEN},
	{0x2012, HYPHEN},
	{0x2013, HYPHEN},
	{0x2014, HYPHEN},
	{0x2015, HYPHEN},
	{0x2212, HYPHEN},
	{0x30fc, HYPHEN}, /* the long vowel mark, typed for a hyphen */
	{0xff0d, HYPHEN},
	{0xff70, HYPHEN},
	{0xa0, BLANK},
	{0x3000, BLANK},
	{0xff0a, BLOT},
	{0xff58, BLOT},
	{0xff38, BLOT},
	{0xd7, BLOT},
	{0x25cf, BLOT},
	{0x25cb, BLOT},
	{0x25ef, BLOT},
	{0x25a0, BLOT},
	{0x25a1, BLOT},
	{0xff1f, BLOT},
	{0xff03, BLOT},
	{0x2026, MORE},
	{0x2025, MORE},
	{0x22ef, MORE},
	{0xff08, OPEN},
	{0xff09, CLOSE},
	{0xad, NOTHING},
	{0x200b, NOTHING},
	{0x200c, NOTHING},
	{0x200d, NOTHING},
	{0x200e, NOTHING},
	{0x200f, NOTHING},
	{0x2060, NOTHING},
	{0xfeff, NOTHING},
};

/* The part at `at`, its bytes and, for a digit, its value. */
static part
part_at(hk_span text, size_t at, size_t *ret_len, char *ret_digit)
{
	uint32_t c = 0;

	*ret_len = 1;
	if (at >= text.len) {
		*ret_len = 0;
		return NONE;
	}
	if (text.data[at] < 0x80) {
		*ret_digit = (char)text.data[at];
		return (part)ascii[text.data[at]];
	}
	size_t len = hk_utf8_next(text.data + at, text.data + text.len, &c);
	if (len == 0) {
		return NONE;
	}
	*ret_len = len;
	if (c >= 0xff10 && c <= 0xff19) {
		*ret_digit = (char)(c - 0xff10 + '0');
		return DIGIT;
	}
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (parts[i].c == c) {
			return parts[i].part;
		}
	}
	return NONE;
}

/* Text of at most max bytes with a NUL, made of pieces; what does not fit is left out. */
typedef struct joined {
	char *out;
	size_t len, max;
} joined;

static void
join(joined *j, const char *piece, size_t len)
{
	for (size_t i = 0; i < len && piece[i] != '\0' && j->len + 1 < j->max; i++) {
		j->out[j->len++] = piece[i];
	}
	j->out[j->len] = '\0';
}

static void
join_two(char *out, size_t max, const char *first, const char *second, size_t len)
{
	joined j = {.out = out, .max = max};

	join(&j, first, SIZE_MAX);
	join(&j, second, len);
}

/* A number while it is read. */
typedef struct reading {
	hk_span text;
	size_t at;                       /* behind what was read */
	char s[HK_TELNO_DIGITS_MAX + 1]; /* digits, '*' for a blot */
	unsigned n;                      /* read, also those that s has no room for */
	unsigned real;                   /* of them, digits */
	bool plus;
	bool more;   /* "…" at its end */
	bool blanks; /* may stand between the groups */
} reading;

static void
push(reading *r, char c)
{
	if (r->n < HK_TELNO_DIGITS_MAX) {
		r->s[r->n] = c;
		r->s[r->n + 1] = '\0';
	}
	r->n++;
	r->real += c != '*';
}

static bool
counts(part p)
{
	return p == DIGIT || p == BLOT;
}

static size_t
past_nothing(hk_span text, size_t at)
{
	size_t len;
	char digit;

	while (part_at(text, at, &len, &digit) == NOTHING) {
		at += len;
	}
	return at;
}

/* "(0)", "(090)": behind the bracket that closes, when one to five digits and nothing else stand between; 0: no. */
static size_t
bracket_end(hk_span text, size_t at)
{
	size_t len;
	char digit;
	unsigned n = 0;

	part_at(text, at, &len, &digit);
	at += len;
	while (counts(part_at(text, at, &len, &digit)) && n <= 5) {
		at += len;
		n++;
	}
	return n > 0 && n <= 5 && part_at(text, at, &len, &digit) == CLOSE ? at + len : 0;
}

/* Whether a blank here may part two groups: only where the groups of a mobile number end. */
static bool
groups_end(const reading *r)
{
	if (r->plus) {
		return (r->n >= 2 && r->n <= 5) || r->n == 8 || r->n == 9;
	}
	if (r->n >= 4 && memcmp(r->s, "0081", 4) == 0) {
		return (r->n >= 4 && r->n <= 7) || r->n == 10 || r->n == 11;
	}
	return r->n == 3 || r->n == 7;
}

/* A hyphen, blank or bracket is passed over when the number goes on behind it. */
static bool
pass(reading *r, part p, size_t len)
{
	char digit;

	if (p == OPEN) {
		size_t end = bracket_end(r->text, r->at);
		size_t next_len;
		part next = end ? part_at(r->text, end, &next_len, &digit) : NONE;
		if (!counts(next) && next != HYPHEN && !(next == BLANK && r->blanks)) {
			return false;
		}
		r->at += len;
		return true;
	}
	size_t next = past_nothing(r->text, r->at + len), next_len;
	part follows = part_at(r->text, next, &next_len, &digit);
	/* "(090)-5500", "+81 (0) 90" */
	if (p == CLOSE && (follows == HYPHEN || (follows == BLANK && r->blanks))) {
		next += next_len;
		follows = part_at(r->text, next, &next_len, &digit);
	}
	if (!counts(follows) && !(follows == OPEN && bracket_end(r->text, next) > 0)) {
		return false;
	}
	if (p == BLANK && !(r->blanks && groups_end(r))) {
		return false;
	}
	r->at = next;
	return true;
}

/* The domestic form of what was read, or NULL when it is abroad or none. */
static const char *
domestic(const reading *r, char out[HK_TELNO_DIGITS_MAX + 2])
{
	const char *s = r->s;
	size_t n = r->n;
	bool abroad = r->plus;

	if (!abroad && n >= 12 && memcmp(s, "0081", 4) == 0) {
		s += 2;
		n -= 2;
		abroad = true;
	} else if (!abroad && n >= 13 && memcmp(s, "01081", 5) == 0) {
		s += 3;
		n -= 3;
		abroad = true;
	} else if (!abroad && n == 12 && memcmp(s, "81", 2) == 0 && s[2] >= '6' && s[3] == '0') {
		abroad = true;
	}
	if (!abroad) {
		bool dropped = n == 10 && s[0] >= '6' && s[1] == '0';
		join_two(out, HK_TELNO_DIGITS_MAX + 2, dropped ? "0" : "", s, SIZE_MAX);
		return out[0] == '0' ? out : NULL;
	}
	if (n < 4 || memcmp(s, "81", 2) != 0) {
		return NULL;
	}
	s += 2;
	join_two(out, HK_TELNO_DIGITS_MAX + 2, s[0] == '0' ? "" : "0", s, SIZE_MAX);
	return out;
}

static bool
is_mobile(const char *d)
{
	return strlen(d) == 11 && d[1] >= '6' && d[1] <= '9' && d[2] == '0' &&
	       !(d[1] == '8' && d[3] == '0');
}

/* All of a mobile number is there: what follows is no digit of it. */
static bool
whole(const reading *r)
{
	char d[HK_TELNO_DIGITS_MAX + 2];
	const char *home = r->n >= 10 && r->n <= HK_TELNO_DIGITS_MAX && r->real == r->n
				   ? domestic(r, d)
				   : NULL;

	return home && is_mobile(home);
}

/* One step; false: the number ends here. */
static bool
step(reading *r)
{
	size_t len;
	char digit = '0';
	part p = part_at(r->text, r->at, &len, &digit);

	/* What is too long for a number is read to the end of its digits, and no further: time stays linear. */
	if (p != DIGIT && r->n > HK_TELNO_DIGITS_MAX) {
		return false;
	}
	switch (p) {
	case DIGIT:
		push(r, digit);
		r->at += len;
		return true;
	case BLOT:
		if (whole(r)) {
			return false;
		}
		push(r, '*');
		r->at += len;
		return true;
	case MORE:
		r->more = r->n > 0 && !whole(r);
		r->at += r->more ? len : 0;
		return false;
	case NOTHING:
		/* at the end of a number it is left to what follows */
		len = past_nothing(r->text, r->at) - r->at;
		if (!counts(part_at(r->text, r->at + len, &(size_t){0}, &digit))) {
			return false;
		}
		r->at += len;
		return true;
	case HYPHEN:
	case BLANK:
	case CLOSE:
		return r->n > 0 && pass(r, p, len);
	case OPEN:
		return pass(r, p, len);
	case PLUS:
	case NONE:
		break;
	}
	return false;
}

/* "..." after digits, as "…" */
static void
take_dots(reading *r)
{
	if (r->n > 0 && !r->more && !whole(r) && r->text.len - r->at >= 2 &&
		memcmp(r->text.data + r->at, "..", 2) == 0) {
		while (r->at < r->text.len && r->text.data[r->at] == '.') {
			r->at++;
		}
		r->more = true;
	}
}

static void
run(reading *r, hk_span text, size_t at, bool blanks)
{
	size_t len;
	char digit;

	*r = (reading){.text = text, .at = at, .blanks = blanks};
	if (part_at(text, at, &len, &digit) == PLUS) {
		r->plus = true;
		r->at += len;
	}
	while (step(r)) {
	}
	take_dots(r);
}

/* What it is. */
static void
judge(const reading *r, hk_telno *ret)
{
	char d[HK_TELNO_DIGITS_MAX + 2];

	*ret = (hk_telno){.kind = HK_TELNO_DIGITS, .digits = r->n};
	if (r->more || r->real < r->n) {
		/* "24*" or "3…" in a sentence is none: enough of it must be there. */
		bool enough = r->more ? r->real >= 3 : r->n >= 7;
		ret->kind = enough && r->real >= 2 ? HK_TELNO_MASKED : HK_TELNO_DIGITS;
		ret->near = r->real >= NEAR_MIN;
		return;
	}
	ret->near = r->n >= NEAR_MIN && r->n <= NEAR_MAX && r->s[0] == '0' && r->s[1] >= '6' &&
		    r->s[2] == '0';
	if (r->n > HK_TELNO_DIGITS_MAX) {
		return;
	}
	const char *home = domestic(r, d);
	size_t n = home ? strlen(home) : 0;
	if (home && (n == 10 || n == 11)) {
		ret->kind = is_mobile(home) ? HK_TELNO_MOBILE : HK_TELNO_OTHER;
		join_two(ret->e164, sizeof ret->e164, "+81", home + 1, 10);
	} else if (!home && r->plus && r->n >= 8 && r->n <= 15 && r->s[0] != '0') {
		ret->kind = HK_TELNO_OTHER;
		join_two(ret->e164, sizeof ret->e164, "+", r->s, 15);
	}
}

size_t
hk_telno_read(hk_span text, size_t at, hk_telno *ret)
{
	reading r;

	if (at >= text.len) {
		return 0;
	}
	/* With blanks first: "090 5500 0000" is one number when it comes out as one, else the first of a list. */
	for (int blanks = 1; blanks >= 0; blanks--) {
		hk_telno telno;
		run(&r, text, at, blanks > 0);
		if (r.real == 0) {
			continue;
		}
		judge(&r, &telno);
		bool one = telno.kind == HK_TELNO_MOBILE ||
			   (telno.kind == HK_TELNO_MASKED && r.n == 11 && !r.more);
		if (blanks == 0 || one) {
			telno.text = hk_span_of(text.data + at, r.at - at);
			*ret = telno;
			return r.at - at;
		}
	}
	return 0;
}

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Behind the digits that begin at `at`. */
static size_t
past_digits(hk_span text, size_t at)
{
	size_t len;
	char digit;

	while (part_at(text, at, &len, &digit) == DIGIT) {
		at += len;
	}
	return at;
}

bool
hk_telno_find(hk_span text, size_t *pos, hk_telno *ret)
{
	size_t at = *pos;

	while (at < text.len) {
		size_t len;
		char digit;
		hk_telno telno;
		part p = part_at(text, at, &len, &digit);
		if (p != DIGIT && p != PLUS && p != OPEN) {
			at += len;
			continue;
		}
		size_t bytes = hk_telno_read(text, at, &telno);
		size_t end = at + bytes;
		bool glued = (end < text.len && is_letter(text.data[end])) ||
			     (at > 0 && is_letter(text.data[at - 1]));
		if (bytes > 0 && (telno.kind == HK_TELNO_MOBILE || telno.near ||
					 (telno.kind == HK_TELNO_OTHER && !glued))) {
			*ret = telno;
			*pos = end;
			return true;
		}
		/* The next one begins behind these digits at the earliest: never inside them. */
		at = p == DIGIT ? past_digits(text, at) : at + len;
	}
	*pos = text.len;
	return false;
}

static bool
is_e164(const char *e164)
{
	size_t len = e164 ? strlen(e164) : 0;

	return len >= 8 && len < HK_TELNO_SIZE && e164[0] == '+' &&
	       strspn(e164 + 1, "0123456789") == len - 1;
}

const char *
hk_telno_mask(const char *e164, char ret[HK_TELNO_MASK_SIZE])
{
	joined j = {.out = ret, .max = HK_TELNO_MASK_SIZE};
	bool good = is_e164(e164);
	bool home = good && memcmp(e164, "+81", 3) == 0;
	const char *at = good ? e164 + (home ? 3 : 0) : NULL;
	size_t len = good ? strlen(at) - 4 : 0; /* what is shown */

	ret[0] = '\0';
	join(&j, "0", home);
	if (home && len == 6) {
		join(&j, at, 2);
		join(&j, "-", 1);
		at += 2;
		len -= 2;
	}
	if (good) {
		join(&j, at, len);
		join(&j, "-", 1);
	}
	join(&j, "****", 4);
	return ret;
}

const char *
hk_telno_region(const char *e164, char ret[8])
{
	bool good = is_e164(e164);
	bool home = good && memcmp(e164, "+81", 3) == 0;

	join_two(ret, 8, home ? "0" : "", good ? e164 + (home ? 3 : 0) : "", home ? 6 : 7);
	return ret;
}
