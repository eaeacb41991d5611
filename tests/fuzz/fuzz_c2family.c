/* fuzz_c2family: any text as a family's file. Properties: a failure is configuration, with path and line; what reads is whole: a hello can be filled, words stand in verbs, a family
 * that is switched on can be spoken to. */
#include "c2fuzz.h"
#include "source/c2/device.h"
#include "sys/gerr.h"

static void
check(const hk_family *f)
{
	g_auto(hk_device) device = {0};
	g_autoptr(GString) out = g_string_new(NULL);

	need(f->name && *f->name && f->title_en && f->title_ja && f->separators && f->path_b);
	need(f->verbs->len <= HK_FAMILY_VERBS_MAX && f->ports->len <= HK_FAMILY_PORTS_MAX);
	for (unsigned i = 0; i < f->verbs->len; i++) {
		const hk_verb *verb = f->verbs->pdata[i];
		need(hk_span_eq(f->words[i], hk_span_str(verb->word)) && *verb->name);
	}
	need(!f->enabled || (f->transport == HK_TRANSPORT_WEBSOCKET && f->drops->len > 0));
	hk_device_init(&device, HK_SPAN_LIT("seed"));
	need(!f->hello || hk_device_fill(f->hello, &device, 7775, out, NULL));
	need(!f->headers || !f->headers->pdata[f->headers->len - 1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;

	if (size > 16384) {
		return 0;
	}
	g_autoptr(hk_family) family = family_of(data, size, &error);
	if (family) {
		check(family);
	} else {
		need(error->code == HK_ECONFIG && strstr(error->message, "/proc/self/fd/"));
	}
	return 0;
}
