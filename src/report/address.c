#include "report/address.h"

#include <string.h>

#include "sys/gerr.h"
#include "sys/idn.h"

static bool
is_atom(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!g_ascii_isalnum(text[i]) &&
			(text[i] == '\0' || !strchr("!#$%&'*+/=?^_`{|}~-", text[i]))) {
			return false;
		}
	}
	return len > 0;
}

/* Atoms with dots between them. */
static bool
is_local(const char *text, size_t len)
{
	size_t from = 0;

	for (size_t at = 0; at <= len; at++) {
		if (at == len || text[at] == '.') {
			if (!is_atom(text + from, at - from)) {
				return false;
			}
			from = at + 1;
		}
	}
	return len <= HK_ADDRESS_LOCAL_MAX;
}

static bool
is_label(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!g_ascii_isalnum(text[i]) && text[i] != '-') {
			return false;
		}
	}
	return len > 0 && len <= 63 && text[0] != '-' && text[len - 1] != '-';
}

bool
hk_address_host(const char *text)
{
	size_t from = 0, labels = 0, len = text ? strlen(text) : 0;

	for (size_t at = 0; at <= len; at++) {
		if (at == len || text[at] == '.') {
			if (!is_label(text + from, at - from)) {
				return false;
			}
			from = at + 1;
			labels++;
		}
	}
	return labels >= 2 && len <= 253;
}

static bool
refuse(GError **error, const char *what, const char *text)
{
	g_autofree char *shown = g_strescape(text ? text : "", NULL);

	if (strlen(shown) > 80) {
		shown[80] = '\0';
	}
	return hk_error_set(error, HK_EFORM, "%s: \"%s\" is no mail address that can be written to",
		what, shown);
}

char *
hk_address_read(const char *text, const char *what, GError **error)
{
	hk_span given = hk_span_trim(hk_span_str(text));
	const char *from = (const char *)given.data;
	const char *at = given.len > 0 ? memchr(from, '@', given.len) : NULL;
	char domain[HK_ADDRESS_MAX + 1];
	size_t local = at ? (size_t)(at - from) : 0, len = 0;

	if (!at || !is_local(from, local) ||
		hk_idn_to_ascii(hk_span_of(at + 1, given.len - local - 1), domain, HK_ADDRESS_MAX,
			&len) != HK_OK) {
		refuse(error, what, text);
		return NULL;
	}
	domain[len] = '\0';
	if (strlen(domain) != len || !hk_address_host(domain) || local + 1 + len > HK_ADDRESS_MAX) {
		refuse(error, what, text);
		return NULL;
	}
	return g_strdup_printf("%.*s@%s", (int)local, from, domain);
}

char *
hk_address_plus(const char *address, const char *tag, GError **error)
{
	const char *domain = hk_address_domain(address);
	size_t local = strcspn(address, "+@");

	if (local + 1 + strlen(tag) > HK_ADDRESS_LOCAL_MAX ||
		local + 2 + strlen(tag) + strlen(domain) > HK_ADDRESS_MAX) {
		hk_error_set(error, HK_ELIMIT,
			"%s: with the tag of a report it would be longer than an address may be",
			address);
		return NULL;
	}
	return g_strdup_printf("%.*s+%s@%s", (int)local, address, tag, domain);
}

const char *
hk_address_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}
