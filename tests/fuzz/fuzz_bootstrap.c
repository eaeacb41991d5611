/* fuzz_bootstrap: any bytes as a bootstrap file of each kind. Properties: what is found is an http or https URL with a final slash and without blanks. */
#include <glib.h>
#include <string.h>

#include "enrich/bootstrap.h"
#include "fuzz.h"

static void
ask(const hk_bootstrap *boot, const char *key)
{
	const char *url = hk_bootstrap_find(boot, key);

	if (url) {
		need(g_ascii_strncasecmp(url, "http", 4) == 0 && g_str_has_suffix(url, "/"));
		need(!strpbrk(url, " ?#"));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"", ".", "a.b.com", "xn--p1ai", "192.0.2.1",
		"2001:db8::1", "::ffff:1.2.3.4", "64500", "AS1", "as", "X-ARIN", "-", "1.2.3.4.5"};

	for (int kind = HK_BOOTSTRAP_DNS; kind <= HK_BOOTSTRAP_TAGS; kind++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_bootstrap) boot =
			hk_bootstrap_read(hk_span_of(data, size), (hk_bootstrap_kind)kind, &error);
		need((boot != NULL) == (error == NULL));
		for (size_t i = 0; boot && i < G_N_ELEMENTS(keys); i++) {
			ask(boot, keys[i]);
		}
		if (boot) {
			need(hk_bootstrap_count(boot) > 0);
		}
	}
	return 0;
}
