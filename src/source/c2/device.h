/* source/c2/device: the handset that does not exist. Layer: stage.
 *
 * A bot's first frame describes its handset. Ours is invented, and the same as long as the deployment's seed is: a server that sees another one with each session would
 * know what we are. Nothing in it belongs to anybody: the number is of 090-0000, which no operator has, the IMEI of the range for tests. */
#ifndef HK_SOURCE_C2_DEVICE_H
#define HK_SOURCE_C2_DEVICE_H

#include <stdbool.h>

#include <glib.h>

#include "base/span.h"

typedef enum hk_device_field {
#define FIELD(id, word, help) HK_DEVICE_##id,
#include "source/c2/device.def"
#undef FIELD
	HK_DEVICE_FIELDS
} hk_device_field;

typedef struct hk_device {
	char *field[HK_DEVICE_FIELDS]; /* owned; PORT is NULL */
} hk_device;

/* hk_device_init(device, seed): derived from seed (any bytes; the deployment's key and the family's name) by HMAC-SHA-256. hk_device_clear frees. */
void hk_device_init(hk_device *device, hk_span seed);
void hk_device_clear(hk_device *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_device, hk_device_clear)

/* hk_device_fill(template, device, port, out, error): the template with its {words} put in, appended. Braces that are not around a word of device.def stand for themselves
 * ({"model":"{model}"}). HK_ECONFIG: {word} in small letters that no row has (with the nearest one). */
bool hk_device_fill(
	const char *template, const hk_device *device, unsigned port, GString *out, GError **error);

/* hk_device_check(template, error): whether it can be filled, and holds no telephone number of its own (HK_ECONFIG): a real one would be somebody's. */
bool hk_device_check(const char *template, GError **error);

/* hk_device_word(field): "model"; NULL behind the last one. Static storage. */
const char *hk_device_word(size_t field);

#endif
