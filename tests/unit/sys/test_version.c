#include "sys/version.h"

#include <string.h>

#include <glib.h>

#include "tap.h"

int
main(void)
{
	g_autofree char *text = hk_version_text();

	ok(g_str_has_prefix(text, "hikeshi " HK_VERSION "\n"), "the program first");
	ok(strstr(text, "\nOpenSSL 3.") && strstr(text, "\ncurl ") && strstr(text, "\nYARA "),
		"then libraries");
	return tap_done();
}
