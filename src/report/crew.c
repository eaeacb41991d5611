/* nocheck: tested in tests/scenario/takedown.t */
#include "report/crew.h"

#include <string.h>

#include "base/num.h"
#include "parse/url.h"
#include "report/channel_conf.h"
#include "report/crew_int.h"
#include "store/telling.h"
#include "sys/gerr.h"
#include "sys/hash.h"

#define MS_PER_MINUTE INT64_C(60000)

const hk_who hk_crew_who = {.login = "auto", .via = "work", .address = ""};

hk_crew *
hk_crew_new(const hk_crew_config *config, GError **error)
{
	g_autoptr(hk_crew) crew = g_new0(hk_crew, 1);

	crew->config = *config;
	crew->blobs = hk_blobs_open(config->blobs, error);
	if (!crew->blobs) {
		return NULL;
	}
	crew->confs = config->channels ? hk_channel_conf_folder(config->channels, error)
				       : g_ptr_array_new_with_free_func(
						 (GDestroyNotify)hk_channel_conf_free);
	const hk_post_config post = {.contact = config->who.contact};
	crew->post = hk_post_new(&post);
	const hk_post_config asker = {
		.contact = config->who.contact, .timeout_ms = 10000, .connect_ms = 5000};
	crew->asker = hk_post_new(&asker);
	crew->lookups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (config->sign_cert && crew->confs &&
		!(crew->signer = hk_smime_new(config->sign_cert, config->sign_key, error))) {
		return NULL;
	}
	return crew->confs ? g_steal_pointer(&crew) : NULL;
}

void
hk_crew_free(hk_crew *crew)
{
	if (crew) {
		g_clear_pointer(&crew->confs, g_ptr_array_unref);
		hk_blobs_free(crew->blobs);
		hk_post_free(crew->post);
		hk_post_free(crew->asker);
		g_clear_pointer(&crew->lookups, g_hash_table_unref);
		hk_smime_free(crew->signer);
		hk_cleandns_free(crew->clients);
		g_free(crew);
	}
}

static void
take_domain(void *user, const char *domain, bool own)
{
	(void)own;
	g_ptr_array_add(user, g_ascii_strdown(domain, -1));
}

GPtrArray *
hk_crew_official(hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	return hk_telling_official(db, take_domain, list, error) ? g_steal_pointer(&list) : NULL;
}

static bool
under_any(const char *name, const GPtrArray *domains)
{
	for (unsigned i = 0; i < domains->len; i++) {
		if (hk_route_under(name, domains->pdata[i])) {
			return true;
		}
	}
	return false;
}

/* A URL that cannot be read any more is not sent either: it counts as one of ours. */
static unsigned
stops_of_url(const hk_crew *crew, const char *text, const GPtrArray *official)
{
	g_autofree hk_url *url = g_new0(hk_url, 1);

	if (hk_url_parse(hk_span_str(text), NULL, NULL, url) != HK_OK) {
		return 1u << HK_STOPS_OWN;
	}
	unsigned stops = under_any(url->host, official) ? 1u << HK_STOPS_OWN : 0;
	hk_crew_known known = crew->config.known ? crew->config.known(crew->config.user, url->host)
						 : HK_KNOWN_NOT;
	return stops | (known == HK_KNOWN_OFFICIAL         ? 1u << HK_STOPS_OWN
			       : known == HK_KNOWN_ALLOWED ? 1u << HK_STOPS_ALLOWED
							   : 0);
}

bool
hk_crew_stops(const hk_crew *crew, hk_db *db, const GPtrArray *urls, const char *kind,
	const char *recipient, unsigned *ret, GError **error)
{
	g_autoptr(GPtrArray) official = hk_crew_official(db, error);
	const char *at = strrchr(recipient, '@');
	unsigned stops = 0;

	if (!official) {
		return false;
	}
	for (unsigned i = 0; i < urls->len; i++) {
		stops |= stops_of_url(crew, urls->pdata[i], official);
	}
	/* Another bank's own mailbox is the one place at a brand that is written to: its notice (report/route). */
	if (at && strcmp(kind, "bank") != 0 && under_any(at + 1, official)) {
		stops |= 1u << HK_STOPS_RECIPIENT;
	}
	if (hk_egress_killed(hk_egress_house())) {
		stops |= 1u << HK_STOPS_KILL;
	}
	*ret = stops;
	return true;
}

int64_t
hk_crew_number(const char *text)
{
	uint64_t id;

	return hk_parse_u64(hk_span_str(text), INT64_MAX, &id) == HK_OK ? (int64_t)id : 0;
}

void
hk_crew_digest(const char *request, GBytes *content, uint8_t ret[32])
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	gsize len = 0;
	const void *data = content ? g_bytes_get_data(content, &len) : NULL;

	g_byte_array_append(all, (const uint8_t *)request, (unsigned)strlen(request));
	g_byte_array_append(all, (const uint8_t *)"\n", 1);
	if (len > 0) {
		g_byte_array_append(all, data, (unsigned)len);
	}
	hk_sha256(hk_span_of(all->data, all->len), ret);
}

void
hk_crew_gap(const hk_channel_conf *conf, int64_t *ret_gap_ms, int64_t *ret_day)
{
	*ret_gap_ms = conf->per_minute > 0 ? MS_PER_MINUTE / conf->per_minute : 0;
	*ret_day = conf->per_day;
}

static void
take_contact(void *user, const hk_telling_contact *contact)
{
	hk_route_contact *c = g_new0(hk_route_contact, 1);

	*c = (hk_route_contact){.kind = g_strdup(contact->kind),
		.subject = g_strdup(contact->subject),
		.name = g_strdup(contact->name),
		.address = g_strdup(contact->address),
		.lang = g_strdup(contact->lang),
		.confidence = contact->confidence};
	g_ptr_array_add(user, c);
}

GPtrArray *
hk_crew_contacts(hk_db *db, int64_t case_id, bool notice, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(hk_route_contact_free);
	bool good = notice ? hk_telling_meta_contacts(db, "bank", take_contact, list, error) &&
				     hk_telling_meta_contacts(db, "body", take_contact, list, error)
			   : hk_telling_contacts(db, case_id, take_contact, list, error);

	return good ? g_steal_pointer(&list) : NULL;
}
