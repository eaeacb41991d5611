/* nocheck: tested in tests/scenario/init.t */
#include "cmd/speech.h"

#include <string.h>

#include "sys/gerr.h"

bool
hk_speech_of(const hk_opts *opts, bool *ret_ja, GError **error)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *text = hk_opts_str(opts, HK_OPT_LANG);

	if (text && strcmp(text, "en") != 0 && strcmp(text, "ja") != 0) {
		return hk_error_set(error, HK_EUSAGE, "--lang is en or ja, not '%s'", text);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names) && !(text && *text); i++) {
		text = g_getenv(names[i]);
	}
	*ret_ja = text && g_str_has_prefix(text, "ja");
	return true;
}
