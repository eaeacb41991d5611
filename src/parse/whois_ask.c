/* nocheck: tested in tests/unit/parse/test_whois.c */
#include <string.h>

#include "parse/whois.h"

static const struct {
	const char *suffix;
	const char *server;
} suffixes[] = {
#define SUFFIX(suffix, server) {suffix, server},
#define SERVER(server, query, charset, zone, pace)
#include "parse/whois.def"
#undef SUFFIX
#undef SERVER
};

static const hk_whois_rule rules[] = {
#define SUFFIX(suffix, server)
#define SERVER(server, query, charset, zone, pace) {server, query, charset, zone, pace},
#include "parse/whois.def"
#undef SUFFIX
#undef SERVER
};

/* For servers that are not in the table. */
static const hk_whois_rule usual = {NULL, "%s", "utf-8", 0, 2000};

const char *
hk_whois_first(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		size_t n = strlen(suffixes[i].suffix);
		if (len > n && name[len - n - 1] == '.' &&
			strcmp(name + len - n, suffixes[i].suffix) == 0) {
			return suffixes[i].server;
		}
	}
	return rules[0].server;
}

const hk_whois_rule *
hk_whois_rule_of(const char *server)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (strcmp(rules[i].server, server) == 0) {
			return &rules[i];
		}
	}
	return &usual;
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(".-_:/", c));
}

hk_err
hk_whois_query(const hk_whois_rule *rule, const char *name, char *ret)
{
	size_t len = 0;
	const size_t name_len = strlen(name);

	/* A '-' in front would be an option (RIPE, DENIC). */
	if (name_len == 0 || name_len >= HK_REG_NAME_SIZE || name[0] == '-' || name[0] == '/') {
		return HK_EFORM;
	}
	for (size_t i = 0; i < name_len; i++) {
		if (!is_plain(name[i])) {
			return HK_EFORM;
		}
	}
	for (const char *at = rule->query; *at; at++) {
		if (at[0] == '%' && at[1] == 's') {
			memcpy(ret + len, name, name_len);
			len += name_len;
			at++;
		} else {
			ret[len++] = *at;
		}
	}
	memcpy(ret + len, "\r\n", 3);
	return HK_OK;
}
