#include "playvalue.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "ctfault.h"

enum { LABEL_MAX = 63, HOST_MAX = 253, URL_MAX = 500, WORD_MAX = 40, WEEK_S = 7 * 86400 };

/* ---- Numbers and words ---- */

/* "12.5" in thousandths, at most max of them. */
static bool
thousandths(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
	const char *point = memchr(text, '.', len);
	size_t whole = point ? (size_t)(point - text) : len;
	uint64_t number, part = 0;
	unsigned scale = 100;

	if (hk_parse_u64(hk_span_of(text, whole), UINT32_MAX, &number) != HK_OK) {
		return false;
	}
	for (size_t i = whole + 1; i < len; i++, scale /= 10) {
		if (!g_ascii_isdigit(text[i]) || scale == 0) {
			return false;
		}
		part += (uint64_t)(text[i] - '0') * scale;
	}
	*ret = number * 1000 + part;
	return *ret <= max && (!point || whole + 1 < len);
}

bool
rg_playvalue_ms(const char *word, int64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t len = strspn(word, "0123456789.");
	uint64_t number;

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strcmp(units[i].unit, word + len) == 0 &&
			thousandths(word, len, UINT64_C(1000) * WEEK_S * 1000, &number) &&
			number <= UINT64_C(1000) * WEEK_S * 1000 / units[i].ms) {
			*ret = (int64_t)(number * units[i].ms / 1000);
			return true;
		}
	}
	return false;
}

static bool
is_word(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len &&
		(g_ascii_islower(text[i]) || g_ascii_isdigit(text[i]) || text[i] == '-')) {
		i++;
	}
	return len > 0 && len <= WORD_MAX && i == len && text[0] != '-';
}

size_t
rg_play_ports(const char *text, unsigned *ret, size_t max)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", RG_PLAY_LIST_MAX);
	size_t count = 0;

	for (size_t i = 0; parts[i]; i++) {
		size_t len = strcspn(parts[i], "-");
		uint64_t from, to;
		bool good = hk_parse_u64(hk_span_of(parts[i], len), 7779, &from) == HK_OK;
		to = from;
		if (good && parts[i][len]) {
			good = hk_parse_u64(hk_span_str(parts[i] + len + 1), 7779, &to) == HK_OK;
		}
		if (!good || from < 7775 || to < from) {
			return 0;
		}
		for (; from <= to && count < max; from++) {
			ret[count++] = (unsigned)from;
		}
	}
	return count;
}

/* ---- Names ---- */

bool
rg_playvalue_label(const rg_play *play, const char *text, const GPtrArray **ret_names,
	int64_t *ret_at, size_t *ret_used)
{
	size_t len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789-");
	g_autofree char *label = g_strndup(text + 1, len);
	const GPtrArray *names =
		*text == '@' && len > 0 ? g_hash_table_lookup(play->groups, label) : NULL;
	const char *dot = text + 1 + len;
	size_t digits = names && *dot == '.' ? strspn(dot + 1, "0123456789") : 0;
	uint64_t at = 0;

	if (!names || (digits > 0 && (hk_parse_u64(hk_span_of(dot + 1, digits), names->len, &at) !=
						     HK_OK ||
					     at == 0))) {
		return false;
	}
	*ret_names = names;
	*ret_at = (int64_t)at - 1;
	*ret_used = 1 + len + (digits > 0 ? 1 + digits : 0);
	return true;
}

static bool
is_name(const char *text, size_t len)
{
	size_t label = 0, dots = 0;

	for (size_t i = 0; i < len; i++) {
		bool dot = text[i] == '.';
		bool edge = label == 0 || i + 1 == len || text[i + 1] == '.';
		if (dot ? label == 0
			: !(g_ascii_islower(text[i]) || g_ascii_isdigit(text[i]) ||
				  (text[i] == '-' && !edge))) {
			return false;
		}
		label = dot ? 0 : label + 1;
		dots += dot;
		if (label > LABEL_MAX) {
			return false;
		}
	}
	return label > 0 && dots > 0 && len <= HOST_MAX;
}

static bool
is_ours(const char *text, size_t len)
{
	static const char *const zones[] = {".example", ".test"};

	for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
		size_t n = strlen(zones[i]);
		if (len > n && memcmp(text + len - n, zones[i], n) == 0) {
			return true;
		}
	}
	return false;
}

bool
rg_playvalue_host(const rg_play *play, const char *text, size_t len, GString *bad)
{
	const GPtrArray *names;
	int64_t at;
	size_t used;

	if (len > 0 && *text == '@') {
		if (!rg_playvalue_label(play, text, &names, &at, &used) || used != len || at < 0) {
			g_string_assign(bad,
				"names no `certs` line above, or a number that it does not "
				"have: @LABEL.N, N from 1");
			return false;
		}
		return true;
	}
	if (!is_name(text, len)) {
		g_string_assign(bad, "is no host name: labels of a-z, 0-9 and -, with dots");
		return false;
	}
	if (!is_ours(text, len)) {
		g_string_assign(bad,
			"is somebody's: the range has names below .example and .test only, "
			"and those that a `certs` line invents");
		return false;
	}
	return true;
}

static bool
check_host(const rg_play *play, const char *value, GString *bad)
{
	return rg_playvalue_host(play, value, strlen(value), bad);
}

static bool
check_hosts_of(const rg_play *play, const char *value, GString *bad)
{
	const GPtrArray *names;
	int64_t at;
	size_t used;

	if (*value == '@' && rg_playvalue_label(play, value, &names, &at, &used) &&
		value[used] == '\0') {
		return true;
	}
	return check_host(play, value, bad);
}

static bool
check_url(const rg_play *play, const char *value, GString *bad)
{
	size_t scheme = g_str_has_prefix(value, "http://")    ? 7
			: g_str_has_prefix(value, "https://") ? 8
							      : 0;
	size_t host = strcspn(value + scheme, "/");

	if (scheme == 0 || strlen(value) > URL_MAX || value[scheme + host] != '/') {
		g_string_printf(bad,
			"is no URL: http:// or https://, a host, and a path (at least /), "
			"at most %d bytes",
			URL_MAX);
		return false;
	}
	for (const char *c = value; *c; c++) {
		if (!g_ascii_isgraph(*c) || strchr("\"<>\\^`{|},", *c)) {
			g_string_assign(bad, "has a character that a URL has to write as %XX");
			return false;
		}
	}
	return rg_playvalue_host(play, value + scheme, host, bad);
}

static bool
check_link(const rg_play *play, const char *value, GString *bad)
{
	size_t host = strcspn(value, "/");

	if (strstr(value, "://")) {
		return check_url(play, value, bad);
	}
	if (value[host] != '/' || !is_word(value, strcspn(value, "./")) ||
		strspn(value + host + 1,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
			strlen(value + host + 1) ||
		strlen(value) > WORD_MAX + WORD_MAX) {
		g_string_assign(
			bad, "is no short link: HOST/CODE, CODE of letters, digits, - and _");
		return false;
	}
	return rg_playvalue_host(play, value, host, bad);
}

static bool
check_mail(const rg_play *play, const char *value, GString *bad)
{
	const char *at = strchr(value, '@');
	size_t len = at ? (size_t)(at - value) : 0;

	if (len == 0 || len > WORD_MAX ||
		strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.-") != len) {
		g_string_assign(bad, "is no mail address: a-z, 0-9, - and . in front of the @");
		return false;
	}
	return rg_playvalue_host(play, at + 1, strlen(at + 1), bad);
}

/* ---- Text ---- */

static bool
is_bank(const rg_play *play, const char *text, size_t len)
{
	g_autofree char *name = g_strndup(text, len);

	return rg_play_first(play, RG_PLAY_BANK, "name", name) ||
	       rg_play_first(play, RG_PLAY_BANK, "name-en", name);
}

/* What stands in brackets at the beginning of a message is taken for the sender. */
static bool
check_brackets(const rg_play *play, const char *text, GString *bad)
{
	static const char open[] = "【", shut[] = "】";

	for (const char *at = text; (at = strstr(at, open));) {
		const char *end = strstr(at += strlen(open), shut);
		size_t len = end ? (size_t)(end - at) : 0;
		if (!end || !is_bank(play, at, len)) {
			g_string_assign(bad,
				"has 【】 around a name that no `bank` line above has: the "
				"range imitates invented banks only");
			return false;
		}
	}
	return true;
}

static bool
check_urls_in(const rg_play *play, const char *text, GString *bad)
{
	static const char *const marks[] = {"://", "www."};

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		for (const char *at = text; (at = strstr(at, marks[i]));) {
			const char *host = i == 0 ? at + strlen(marks[i]) : at;
			size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
						  "WXYZ0123456789.-@");
			at += strlen(marks[i]);
			if (*host != '{' && !rg_playvalue_host(play, host, len, bad)) {
				g_string_prepend(bad, "has a URL whose host ");
				return false;
			}
		}
	}
	return true;
}

static bool
check_text(const rg_play *play, const char *value, GString *bad)
{
	for (const char *c = value; *c; c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);
		GUnicodeType type = g_unichar_type(u);
		if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
			type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR ||
			type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_UNASSIGNED) {
			g_string_printf(bad,
				"has a character that nobody can see (U+%04X): take it out", u);
			return false;
		}
	}
	return check_brackets(play, value, bad) && check_urls_in(play, value, bad);
}

/* ---- Other values ---- */

static bool
check_steps(const rg_play *play, const char *value, GString *bad)
{
	(void)play;
	g_auto(GStrv) parts = g_strsplit(value, ",", RG_PLAY_LIST_MAX);
	bool good = parts[0] != NULL;

	for (size_t i = 0; good && parts[i]; i++) {
		g_auto(GStrv) pair = g_strsplit(parts[i], ":", 2);
		int64_t ms;
		good = pair[0] && pair[1] && rg_playvalue_step(pair[0]) &&
		       rg_playvalue_ms(pair[1], &ms);
	}
	if (!good) {
		g_string_assign(bad,
			"is no list of steps: ack:5s,act:30s; steps are ack, info, act, "
			"refuse, auto, bounce; without steps= the party answers nothing");
	}
	return good;
}

static bool
check_ctfault(const rg_play *play, const char *value, GString *bad)
{
	(void)play;
	rg_faults *faults = rg_faults_new(1);
	g_autoptr(GError) error = NULL;
	bool good = rg_faults_set(faults, value, &error);

	if (!good) {
		g_string_printf(bad, "is no fault of the log: %s", error->message);
	}
	rg_faults_free(faults);
	return good;
}

static bool
check_reference(
	const rg_play *play, rg_play_verb verb, const char *arg, const char *value, GString *bad)
{
	const char *word = rg_play_verbs[verb].word;

	if (rg_play_first(play, verb, arg, value)) {
		return true;
	}
	g_string_printf(
		bad, "is no %s of this file: write a `%s` line above, in the head", word, word);
	return false;
}

static bool
check_bank(const rg_play *play, const char *value, GString *bad)
{
	return check_reference(play, RG_PLAY_BANK, "key", value, bad);
}

static bool
check_party(const rg_play *play, const char *value, GString *bad)
{
	return check_reference(play, RG_PLAY_PARTY, "address", value, bad);
}

/* ---- Types that need no more than a look ---- */

static bool
is_time(const char *value)
{
	int64_t ms;

	return rg_playvalue_ms(value, &ms);
}

static bool
is_count(const char *value)
{
	uint64_t number;

	return hk_parse_u64(hk_span_str(value), 100000, &number) == HK_OK;
}

static bool
is_share(const char *value)
{
	uint64_t number;

	return thousandths(value, strlen(value), 1000000, &number);
}

static bool
is_ports(const char *value)
{
	unsigned ports[RG_PLAY_LIST_MAX];

	return rg_play_ports(value, ports, G_N_ELEMENTS(ports)) > 0;
}

static bool
is_docaddr(const char *value)
{
	static const char net[] = "203.0.113.";
	uint64_t number = 0;

	return g_str_has_prefix(value, net) &&
	       hk_parse_u64(hk_span_str(value + strlen(net)), 254, &number) == HK_OK && number > 0;
}

/* It gets into files that are read by others: nothing that means anything there. */
static bool
is_brand(const char *value)
{
	for (const char *c = value; *c; c = g_utf8_next_char(c)) {
		gunichar u = g_utf8_get_char(c);
		if (!g_unichar_isalnum(u) && !strchr(" -.", (int)MIN(u, 0x7f)) && u != 0x30FB) {
			return false;
		}
	}
	return *value && *value != ' ' && g_utf8_strlen(value, -1) <= WORD_MAX;
}

static bool
is_path(const char *value)
{
	return *value == '/' && (!value[1] || is_word(value + 1, strlen(value + 1)));
}

static bool
is_plain_word(const char *value)
{
	return is_word(value, strlen(value));
}

static bool
check_plain(const rg_play *play, rg_play_type type, const char *value, GString *bad)
{
	static bool (*const checks[RG_PLAYTYPES])(const rg_play *, const char *, GString *) = {
		[RG_PLAYTYPE_TEXT] = check_text,
		[RG_PLAYTYPE_HOST] = check_host,
		[RG_PLAYTYPE_URL] = check_url,
		[RG_PLAYTYPE_LINK] = check_link,
		[RG_PLAYTYPE_MAIL] = check_mail,
		[RG_PLAYTYPE_STEPS] = check_steps,
		[RG_PLAYTYPE_CTFAULT] = check_ctfault,
		[RG_PLAYTYPE_BANK] = check_bank,
		[RG_PLAYTYPE_PARTY] = check_party,
	};
	static bool (*const tests[RG_PLAYTYPES])(const char *) = {
		[RG_PLAYTYPE_TIME] = is_time,
		[RG_PLAYTYPE_COUNT] = is_count,
		[RG_PLAYTYPE_SHARE] = is_share,
		[RG_PLAYTYPE_PORTS] = is_ports,
		[RG_PLAYTYPE_DOCADDR] = is_docaddr,
		[RG_PLAYTYPE_PATH] = is_path,
		[RG_PLAYTYPE_WORD] = is_plain_word,
		[RG_PLAYTYPE_NAME] = is_brand,
	};

	if (checks[type]) {
		return checks[type](play, value, bad);
	}
	if (!tests[type]) {
		HK_BUG("a type of playtypes.def that nobody checks");
	}
	if (!tests[type](value)) {
		g_string_printf(bad, "is not %s", rg_playtype_what(type));
		return false;
	}
	return true;
}

bool
rg_playvalue_check(const rg_play *play, rg_play_type type, const char *value, GString *bad)
{
	static const struct {
		rg_play_type list, one;
	} lists[] = {{RG_PLAYTYPE_URLS, RG_PLAYTYPE_URL}, {RG_PLAYTYPE_LINKS, RG_PLAYTYPE_LINK},
		{RG_PLAYTYPE_WORDS, RG_PLAYTYPE_WORD}, {RG_PLAYTYPE_NAMES, RG_PLAYTYPE_NAME},
		{RG_PLAYTYPE_HOSTS, RG_PLAYTYPE_HOSTS}};

	bool good = false;

	if (rg_playvalue_choice(type, value, bad, &good)) {
		return good;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (lists[i].list != type) {
			continue;
		}
		g_auto(GStrv) parts = g_strsplit(value, ",", RG_PLAY_LIST_MAX + 1);
		good = g_strv_length(parts) <= RG_PLAY_LIST_MAX && parts[0];
		if (!good) {
			g_string_printf(bad, "has more than %d parts, or none", RG_PLAY_LIST_MAX);
		}
		for (size_t k = 0; good && parts[k]; k++) {
			good = type == RG_PLAYTYPE_HOSTS
				       ? check_hosts_of(play, parts[k], bad)
				       : check_plain(play, lists[i].one, parts[k], bad);
		}
		return good;
	}
	return check_plain(play, type, value, bad);
}
