#include "parse/registration.h"

#include <string.h>

#include "base/utf8.h"
#include "parse/regtext.h"

/* As many letters as the longest word of the tables, and some. */
#define SQUEEZED 64

void
hk_reg_begin(hk_registration *reg)
{
	memset(reg, 0, sizeof *reg);
	reg->created_ms = reg->updated_ms = reg->expires_ms = reg->transferred_ms = HK_REG_NO_TIME;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
hk_reg_text(hk_span text, char *ret, size_t size)
{
	size_t len = 0;

	text = hk_regtext_trimmed(text);
	for (size_t i = 0; i < text.len;) {
		uint32_t point = 0;
		size_t n = hk_utf8_next(text.data + i, text.data + text.len, &point);
		bool control = point < ' ' || (point >= 0x7f && point < 0xa0);
		if (len + (n > 0 ? n : 1) >= size) {
			ret[len] = '\0';
			return false;
		}
		if (n == 0 || control) {
			ret[len++] = n == 0 ? '?' : ' ';
		} else {
			memcpy(ret + len, text.data + i, n);
			len += n;
		}
		i += n > 0 ? n : 1;
	}
	ret[len] = '\0';
	return true;
}

size_t
hk_reg_squeeze(hk_span text, char *ret, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len + 1 < size; i++) {
		if (is_alnum(text.data[i]) || text.data[i] >= 0x80) {
			ret[len++] = (char)hk_regtext_lower(text.data[i]);
		}
	}
	ret[len] = '\0';
	return len;
}

hk_err
hk_reg_host(hk_span text, char *ret)
{
	char host[HK_REG_NAME_SIZE];
	size_t label = 0;
	size_t labels = 1;
	bool letter = false;

	text = hk_regtext_trimmed(text);
	if (text.len > 0 && text.data[text.len - 1] == '.') {
		text.len--;
	}
	if (text.len == 0 || text.len >= sizeof host) {
		return HK_EFORM;
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = hk_regtext_lower(text.data[i]);
		if (c == '.') {
			if (label == 0) {
				return HK_EFORM;
			}
			labels++;
			label = 0;
			letter = false;
		} else if (!is_alnum(c) && c != '-' && c != '_') {
			return HK_EFORM;
		} else {
			letter |= c >= 'a';
			label++;
		}
		if (label > 63) {
			return HK_EFORM;
		}
		host[i] = (char)c;
	}
	if (label == 0 || labels < 2 || !letter) {
		return HK_EFORM;
	}
	memcpy(ret, host, text.len);
	ret[text.len] = '\0';
	return HK_OK;
}

static bool
is_host_byte(uint8_t c)
{
	return is_alnum(c) || c == '-' || c == '.';
}

static bool
is_local_byte(uint8_t c)
{
	return is_alnum(c) || (c != '\0' && strchr("._%+-&=", c));
}

bool
hk_reg_find_mail(hk_span text, size_t *pos, hk_span *ret)
{
	char host[HK_REG_NAME_SIZE];

	for (size_t at = *pos; at < text.len; at++) {
		size_t begin = at;
		size_t end = at + 1;
		if (text.data[at] != '@') {
			continue;
		}
		/* Not over what was found before: every byte is looked at twice at most. */
		while (begin > *pos && at - begin < 64 && is_local_byte(text.data[begin - 1])) {
			begin--;
		}
		while (begin < at && !is_alnum(text.data[begin])) {
			begin++;
		}
		while (end < text.len && end - at < HK_REG_NAME_SIZE &&
			is_host_byte(text.data[end])) {
			end++;
		}
		while (end > at + 1 && !is_alnum(text.data[end - 1])) {
			end--;
		}
		if (begin < at &&
			hk_reg_host(hk_span_of(text.data + at + 1, end - at - 1), host) == HK_OK) {
			*ret = hk_span_of(text.data + begin, end - begin);
			*pos = end;
			return true;
		}
	}
	*pos = text.len;
	return false;
}

static const struct {
	const char *name;
	const char *words;
	hk_reg_hold hold;
} epps[] = {
	{NULL, NULL, HK_REG_HOLD_NONE},
#define EPP(id, code, words, hold) {code, words, HK_REG_HOLD_##hold},
#include "parse/epp.def"
#undef EPP
};

static const struct {
	hk_reg_dialect dialect;
	const char *text;
	hk_epp code;
	hk_reg_hold hold;
} words[] = {
#define WORD(dialect, text, code, hold)                                                            \
	{HK_REG_DIALECT_##dialect, text, HK_EPP_##code, HK_REG_HOLD_##hold},
#include "parse/regwords.def"
#undef WORD
};

const char *
hk_epp_name(hk_epp code)
{
	return code < HK_EPP_COUNT ? epps[code].name : NULL;
}

/* Whether squeezed is what text is when it is squeezed. */
static bool
same(const char *squeezed, const char *text)
{
	char other[SQUEEZED];

	(void)hk_reg_squeeze(hk_span_str(text), other, sizeof other);
	return strcmp(squeezed, other) == 0;
}

hk_epp
hk_epp_of(hk_span text)
{
	char squeezed[SQUEEZED];

	(void)hk_reg_squeeze(text, squeezed, sizeof squeezed);
	for (int i = 1; i < HK_EPP_COUNT; i++) {
		if (same(squeezed, epps[i].name) || same(squeezed, epps[i].words)) {
			return (hk_epp)i;
		}
	}
	return HK_EPP_NONE;
}

static void
judge(hk_reg_status *status, hk_reg_dialect dialect)
{
	char squeezed[SQUEEZED];

	(void)hk_reg_squeeze(hk_span_str(status->raw), squeezed, sizeof squeezed);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		bool heard = words[i].dialect == HK_REG_DIALECT_ANY || words[i].dialect == dialect;
		if (heard && strcmp(squeezed, words[i].text) == 0) {
			status->code = words[i].code;
			status->hold = words[i].hold;
			return;
		}
	}
	status->code = hk_epp_of(hk_span_str(status->raw));
	status->hold = epps[status->code].hold;
}

/* Where the status itself ends: before a URL, a bracket, a remark. */
static size_t
status_end(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		hk_span rest = hk_span_of(text.data + i, text.len - i);
		bool url = rest.len >= 4 && memcmp(rest.data, "http", 4) == 0 && i > 0 &&
			   text.data[i - 1] <= ' ';
		bool remark = rest.len >= 3 && memcmp(rest.data, " - ", 3) == 0;
		if (url || remark || text.data[i] == '(' || text.data[i] == '[') {
			return i;
		}
	}
	return text.len;
}

static void
add_one_status(hk_registration *reg, hk_span text, hk_reg_dialect dialect)
{
	hk_reg_status status = {.code = HK_EPP_NONE};

	text.len = status_end(text);
	text = hk_regtext_trimmed(text);
	while (text.len > 0 && (strchr("*.\"'-", text.data[0]) || text.data[0] <= ' ')) {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 &&
		(strchr("*.\"'-", text.data[text.len - 1]) || text.data[text.len - 1] <= ' ')) {
		text.len--;
	}
	if (text.len == 0) {
		return;
	}
	reg->over |= !hk_reg_text(text, status.raw, sizeof status.raw);
	for (size_t i = 0; i < reg->status_count; i++) {
		if (strcmp(reg->status[i].raw, status.raw) == 0) {
			return;
		}
	}
	if (reg->status_count == HK_REG_STATUS_MAX) {
		reg->over = true;
		return;
	}
	judge(&status, dialect);
	reg->status[reg->status_count++] = status;
}

void
hk_reg_add_status(hk_registration *reg, hk_span text, hk_reg_dialect dialect)
{
	size_t begin = 0;
	bool inside = false;

	for (size_t i = 0; i <= text.len; i++) {
		inside = i < text.len && (text.data[i] == '(' || (inside && text.data[i] != ')'));
		if (inside) {
			continue;
		}
		/* The slashes of a URL part nothing: what stands behind it is no status. */
		if (i < text.len && text.data[i] == ':') {
			i = text.len;
		}
		if (i == text.len || text.data[i] == ',' || text.data[i] == '/') {
			add_one_status(reg, hk_span_of(text.data + begin, i - begin), dialect);
			begin = i + 1;
		}
	}
}

void
hk_reg_add_ns(hk_registration *reg, hk_span text)
{
	char host[HK_REG_NAME_SIZE];
	size_t len = 0;

	text = hk_regtext_trimmed(text);
	while (len < text.len && text.data[len] > ' ' && !strchr(",;([", text.data[len])) {
		len++;
	}
	if (hk_reg_host(hk_span_of(text.data, len), host) != HK_OK) {
		return;
	}
	for (size_t i = 0; i < reg->ns_count; i++) {
		if (strcmp(reg->ns[i], host) == 0) {
			return;
		}
	}
	if (reg->ns_count == HK_REG_NS_MAX) {
		reg->over = true;
		return;
	}
	memcpy(reg->ns[reg->ns_count++], host, strlen(host) + 1);
}

static void
add_value(hk_registration *reg, hk_reg_kind kind, unsigned roles, hk_span value, const char *name)
{
	hk_reg_contact contact = {.kind = kind, .roles = roles};

	if (!hk_reg_text(value, contact.value, sizeof contact.value)) {
		reg->over = true;
		return;
	}
	(void)hk_reg_text(hk_span_str(name), contact.name, sizeof contact.name);
	for (char *at = kind == HK_REG_MAIL ? strchr(contact.value, '@') : NULL; at && *at; at++) {
		*at = (char)hk_regtext_lower((uint8_t)*at);
	}
	for (size_t i = 0; i < reg->contact_count; i++) {
		hk_reg_contact *known = &reg->contact[i];
		/* The registrar's mailbox and that of a network are two, even when they read the same. */
		bool registrar =
			(known->roles & HK_REG_ROLE_REGISTRAR) == (roles & HK_REG_ROLE_REGISTRAR);
		if (known->kind == kind && registrar && strcmp(known->value, contact.value) == 0) {
			/* Found in a field is more than found in a remark. */
			unsigned text = known->roles & roles & HK_REG_ROLE_TEXT;
			known->roles |= roles;
			known->roles &= ~(unsigned)HK_REG_ROLE_TEXT;
			known->roles |= text;
			return;
		}
	}
	if (reg->contact_count == HK_REG_CONTACT_MAX) {
		reg->over = true;
		return;
	}
	reg->contact[reg->contact_count++] = contact;
}

/* A URL or a bare host as a URL. */
static void
add_web(hk_registration *reg, unsigned roles, hk_span text, const char *name)
{
	char url[HK_REG_TEXT_SIZE];
	char host[HK_REG_NAME_SIZE];
	size_t len = 0;
	bool schemed = hk_regtext_begins(text, "http://") || hk_regtext_begins(text, "https://");
	const char *scheme = schemed ? "" : "http://";

	while (len < text.len && text.data[len] > ' ' && text.data[len] != '"' &&
		text.data[len] != '<' && text.data[len] != '>') {
		len++;
	}
	hk_span bare = hk_span_of(text.data, len);
	size_t to = 0;
	for (size_t from = schemed ? 7 + (hk_regtext_begins(text, "https") ? 1 : 0) : 0;
		from + to < len && is_host_byte(text.data[from + to]); to++) {
		bare = hk_span_of(text.data + from, to + 1);
	}
	if (hk_reg_host(bare, host) != HK_OK || strlen(scheme) + len >= sizeof url) {
		return;
	}
	memcpy(url, scheme, strlen(scheme));
	memcpy(url + strlen(scheme), text.data, len);
	add_value(reg, HK_REG_WEB, roles, hk_span_of(url, strlen(scheme) + len), name);
}

void
hk_reg_add_contact(
	hk_registration *reg, hk_reg_kind kind, unsigned roles, hk_span text, const char *name)
{
	size_t pos = 0;
	size_t digits = 0;
	hk_span mail;

	text = hk_regtext_trimmed(text);
	if (kind == HK_REG_MAIL) {
		while (hk_reg_find_mail(text, &pos, &mail)) {
			add_value(reg, kind, roles, mail, name);
		}
		return;
	}
	if (kind == HK_REG_WEB) {
		add_web(reg, roles, text, name);
		return;
	}
	for (size_t i = 0; i < text.len; i++) {
		digits += text.data[i] >= '0' && text.data[i] <= '9';
	}
	if (digits >= 5 && text.len < HK_REG_WORD_SIZE) {
		add_value(reg, kind, roles, text, name);
	}
}

hk_reg_hold
hk_reg_held(const hk_registration *reg)
{
	hk_reg_hold hold = HK_REG_HOLD_NONE;

	if (reg->answer == HK_REG_NOT_FOUND) {
		return HK_REG_HOLD_GONE;
	}
	if (reg->answer != HK_REG_FOUND || reg->object != HK_REG_DOMAIN) {
		return HK_REG_HOLD_NONE;
	}
	for (size_t i = 0; i < reg->status_count; i++) {
		hold = reg->status[i].hold > hold ? reg->status[i].hold : hold;
	}
	return hold;
}

const char *
hk_reg_hold_name(hk_reg_hold hold)
{
	static const char *const names[] = {
		"none", "soon", "on_hold", "pending_delete", "redemption", "gone"};

	return names[hold];
}

const char *
hk_reg_answer_name(hk_reg_answer answer)
{
	static const char *const names[] = {"unclear", "found", "not_found", "reserved",
		"throttled", "refused", "unavailable", "bad_query"};

	return names[answer];
}
