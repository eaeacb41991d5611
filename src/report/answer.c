/* nocheck: tested in tests/unit/report/test_answer.c */
#include "report/answer.h"

#include <string.h>

#include "parse/url.h"
#include "report/answer_int.h"
#include "sys/gerr.h"
#include "sys/idn.h"

enum { TOKEN_LEN = 32, TOKENS_MAX = 32, URLS_MAX = 40, NUMBER_MIN = 4, NUMBER_MAX = 40 };

/* ---- what it says, and what it quotes ---- */

typedef enum quote_place { BEGINS, ENDS, CONTAINS, IS, TITLE, ABOVE } quote_place;

static const struct {
	quote_place place;
	const char *text;
} quotes[] = {
#define QUOTE(place, text) {place, text},
#include "report/answerquotes.def"
#undef QUOTE
};

/* A line that ends or parts a sentence is no title. */
static bool
is_sentence(const char *line)
{
	static const char *const marks[] = {"。", "，", "、", "？", "?", ". ", ", "};
	bool found = g_str_has_suffix(line, ".");

	for (size_t i = 0; i < G_N_ELEMENTS(marks) && !found; i++) {
		found = strstr(line, marks[i]) != NULL;
	}
	return found;
}

/* Whether everything below that line is the other mail. line: lower case, without blanks around it. first: nothing stands above. */
static bool
introduces(const char *line, bool first)
{
	for (size_t i = 0; i < G_N_ELEMENTS(quotes); i++) {
		const char *text = quotes[i].text;
		bool hit = false;

		switch (quotes[i].place) {
		case BEGINS:
			hit = g_str_has_prefix(line, text);
			break;
		case ENDS:
			hit = g_str_has_suffix(line, text);
			break;
		case IS:
			hit = g_str_equal(line, text);
			break;
		case CONTAINS:
			hit = strstr(line, text) != NULL;
			break;
		case TITLE:
			hit = strstr(line, text) && !is_sentence(line);
			break;
		case ABOVE:
			hit = strstr(line, text) && !first;
			break;
		}
		if (hit) {
			return true;
		}
	}
	return false;
}

void
hk_answer_split(hk_span text, GString *ret_own, GString *ret_quoted)
{
	/* below: all of it is quoted; marked, ended: below that line stood '>', and behind it an empty line: what comes then, unmarked, is the answer below the quotation. */
	bool below = false, marked = false, ended = false, first = true;

	for (size_t at = 0; at < text.len;) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		hk_span line = hk_span_of(text.data + at, len);
		hk_span trimmed = hk_span_trim(line);
		g_autofree char *folded =
			g_ascii_strdown((const char *)trimmed.data, (gssize)MIN(trimmed.len, 500));
		bool mark = trimmed.len > 0 && (trimmed.data[0] == '>' || trimmed.data[0] == '|');

		ended = !mark && (ended || (marked && trimmed.len == 0));
		below = below && !(ended && trimmed.len > 0);
		marked = mark || (marked && !ended);
		if (!below && introduces(folded, first)) {
			below = true;
			marked = ended = false;
		}
		first = first && trimmed.len == 0;
		GString *into = below || mark ? ret_quoted : ret_own;

		g_string_append_len(into, (const char *)line.data, (gssize)line.len);
		g_string_append_c(into, '\n');
		at += len + 1;
	}
}

/* ---- tokens ---- */

static bool
is_hex(char c)
{
	return g_ascii_isxdigit(c);
}

/* Runs of exactly 32 hexadecimal digits, each once, lower case. */
static void
add_tokens(GPtrArray *tokens, const char *text)
{
	for (size_t i = 0; text[i] && tokens->len < TOKENS_MAX;) {
		size_t n = 0;

		while (is_hex(text[i + n])) {
			n++;
		}
		if (n == TOKEN_LEN) {
			g_autofree char *token = g_ascii_strdown(text + i, TOKEN_LEN);

			if (!g_ptr_array_find_with_equal_func(tokens, token, g_str_equal, NULL)) {
				g_ptr_array_add(tokens, g_steal_pointer(&token));
			}
		}
		i += MAX(n, 1);
	}
}

/* Tokens behind the "+" of addresses: only those. */
static void
add_plus(GPtrArray *tokens, const char *text)
{
	for (const char *plus = strchr(text, '+'); plus; plus = strchr(plus + 1, '+')) {
		g_autofree char *tag =
			g_strndup(plus + 1, strspn(plus + 1, "0123456789abcdefABCDEF"));

		if (plus[1 + strlen(tag)] == '@' || plus[1 + strlen(tag)] == '-') {
			add_tokens(tokens, tag);
		}
	}
}

static GPtrArray *
tokens_of(const GPtrArray *values, bool plus)
{
	GPtrArray *tokens = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < values->len; i++) {
		(plus ? add_plus : add_tokens)(tokens, values->pdata[i]);
	}
	return tokens;
}

/* ---- houses ---- */

static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : address;
}

/* What a registry sells: the last two labels, three where the second is one of co, ne, or, com, net ... below a country. */
static const char *
sold(const char *domain)
{
	static const char *const second[] = {"co", "ne", "or", "go", "ac", "ad", "gr", "ed", "lg",
		"com", "net", "org", "gov", "edu"};
	const char *starts[3] = {NULL, NULL, NULL};
	const char *end = domain + strlen(domain);
	size_t n = 0;

	for (const char *p = end; p > domain && n < 3; p--) {
		if (p[-1] == '.' || p - 1 == domain) {
			starts[n++] = p[-1] == '.' ? p : domain;
		}
	}
	if (n < 3 || strlen(starts[0]) != 2) {
		return starts[1] ? starts[1] : domain;
	}
	size_t len = strcspn(starts[1], ".");

	for (size_t i = 0; i < G_N_ELEMENTS(second); i++) {
		if (strlen(second[i]) == len && strncmp(second[i], starts[1], len) == 0) {
			return starts[2];
		}
	}
	return starts[1];
}

/* The same, by the list: a customer of a hosting service is a house, and a suffix itself is one. */
static const char *
sold_by(const hk_suffix_table *suffixes, char *domain)
{
	size_t len = strlen(domain);
	hk_suffix_split split;

	/* A longer one is no host name. */
	if (len > 253) {
		return "";
	}
	hk_suffix_split_name(suffixes, domain, len, &split);
	domain[split.end] = '\0';
	return domain + split.registrable_off;
}

bool
hk_answer_same_house(const hk_suffix_table *suffixes, const char *a, const char *b)
{
	g_autofree char *x = g_ascii_strdown(domain_of(a), -1);
	g_autofree char *y = g_ascii_strdown(domain_of(b), -1);
	const char *p = suffixes ? sold_by(suffixes, x) : sold(x);
	const char *q = suffixes ? sold_by(suffixes, y) : sold(y);

	return *p && *q && strchr(p, '.') && strcmp(p, q) == 0;
}

/* ---- numbers ---- */

static const char *const number_words[] = {
#define NUMBER(text) text,
#include "report/answernumbers.def"
#undef NUMBER
};

static bool
is_number_byte(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("-_./", c));
}

/* The number at text, if one is there; caller frees. */
static char *
number_at(const char *text)
{
	size_t n = 0, digits = 0, letters = 0;

	while (is_number_byte(text[n])) {
		digits += g_ascii_isdigit(text[n]) != 0;
		letters += g_ascii_isalpha(text[n]) != 0;
		n++;
	}
	while (n > 0 && strchr("-_./", text[n - 1])) {
		n--;
	}
	bool plain = n >= NUMBER_MIN && n <= NUMBER_MAX && digits >= 3 && letters <= 16 &&
		     n != TOKEN_LEN;
	/* No host, no date, no URL. */
	bool other = memmem(text, n, "://", 3) || memmem(text, n, "www.", 4) ||
		     (digits <= 8 && letters == 0 && memchr(text, '/', n)) ||
		     (letters > digits && memchr(text, '.', n));

	return plain && !other ? g_strndup(text, n) : NULL;
}

/* Over what may stand between a word and its number. */
static const char *
skip_filler(const char *p)
{
	static const char *const fillers[] = {"number", "no.", "nr.", "id", "is", "code",
		"has been opened as", "as", "#", ":", "\xef\xbc\x9a", "[", "(", "<", "=", "-", " ",
		"\t", "\n", "\r", "\xe2\x84\x96"};
	bool more = true;

	for (int guard = 0; more && guard < 12; guard++) {
		more = false;
		for (size_t i = 0; i < G_N_ELEMENTS(fillers) && !more; i++) {
			size_t n = strlen(fillers[i]);

			if (g_ascii_strncasecmp(p, fillers[i], n) == 0 &&
				!(g_ascii_isalpha(fillers[i][0]) && g_ascii_isalnum(p[n]))) {
				p += n;
				more = true;
			}
		}
	}
	return p;
}

static void
add_number(GPtrArray *ret, char *number)
{
	if (number && ret->len < HK_ANSWER_NUMBERS_MAX &&
		!g_ptr_array_find_with_equal_func(ret, number, g_str_equal, NULL)) {
		g_ptr_array_add(ret, g_steal_pointer(&number));
	}
	g_free(number);
}

static void
numbers_by_word(GPtrArray *ret, const char *text, const char *word)
{
	size_t n = strlen(word);
	bool ascii = g_ascii_isalpha(word[0]);

	for (const char *p = text; *p; p++) {
		if (g_ascii_strncasecmp(p, word, n) == 0 &&
			!(ascii && p > text && g_ascii_isalnum(p[-1])) &&
			!(ascii && g_ascii_isalpha(p[n]))) {
			add_number(ret, number_at(skip_filler(p + n)));
		}
	}
}

/* "[ABUSE-12345]", "(#12345)", "##12345##", "#12345" */
static void
numbers_in_brackets(GPtrArray *ret, const char *subject)
{
	for (const char *p = subject; *p; p++) {
		if (*p != '[' && *p != '#' && *p != '(') {
			continue;
		}
		const char *at = p + strspn(p, "[(#");
		g_autofree char *number = number_at(at);

		if (number && (*p == '#' || strchr("])#", at[strlen(number)]))) {
			add_number(ret, g_steal_pointer(&number));
		}
	}
}

/* "ABUSE-123456": capitals, a dash, digits. */
static void
numbers_with_prefix(GPtrArray *ret, const char *text)
{
	for (const char *p = text; *p; p++) {
		size_t letters = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		bool begins = p == text || !g_ascii_isalnum(p[-1]);

		if (begins && letters >= 2 && letters <= 10 && p[letters] == '-' &&
			strspn(p + letters + 1, "0123456789") >= 4) {
			add_number(ret, number_at(p));
		}
		p += letters > 0 ? letters - 1 : 0;
	}
}

GPtrArray *
hk_answer_numbers(const hk_answer *reply)
{
	GPtrArray *ret = g_ptr_array_new_with_free_func(g_free);
	const char *const texts[] = {reply->subject, reply->text};

	numbers_in_brackets(ret, reply->subject);
	for (size_t t = 0; t < G_N_ELEMENTS(texts); t++) {
		for (size_t i = 0; i < G_N_ELEMENTS(number_words); i++) {
			numbers_by_word(ret, texts[t], number_words[i]);
		}
		numbers_with_prefix(ret, texts[t]);
	}
	return ret;
}

/* ---- matching ---- */

static void
hit_clear(void *data)
{
	hk_answer_hit *hit = data;

	g_free(hit->recipient);
}

void
hk_answer_match_clear(hk_answer_match *match)
{
	g_free(match->number);
	memset(match, 0, sizeof *match);
}

typedef struct finding {
	const hk_answer *reply;
	const hk_answer_lookup *lookup;
	hk_answer_match *ret;
	GArray *hits;
} finding;

static bool
is_theirs(const finding *f, const hk_answer_hit *hit)
{
	return f->reply->proof != HK_ANSWER_UNPROVEN &&
	       hk_answer_same_house(f->lookup->suffixes, f->reply->from, hit->recipient);
}

static void
take(finding *f, const hk_answer_hit *hit, const char *matched)
{
	f->ret->report_id = hit->id;
	f->ret->matched = matched;
	f->ret->stranger = !is_theirs(f, hit);
}

/* Of several tokens (a thread that holds two reports) the one of the sender's house, else the first that is known. */
static bool
by_tokens(finding *f, GPtrArray *tokens, const char *matched, GError **error)
{
	bool good = true;

	for (unsigned i = 0; i < tokens->len && good; i++) {
		g_array_set_size(f->hits, 0);
		good = f->lookup->token(f->lookup->user, tokens->pdata[i], f->hits, error);
		if (!good || f->hits->len == 0) {
			continue;
		}
		const hk_answer_hit *hit = &g_array_index(f->hits, hk_answer_hit, 0);

		if (f->ret->report_id == 0 || (f->ret->stranger && is_theirs(f, hit))) {
			take(f, hit, matched);
		}
	}
	g_ptr_array_unref(tokens);
	return good;
}

static bool
by_numbers(finding *f, const GPtrArray *numbers, GError **error)
{
	for (unsigned i = 0; i < numbers->len && f->ret->report_id == 0; i++) {
		g_array_set_size(f->hits, 0);
		if (!f->lookup->number(f->lookup->user, numbers->pdata[i], f->hits, error)) {
			return false;
		}
		for (unsigned k = 0; k < f->hits->len && f->ret->report_id == 0; k++) {
			const hk_answer_hit *hit = &g_array_index(f->hits, hk_answer_hit, k);

			if (is_theirs(f, hit)) {
				take(f, hit, "number");
				g_free(f->ret->number);
				f->ret->number = g_strdup(numbers->pdata[i]);
			}
		}
	}
	return true;
}

static hk_err
to_ascii(void *user, hk_span host, char *ret, size_t max)
{
	size_t len = 0;
	hk_err err = hk_idn_to_ascii(host, ret, max - 1, &len);

	(void)user;
	if (err == HK_OK) {
		ret[len] = '\0';
	}
	return err;
}

static bool
by_urls_of(finding *f, const char *text, GError **error)
{
	g_autofree hk_url *url = g_new(hk_url, 1);
	hk_span all = hk_span_str(text);
	size_t pos = 0;
	hk_span found;

	for (int n = 0;
		n < URLS_MAX && f->ret->report_id == 0 && hk_url_find(all, true, &pos, &found);
		n++) {
		/* "https://host/path: it is gone" */
		while (found.len > 0 && found.data[found.len - 1] == ':') {
			found.len--;
		}
		if (hk_url_read(found, to_ascii, NULL, url, NULL) != HK_OK) {
			continue;
		}
		g_array_set_size(f->hits, 0);
		if (!f->lookup->url(f->lookup->user, url->text, f->hits, error)) {
			return false;
		}
		for (unsigned k = 0; k < f->hits->len && f->ret->report_id == 0; k++) {
			const hk_answer_hit *hit = &g_array_index(f->hits, hk_answer_hit, k);

			if (is_theirs(f, hit)) {
				take(f, hit, "url");
			}
		}
	}
	return true;
}

static GPtrArray *
tokens_of_text(const hk_answer *reply)
{
	GPtrArray *tokens = g_ptr_array_new_with_free_func(g_free);

	add_tokens(tokens, reply->subject);
	add_tokens(tokens, reply->text);
	add_tokens(tokens, reply->quoted);
	return tokens;
}

static bool
steps(finding *f, const GPtrArray *numbers, GError **error)
{
	const hk_answer *r = f->reply;

	if (!by_tokens(f, tokens_of(r->refs, false), "references", error) ||
		(f->ret->report_id == 0 &&
			!by_tokens(f, tokens_of(r->recipients, true), "plus", error)) ||
		(f->ret->report_id == 0 &&
			!by_tokens(f, tokens_of(r->inner, false), "references", error)) ||
		(f->ret->report_id == 0 && !by_tokens(f, tokens_of_text(r), "references", error))) {
		return false;
	}
	return (f->ret->report_id != 0 || by_numbers(f, numbers, error)) &&
	       (f->ret->report_id != 0 || by_urls_of(f, r->subject, error)) &&
	       (f->ret->report_id != 0 || by_urls_of(f, r->text, error)) &&
	       (f->ret->report_id != 0 || by_urls_of(f, r->quoted, error));
}

bool
hk_answer_match_to(const hk_answer *reply, const hk_answer_lookup *lookup, hk_answer_match *ret,
	GError **error)
{
	g_autoptr(GPtrArray) numbers = hk_answer_numbers(reply);
	finding f = {.reply = reply, .lookup = lookup, .ret = ret};

	memset(ret, 0, sizeof *ret);
	ret->number = numbers->len > 0 ? g_strdup(numbers->pdata[0]) : NULL;
	f.hits = g_array_new(FALSE, FALSE, sizeof(hk_answer_hit));
	g_array_set_clear_func(f.hits, hit_clear);
	bool good = steps(&f, numbers, error);

	g_array_unref(f.hits);
	if (!good) {
		hk_answer_match_clear(ret);
	}
	return good;
}
