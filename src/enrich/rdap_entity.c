#include <string.h>

#include "enrich/rdap.h"
#include "enrich/rdap_int.h"

/* What a jCard (RFC 7095) says, as far as we ask. */
typedef struct card {
	const char *fn;
	const char *org;
	const char *url;
} card;

/* Role bits that only serve while reading. */
enum { ROLE_REGISTRANT = 1u << 16 };

static const struct {
	const char *name;
	unsigned role;
} roles[] = {
	{"abuse", HK_REG_ROLE_ABUSE},
	{"registrar", HK_REG_ROLE_REGISTRAR},
	{"sponsor", HK_REG_ROLE_REGISTRAR},
	{"technical", HK_REG_ROLE_TECH},
	{"noc", HK_REG_ROLE_NOC},
	{"reseller", HK_REG_ROLE_RESELLER},
	{"registrant", ROLE_REGISTRANT},
};

static unsigned
role_of(const char *name)
{
	for (size_t i = 0; name && i < G_N_ELEMENTS(roles); i++) {
		if (g_ascii_strcasecmp(name, roles[i].name) == 0) {
			return roles[i].role;
		}
	}
	return 0;
}

/* "roles": a list, or one word. */
static unsigned
roles_of(const hk_json *entity)
{
	hk_json list = hk_rdap_get(entity, "roles");
	unsigned found = role_of(hk_json_text(&list));

	for (size_t i = 0; i < MIN(hk_json_len(&list), 32); i++) {
		hk_json one = hk_json_at(&list, i);
		found |= role_of(hk_json_text(&one));
	}
	return found;
}

static hk_span
without_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	hk_span span = hk_span_str(text);

	if (g_ascii_strncasecmp(text, prefix, len) == 0) {
		return hk_span_of(span.data + len, span.len - len);
	}
	return span;
}

/* Whether a "tel" is a fax only: its type is one word, or a list of words. */
static bool
is_fax(const hk_json *params)
{
	hk_json type = hk_rdap_get(params, "type");
	const char *word = hk_json_text(&type);
	bool fax = word && g_ascii_strcasecmp(word, "fax") == 0;
	bool voice = false;

	for (size_t i = 0; i < MIN(hk_json_len(&type), 16); i++) {
		hk_json one = hk_json_at(&type, i);
		word = hk_json_text(&one);
		fax |= word && g_ascii_strcasecmp(word, "fax") == 0;
		voice |= word && g_ascii_strcasecmp(word, "voice") == 0;
	}
	return fax && !voice;
}

/* One value of a property that says how to reach someone. */
static void
reach(hk_registration *reg, const char *property, const hk_json *params, const char *value,
	unsigned as, const char *name)
{
	if (strcmp(property, "email") == 0) {
		hk_reg_add_contact(reg, HK_REG_MAIL, as, without_prefix(value, "mailto:"), name);
	} else if (strcmp(property, "tel") == 0 && !is_fax(params) &&
		   g_ascii_strncasecmp(value, "fax:", 4) != 0) {
		hk_reg_add_contact(reg, HK_REG_PHONE, as, without_prefix(value, "tel:"), name);
	} else if (strcmp(property, "contact-uri") == 0) {
		/* A mailbox, a form, or (GoDaddy) a mailbox without its scheme. */
		bool web = g_ascii_strncasecmp(value, "http", 4) == 0;
		hk_reg_add_contact(reg, web ? HK_REG_WEB : HK_REG_MAIL, as,
			web ? hk_span_str(value) : without_prefix(value, "mailto:"), name);
	} else if (strcmp(property, "url") == 0 && (as & HK_REG_ROLE_ABUSE)) {
		hk_reg_add_contact(reg, HK_REG_WEB, as, hk_span_str(value), name);
	}
}

/* The properties of a jCard: ["vcard", [[name, {params}, type, value...]...]]. visit: only names are read, or only how to reach. */
static void
read_card(const hk_json *entity, card *ret, hk_registration *reg, unsigned as, const char *name)
{
	hk_json array = hk_rdap_get(entity, "vcardArray");
	hk_json list = hk_json_at(&array, 1);

	for (size_t i = 0; i < MIN(hk_json_len(&list), 128); i++) {
		hk_json property = hk_json_at(&list, i);
		hk_json key = hk_json_at(&property, 0);
		hk_json params = hk_json_at(&property, 1);
		const char *named = hk_json_text(&key);
		for (size_t k = 3; named && k < MIN(hk_json_len(&property), 16); k++) {
			hk_json value = hk_json_at(&property, k);
			/* A structured value: its first part says enough (org). */
			hk_json first = hk_json_at(&value, 0);
			const char *text =
				hk_json_text(&value) ? hk_json_text(&value) : hk_json_text(&first);
			if (!text || *text == '\0') {
				continue;
			}
			g_autofree char *lower = g_ascii_strdown(named, -1);
			if (ret && strcmp(lower, "fn") == 0 && !ret->fn) {
				ret->fn = text;
			} else if (ret && strcmp(lower, "org") == 0 && !ret->org) {
				ret->org = text;
			} else if (ret && strcmp(lower, "url") == 0 && !ret->url) {
				ret->url = text;
			}
			if (as != 0) {
				reach(reg, lower, &params, text, as, name);
			}
		}
	}
}

static void
read_public_ids(hk_registration *reg, const hk_json *entity)
{
	hk_json ids = hk_rdap_get(entity, "publicIds");

	for (size_t i = 0; i < MIN(hk_json_len(&ids), 16); i++) {
		hk_json id = hk_json_at(&ids, i);
		const char *type = hk_rdap_str(&id, "type");
		const char *value = hk_rdap_str(&id, "identifier");
		bool digits = value && *value && strspn(value, "0123456789") == strlen(value);
		if (type && g_ascii_strncasecmp(type, "IANA Registrar ID", 17) == 0 && digits &&
			reg->registrar_id[0] == '\0' && strlen(value) < sizeof reg->registrar_id) {
			(void)hk_reg_text(
				hk_span_str(value), reg->registrar_id, sizeof reg->registrar_id);
		}
	}
}

static void
read_registrar(hk_rdap_reader *reader, const hk_json *entity, const card *who)
{
	hk_registration *reg = reader->reg;
	const char *name = who->fn ? who->fn : who->org;

	if (name && reg->registrar[0] == '\0') {
		reg->over |= !hk_reg_text(hk_span_str(name), reg->registrar, sizeof reg->registrar);
	}
	if (who->url && reg->registrar_url[0] == '\0') {
		reg->over |= !hk_reg_text(
			hk_span_str(who->url), reg->registrar_url, sizeof reg->registrar_url);
	}
	read_public_ids(reg, entity);
}

/* What is kept of an entity's ways to be reached: never those of the people behind a domain. */
static unsigned
kept(const hk_registration *reg, unsigned own, unsigned outer)
{
	bool network = reg->object != HK_REG_DOMAIN;
	unsigned as = own & (HK_REG_ROLE_ABUSE | HK_REG_ROLE_REGISTRAR | HK_REG_ROLE_RESELLER);

	if (network) {
		as |= own & (HK_REG_ROLE_TECH | HK_REG_ROLE_NOC);
		as &= ~(unsigned)HK_REG_ROLE_REGISTRAR;
	} else if (own & HK_REG_ROLE_ABUSE) {
		/* Beside the registrar, or inside of it: it is the registrar's. */
		as |= (outer & HK_REG_ROLE_RESELLER) ? HK_REG_ROLE_RESELLER : HK_REG_ROLE_REGISTRAR;
	}
	return as;
}

void
hk_rdap_entity(hk_rdap_reader *reader, const hk_json *entity, unsigned outer, int depth)
{
	hk_registration *reg = reader->reg;
	card who = {NULL, NULL, NULL};

	if (hk_json_kind_of(entity) != HK_JSON_OBJECT) {
		return;
	}
	if (depth > HK_RDAP_DEPTH_MAX || ++reader->entities > HK_RDAP_ENTITIES_MAX) {
		reg->over = true;
		return;
	}
	unsigned own = roles_of(entity);
	/* AFRINIC gives none: someone technical. */
	own |= own == 0 && reg->object == HK_REG_NETWORK ? HK_REG_ROLE_TECH : 0;
	unsigned as = kept(reg, own, outer);
	read_card(entity, &who, reg, 0, "");
	const char *name = who.fn ? who.fn : who.org;
	if ((own & HK_REG_ROLE_REGISTRAR) && reg->object == HK_REG_DOMAIN) {
		read_registrar(reader, entity, &who);
	}
	if ((own & HK_REG_ROLE_ABUSE) && name && !reader->registrar_fallback) {
		reader->registrar_fallback = g_strdup(who.org ? who.org : name);
	}
	if ((own & ROLE_REGISTRANT) && outer == 0 && name && !reader->org) {
		reader->org = g_strdup(who.org ? who.org : name);
	}
	if (as != 0) {
		const char *uri = hk_rdap_str(entity, "contact_URI");
		read_card(entity, NULL, reg, as, name ? name : "");
		if (uri && (as & HK_REG_ROLE_ABUSE)) {
			hk_reg_add_contact(reg, HK_REG_WEB, as, hk_span_str(uri), name ? name : "");
		}
	}
	hk_json inner = hk_rdap_get(entity, "entities");
	hk_rdap_entities(reader, &inner, own | outer, depth + 1);
}

void
hk_rdap_entities(hk_rdap_reader *reader, const hk_json *list, unsigned outer, int depth)
{
	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json one = hk_json_at(list, i);
		hk_rdap_entity(reader, &one, outer, depth);
		if (reader->entities > HK_RDAP_ENTITIES_MAX) {
			return;
		}
	}
}
