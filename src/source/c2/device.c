#include "source/c2/device.h"

#include <string.h>

#include "parse/telno.h"
#include "sys/gerr.h"
#include "sys/hmac.h"
#include "sys/nearest.h"

static const char *const words[HK_DEVICE_FIELDS + 1] = {
#define FIELD(id, word, help) word,
#include "source/c2/device.def"
#undef FIELD
};

/* Invented makers and models: a real one could be taken for somebody's handset. */
static const struct {
	const char *brand, *model;
} models[] = {
	{"Kogane", "KG-102"},
	{"Kogane", "KG-108"},
	{"Kogane", "KG-210"},
	{"Hotaru", "HT-5A"},
	{"Hotaru", "HT-6"},
	{"Hotaru", "HT-7 Pro"},
	{"Suzume", "SZ-01"},
	{"Suzume", "SZ-03"},
};
static const char *const androids[] = {"10", "11", "12", "13", "14"};
static const char *const sdks[] = {"29", "30", "31", "33", "34"};
static const char *const operators[] = {"Mihon Mobile", "Asagiri Tel", "Yamabiko"};

const char *
hk_device_word(size_t field)
{
	return field < HK_DEVICE_FIELDS ? words[field] : NULL;
}

/* Check digit of ISO/IEC 7812-1, annex B (Luhn), as IMEIs carry it. */
static char
luhn(const char *digits)
{
	unsigned sum = 0;

	for (size_t i = 0; digits[i]; i++) {
		unsigned d = (unsigned)(digits[i] - '0') * (i % 2 == 1 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

static unsigned
pick(const uint8_t *from, unsigned below)
{
	return ((unsigned)from[0] << 8 | from[1]) % below;
}

static char *
hex(const uint8_t *bytes, size_t len)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < len; i++) {
		g_string_append_printf(out, "%02x", bytes[i]);
	}
	return g_string_free(out, FALSE);
}

void
hk_device_init(hk_device *device, hk_span seed)
{
	uint8_t a[HK_SHA256_SIZE], b[HK_SHA256_SIZE];

	hk_hmac_sha256_any(seed, HK_SPAN_LIT("hikeshi device 1"), a);
	hk_hmac_sha256_any(seed, hk_span_of(a, sizeof a), b);
	unsigned model = pick(a, G_N_ELEMENTS(models)), age = pick(a + 2, G_N_ELEMENTS(androids));
	unsigned serial = (unsigned)a[6] << 16 | (unsigned)a[7] << 8 | a[8];
	g_autofree char *imei = g_strdup_printf("00101%09u", serial);
	g_autofree char *uuid = hex(b, 16);

	uuid[12] = '4'; /* RFC 9562: version 4, variant 10 */
	uuid[16] = "89ab"[b[8] & 3];
	*device = (hk_device){0};
	device->field[HK_DEVICE_ID] = hex(b + 16, 8);
	device->field[HK_DEVICE_UUID] = g_strdup_printf(
		"%.8s-%.4s-%.4s-%.4s-%s", uuid, uuid + 8, uuid + 12, uuid + 16, uuid + 20);
	device->field[HK_DEVICE_BRAND] = g_strdup(models[model].brand);
	device->field[HK_DEVICE_MODEL] = g_strdup(models[model].model);
	device->field[HK_DEVICE_ANDROID] = g_strdup(androids[age]);
	device->field[HK_DEVICE_SDK] = g_strdup(sdks[age]);
	device->field[HK_DEVICE_NUMBER] = g_strdup_printf("0900000%04u", pick(a + 4, 10000));
	device->field[HK_DEVICE_IMEI] = g_strdup_printf("%s%c", imei, luhn(imei));
	device->field[HK_DEVICE_OPERATOR] =
		g_strdup(operators[pick(a + 10, G_N_ELEMENTS(operators))]);
	device->field[HK_DEVICE_LANGUAGE] = g_strdup("ja");
	device->field[HK_DEVICE_NL] = g_strdup("\n");
	device->field[HK_DEVICE_TAB] = g_strdup("\t");
}

void
hk_device_clear(hk_device *device)
{
	for (size_t i = 0; i < HK_DEVICE_FIELDS; i++) {
		g_clear_pointer(&device->field[i], g_free);
	}
}

/* The length of "{word}" at `at`; 0: these braces stand for themselves. */
static size_t
hole(const char *at)
{
	size_t len = *at == '{' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return len > 0 && at[1 + len] == '}' ? len + 2 : 0;
}

static bool
put_field(const char *at, size_t len, const hk_device *device, unsigned port, GString *out,
	GError **error)
{
	g_autofree char *word = g_strndup(at + 1, len - 2);

	for (size_t i = 0; i < HK_DEVICE_FIELDS; i++) {
		if (g_str_equal(words[i], word)) {
			if (i == HK_DEVICE_PORT) {
				g_string_append_printf(out, "%u", port);
			} else {
				g_string_append(out, device->field[i]);
			}
			return true;
		}
	}
	const char *near = hk_nearest(word, words, HK_DEVICE_FIELDS);
	return hk_error_set(error, HK_ECONFIG, "has no word {%s}%s%s%s", word,
		near ? "; did you mean {" : "", near ? near : "", near ? "}?" : "");
}

bool
hk_device_fill(
	const char *template, const hk_device *device, unsigned port, GString *out, GError **error)
{
	for (const char *at = template; *at;) {
		size_t len = hole(at);
		if (len == 0) {
			g_string_append_c(out, *at++);
		} else if (!put_field(at, len, device, port, out, error)) {
			return false;
		} else {
			at += len;
		}
	}
	return true;
}

bool
hk_device_check(const char *template, GError **error)
{
	g_auto(hk_device) device = {0};
	g_autoptr(GString) out = g_string_new(NULL);
	hk_telno telno;
	size_t pos = 0;

	if (hk_telno_find(hk_span_str(template), &pos, &telno)) {
		return hk_error_set(error, HK_ECONFIG,
			"holds a telephone number, which is somebody's: {number} is an invented "
			"one");
	}
	hk_device_init(&device, HK_SPAN_LIT("check"));
	return hk_device_fill(template, &device, 1, out, error);
}
