/* fuzz_rdap: any bytes as an answer of an RDAP server. Properties: as fuzz_whois; a failure sets the error and leaves an empty registration. */
#include <glib.h>

#include "enrich/rdap.h"
#include "fuzz.h"
#include "registered.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_registration reg;
	g_autoptr(GError) error = NULL;

	if (!hk_rdap_read(hk_span_of(data, size), &reg, &error)) {
		need(error && reg.answer == HK_REG_UNCLEAR && reg.object == HK_REG_NOTHING);
		return 0;
	}
	need(!error);
	registered(&reg);
	return 0;
}
