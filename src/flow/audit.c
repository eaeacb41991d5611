#include "flow/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "store/settings.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"

const hk_act hk_acts[] = {
#define ACT(text, object, en, ja) {text, object, en, ja},
#include "flow/acts.def"
#undef ACT
};
const size_t hk_act_count = G_N_ELEMENTS(hk_acts);

const hk_act *
hk_act_find(const char *text)
{
	for (size_t i = 0; i < hk_act_count; i++) {
		if (strcmp(hk_acts[i].text, text) == 0) {
			return &hk_acts[i];
		}
	}
	return NULL;
}

bool
hk_audit_key_make(const char *path, GError **error)
{
	uint8_t bytes[HK_HMAC_KEY_SIZE];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
		return hk_error_errno(error, errno, "no random numbers");
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		return hk_error_set(error, HK_EPOLICY,
			"%s: there is a key already: it is kept; without it no audit row can be "
			"verified",
			path);
	}
	if (fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot make the audit key", path);
	}
	bool good = hk_file_append(fd, hk_span_of(bytes, sizeof bytes), path, error);
	explicit_bzero(bytes, sizeof bytes);
	close(fd);
	if (!good) {
		unlink(path);
	}
	return good;
}

static void
key_id(hk_audit_key *key)
{
	uint8_t mac[HK_SHA256_SIZE];

	hk_hmac_sha256(key->bytes, HK_SPAN_LIT("hikeshi audit key"), mac);
	hk_hex_encode(hk_span_of(mac, (HK_AUDIT_KEY_ID_SIZE - 1) / 2), key->id);
}

bool
hk_audit_key_read(const char *path, hk_audit_key *ret, GError **error)
{
	uint8_t bytes[HK_HMAC_KEY_SIZE + 1];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return hk_error_set(error, HK_ECONFIG,
			"%s: cannot read the audit key (%s): `hikeshi db init` makes it; with a "
			"database that has been in use, bring back its own",
			path, g_strerror(errno));
	}
	bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	ssize_t n = good ? read(fd, bytes, sizeof bytes) : -1;
	close(fd);
	if (good && (st.st_mode & 077) != 0) {
		explicit_bzero(bytes, sizeof bytes);
		return hk_error_set(error, HK_ECONFIG,
			"%s: others may read the audit key: chmod 600 it, and give it to the user "
			"that runs hikeshi",
			path);
	}
	if (n != HK_HMAC_KEY_SIZE) {
		explicit_bzero(bytes, sizeof bytes);
		return hk_error_set(error, HK_ECONFIG,
			"%s: an audit key is a file of exactly %d bytes", path, HK_HMAC_KEY_SIZE);
	}
	memcpy(ret->bytes, bytes, HK_HMAC_KEY_SIZE);
	explicit_bzero(bytes, sizeof bytes);
	key_id(ret);
	return true;
}

bool
hk_audit_key_check(hk_db *db, const hk_audit_key *key, GError **error)
{
	g_autofree char *value = NULL;
	g_autofree char *ours = g_strdup_printf("{\"id\":\"%s\"}", key->id);

	if (!hk_settings_get(db, "audit_key", &value, NULL, error)) {
		return false;
	}
	if (value && strcmp(value, ours) != 0) {
		return hk_error_set(error, HK_ECONFIG,
			"the audit key %s is not the one of this database %s: bring back the key "
			"file that belongs to it",
			key->id, value);
	}
	return true;
}

static bool
bind_key(hk_db *db, const hk_audit_key *key, GError **error)
{
	g_autofree char *value = g_strdup_printf("{\"id\":\"%s\"}", key->id);

	return hk_events_init(db, error) &&
	       hk_settings_add(db, "audit_key", value, hk_clock_wall_ms(), error);
}

bool
hk_audit_key_bind(hk_db *db, const hk_audit_key *key, GError **error)
{
	g_autofree char *value = NULL;

	if (!hk_settings_get(db, "audit_key", &value, NULL, error)) {
		return false;
	}
	if (!value) {
		if (!hk_db_begin(db, true, error)) {
			return false;
		}
		if (!bind_key(db, key, error)) {
			hk_db_rollback(db);
			return false;
		}
		if (!hk_db_commit(db, error)) {
			return false;
		}
	}
	/* Another process may have been faster, with another key. */
	return hk_audit_key_check(db, key, error);
}

static void
put_number(GByteArray *out, uint64_t value, unsigned bytes)
{
	uint8_t wire[8];

	for (unsigned i = 0; i < bytes; i++) {
		wire[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	}
	g_byte_array_append(out, wire, bytes);
}

static void
put_text(GByteArray *out, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_number(out, len, 4);
	g_byte_array_append(out, (const uint8_t *)(text ? text : ""), (unsigned)len);
}

void
hk_audit_record(const hk_event_record *r, GByteArray *out)
{
	put_number(out, (uint64_t)r->seq, 8);
	put_number(out, (uint64_t)r->at_ms, 8);
	put_text(out, r->who);
	put_text(out, r->via);
	put_text(out, r->address);
	put_text(out, r->act);
	put_text(out, r->object);
	put_number(out, (uint64_t)r->object_id, 8);
	put_number(out, (uint64_t)r->case_id, 8);
	put_text(out, r->data);
}

void
hk_audit_mac(const hk_audit_key *key, const uint8_t before[HK_EVENT_MAC_SIZE],
	const hk_event_record *record, GByteArray *scratch, uint8_t ret[HK_EVENT_MAC_SIZE])
{
	g_byte_array_set_size(scratch, 0);
	g_byte_array_append(scratch, before, HK_EVENT_MAC_SIZE);
	hk_audit_record(record, scratch);
	hk_hmac_sha256(key->bytes, hk_span_of(scratch->data, scratch->len), ret);
}
