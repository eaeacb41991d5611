#include "enrich/rdap.h"

#include <string.h>

#include "enrich/rdap_int.h"
#include "parse/regtime.h"
#include "sys/gerr.h"

static const struct {
	const char *name;
	hk_reg_object object;
} classes[] = {
	{"domain", HK_REG_DOMAIN},
	{"ip network", HK_REG_NETWORK},
	{"autnum", HK_REG_AUTNUM},
	{"entity", HK_REG_ENTITY},
	{"nameserver", HK_REG_NAMESERVER},
};

hk_json
hk_rdap_get(const hk_json *obj, const char *key)
{
	hk_json value = {.node = NULL};

	(void)hk_json_any(obj, key, &value);
	return value;
}

const char *
hk_rdap_str(const hk_json *obj, const char *key)
{
	hk_json value = hk_rdap_get(obj, key);

	return hk_json_text(&value);
}

/* What kind of object it is; where it does not say so, by what only that kind has. */
static hk_reg_object
object_of(const hk_json *root)
{
	const char *name = hk_rdap_str(root, "objectClassName");

	for (size_t i = 0; name && i < G_N_ELEMENTS(classes); i++) {
		if (g_ascii_strcasecmp(name, classes[i].name) == 0) {
			return classes[i].object;
		}
	}
	if (hk_rdap_str(root, "startAddress")) {
		return HK_REG_NETWORK;
	}
	if (hk_json_has(root, "startAutnum")) {
		return HK_REG_AUTNUM;
	}
	if (hk_rdap_str(root, "ldhName") && !name) {
		return HK_REG_DOMAIN;
	}
	if (!name && hk_json_has(root, "notices") && !hk_json_has(root, "errorCode") &&
		!hk_json_has(root, "domainSearchResults") &&
		!hk_json_has(root, "entitySearchResults") &&
		!hk_json_has(root, "nameserverSearchResults")) {
		return HK_REG_HELP;
	}
	return HK_REG_NOTHING;
}

static void
copy(hk_registration *reg, const char *text, char *ret, size_t size)
{
	if (text && ret[0] == '\0') {
		reg->over |= !hk_reg_text(hk_span_str(text), ret, size);
	}
}

static void
read_status(hk_registration *reg, const hk_json *root)
{
	hk_json list = hk_rdap_get(root, "status");

	if (hk_json_text(&list)) {
		hk_reg_add_status(reg, hk_span_str(hk_json_text(&list)), HK_REG_DIALECT_ANY);
	}
	for (size_t i = 0; i < MIN(hk_json_len(&list), 64); i++) {
		hk_json one = hk_json_at(&list, i);
		if (hk_json_text(&one)) {
			hk_reg_add_status(reg, hk_span_str(hk_json_text(&one)), HK_REG_DIALECT_ANY);
		}
	}
}

/* RFC 9083, section 10.2.3, and what some write instead ("last update", "registrationDate"). */
static void
read_events(hk_registration *reg, const hk_json *root)
{
	const struct {
		const char *action;
		int64_t *time;
	} known[] = {
		{"registration", &reg->created_ms},
		{"reregistration", &reg->created_ms},
		{"lastchanged", &reg->updated_ms},
		{"lastupdate", &reg->updated_ms},
		{"expiration", &reg->expires_ms},
		{"transfer", &reg->transferred_ms},
		{"lasttransfer", &reg->transferred_ms},
	};
	hk_json list = hk_rdap_get(root, "events");

	for (size_t i = 0; i < MIN(hk_json_len(&list), 64); i++) {
		hk_json event = hk_json_at(&list, i);
		const char *date = hk_rdap_str(&event, "eventDate");
		char action[64];
		int64_t ms;
		(void)hk_reg_squeeze(
			hk_span_str(hk_rdap_str(&event, "eventAction")), action, sizeof action);
		for (size_t k = 0; date && k < G_N_ELEMENTS(known); k++) {
			if (strcmp(action, known[k].action) == 0 &&
				*known[k].time == HK_REG_NO_TIME &&
				hk_regtime_read(hk_span_str(date), 0, &ms) == HK_OK) {
				*known[k].time = ms;
			}
		}
	}
}

static void
read_nameservers(hk_registration *reg, const hk_json *root, const char *key)
{
	hk_json list = hk_rdap_get(root, key);

	for (size_t i = 0; i < MIN(hk_json_len(&list), 64); i++) {
		hk_json one = hk_json_at(&list, i);
		const char *name =
			hk_json_text(&one) ? hk_json_text(&one) : hk_rdap_str(&one, "ldhName");
		hk_reg_add_ns(reg, hk_span_str(name));
	}
}

static void
read_links(hk_registration *reg, const hk_json *root)
{
	hk_json list = hk_rdap_get(root, "links");

	for (size_t i = 0; i < MIN(hk_json_len(&list), 64); i++) {
		hk_json link = hk_json_at(&list, i);
		const char *rel = hk_rdap_str(&link, "rel");
		const char *href = hk_rdap_str(&link, "href");
		const char *type = hk_rdap_str(&link, "type");
		bool related = rel && g_ascii_strcasecmp(rel, "related") == 0;
		bool rdap = !type || g_ascii_strncasecmp(type, "application/rdap+json", 21) == 0;
		bool web = href && (g_ascii_strncasecmp(href, "https://", 8) == 0 ||
					   g_ascii_strncasecmp(href, "http://", 7) == 0);
		for (size_t k = 0; web && href[k]; k++) {
			web = href[k] > ' ' && href[k] != 0x7f;
		}
		if (!related || !rdap || !web || strlen(href) >= HK_REG_TEXT_SIZE) {
			continue;
		}
		if (reg->link_count == HK_REG_LINK_MAX) {
			reg->over = true;
			return;
		}
		(void)hk_reg_text(
			hk_span_str(href), reg->link[reg->link_count++], HK_REG_TEXT_SIZE);
	}
}

static bool
says(const char *text, const char *what)
{
	g_autofree char *lower = text ? g_ascii_strdown(text, -1) : NULL;

	return lower && strstr(lower, what);
}

/* RFC 9537, or words of a notice or remark. */
static void
read_redaction(hk_registration *reg, const hk_json *root)
{
	static const char *const lists[] = {"notices", "remarks"};
	hk_json redacted = hk_rdap_get(root, "redacted");

	reg->redacted = hk_json_len(&redacted) > 0;
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		hk_json list = hk_rdap_get(root, lists[i]);
		for (size_t k = 0; k < MIN(hk_json_len(&list), 32); k++) {
			hk_json one = hk_json_at(&list, k);
			reg->redacted |= says(hk_rdap_str(&one, "title"), "redact") ||
					 says(hk_rdap_str(&one, "type"), "authorization");
		}
	}
}

/* Mailboxes for abuse in remarks of a network: "please send abuse reports to ..." */
static void
read_remarks(hk_registration *reg, const hk_json *root)
{
	hk_json list = hk_rdap_get(root, "remarks");

	for (size_t i = 0; i < MIN(hk_json_len(&list), 16); i++) {
		hk_json remark = hk_json_at(&list, i);
		hk_json lines = hk_rdap_get(&remark, "description");
		for (size_t k = 0; k < MIN(hk_json_len(&lines), 64); k++) {
			hk_json line = hk_json_at(&lines, k);
			if (says(hk_json_text(&line), "abuse")) {
				hk_reg_add_contact(reg, HK_REG_MAIL,
					HK_REG_ROLE_ABUSE | HK_REG_ROLE_TEXT,
					hk_span_str(hk_json_text(&line)), "");
			}
		}
	}
}

static void
read_network(hk_registration *reg, const hk_json *root)
{
	const char *country = hk_rdap_str(root, "country");
	hk_json origins = hk_rdap_get(root, "arin_originas0_originautnums");

	copy(reg, hk_rdap_str(root, "name"), reg->name, sizeof reg->name);
	copy(reg, hk_rdap_str(root, "startAddress"), reg->first, sizeof reg->first);
	copy(reg, hk_rdap_str(root, "endAddress"), reg->last, sizeof reg->last);
	if (country && strlen(country) == 2 && g_ascii_isalpha(country[0]) &&
		g_ascii_isalpha(country[1])) {
		reg->country[0] = g_ascii_toupper(country[0]);
		reg->country[1] = g_ascii_toupper(country[1]);
	}
	for (size_t i = 0; i < hk_json_len(&origins) && reg->origin_count < HK_REG_ORIGIN_MAX;
		i++) {
		hk_json one = hk_json_at(&origins, i);
		int64_t number = hk_json_int(&one);
		if (number > 0 && number <= UINT32_MAX) {
			reg->origin[reg->origin_count++] = (uint32_t)number;
		}
	}
	read_remarks(reg, root);
}

static uint32_t
as_member(const hk_json *root, const char *key)
{
	hk_json value = hk_rdap_get(root, key);
	int64_t number = hk_json_int(&value);

	return number > 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

static void
read_error(hk_registration *reg, const hk_json *root)
{
	static const struct {
		unsigned first;
		unsigned last;
		hk_reg_answer answer;
	} codes[] = {
		{404, 404, HK_REG_NOT_FOUND},
		{429, 429, HK_REG_THROTTLED},
		{401, 401, HK_REG_REFUSED},
		{403, 403, HK_REG_REFUSED},
		{400, 400, HK_REG_BAD_QUERY},
		{418, 418, HK_REG_BAD_QUERY},
		{422, 422, HK_REG_BAD_QUERY},
		{500, 599, HK_REG_UNAVAILABLE},
	};
	hk_json code = hk_rdap_get(root, "errorCode");
	int64_t number = hk_json_int(&code);

	/* Some write "404". */
	if (hk_json_text(&code) && strlen(hk_json_text(&code)) == 3) {
		const char *digits = hk_json_text(&code);
		number = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
	}
	reg->answer = HK_REG_UNCLEAR;
	reg->error_code = number > 0 && number < 1000 ? (unsigned)number : 0;
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
		if (number >= codes[i].first && number <= codes[i].last) {
			reg->answer = codes[i].answer;
		}
	}
}

static void
read_name(hk_registration *reg, const hk_json *root)
{
	const char *name = hk_rdap_str(root, "ldhName");

	if (name && hk_reg_host(hk_span_str(name), reg->name) != HK_OK) {
		/* A top-level domain is one label. */
		copy(reg, name, reg->name, sizeof reg->name);
	}
}

/* Everything that any object may have. */
static void
read_object(hk_registration *reg, const hk_json *root)
{
	hk_rdap_reader reader = {.reg = reg};
	hk_json secure = hk_rdap_get(root, "secureDNS");
	hk_json entities = hk_rdap_get(root, "entities");
	bool is_signed = false;
	char port43[HK_REG_NAME_SIZE];

	copy(reg, hk_rdap_str(root, "handle"), reg->handle, sizeof reg->handle);
	read_status(reg, root);
	read_events(reg, root);
	read_links(reg, root);
	read_redaction(reg, root);
	if (reg->object == HK_REG_DOMAIN || reg->object == HK_REG_NAMESERVER) {
		read_name(reg, root);
		read_nameservers(reg, root, "nameservers");
		read_nameservers(reg, root, "nameServers");
	}
	if (reg->object == HK_REG_NETWORK || reg->object == HK_REG_AUTNUM) {
		read_network(reg, root);
		reg->as_first = as_member(root, "startAutnum");
		reg->as_last = MAX(as_member(root, "endAutnum"), reg->as_first);
	}
	if (hk_json_bool(&secure, "delegationSigned", &is_signed, NULL)) {
		reg->dnssec = is_signed ? HK_REG_SIGNED_YES : HK_REG_SIGNED_NO;
	}
	const char *whois = hk_rdap_str(root, "port43");
	if (whois && hk_reg_host(hk_span_str(whois), port43) == HK_OK) {
		copy(reg, port43, reg->referral, sizeof reg->referral);
	}
	if (reg->object == HK_REG_ENTITY) {
		hk_rdap_entity(&reader, root, 0, 0);
	} else {
		hk_rdap_entities(&reader, &entities, 0, 1);
	}
	if (reg->object == HK_REG_DOMAIN) {
		copy(reg, reader.registrar_fallback, reg->registrar, sizeof reg->registrar);
	} else {
		copy(reg, reader.org, reg->org, sizeof reg->org);
	}
	g_free(reader.org);
	g_free(reader.registrar_fallback);
}

bool
hk_rdap_read(hk_span text, hk_registration *ret, GError **error)
{
	g_autoptr(hk_json_doc) doc = NULL;

	hk_reg_begin(ret);
	doc = hk_json_load(text, HK_RDAP_BYTES_MAX, error);
	if (!doc) {
		g_prefix_error(error, "an RDAP answer: ");
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_kind_of(&root) != HK_JSON_OBJECT) {
		return hk_json_fail(&root, HK_EFORM, error, "an RDAP answer must be an object");
	}
	if (hk_json_has(&root, "errorCode") && !hk_rdap_str(&root, "objectClassName")) {
		read_error(ret, &root);
		return true;
	}
	ret->object = object_of(&root);
	if (ret->object != HK_REG_NOTHING) {
		ret->answer = HK_REG_FOUND;
		read_object(ret, &root);
	}
	return true;
}

char *
hk_rdap_url(const char *base, const char *kind, const char *key)
{
	GString *url = g_string_new(base);

	if (url->len == 0 || url->str[url->len - 1] != '/') {
		g_string_append_c(url, '/');
	}
	g_string_append(url, kind);
	g_string_append_c(url, '/');
	for (const char *at = key; *at; at++) {
		if (g_ascii_isalnum(*at) || strchr("-._~:/", *at)) {
			g_string_append_c(url, *at);
		} else {
			g_string_append_printf(url, "%%%02X", (unsigned char)*at);
		}
	}
	return g_string_free(url, FALSE);
}
