/* nocheck: tested in tests/unit/parse/test_whois.c */
#include <string.h>

#include "base/num.h"
#include "parse/regtime.h"
#include "parse/whois_int.h"

static const struct {
	const char *word;
	hk_reg_answer answer;
} no_registrations[] = {
#define NOREG(word, answer) {word, HK_REG_##answer},
#include "parse/whois_status.def"
#undef NOREG
};

static void
set_text(hk_whois_parser *p, hk_span value, char *ret, size_t size)
{
	if (ret[0] == '\0') {
		p->reg->over |= !hk_reg_text(value, ret, size);
	}
}

static void
set_time(hk_whois_parser *p, hk_span value, int64_t *ret)
{
	int64_t ms;

	if (*ret == HK_REG_NO_TIME && hk_regtime_read(value, p->zone_min, &ms) == HK_OK) {
		*ret = ms;
	}
}

/* "google.co.uk", "google.rs.", "u34jedzcq.gg"; a top-level domain is one label. */
static void
take_domain(hk_whois_parser *p, hk_span value)
{
	hk_registration *reg = p->reg;
	size_t len = 0;

	while (len < value.len && value.data[len] > ' ') {
		len++;
	}
	value.len = len;
	if (reg->name[0] != '\0' || reg->object == HK_REG_NETWORK) {
		return;
	}
	if (hk_reg_host(value, reg->name) != HK_OK) {
		bool label = value.len > 0 && value.len < 64;
		for (size_t i = 0; i < value.len; i++) {
			uint8_t c = value.data[i] | 0x20;
			label = label && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
						 value.data[i] == '-');
		}
		if (!label) {
			return;
		}
		for (size_t i = 0; i < value.len; i++) {
			bool upper = value.data[i] >= 'A' && value.data[i] <= 'Z';
			reg->name[i] = (char)(value.data[i] + (upper ? 'a' - 'A' : 0));
		}
		reg->name[value.len] = '\0';
	}
	reg->object = HK_REG_DOMAIN;
}

static void
take_status(hk_whois_parser *p, hk_span value)
{
	hk_registration *reg = p->reg;
	char squeezed[HK_WHOIS_KEY_MAX];
	hk_span word = value;
	size_t skip = 0;

	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] == '(' ||
			(i > 2 && word.data[i] == '-' && word.data[i - 1] == ' ')) {
			word.len = i;
		}
	}
	(void)hk_reg_squeeze(word, squeezed, sizeof squeezed);
	for (size_t i = 0; i < sizeof no_registrations / sizeof no_registrations[0]; i++) {
		if (strcmp(squeezed, no_registrations[i].word) == 0) {
			p->no_registration = no_registrations[i].answer;
		}
	}
	/* .nz: "200 Active" */
	while (skip < value.len && skip < 3 && value.data[skip] >= '0' && value.data[skip] <= '9') {
		skip++;
	}
	if (skip == 3) {
		value = hk_span_of(value.data + 3, value.len - 3);
	}
	/* .as: several in a line, with blanks between. */
	for (size_t i = 0; value.len > 3 && memcmp(value.data, "ST_", 3) == 0 && i < value.len;
		i++) {
		if (value.data[i] == ' ') {
			hk_reg_add_status(reg, hk_span_of(value.data, i), HK_REG_DIALECT_ANY);
			value = hk_span_of(value.data + i + 1, value.len - i - 1);
			i = 0;
		}
	}
	hk_reg_add_status(reg, value, p->jprs ? HK_REG_DIALECT_JPRS : HK_REG_DIALECT_ANY);
	/* JPRS, organisational names: "Connected (2024/03/31)" is how long it is paid for. */
	for (size_t i = 0; p->jprs && i < value.len; i++) {
		if (value.data[i] == '(') {
			set_time(p, hk_span_of(value.data + i, value.len - i), &reg->expires_ms);
		}
	}
}

static void
take_dnssec(hk_whois_parser *p, hk_span value)
{
	static const char *const yes[] = {"signed", "signeddelegation", "yes", "active", "y"};
	static const char *const no[] = {
		"unsigned", "no", "inactive", "n", "unsigneddelegation", "unsignedzone"};
	char squeezed[HK_WHOIS_KEY_MAX];

	if (p->reg->dnssec != HK_REG_SIGNED_UNKNOWN) {
		return;
	}
	(void)hk_reg_squeeze(value, squeezed, sizeof squeezed);
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		p->reg->dnssec = strcmp(squeezed, yes[i]) == 0 ? HK_REG_SIGNED_YES : p->reg->dnssec;
	}
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		p->reg->dnssec = strcmp(squeezed, no[i]) == 0 ? HK_REG_SIGNED_NO : p->reg->dnssec;
	}
}

/* whois.enom.com, whois://rwhois.example.net:4321, http://whois.example/ : host, or host:port. */
static void
take_referral(hk_whois_parser *p, hk_span value)
{
	hk_registration *reg = p->reg;
	char host[HK_REG_NAME_SIZE];
	size_t begin = 0;
	size_t end;
	uint64_t port = 0;

	for (size_t i = 0; i + 2 < value.len; i++) {
		if (memcmp(value.data + i, "://", 3) == 0) {
			/* rwhois (RFC 2167) is another protocol. */
			bool whois = i == 5 && memcmp(value.data, "whois", 5) == 0;
			begin = whois ? i + 3 : value.len;
			break;
		}
	}
	for (end = begin; end < value.len && value.data[end] > ' ' && value.data[end] != '/' &&
			  value.data[end] != ':';
		end++) {
	}
	if (reg->referral[0] != '\0' ||
		hk_reg_host(hk_span_of(value.data + begin, end - begin), host) != HK_OK) {
		return;
	}
	size_t len = strlen(host);
	memcpy(reg->referral, host, len + 1);
	if (end < value.len && value.data[end] == ':') {
		size_t digits = end + 1;
		while (digits < value.len && value.data[digits] >= '0' &&
			value.data[digits] <= '9') {
			digits++;
		}
		hk_span number = hk_span_of(value.data + end + 1, digits - end - 1);
		if (hk_parse_u64(number, UINT16_MAX, &port) == HK_OK && port != 0 && port != 43 &&
			len + number.len + 2 <= sizeof reg->referral) {
			reg->referral[len] = ':';
			memcpy(reg->referral + len + 1, number.data, number.len);
			reg->referral[len + 1 + number.len] = '\0';
		}
	}
}

/* A name of a registrar: without "[Tag = X]", "(R84-AFIN)", "(http://...)". */
static void
take_registrar(hk_whois_parser *p, hk_span value)
{
	hk_registration *reg = p->reg;

	for (size_t i = 1; i < value.len; i++) {
		hk_span rest = hk_span_of(value.data + i, value.len - i);
		bool code = rest.len > 4 && rest.data[0] == '(' && rest.data[1] == 'R' &&
			    rest.data[2] >= '0' && rest.data[2] <= '9';
		bool tag = code || (rest.len > 4 && (memcmp(rest.data, "[Tag", 4) == 0 ||
							    memcmp(rest.data, "(htt", 4) == 0));
		if (tag) {
			if (reg->registrar_url[0] == '\0' && rest.data[1] == 'h' &&
				rest.data[rest.len - 1] == ')') {
				reg->over |= !hk_reg_text(hk_span_of(rest.data + 1, rest.len - 2),
					reg->registrar_url, sizeof reg->registrar_url);
			}
			value.len = i;
		}
	}
	set_text(p, value, reg->registrar, sizeof reg->registrar);
}

static void
take_registrar_id(hk_whois_parser *p, hk_span value)
{
	uint64_t number;

	if (p->reg->registrar_id[0] == '\0' && hk_parse_u64(value, 999999999, &number) == HK_OK) {
		(void)hk_reg_text(value, p->reg->registrar_id, sizeof p->reg->registrar_id);
	}
}

/* "not defined", "N/A" are no URLs. */
static void
take_registrar_url(hk_whois_parser *p, hk_span value)
{
	bool dot = false;

	for (size_t i = 0; i < value.len; i++) {
		dot |= value.data[i] == '.';
		if (value.data[i] <= ' ') {
			value.len = i;
		}
	}
	if (dot) {
		set_text(p, value, p->reg->registrar_url, sizeof p->reg->registrar_url);
	}
}

static bool
is_address(hk_span text)
{
	bool some = text.len > 0 && text.len < HK_REG_ADDRESS_SIZE;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		some = some && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
				       (c >= 'A' && c <= 'F') || c == '.' || c == ':' || c == '/');
	}
	return some;
}

static hk_span
word(hk_span *text)
{
	size_t len = 0;

	while (text->len > 0 && (text->data[0] <= ' ' || text->data[0] == '-')) {
		*text = hk_span_of(text->data + 1, text->len - 1);
	}
	while (len < text->len && text->data[len] > ' ' && text->data[len] != '-' &&
		text->data[len] != ',') {
		len++;
	}
	hk_span found = hk_span_of(text->data, len);
	*text = hk_span_of(text->data + len, text->len - len);
	return found;
}

/* "196.11.239.0 - 196.11.246.255", "200.57.128/20", "2001:db8::/32" */
static void
take_range(hk_whois_parser *p, hk_span value, bool replace)
{
	hk_registration *reg = p->reg;
	hk_span first = word(&value);
	hk_span last = word(&value);

	if ((reg->first[0] != '\0' && !replace) || !is_address(first)) {
		return;
	}
	if (replace && reg->first[0] != '\0') {
		reg->name[0] = reg->org[0] = reg->handle[0] = '\0';
	}
	reg->object = HK_REG_NETWORK;
	(void)hk_reg_text(first, reg->first, sizeof reg->first);
	reg->last[0] = '\0';
	if (is_address(last)) {
		(void)hk_reg_text(last, reg->last, sizeof reg->last);
	}
}

/* AS15169, 15169 */
static bool
as_number(hk_span text, uint32_t *ret)
{
	uint64_t value;

	if (text.len > 2 && (text.data[0] | 0x20) == 'a' && (text.data[1] | 0x20) == 's') {
		text = hk_span_of(text.data + 2, text.len - 2);
	}
	if (hk_parse_u64(text, UINT32_MAX, &value) != HK_OK || value == 0) {
		return false;
	}
	*ret = (uint32_t)value;
	return true;
}

static void
take_origin(hk_whois_parser *p, hk_span value)
{
	hk_registration *reg = p->reg;
	uint32_t number;

	for (hk_span one = word(&value); one.len > 0; one = word(&value)) {
		if (as_number(one, &number) && reg->origin_count < HK_REG_ORIGIN_MAX) {
			reg->origin[reg->origin_count++] = number;
		}
		if (value.len > 0 && value.data[0] == ',') {
			value = hk_span_of(value.data + 1, value.len - 1);
		}
	}
}

static void
take_autnum(hk_whois_parser *p, hk_span value)
{
	hk_registration *reg = p->reg;
	hk_span first = word(&value);
	hk_span last = word(&value);
	uint32_t number;

	/* aut-num behind an inetnum is the AS that announces it. */
	if (!as_number(first, &number)) {
		return;
	}
	if (reg->object == HK_REG_NETWORK) {
		take_origin(p, first);
		return;
	}
	if (reg->as_first == 0) {
		reg->object = HK_REG_AUTNUM;
		reg->as_first = reg->as_last = number;
		if (as_number(last, &number) && number > reg->as_first) {
			reg->as_last = number;
		}
	}
}

static void
take_country(hk_whois_parser *p, hk_span value)
{
	char *to = p->reg->country;

	if (to[0] == '\0' && value.len == 2) {
		for (size_t i = 0; i < 2; i++) {
			to[i] = (char)(value.data[i] & ~0x20);
		}
		to[2] = '\0';
		if (to[0] < 'A' || to[0] > 'Z' || to[1] < 'A' || to[1] > 'Z') {
			to[0] = '\0';
		}
	}
}

static bool
says_abuse(hk_span text)
{
	for (size_t i = 0; i + 5 <= text.len; i++) {
		bool is = true;
		for (size_t k = 0; k < 5; k++) {
			is = is && (text.data[i + k] | 0x20) == (uint8_t) "abuse"[k];
		}
		if (is) {
			return true;
		}
	}
	return false;
}

/* The mailboxes of people are not kept, those for abuse are. */
static void
take_role_mail(hk_whois_parser *p, hk_span value, unsigned roles)
{
	hk_span mail;
	size_t pos = 0;

	while (hk_reg_find_mail(value, &pos, &mail)) {
		size_t local = 0;
		while (local < mail.len && mail.data[local] != '@') {
			local++;
		}
		if (says_abuse(hk_span_of(mail.data, local))) {
			hk_reg_add_contact(p->reg, HK_REG_MAIL, roles, mail, "");
		}
	}
}

static void
take_contact(hk_whois_parser *p, hk_whois_field field, hk_span value)
{
	static const unsigned abuse = HK_REG_ROLE_ABUSE;
	static const unsigned registrar = HK_REG_ROLE_REGISTRAR;
	hk_registration *reg = p->reg;

	switch ((int)field) {
	case HK_WHOIS_REGISTRAR_ABUSE_MAIL:
		hk_reg_add_contact(reg, HK_REG_MAIL, abuse | registrar, value, reg->registrar);
		break;
	case HK_WHOIS_REGISTRAR_ABUSE_PHONE:
		hk_reg_add_contact(reg, HK_REG_PHONE, abuse | registrar, value, reg->registrar);
		break;
	case HK_WHOIS_REGISTRAR_MAIL:
		hk_reg_add_contact(reg, HK_REG_MAIL, registrar, value, reg->registrar);
		break;
	case HK_WHOIS_REGISTRAR_PHONE:
		hk_reg_add_contact(reg, HK_REG_PHONE, registrar, value, reg->registrar);
		break;
	case HK_WHOIS_PUBLIC_MAIL:
		hk_reg_add_contact(reg, HK_REG_MAIL, HK_REG_ROLE_PUBLIC, value, p->public_name);
		break;
	case HK_WHOIS_PUBLIC_WEB:
		hk_reg_add_contact(reg, HK_REG_WEB, HK_REG_ROLE_PUBLIC, value, p->public_name);
		break;
	case HK_WHOIS_PUBLIC_PHONE:
		hk_reg_add_contact(reg, HK_REG_PHONE, HK_REG_ROLE_PUBLIC, value, p->public_name);
		break;
	case HK_WHOIS_ABUSE_MAIL:
		hk_reg_add_contact(reg, HK_REG_MAIL, abuse, value, "");
		break;
	case HK_WHOIS_ABUSE_PHONE:
		hk_reg_add_contact(reg, HK_REG_PHONE, abuse, value, "");
		break;
	case HK_WHOIS_TECH_MAIL:
		hk_reg_add_contact(reg, HK_REG_MAIL, HK_REG_ROLE_TECH, value, "");
		break;
	case HK_WHOIS_NOC_MAIL:
		hk_reg_add_contact(reg, HK_REG_MAIL, HK_REG_ROLE_NOC, value, "");
		break;
	case HK_WHOIS_ROLE_MAIL:
		take_role_mail(p, value, abuse);
		break;
	case HK_WHOIS_REMARK:
		if (says_abuse(value)) {
			take_role_mail(p, value, abuse | HK_REG_ROLE_TEXT);
		}
		break;
	default:
		break;
	}
}

static void
take_network(hk_whois_parser *p, hk_whois_field field, hk_span value)
{
	hk_registration *reg = p->reg;

	switch ((int)field) {
	case HK_WHOIS_RANGE:
		take_range(p, value, true);
		break;
	case HK_WHOIS_ROUTE:
		take_range(p, value, false);
		break;
	case HK_WHOIS_AUTNUM:
		take_autnum(p, value);
		break;
	case HK_WHOIS_NET_NAME:
		set_text(p, value, reg->name, sizeof reg->name);
		break;
	case HK_WHOIS_ORG:
		set_text(p, value, reg->org, sizeof reg->org);
		break;
	case HK_WHOIS_DESCR:
		set_text(p, value, p->descr, sizeof p->descr);
		take_contact(p, HK_WHOIS_REMARK, value);
		break;
	case HK_WHOIS_COUNTRY:
		take_country(p, value);
		break;
	case HK_WHOIS_ORIGIN:
		take_origin(p, value);
		break;
	case HK_WHOIS_ABUSE_HANDLE:
		set_text(p, value, reg->abuse_handle, sizeof reg->abuse_handle);
		break;
	default:
		take_contact(p, field, value);
		break;
	}
}

void
hk_whois_take(hk_whois_parser *p, hk_whois_field field, hk_span value)
{
	hk_registration *reg = p->reg;

	switch ((int)field) {
	case HK_WHOIS_DOMAIN:
		take_domain(p, value);
		break;
	case HK_WHOIS_HANDLE:
		set_text(p, value, reg->handle, sizeof reg->handle);
		break;
	case HK_WHOIS_CREATED:
		set_time(p, value, &reg->created_ms);
		break;
	case HK_WHOIS_UPDATED:
		set_time(p, value, &reg->updated_ms);
		break;
	case HK_WHOIS_EXPIRES:
		set_time(p, value, &reg->expires_ms);
		break;
	case HK_WHOIS_STATUS:
		/* That of a network ("ASSIGNED PI") is another thing. */
		if (reg->object != HK_REG_NETWORK && reg->object != HK_REG_AUTNUM) {
			take_status(p, value);
		}
		break;
	case HK_WHOIS_HOLD: /* .fr: YES or NO */
		if ((value.data[0] | 0x20) == 'y') {
			hk_reg_add_status(reg, HK_SPAN_LIT("hold"), HK_REG_DIALECT_ANY);
		}
		break;
	case HK_WHOIS_DNSSEC:
		take_dnssec(p, value);
		break;
	case HK_WHOIS_NS:
		/* .dk calls the domain itself DNS. */
		if (value.len != strlen(reg->name) ||
			memcmp(value.data, reg->name, value.len) != 0) {
			hk_reg_add_ns(reg, value);
		}
		break;
	case HK_WHOIS_REGISTRAR:
		take_registrar(p, value);
		break;
	case HK_WHOIS_REGISTRAR_NAME:
		if (p->handle_only) {
			reg->registrar[0] = '\0';
			p->handle_only = false;
		}
		take_registrar(p, value);
		break;
	case HK_WHOIS_REGISTRAR_ID:
		take_registrar_id(p, value);
		break;
	case HK_WHOIS_REGISTRAR_URL:
		take_registrar_url(p, value);
		break;
	case HK_WHOIS_REFERRAL:
		take_referral(p, value);
		break;
	case HK_WHOIS_PUBLIC_NAME:
		(void)hk_reg_text(value, p->public_name, sizeof p->public_name);
		break;
	default:
		take_network(p, field, value);
		break;
	}
}
