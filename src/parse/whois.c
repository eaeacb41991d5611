#include "parse/whois.h"

#include <string.h>

#include "parse/regtext.h"
#include "parse/whois_int.h"

static const struct {
	const char *key;
	hk_whois_field field;
	const char *sections;
	char head;
	bool block;
} keys[] = {
#define KEY(key, field, sections, head, block) {key, HK_WHOIS_##field, sections, #head[0], block},
#include "parse/whois_keys.def"
#undef KEY
};

typedef enum where { IN, WHOLE, END } where;

static const struct {
	hk_reg_answer answer;
	where where;
	const char *text;
} says[] = {
#define SAYS(answer, where, text) {HK_REG_##answer, where, text},
#include "parse/whois_says.def"
#undef SAYS
};

/* Keys that are written without a colon: the value follows the blank. */
static const struct {
	const char *begin;
	hk_whois_field field;
} loose[] = {
	{"record created on ", HK_WHOIS_CREATED},
	{"record expires on ", HK_WHOIS_EXPIRES},
	{"record last updated on ", HK_WHOIS_UPDATED},
	{"registered on ", HK_WHOIS_CREATED},
	{"domain ", HK_WHOIS_DOMAIN},
};

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define LINE_MAX_LOOKED 512 /* phrases are looked for in so much of a line */

static hk_span
from(hk_span text, size_t at)
{
	return hk_span_of(text.data + at, text.len - at);
}

static void
index_row(hk_whois_index *index, const char *text, size_t row)
{
	uint16_t *head = &index->head[(uint8_t)text[0]];

	index->next[row] = *head;
	*head = (uint16_t)(row + 1);
}

/* From the last row to the first, so that each chain is in the order of the table. */
static void
index_tables(hk_whois_parser *p)
{
	_Static_assert(COUNT(keys) <= HK_WHOIS_ROWS_MAX && COUNT(says) <= HK_WHOIS_ROWS_MAX,
		"HK_WHOIS_ROWS_MAX is too small");
	for (size_t i = COUNT(keys); i-- > 0;) {
		index_row(&p->keys, keys[i].key, i);
	}
	for (size_t i = COUNT(says); i-- > 0;) {
		index_row(&p->says_index, says[i].text, i);
	}
}

/* Whether the phrase stands at offset at of the line, as it has to. */
static bool
says_so(hk_span line, size_t at, size_t which)
{
	size_t len = strlen(says[which].text);
	bool end = at + len == line.len;

	if (!hk_regtext_begins(from(line, at), says[which].text)) {
		return false;
	}
	return says[which].where == IN || (end && (says[which].where == END || at == 0));
}

static void
listen(hk_whois_parser *p, hk_span line)
{
	while (line.len > 0 && strchr("%#*-;. ", line.data[0]) && line.data[0] != '\0') {
		line = from(line, 1);
	}
	/* Some set their text in columns: one blank instead of many. */
	uint8_t plain[LINE_MAX_LOOKED];
	size_t len = 0;
	for (size_t i = 0; i < line.len && len < sizeof plain; i++) {
		bool blank = line.data[i] <= ' ';
		if (!blank || (len > 0 && plain[len - 1] != ' ')) {
			plain[len++] = blank ? ' ' : line.data[i];
		}
	}
	for (size_t at = 0; at < len; at++) {
		for (size_t i = p->says_index.head[hk_regtext_lower(plain[at])];
			i > 0 && i - 1 < p->says_rank; i = p->says_index.next[i - 1]) {
			if (says_so(hk_span_of(plain, len), at, i - 1)) {
				p->says = says[i - 1].answer;
				p->says_rank = i - 1;
			}
		}
	}
}

/* RIPE: "% Abuse contact for '193.0.0.0 - 193.0.7.255' is 'abuse@ripe.net'" */
static void
take_comment(hk_whois_parser *p, hk_span line)
{
	hk_span text = hk_regtext_trimmed(from(line, 1));

	if (hk_regtext_begins(text, "abuse contact for ")) {
		hk_whois_take(p, HK_WHOIS_ABUSE_MAIL, text);
	}
}

static bool
counts(const char *sections, char section)
{
	for (const char *at = sections; *at; at++) {
		bool any = *at == '*' && section != 'C' && section != 'K';
		if (any || *at == section) {
			return true;
		}
	}
	return false;
}

/* The letters of a key, without the number at its end. */
static bool
squeeze_key(hk_span key, char *ret)
{
	size_t len;

	if (key.len > HK_WHOIS_KEY_MAX + 64) {
		return false;
	}
	len = hk_reg_squeeze(key, ret, HK_WHOIS_KEY_MAX);
	/* "NS 1", "ns_name_01"; not the date in "Record expires on 2021-11-09 00:00:00". */
	for (int i = 0; i < 2 && len > 0 && ret[len - 1] >= '0' && ret[len - 1] <= '9'; i++) {
		ret[--len] = '\0';
	}
	return len > 0;
}

static void
enter(hk_whois_parser *p, char section)
{
	p->section = section;
	p->listed = false;
	p->people |= section == 'C';
}

/* One key with its value, which may be empty. False: nobody knows the key. */
static bool
take_pair(hk_whois_parser *p, hk_span key, hk_span value)
{
	char squeezed[HK_WHOIS_KEY_MAX];
	bool known = false;
	const bool first = p->paragraph && p->reg->object != HK_REG_NOTHING;

	if (!squeeze_key(key, squeezed)) {
		return false;
	}
	for (size_t row = p->keys.head[(uint8_t)squeezed[0]]; row > 0;
		row = p->keys.next[row - 1]) {
		const size_t i = row - 1;
		if (strcmp(squeezed, keys[i].key) != 0) {
			continue;
		}
		known = true;
		bool head = keys[i].head != 'K' || (keys[i].field == HK_WHOIS_NONE);
		bool network_begins = keys[i].head == 'X' && value.len > 0;
		if (head && (value.len == 0 || network_begins || (keys[i].block && first))) {
			/* In an answer about a network every object of RPSL has its own meaning; in one about a domain all are people. */
			bool network = p->reg->object != HK_REG_DOMAIN;
			char section = keys[i].head;
			section = !network && (section == 'P' || section == 'O') ? 'C' : section;
			enter(p, section);
			/* "registrar: MARK-0292" at the head of an object of its own is a handle: its name is below. */
			p->handle_only |= section == 'R' && value.len > 0;
		}
		if (value.len > 0 && counts(keys[i].sections, p->section)) {
			p->listed = true;
			p->list_of_ns = keys[i].field == HK_WHOIS_NS;
			hk_whois_take(p, keys[i].field, value);
			break;
		}
		/* A list that is empty: the domain's own lines go on. */
		bool empty = !p->listed && strchr("RSNA", p->section);
		if (value.len > 0 && empty && counts(keys[i].sections, 'T')) {
			enter(p, 'T');
			hk_whois_take(p, keys[i].field, value);
			break;
		}
	}
	return known;
}

/* "Key: value", "Key:" */
static bool
is_pair(hk_span line)
{
	const uint8_t *colon = memchr(line.data, ':', line.len);

	return colon && (colon + 1 == line.data + line.len || colon[1] <= ' ');
}

/* A line that is part of the list below a heading. */
static void
take_list(hk_whois_parser *p, hk_span line)
{
	bool dash = line.len > 2 && line.data[0] == '-' && line.data[1] == ' ';

	line = dash ? hk_regtext_trimmed(from(line, 2)) : line;
	if (is_pair(line)) {
		/* A key that nobody knows: the list is over. A registrar's may hold anything. */
		if (strchr("DNSA", p->section)) {
			enter(p, 'T');
		}
		return;
	}
	if (p->list_of_ns) {
		hk_whois_take(p, HK_WHOIS_NS, line);
		return;
	}
	switch (p->section) {
	case 'D':
		hk_whois_take(p, HK_WHOIS_DOMAIN, line);
		break;
	case 'N':
		hk_whois_take(p, HK_WHOIS_NS, line);
		break;
	case 'S':
		hk_whois_take(p, HK_WHOIS_STATUS, line);
		break;
	case 'R':
		if (hk_regtext_begins(line, "phone ")) {
			hk_whois_take(
				p, HK_WHOIS_REGISTRAR_PHONE, hk_regtext_trimmed(from(line, 6)));
			break;
		}
		hk_whois_take(p, HK_WHOIS_REGISTRAR, line);
		hk_whois_take(p, HK_WHOIS_REGISTRAR_MAIL, line);
		break;
	case 'A':
		hk_whois_take(p, HK_WHOIS_REGISTRAR_ABUSE_MAIL, line);
		if (!memchr(line.data, '@', line.len)) {
			hk_whois_take(p, HK_WHOIS_REGISTRAR_ABUSE_PHONE, line);
		}
		break;
	default:
		return;
	}
	p->listed = true;
}

/* "[Name Server]   ns1.example.jp", "a. [Domain Name]   EXAMPLE.CO.JP", "a [Domain Name]   example.my"; "[Tech-C]" alone is a heading. */
static bool
take_bracket(hk_whois_parser *p, hk_span line)
{
	size_t at = 0;

	if (line.len > 4 && (line.data[1] == '.' || line.data[1] == ' ') && line.data[0] >= 'a' &&
		line.data[0] <= 'z') {
		at = line.data[2] == '[' ? 2 : 3;
	}
	if (at >= line.len || line.data[at] != '[') {
		return false;
	}
	const uint8_t *end = memchr(line.data + at, ']', line.len - at);
	if (!end) {
		return false;
	}
	size_t close = (size_t)(end - line.data);
	hk_span key = hk_span_of(line.data + at + 1, close - at - 1);
	hk_span value = hk_regtext_trimmed(from(line, close + 1));
	/* A field of JPRS that is empty is no heading; DENIC's are. */
	if (p->jprs && value.len == 0) {
		return true;
	}
	return take_pair(p, key, value) || p->jprs;
}

/* "Domain Name: EXAMPLE.COM", "domain.............: example.fi", "Record created: ...". inner: it stands inside another pair. */
static bool
take_colon(hk_whois_parser *p, hk_span line, bool inner)
{
	const uint8_t *colon = memchr(line.data, ':', line.len);

	if (!colon) {
		return false;
	}
	size_t at = (size_t)(colon - line.data);
	hk_span key = hk_span_of(line.data, at);
	hk_span value = hk_regtext_trimmed(from(line, at + 1));
	while (value.len > 0 && value.data[0] == ':') {
		value = hk_regtext_trimmed(from(value, 1));
	}
	/* YAML: "created: \"2011-01-13\"" */
	if (value.len > 1 && value.data[0] == '"' && value.data[value.len - 1] == '"') {
		value = hk_span_of(value.data + 1, value.len - 2);
	}
	/* RWhois: "domain:Domain-Name:google.ma"; the inner pair is what counts. */
	if (!inner && hk_regtext_begins(key, "domain") && key.len == 6 &&
		take_colon(p, value, true)) {
		return true;
	}
	/* YAML: "registrar: !Registrar"; JPRS: "Contact Information: [...]" is a heading in two languages. */
	if (value.len > 0 && (value.data[0] == '!' || value.data[0] == '[')) {
		value.len = 0;
	}
	return take_pair(p, key, value);
}

/* "Domain name<tab>google.ch", "Domain-name         google.sk" */
static bool
take_columns(hk_whois_parser *p, hk_span line)
{
	size_t at = 0;

	while (at < line.len && line.data[at] != '\t' &&
		!(line.data[at] == ' ' && at + 1 < line.len && line.data[at + 1] == ' ')) {
		at++;
	}
	/* "registrar.  Users may consult ..." is prose. */
	if (at == 0 || at == line.len || line.data[at - 1] == '.' || line.data[at - 1] == ',') {
		return false;
	}
	return take_pair(p, hk_span_of(line.data, at), hk_regtext_trimmed(from(line, at)));
}

static bool
take_loose(hk_whois_parser *p, hk_span line)
{
	for (size_t i = 0; i < COUNT(loose); i++) {
		size_t len = strlen(loose[i].begin);
		if (p->section != 'C' && hk_regtext_begins(line, loose[i].begin) &&
			line.len > len) {
			bool domain = loose[i].field == HK_WHOIS_DOMAIN;
			/* "Domain names in the .com ..." is prose, "Domain GOOGLE.KG" is not. */
			char host[HK_REG_NAME_SIZE];
			hk_span value = hk_regtext_trimmed(from(line, len));
			if (domain && hk_reg_host(value, host) != HK_OK) {
				continue;
			}
			hk_whois_take(p, loose[i].field, value);
			return true;
		}
	}
	return false;
}

static void
take_line(hk_whois_parser *p, hk_span line)
{
	if (strchr("%#;", line.data[0]) || hk_regtext_begins(line, ">>>")) {
		take_comment(p, line);
		return;
	}
	if (hk_regtext_begins(line, "[ ")) {
		p->jprs |= hk_regtext_begins(line, "[ jprs ");
		return;
	}
	/* .tr: "** Domain Name: example.com.tr" */
	if (hk_regtext_begins(line, "** ")) {
		line = hk_regtext_trimmed(from(line, 3));
	}
	bool prose = line.data[line.len - 1] == '.';
	bool list_of_ns = p->list_of_ns;
	p->list_of_ns = false;
	bool done = take_bracket(p, line) || take_colon(p, line, false) || take_columns(p, line) ||
		    take_loose(p, line) || (!prose && take_pair(p, line, hk_span_of(line.data, 0)));
	if (!done) {
		p->list_of_ns = list_of_ns;
		take_list(p, line);
	}
	p->paragraph = false;
}

static void
end_paragraph(hk_whois_parser *p)
{
	p->paragraph = true;
	p->list_of_ns = false;
	/* A heading may be followed by an empty line. */
	if (p->listed || strchr("CKPS", p->section)) {
		enter(p, p->reg->object == HK_REG_NETWORK ? 'X' : 'T');
	}
}

static void
conclude(hk_whois_parser *p)
{
	hk_registration *reg = p->reg;
	bool dated = reg->created_ms != HK_REG_NO_TIME || reg->expires_ms != HK_REG_NO_TIME ||
		     reg->updated_ms != HK_REG_NO_TIME;
	bool record = reg->object != HK_REG_NOTHING &&
		      (reg->registrar[0] != '\0' || reg->ns_count > 0 || reg->status_count > 0 ||
			      dated || reg->first[0] != '\0' || reg->as_first != 0 ||
			      reg->referral[0] != '\0' || reg->handle[0] != '\0' || p->people);

	if (p->no_registration != HK_REG_UNCLEAR && reg->registrar[0] == '\0' &&
		reg->created_ms == HK_REG_NO_TIME && reg->expires_ms == HK_REG_NO_TIME) {
		reg->answer = p->no_registration;
	} else if (record) {
		reg->answer = HK_REG_FOUND;
	} else if (p->says != HK_REG_UNCLEAR) {
		reg->answer = p->says;
	} else if (reg->referral[0] != '\0') {
		reg->answer = HK_REG_FOUND;
	}
	if (reg->object == HK_REG_NETWORK && reg->org[0] == '\0') {
		(void)hk_reg_text(hk_span_str(p->descr), reg->org, sizeof reg->org);
	}
}

hk_err
hk_whois_parse(hk_span text, int zone_min, hk_registration *ret)
{
	hk_whois_parser p = {.reg = ret,
		.zone_min = zone_min,
		.section = 'T',
		.paragraph = true,
		.says_rank = COUNT(says)};
	size_t at = 0;

	if (text.len > HK_WHOIS_BYTES_MAX) {
		return HK_ELIMIT;
	}
	hk_reg_begin(ret);
	index_tables(&p);
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
		at = 3;
	}
	while (at < text.len) {
		size_t end = at;
		while (end < text.len && text.data[end] != '\n' && text.data[end] != '\r') {
			end++;
		}
		hk_span line = hk_regtext_trimmed(hk_span_of(text.data + at, end - at));
		/* CR LF is one end. */
		bool pair =
			end + 1 < text.len && text.data[end] == '\r' && text.data[end + 1] == '\n';
		at = end + 1 + pair;
		if (line.len == 0) {
			end_paragraph(&p);
			continue;
		}
		listen(&p, line);
		take_line(&p, line);
	}
	conclude(&p);
	return HK_OK;
}
