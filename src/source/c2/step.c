/* Steps of a chain as they stand in a family's file. nocheck: tested in tests/unit/source/test_c2_family.c */
#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "source/c2/family_int.h"
#include "sys/cipher.h"
#include "sys/gerr.h"
#include "sys/nearest.h"

enum { DELIMITER_MAX = 64, KEY_MAX = 256, SKIP_MAX = 1 << 20 };

static const struct {
	const char *word, *arguments;
} steps[HK_STEPS] = {
#define STEP(id, word, arguments, help) {word, arguments},
#include "source/c2/steps.def"
#undef STEP
};

const char *
hk_family_step_name(hk_step_kind kind)
{
	return steps[kind].word;
}

static void
bytes_free(GString *bytes)
{
	if (bytes) {
		g_string_free(bytes, TRUE);
	}
}

void
hk_step_free(void *data)
{
	hk_step *step = data;

	if (step) {
		bytes_free(step->key);
		bytes_free(step->iv);
		g_free(step);
	}
}

unsigned
hk_port_read(hk_span text)
{
	uint64_t port;

	return hk_parse_u64(text, 65535, &port) == HK_OK ? (unsigned)port : 0;
}

/* A key: text, or hex:... */
static GString *
key_of(const char *text)
{
	g_autoptr(GString) key = g_string_new(NULL);

	if (!g_str_has_prefix(text, "hex:")) {
		g_string_append(key, text);
	} else {
		size_t digits = strlen(text + 4);
		g_string_set_size(key, digits / 2);
		if (digits % 2 != 0 || hk_hex_decode(hk_span_str(text + 4), (uint8_t *)key->str,
					       digits / 2) != HK_OK) {
			return NULL;
		}
	}
	return key->len > 0 && key->len <= KEY_MAX ? g_steal_pointer(&key) : NULL;
}

static bool
not_so(GError **error, const char *row)
{
	return hk_error_set(error, HK_ECONFIG, "holds a step that does not read: '%s'", row);
}

static bool
read_cipher(hk_step *step, hk_cipher cipher, const char *first, const char *second, const char *row,
	GError **error)
{
	size_t size = hk_cipher_key_size(cipher);

	step->key = first ? key_of(first) : NULL;
	if (!step->key) {
		return not_so(error, row);
	}
	/* The bots' own rule: a short key is filled up with the digit 0. */
	while (cipher == HK_CIPHER_AES_128_ECB && step->key->len < size) {
		g_string_append_c(step->key, '0');
	}
	if (step->key->len != size) {
		return hk_error_set(error, HK_ECONFIG,
			"has a key of %zu bytes in '%s': %zu are needed", step->key->len, row,
			size);
	}
	if (hk_cipher_iv_size(cipher) == 0) {
		return second ? not_so(error, row) : true;
	}
	step->iv = key_of(second ? second : first);
	if (!step->iv || step->iv->len != hk_cipher_iv_size(cipher)) {
		return hk_error_set(error, HK_ECONFIG,
			"has an IV of another size in '%s': %zu bytes are needed", row,
			hk_cipher_iv_size(cipher));
	}
	return true;
}

static bool
read_number(const char *text, uint64_t max, size_t *ret)
{
	uint64_t value;

	if (!text || hk_parse_u64(hk_span_str(text), max, &value) != HK_OK || value == 0) {
		return false;
	}
	*ret = (size_t)value;
	return true;
}

static bool
read_arguments(
	hk_step *step, const char *first, const char *second, const char *row, GError **error)
{
	bool good = !second;

	switch (step->kind) {
	case HK_STEP_AES_128_ECB:
		return read_cipher(step, HK_CIPHER_AES_128_ECB, first, second, row, error);
	case HK_STEP_DES_CBC:
		return read_cipher(step, HK_CIPHER_DES_CBC, first, second, row, error);
	case HK_STEP_CUT:
		step->key = good && first ? key_of(first) : NULL;
		good = step->key && step->key->len <= DELIMITER_MAX;
		break;
	case HK_STEP_XOR:
		step->key = good && first ? key_of(first) : NULL;
		good = step->key != NULL;
		break;
	case HK_STEP_SKIP:
		good = good && read_number(first, SKIP_MAX, &step->min);
		break;
	case HK_STEP_UNWRAP:
		good = read_number(first, DELIMITER_MAX, &step->min) &&
		       read_number(second, DELIMITER_MAX, &step->max) && step->min <= step->max;
		break;
	case HK_STEP_BASE64:
	case HK_STEP_BASE64URL:
	case HK_STEP_HEX:
	case HK_STEP_XOR_FIRST:
	case HK_STEP_ZLIB:
	case HK_STEPS:
		good = good && !first;
		break;
	}
	return good || not_so(error, row);
}

static bool
unknown(const char *word, GError **error)
{
	const char *words[HK_STEPS];

	for (size_t i = 0; i < HK_STEPS; i++) {
		words[i] = steps[i].word;
	}
	const char *near = hk_nearest(word, words, HK_STEPS);
	return hk_error_set(error, HK_ECONFIG, "has no step '%s'%s%s%s", word,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

hk_step *
hk_step_read(const char *row, GError **error)
{
	g_autofree char *text = g_strstrip(g_strdup(row));
	char *word[3] = {text, NULL, NULL};
	size_t kind = 0;

	for (size_t i = 1; i < G_N_ELEMENTS(word) && word[i - 1]; i++) {
		char *blank = strchr(word[i - 1], ' ');
		if (blank) {
			*blank = '\0';
			word[i] = g_strchug(blank + 1);
		}
	}
	while (kind < HK_STEPS && !g_str_equal(steps[kind].word, word[0])) {
		kind++;
	}
	if (kind == HK_STEPS) {
		unknown(word[0], error);
		return NULL;
	}
	hk_step *step = g_new0(hk_step, 1);
	step->kind = (hk_step_kind)kind;
	if (!read_arguments(step, word[1], word[2], row, error)) {
		g_clear_pointer(&step, hk_step_free);
	}
	return step;
}
