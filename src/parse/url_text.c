/* The part of parse/url that deals with how people write: refang and find. nocheck: tested in tests/unit/parse/test_url.c */
#include "parse/url.h"

#include <string.h>

#include "base/utf8.h"
#include "parse/url_int.h"

/* Passes until nothing changes. One undoes everything; more are for what stands inside one another. */
enum { PASSES_MAX = 8 };

/* What stands for what; the longest first. */
static const struct {
	const char *written;
	const char *meant;
	bool host_only; /* not behind the host */
} undone[] = {
	{"[ドット]", ".", false},
	{"(ドット)", ".", false},
	{"[ dot ]", ".", false},
	{"( dot )", ".", false},
	{"[ . ]", ".", false},
	{"( . )", ".", false},
	{"[://]", "://", false},
	{"(://)", "://", false},
	{"[dot]", ".", false},
	{"(dot)", ".", false},
	{"{dot}", ".", false},
	{"<dot>", ".", false},
	{"[at]", "@", true},
	{"(at)", "@", true},
	{"[//]", "//", false},
	{"[.]", ".", false},
	{"(.)", ".", false},
	{"{.}", ".", false},
	{"<.>", ".", false},
	{"[:]", ":", false},
	{"(:)", ":", false},
	{"[/]", "/", false},
	{"(/)", "/", false},
	{"[@]", "@", true},
	{"[.", ".", true},
	{".]", ".", true},
};

static bool
begins(hk_span text, size_t at, const char *with)
{
	size_t i = 0;

	for (; with[i] != '\0'; i++) {
		if (at + i >= text.len || hk_url_lower(text.data[at + i]) != (uint8_t)with[i]) {
			return false;
		}
	}
	return true;
}

/* Bytes of what stands for something at `at`, 0 when nothing does. */
static size_t
undo_at(hk_span text, size_t at, bool in_path, const char **ret_meant)
{
	if (at >= text.len || !strchr("[({<.", text.data[at]) || text.data[at] == '\0') {
		return 0;
	}
	for (size_t i = 0; i < sizeof undone / sizeof undone[0]; i++) {
		if (!(in_path && undone[i].host_only) && begins(text, at, undone[i].written)) {
			*ret_meant = undone[i].meant;
			return strlen(undone[i].written);
		}
	}
	return 0;
}

/* One character; a byte that is no UTF-8 stands for itself, negative. */
static int32_t
char_at(hk_span text, size_t at, size_t *ret_len)
{
	uint32_t c;
	size_t len = hk_utf8_next(text.data + at, text.data + text.len, &c);

	*ret_len = len > 0 ? len : 1;
	return len > 0 ? (int32_t)c : -1;
}

static bool
is_invisible(int32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2064) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f);
}

/* The joiners mean something in Arabic and Indic names (RFC 5892, appendix A); elsewhere they are left by editors. */
static bool
is_joiner_in_place(int32_t c, int32_t before)
{
	return (c == 0x200c || c == 0x200d) && before >= 0x600 && before <= 0x109f;
}

static bool
is_wide(int32_t c)
{
	return c >= 0xff01 && c <= 0xff5e;
}

static bool
is_stop(int32_t c) /* dots of East Asia and their kin (UTS #46 maps them, too) */
{
	return c == 0x3002 || c == 0xff61 || c == 0x2024 || c == 0xfe52;
}

static bool
is_blank(int32_t c)
{
	return (c >= 0 && c <= ' ') || c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f;
}

static bool
is_in(int32_t c, const int32_t *set)
{
	for (; *set != 0; set++) {
		if (*set == c) {
			return true;
		}
	}
	return false;
}

/* Quotes and brackets of Japan, bullets, and the ends of sentences. */
static const int32_t openers[] = {'"', '\'', '`', '<', '(', 0x300c, 0x300e, 0x201c, 0x2018, 0xff08,
	0x3010, 0x3008, 0x300a, 0xff1c, 0x30fb, 0x2022, 0x25cf, 0x25a0, 0x25c6, 0x203b, 0x2192,
	0xff62, 0};
static const int32_t closers[] = {'"', '\'', '`', '>', 0x300d, 0x300f, 0x201d, 0x2019, 0xff09,
	0x3011, 0x3009, 0x300b, 0xff1e, 0x3001, 0x3002, 0xff0c, 0xff61, 0xff64, ',', ';', '.',
	0xff1b, 0xff0e, 0xff63, 0};

static size_t
last_char(hk_span text, int32_t *ret)
{
	size_t len;
	size_t at = text.len - 1;

	while (at > 0 && text.len - at < 4 && (text.data[at] & 0xc0) == 0x80) {
		at--;
	}
	*ret = char_at(text, at, &len);
	if (at + len != text.len) {
		*ret = -1;
		return 1;
	}
	return len;
}

static size_t
count(hk_span text, uint8_t c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		n += text.data[i] == c;
	}
	return n;
}

/* Without what stands behind it. A bracket goes when it was not opened inside. */
static hk_span
trimmed_end(hk_span text)
{
	static const char pairs[3][2] = {{'(', ')'}, {'[', ']'}, {'{', '}'}};
	size_t surplus[3];
	bool more = true;

	for (size_t i = 0; i < 3; i++) {
		size_t opened = count(text, (uint8_t)pairs[i][0]);
		size_t closed = count(text, (uint8_t)pairs[i][1]);
		surplus[i] = closed > opened ? closed - opened : 0;
	}
	while (more && text.len > 0) {
		int32_t c;
		size_t len = last_char(text, &c);
		more = is_blank(c) || is_invisible(c) || is_in(c, closers);
		for (size_t i = 0; i < 3 && !more; i++) {
			if (c == pairs[i][1] && surplus[i] > 0) {
				surplus[i]--;
				more = true;
			}
		}
		text.len -= more ? len : 0;
	}
	return text;
}

/* Behind "https" or what stands for it; 0: no scheme. *ret_tail: "s" or "". */
static size_t
scheme_name(hk_span text, size_t at, const char **ret_name)
{
	size_t from = at;
	size_t middle = 0;

	if (at >= text.len) {
		return 0;
	}
	uint8_t first = hk_url_lower(text.data[at]);
	at += first == 'h' || first == 'f';
	/* "hhttps": typed twice */
	at += first == 'h' && at < text.len && hk_url_lower(text.data[at]) == 'h';
	while (at < text.len && middle < 3 && text.data[at] != '\0' &&
		strchr("tTxX*_+#?-", text.data[at])) {
		at++;
		middle++;
	}
	if (at >= text.len || hk_url_lower(text.data[at]) != 'p' || middle == 0) {
		return 0;
	}
	at++;
	if (first == 'f') {
		*ret_name = "ftp";
		return middle == 1 ? at : 0;
	}
	/* "ttp://" is a habit of Japanese boards; "p://" or "tp://" may be anything. */
	if (first != 'h' && (middle != 2 || !hk_url_is_alpha(text.data[from]))) {
		return 0;
	}
	bool secure = at < text.len && hk_url_lower(text.data[at]) == 's';
	*ret_name = secure ? "https" : "http";
	return at + secure;
}

/* Behind "scheme://", however it is written but unfolded; 0: there is none. */
static size_t
scheme_end(hk_span text, size_t at, const char **ret_name)
{
	size_t end = scheme_name(text, at, ret_name);
	bool colon = end > 0 && end < text.len && text.data[end] == ':';

	if (end == 0) {
		return 0;
	}
	end += colon;
	size_t slashes = 0;
	while (end < text.len && (text.data[end] == '/' || text.data[end] == '\\')) {
		end++;
		slashes++;
	}
	return slashes > 1 || (colon && slashes == 1) ? end : 0;
}

static hk_span
trimmed(hk_span text)
{
	const char *name;
	bool more = true;

	while (more && text.len > 0) {
		size_t len;
		int32_t c = char_at(text, 0, &len);
		const char *meant;
		more = is_blank(c) || is_invisible(c) ||
		       (is_in(c, openers) && undo_at(text, 0, false, &meant) == 0);
		/* "[http://evil.example]", but not "[2001:db8::1]" */
		if (c == '[' && text.data[text.len - 1] == ']' && scheme_end(text, 1, &name) > 0) {
			text.len--;
			more = true;
		}
		text = more ? hk_span_of(text.data + len, text.len - len) : text;
	}
	return trimmed_end(text);
}

typedef struct fold {
	hk_span text;
	size_t at;
	uint8_t *
		out; /* may be the text itself: what is written is never longer than what was read */
	size_t len;
	size_t max;
	int32_t before; /* last character written */
	size_t blanks; /* where the blanks that were looked at last end: each is asked for, all are read once */
	bool in_path;
	bool wide; /* the host was written in full width */
	bool over;
} fold;

static void
put(fold *f, const uint8_t *bytes, size_t len)
{
	if (len > f->max - f->len) {
		f->over = true;
		return;
	}
	memmove(f->out + f->len, bytes, len);
	f->len += len;
}

static void
put_char(fold *f, char c)
{
	/* The slashes of "scheme://" do not end the host; those behind it do. */
	bool slash = c == '/' || c == '\\';
	bool of_scheme =
		slash && (f->before == ':' || f->len == 0 || f->before == '/' || f->before == '\\');
	f->in_path = f->in_path || c == '?' || c == '#' || (slash && !of_scheme);
	put(f, (const uint8_t *)&c, 1);
	f->before = c;
}

static size_t
blanks_end(hk_span text, size_t at)
{
	size_t len;

	while (at < text.len && is_blank(char_at(text, at, &len))) {
		at += len;
	}
	return at;
}

static bool
is_dot_here(hk_span text, size_t at, size_t *ret_len)
{
	const char *meant;
	size_t len = undo_at(text, at, false, &meant);

	*ret_len = len;
	return len > 0 && strcmp(meant, ".") == 0;
}

/* Blanks in the host: "evil [.] example", "evil dot example", "evil . example", "http : // evil.example". True when they were a part of that. */
static bool
take_blanks(fold *f)
{
	size_t next = f->at < f->blanks ? f->blanks : blanks_end(f->text, f->at);
	size_t len = 0;

	f->blanks = next;
	if (next == f->text.len || f->len == 0) {
		return false;
	}
	bool bracket = is_dot_here(f->text, next, &len);
	bool word = begins(f->text, next, "dot") && f->before != '.' && f->before != '/';
	bool plain = !bracket && f->text.data[next] == '.';
	if (bracket || word || plain) {
		len = bracket ? len : word ? 3 : 1;
		size_t behind = blanks_end(f->text, next + len);
		if (behind == f->text.len || (!bracket && behind == next + len)) {
			return false;
		}
		put_char(f, '.');
		f->at = behind;
		return true;
	}
	bool scheme = f->before == '/' && f->len <= 9;
	if (scheme || begins(f->text, next, "://") || begins(f->text, next, ": //") ||
		(f->before == ':' && begins(f->text, next, "//"))) {
		f->at = next;
		return true;
	}
	return false;
}

/* Blanks behind a dot in brackets belong to it, too. */
static bool
take_undone(fold *f)
{
	const char *meant;
	size_t len = undo_at(f->text, f->at, f->in_path, &meant);

	if (len == 0) {
		return false;
	}
	bool in_path = f->in_path;
	for (size_t i = 0; meant[i] != '\0'; i++) {
		put_char(f, meant[i]);
	}
	f->at += len;
	if (!in_path && len > 1 && meant[0] == '.') {
		f->at = blanks_end(f->text, f->at);
	}
	return true;
}

static void
take_char(fold *f)
{
	size_t len;
	int32_t c = char_at(f->text, f->at, &len);
	const uint8_t *bytes = f->text.data + f->at;

	if (is_invisible(c) && !is_joiner_in_place(c, f->before)) {
		f->at += len;
		return;
	}
	if (is_wide(c) && (!f->in_path || f->wide)) {
		f->at += len;
		f->wide = true;
		put_char(f, (char)(c - 0xff01 + '!'));
		return;
	}
	if (is_stop(c) && !f->in_path) {
		f->at += len;
		put_char(f, '.');
		return;
	}
	/* evil\.example, out of a regular expression */
	if (c == '\\' && !f->in_path && hk_url_is_alnum((uint32_t)f->before) &&
		f->at + 1 < f->text.len && f->text.data[f->at + 1] == '.') {
		f->at++;
		return;
	}
	f->at += len;
	if (is_blank(c) && len > 1) {
		put_char(f, ' ');
	} else if (len == 1) {
		put_char(f, (char)*bytes);
		f->before = c;
	} else {
		put(f, bytes, len);
		f->before = c;
	}
}

static hk_err
fold_once(hk_span text, uint8_t *out, size_t max, size_t *ret_len)
{
	fold f = {.text = trimmed(text), .out = out, .max = max};

	while (f.at < f.text.len && !f.over) {
		size_t len;
		if (take_undone(&f)) {
			continue;
		}
		if (!f.in_path && is_blank(char_at(f.text, f.at, &len)) && take_blanks(&f)) {
			continue;
		}
		take_char(&f);
	}
	*ret_len = f.len;
	return f.over ? HK_ELIMIT : HK_OK;
}

/* Writes the scheme as it is meant. */
static hk_err
fix_scheme(uint8_t *text, size_t max, size_t *len)
{
	const char *name;
	hk_span all = hk_span_of(text, *len);
	size_t end = scheme_end(all, 0, &name);

	if (end == 0) {
		return HK_OK;
	}
	/* http://https://evil.example: pasted into a field that held the first already */
	const char *second;
	if (scheme_end(all, end, &second) > 0) {
		memmove(text, text + end, *len - end);
		*len -= end;
		return HK_OK;
	}
	/* What is there already in the right form stays, with its capitals and its slashes. */
	size_t want = strlen(name);
	size_t had = scheme_name(all, 0, &name);
	bool colon = text[had] == ':';
	if (had == want && colon && begins(all, 0, name)) {
		return HK_OK;
	}
	size_t more = want + 1;
	size_t less = had + colon;
	if (more > less && more - less > max - *len) {
		return HK_ELIMIT;
	}
	memmove(text + more, text + less, *len - less);
	memcpy(text, name, want);
	text[want] = ':';
	*len = *len - less + more;
	return HK_OK;
}

hk_err
hk_url_refang(hk_span text, char *ret, size_t max, size_t *ret_len)
{
	uint8_t last[HK_URL_TEXT_MAX];
	uint8_t *now = (uint8_t *)ret;
	size_t len = 0;

	if (text.len > HK_URL_TEXT_MAX) {
		return HK_ELIMIT;
	}
	for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
		HK_TRY(fold_once(text, now, max, &len));
		HK_TRY(fix_scheme(now, max, &len));
		if (len == text.len && (len == 0 || memcmp(now, text.data, len) == 0)) {
			if (len == 0) {
				return HK_EFORM;
			}
			*ret_len = len;
			return HK_OK;
		}
		memcpy(last, now, len);
		text = hk_span_of(last, len);
	}
	return HK_EFORM;
}

/* Finding ---------------------------------------------------------------------------------------------------------- */

/* A character as it would be after folding; invisible ones are 0. */
static int32_t
folded_at(hk_span text, size_t at, size_t *ret_len)
{
	int32_t c = char_at(text, at, ret_len);

	return is_wide(c) ? c - 0xff01 + '!' : is_invisible(c) ? 0 : c;
}

/* Where a piece of a link ends, and what is known of it. */
typedef struct look {
	size_t end;
	size_t dots;
	size_t label;  /* where the last label begins */
	bool defanged; /* a dot in brackets */
	bool wide;
	bool at_sign;
} look;

/* Behind "scheme://", in whatever form; 0: there is none. The window is long enough for every form of it. */
static size_t
scheme_here(hk_span text, size_t at)
{
	uint8_t plain[24];
	uint16_t behind[24]; /* of each byte of plain, where it ends in text */
	size_t len = 0;
	size_t here = at;
	const char *name;

	while (here < text.len && len + 3 <= sizeof plain) {
		const char *meant;
		size_t bytes = undo_at(text, here, false, &meant);
		if (bytes > 0) {
			for (; *meant != '\0'; meant++) {
				plain[len] = (uint8_t)*meant;
				behind[len++] = (uint16_t)(here + bytes - at);
			}
			here += bytes;
			continue;
		}
		int32_t c = folded_at(text, here, &bytes);
		if (c < 0 || c > 0x7e || here + bytes - at > UINT16_MAX) {
			break;
		}
		here += bytes;
		if (c > 0) {
			plain[len] = (uint8_t)c;
			behind[len++] = (uint16_t)(here - at);
		}
	}
	size_t end = scheme_end(hk_span_of(plain, len), 0, &name);
	return end > 0 ? at + behind[end - 1] : 0;
}

/* Letters outside ASCII: all but blanks, punctuation and symbols of the planes that Japanese texts use. */
static bool
is_letter(int32_t c)
{
	return c >= 0xa1 && !is_blank(c) && !is_invisible(c) && !is_wide(c) && !is_stop(c) &&
	       !is_in(c, openers) && !is_in(c, closers) && !(c >= 0x2010 && c <= 0x2bff) &&
	       !(c >= 0x3000 && c <= 0x3020 && c != 0x3005) &&
	       !(c >= 0xfe30 && c <= 0xffef && !(c >= 0xff66 && c <= 0xff9d));
}

/* A label that begins in ASCII and goes on in Japanese: a name ("mihon銀行.example"), or the sentence goes on ("evil.exampleを")?
 * A name, if a dot and a letter follow soon. */
static bool
goes_on_as_name(hk_span text, size_t at)
{
	for (unsigned n = 0; n < 63 && at < text.len; n++) {
		size_t len;
		int32_t c = folded_at(text, at, &len);
		if (c == '.') {
			at += len;
			return at < text.len &&
			       hk_url_is_alnum((uint32_t)folded_at(text, at, &len));
		}
		if (!is_letter(c) && !(c > 0 && hk_url_is_alnum((uint32_t)c)) && c != '-') {
			return false;
		}
		at += len;
	}
	return false;
}

/* A dot of any form at `at`: its bytes, 0 when it is none that joins two labels. */
static size_t
joint_at(hk_span text, size_t at, const look *l)
{
	size_t start = blanks_end(text, at);
	size_t len;
	bool after_blank = start > at;

	if (start >= text.len) {
		return 0;
	}
	if (is_dot_here(text, start, &len) && len > 1) {
		size_t end = blanks_end(text, start + len);
		return end < text.len ? end - at : 0;
	}
	if (after_blank) {
		return 0;
	}
	int32_t c = folded_at(text, start, &len);
	size_t next;
	if (start + len >= text.len || (c != '.' && !is_stop(c))) {
		return 0;
	}
	/* "。" ends a sentence when the name has dots already, or Japanese follows. */
	int32_t follower = folded_at(text, start + len, &next);
	bool alnum = follower > 0 && hk_url_is_alnum((uint32_t)follower);
	if (c != '.') {
		return l->dots == 0 && alnum ? len : 0;
	}
	return alnum || is_letter(follower) || follower == '_' || follower == '-' ? len : 0;
}

/* From at: labels, dots, user information, port. */
static look
host_here(hk_span text, size_t at, bool after_scheme)
{
	look l = {.end = at, .label = at};
	bool ascii = false; /* in the label that is being read */

	while (l.end < text.len) {
		size_t len = joint_at(text, l.end, &l);
		if (len > 0) {
			l.defanged = l.defanged || text.data[l.end] != '.';
			l.end += len;
			l.dots++;
			l.label = l.end;
			ascii = false;
			continue;
		}
		int32_t c = folded_at(text, l.end, &len);
		bool plain = c > 0 && c < 0x7f &&
			     (hk_url_is_alnum((uint32_t)c) || strchr("-_", (int)c) ||
				     (after_scheme && strchr("@:%[]", (int)c)));
		bool letter = after_scheme && is_letter(c) &&
			      !(ascii && l.dots > 0 && !goes_on_as_name(text, l.end));
		if (c != 0 && !plain && !letter) {
			break;
		}
		l.at_sign = l.at_sign || c == '@';
		l.wide = l.wide || (c != 0 && c < 0x7f && len > 1);
		ascii = ascii || plain;
		l.end += len;
	}
	return l;
}

/* The path, query and fragment behind a host. */
static size_t
path_end(hk_span text, size_t at, bool wide)
{
	bool first = true;

	while (at < text.len) {
		size_t len;
		int32_t raw = char_at(text, at, &len);
		int32_t c = is_invisible(raw) ? 0 : is_wide(raw) && wide ? raw - 0xff01 + '!' : raw;
		if (first && (c == 0 || c < 0 || c > 0x7e || !strchr("/?#\\:", (int)c))) {
			break;
		}
		if (raw != 0 && c == 0) {
			at += len;
			continue;
		}
		if (c <= ' ' || c > 0x7e || strchr("<>\"`|", (int)c)) {
			break;
		}
		/* one list, two links */
		if (strchr(",;", (int)c) && scheme_here(text, at + len) > 0) {
			break;
		}
		first = false;
		at += len;
	}
	return at;
}

static bool
is_number(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!hk_url_is_digit(text.data[i])) {
			return false;
		}
	}
	return text.len > 0;
}

/* Whether what has no scheme looks like a site's name: its last label is one, or it is a dotted quad. */
static bool
is_bare_host(hk_span text, size_t from, const look *l)
{
	hk_span last = hk_span_of(text.data + l->label, l->end - l->label);

	if (l->dots == 0 || l->at_sign || last.len < 2 || text.data[from] == '-') {
		return is_number(last) && l->dots == 3;
	}
	if (is_number(last)) {
		return l->dots == 3;
	}
	for (size_t i = 0; i < last.len; i++) {
		if (last.data[i] < 0x80 && !hk_url_is_alpha(last.data[i]) &&
			!begins(last, 0, "xn--")) {
			return false;
		}
	}
	return true;
}

/* Whether a link may begin at `at`: not in the middle of a word, a number or a mail address. */
static bool
is_start(hk_span text, size_t at)
{
	return at == 0 ||
	       !(hk_url_is_alnum(text.data[at - 1]) || strchr("@_.-%=", text.data[at - 1])) ||
	       text.data[at - 1] == '\0';
}

/* "evil.example./login": the dot that ends a whole name of DNS, before a path or port. Its bytes. */
static size_t
root_dot(hk_span text, size_t at, const look *l)
{
	size_t len, next;

	if (l->dots == 0 || at >= text.len || folded_at(text, at, &len) != '.' ||
		at + len >= text.len) {
		return 0;
	}
	int32_t c = folded_at(text, at + len, &next);
	return c == '/' || c == ':' || c == '?' || c == '#' ? len : 0;
}

/* A link at `at`: *ret_end. Without one *ret_end is how far there cannot be one without a scheme. */
static bool
link_here(hk_span text, size_t at, bool bare, size_t *ret_end)
{
	size_t scheme = scheme_here(text, at);
	bool defang_only = false;

	if (scheme > 0) {
		look l = host_here(text, blanks_end(text, scheme), true);
		l.end += root_dot(text, l.end, &l);
		*ret_end = path_end(text, l.end, l.wide);
		return l.end > scheme;
	}
	look l = host_here(text, at, false);
	*ret_end = l.end;
	if (!is_bare_host(text, at, &l)) {
		return false;
	}
	l.end += root_dot(text, l.end, &l);
	size_t end = path_end(text, l.end, l.wide);
	if (end < text.len && text.data[end] == '@') {
		return false;
	}
	defang_only = l.defanged || begins(text, at, "www.") || begins(text, at, "www[.]");
	if (!bare && !defang_only && !(end > l.end && text.data[l.end] != ':')) {
		return false;
	}
	*ret_end = end;
	return true;
}

bool
hk_url_find(hk_span text, bool bare, size_t *pos, hk_span *ret)
{
	size_t none = 0; /* up to here nothing begins without a scheme */

	while (*pos < text.len) {
		size_t len;
		size_t end = 0;
		int32_t c = folded_at(text, *pos, &len);
		bool word = c > 0 && c < 0x7f && hk_url_is_alnum((uint32_t)c);
		if (word && is_start(text, *pos)) {
			bool link = *pos >= none ? link_here(text, *pos, bare, &end)
						 : scheme_here(text, *pos) > 0 &&
							   link_here(text, *pos, bare, &end);
			if (link) {
				*ret = trimmed_end(hk_span_of(text.data + *pos, end - *pos));
				*pos = end;
				return true;
			}
			none = end > none ? end : none;
		}
		*pos += len;
	}
	return false;
}
