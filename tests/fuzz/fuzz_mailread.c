/* fuzz_mailread: a whole mail, through GMime, ZBar, our charsets, to sightings; without the sandbox, so that what it would hide is seen.
 * Properties: the facts are what the parent takes; no sighting holds an address of a person or more than its cap. */
#include <stdlib.h>

#include "fuzz.h"
#include "source/mail/take.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	if (!begun) {
		hk_mail_init();
		begun = true;
	}
	for (hk_mail_how how = HK_MAIL_WHOLE; how <= HK_MAIL_PLAIN; how++) {
		g_autoptr(GString) facts = g_string_new(NULL);
		g_autoptr(GError) error = NULL;
		const hk_mail_taking config = {.trust = 0.5, .now_ms = 1795579200000};

		hk_mail_read_facts(hk_span_of(data, size), how, facts);
		g_autoptr(hk_mail) mail =
			hk_mail_of_facts(hk_span_of(facts->str, facts->len), &error);
		need(mail && facts->len <= HK_MAIL_FACTS_MAX);
		if (mail) {
			g_autoptr(GPtrArray) sightings = hk_mail_take(mail, &config, NULL);

			need(sightings->len >= 1 && sightings->len <= HK_MAIL_TAKEN_MAX + 1);
			for (unsigned i = 0; i < sightings->len; i++) {
				const hk_mail_sighting *s = sightings->pdata[i];

				need(strlen(s->title) <= 200 &&
					g_utf8_validate(s->title, -1, NULL));
				need(strlen(s->data) < (4u << 20));
			}
		}
	}
	return 0;
}
