#include "sys/s3key.h"

#include <string.h>

#include "base/span.h"
#include "sys/file.h"
#include "sys/gerr.h"

typedef struct reading {
	const char *path, *profile;
	unsigned line;
	bool inside; /* in the profile's section */
	bool found;
	hk_s3key key;
} reading;

static void
wipe(char *text)
{
	if (text) {
		explicit_bzero(text, strlen(text));
		g_free(text);
	}
}

void
hk_s3key_clear(hk_s3key *key)
{
	wipe(key->id);
	wipe(key->secret);
	wipe(key->token);
	*key = (hk_s3key){NULL, NULL, NULL};
}

static bool
fail(const reading *r, GError **error, const char *what)
{
	return hk_error_set(error, HK_ECONFIG, "%s:%u: %s", r->path, r->line, what);
}

static bool
take(reading *r, char **slot, hk_span value, GError **error)
{
	if (*slot) {
		return fail(r, error, "the key stands twice in this profile");
	}
	bool good = value.len > 0 && value.len <= HK_S3KEY_VALUE_MAX;
	for (size_t i = 0; good && i < value.len; i++) {
		good = value.data[i] > ' ' && value.data[i] < 0x7f;
	}
	if (!good) {
		return fail(r, error, "the value must be 1 to 4,096 printable ASCII characters");
	}
	*slot = g_strndup((const char *)value.data, value.len);
	return true;
}

static bool
read_pair(reading *r, hk_span line, GError **error)
{
	const struct {
		hk_span name;
		char **slot;
	} known[] = {
		{HK_SPAN_LIT("aws_access_key_id"), &r->key.id},
		{HK_SPAN_LIT("aws_secret_access_key"), &r->key.secret},
		{HK_SPAN_LIT("aws_session_token"), &r->key.token},
	};
	const uint8_t *equals = memchr(line.data, '=', line.len);

	if (!equals) {
		return fail(r, error, "neither [PROFILE] nor KEY = VALUE");
	}
	size_t at = (size_t)(equals - line.data);
	hk_span name = hk_span_trim(hk_span_of(line.data, at));
	hk_span value = hk_span_trim(hk_span_of(equals + 1, line.len - at - 1));
	for (size_t i = 0; r->inside && i < G_N_ELEMENTS(known); i++) {
		if (hk_span_eq(name, known[i].name)) {
			return take(r, known[i].slot, value, error);
		}
	}
	return true;
}

static bool
read_line(reading *r, hk_span line, GError **error)
{
	r->line++;
	line = hk_span_trim(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';') {
		return true;
	}
	if (line.data[0] != '[') {
		return read_pair(r, line, error);
	}
	if (line.data[line.len - 1] != ']') {
		return fail(r, error, "a profile is written [PROFILE]");
	}
	hk_span name = hk_span_trim(hk_span_of(line.data + 1, line.len - 2));
	r->inside = hk_span_eq(name, hk_span_str(r->profile));
	r->found = r->found || r->inside;
	return true;
}

static bool
read_all(reading *r, hk_span text, GError **error)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		if (!read_line(r, hk_span_of(text.data, len), error)) {
			return false;
		}
		len += end ? 1 : 0;
		text = hk_span_of(text.data + len, text.len - len);
	}
	if (!r->found) {
		return hk_error_set(
			error, HK_ECONFIG, "%s: there is no profile [%s]", r->path, r->profile);
	}
	if (!r->key.id || !r->key.secret) {
		return hk_error_set(error, HK_ECONFIG, "%s: profile [%s] has no %s", r->path,
			r->profile, r->key.id ? "aws_secret_access_key" : "aws_access_key_id");
	}
	return true;
}

bool
hk_s3key_read(const char *path, const char *profile, hk_s3key *ret, GError **error)
{
	reading r = {.path = path, .profile = profile ? profile : "default"};
	GBytes *bytes = hk_file_read_secret(path, HK_S3KEY_FILE_MAX, error);
	gsize len;

	if (!bytes) {
		return false;
	}
	uint8_t *data = g_bytes_unref_to_data(bytes, &len);
	bool good = read_all(&r, hk_span_of(data, len), error);
	if (data) {
		explicit_bzero(data, len);
	}
	g_free(data);
	if (good) {
		*ret = r.key;
	} else {
		hk_s3key_clear(&r.key);
	}
	return good;
}
