/* fuzz_c2drop: a chain, a step a line, up to an empty line; what follows is a body. A first byte of odd value: a profile. Properties: what decodes names addresses, not too many,
 * without doubles; what does not says why and hands nothing on; what can be wrapped comes out as it was. */
#include "c2fuzz.h"
#include "source/c2/drop.h"
#include "source/c2/family_int.h"
#include "sys/gerr.h"

static const char conf[] = "name = fuzz\nports = { 7775, 7776 }\n";

/* Behind the steps. */
static const uint8_t *
take_steps(hk_family *family, const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != '\n') {
		const uint8_t *feed = memchr(at, '\n', (size_t)(end - at));
		g_autofree char *row =
			g_strndup((const char *)at, (size_t)((feed ? feed : end) - at));
		g_autoptr(GError) why = NULL;
		hk_step *step = hk_step_read(row, &why);
		need(step || (why->code == HK_ECONFIG && *why->message));
		if (step && family->chain->len < HK_FAMILY_STEPS_MAX) {
			g_ptr_array_add(family->chain, step);
		} else {
			hk_step_free(step);
		}
		at = feed ? feed + 1 : end;
	}
	return at < end ? at + 1 : end;
}

static void
wrap(const hk_family *family)
{
	g_autoptr(GString) wrapped = g_string_new(NULL);
	g_autoptr(GString) plain = g_string_new(NULL);

	if (!hk_drop_encode(family, "192.0.2.1:7775", wrapped, NULL)) {
		return;
	}
	g_autoptr(GPtrArray) got =
		hk_drop_decode(family, hk_span_of(wrapped->str, wrapped->len), plain, NULL);
	/* A delimiter, a blank or a run that stands in what it wraps makes the chain lose its way; what comes out is still an address. */
	if (got && plain->len == strlen("192.0.2.1:7775")) {
		need(got->len == 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_family *family;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) why = NULL;

	family = family ? family : family_of(conf, sizeof conf - 1, NULL);
	if (size == 0 || size > 16384) {
		return 0;
	}
	g_ptr_array_set_size(family->chain, 0);
	family->drop_kind = data[0] & 1 ? HK_DROP_PROFILE : HK_DROP_BODY;
	const uint8_t *end = data + size, *body = take_steps(family, data + 1, end);
	g_autoptr(GPtrArray) got =
		hk_drop_decode(family, hk_span_of(body, (size_t)(end - body)), out, &why);
	need(!got == (why != NULL));
	need(got ? got->len > 0 && got->len <= HK_DROP_ADDRESSES_MAX && out->len > 0
		 : out->len == 0);
	for (unsigned i = 0; got && i < got->len; i++) {
		const char *colon = strrchr(got->pdata[i], ':');
		need(colon && hk_port_read(hk_span_str(colon + 1)) > 0);
		for (unsigned k = 0; k < i; k++) {
			need(strcmp(got->pdata[i], got->pdata[k]) != 0);
		}
	}
	wrap(family);
	return 0;
}
