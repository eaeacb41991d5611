/* fuzz_loglist: the input as a log list. Properties: every log that is taken has a key whose hash is
 * its id and a URL that ends in a slash; ids are unique; a list does not differ from itself; against
 * nothing it differs by the logs that are followed. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/ct/loglist.h"
#include "sys/hash.h"

static void
count(void *user, hk_ct_change change, const hk_ct_log *before, const hk_ct_log *after)
{
	need(change == HK_CT_ADDED && !before && after);
	*(unsigned *)user += 1;
}

static void
check(const hk_ct_loglist *list, const hk_ct_log *log)
{
	uint8_t id[32];

	hk_sha256(hk_span_of(log->spki, log->spki_len), id);
	need(memcmp(id, log->id, sizeof id) == 0);
	need(hk_ct_loglist_find(list, log->id) == log);
	need(log->description && log->operator_name && g_str_has_suffix(log->url, "/"));
	need((log->kind == HK_CT_RFC6962) == (log->tile_url == NULL));
	need(!log->tile_url || g_str_has_suffix(log->tile_url, "/"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_ct_loglist) list = hk_ct_loglist_parse(hk_span_of(data, size), &error);
	unsigned followed = 0, differs = 0;

	need((list == NULL) == (error != NULL));
	if (!list) {
		return 0;
	}
	for (unsigned i = 0; i < list->logs->len; i++) {
		check(list, g_ptr_array_index(list->logs, i));
		followed += hk_ct_log_is_followed(g_ptr_array_index(list->logs, i));
	}
	hk_ct_loglist_diff(list, list, count, &differs);
	need(differs == 0);
	hk_ct_loglist_diff(NULL, list, count, &differs);
	need(differs == followed);
	return 0;
}
