#include "source/c2/drop.h"

#include <string.h>

#include "base/codec.h"
#include "parse/url.h"
#include "source/c2/family_int.h"
#include "sys/cipher.h"
#include "sys/gerr.h"
#include "sys/gz.h"

/* What one answer comes to. */
typedef struct decoding {
	const hk_family *family;
	GPtrArray *addresses;
	GString *plain; /* of the last piece that came through */
	unsigned pieces;
} decoding;

static hk_span
span_of(const GString *text)
{
	return hk_span_of(text->str, text->len);
}

static bool
replace(GString *text, const void *bytes, size_t len)
{
	g_autofree char *copy = len > 0 ? g_memdup2(bytes, len) : NULL;

	g_string_truncate(text, 0);
	g_string_append_len(text, copy ? copy : "", (gssize)len);
	return true;
}

/* Blanks at the ends and line ends inside go; the URL-safe alphabet and missing padding become the strict form. */
static bool
undo_base64(GString *text, bool url, GError **error)
{
	hk_span in = hk_span_trim(span_of(text));
	g_autoptr(GString) strict = g_string_new(NULL);
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = (char)in.data[i];
		if (c == '\r' || c == '\n') {
			continue;
		}
		if (url && (c == '+' || c == '/')) {
			return hk_error_set(error, HK_EFORM,
				"bad base64: '%c' is not of the URL-safe alphabet", c);
		}
		g_string_append_c(strict, url && c == '-' ? '+' : url && c == '_' ? '/' : c);
	}
	while (url && strict->len % 4 != 0 && strict->len % 4 != 1) {
		g_string_append_c(strict, '=');
	}
	if (strict->len == 0) {
		return hk_error_set(error, HK_EFORM, "bad base64: nothing is there");
	}
	if (hk_base64_decode(span_of(strict), (uint8_t *)strict->str, &len) != HK_OK) {
		return hk_error_set(error, HK_EFORM, "bad base64 (%zu characters)", strict->len);
	}
	return replace(text, strict->str, len);
}

static bool
undo_hex(GString *text, GError **error)
{
	hk_span in = hk_span_trim(span_of(text));
	g_autofree uint8_t *bytes = g_malloc(in.len / 2 + 1);

	if (in.len == 0 || in.len % 2 != 0 || hk_hex_decode(in, bytes, in.len / 2) != HK_OK) {
		return hk_error_set(error, HK_EFORM, "bad hexadecimal");
	}
	return replace(text, bytes, in.len / 2);
}

static bool
undo_cipher(const hk_step *step, hk_cipher cipher, GString *text, GError **error)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	hk_span iv = step->iv ? span_of(step->iv) : (hk_span){NULL, 0};

	hk_err err = hk_cipher_decrypt(cipher, span_of(step->key), iv, span_of(text), plain);
	if (err == HK_OK) {
		return replace(text, plain->str, plain->len);
	}
	if (err == HK_ETRUNC) {
		return hk_error_set(error, HK_EFORM, "%zu bytes are no whole blocks of %zu",
			text->len, hk_cipher_block(cipher));
	}
	return err == HK_ECHECK ? hk_error_set(error, HK_EFORM, "bad padding")
				: hk_error_set(error, HK_ELIMIT, "too many bytes");
}

static bool
undo_zlib(GString *text, GError **error)
{
	g_autoptr(hk_gz) gz = hk_gz_new();
	uint8_t *bytes;
	size_t len;
	hk_err err = hk_gz_unzlib(gz, span_of(text), HK_DROP_MAX, &bytes, &len);

	if (err != HK_OK) {
		return hk_error_set(error, err == HK_ELIMIT ? HK_ELIMIT : HK_EFORM,
			err == HK_ELIMIT ? "a zlib stream that grows beyond its limit"
					 : "no zlib stream");
	}
	return replace(text, bytes, len);
}

static bool
undo_xor(const hk_step *step, GString *text, GError **error)
{
	bool first = step->kind == HK_STEP_XOR_FIRST;
	g_autoptr(GString) key = first ? g_string_new_len(text->str, text->len > 0) : NULL;
	const GString *with = first ? key : step->key;

	if (text->len <= (first ? 1u : 0u)) {
		return hk_error_set(error, HK_EFORM, "nothing is there");
	}
	g_string_erase(text, 0, first);
	for (size_t i = 0; i < text->len; i++) {
		text->str[i] = (char)(text->str[i] ^ with->str[i % with->len]);
	}
	return true;
}

/* Without the longest run that stands at both ends and is not too long. */
static bool
undo_unwrap(const hk_step *step, GString *text, GError **error)
{
	hk_span in = hk_span_trim(span_of(text));

	for (size_t n = MIN(step->max, in.len / 2); n >= step->min && n > 0; n--) {
		if (in.len > 2 * n && memcmp(in.data, in.data + in.len - n, n) == 0) {
			return replace(text, in.data + n, in.len - 2 * n);
		}
	}
	return hk_error_set(error, HK_EFORM, "no delimiter of %zu to %zu bytes stands at both ends",
		step->min, step->max);
}

/* What stands between the delimiter at or behind *pos and the next one. */
static bool
next_piece(hk_span text, const GString *delimiter, size_t *pos, hk_span *ret)
{
	const uint8_t *from = text.len > *pos ? memmem(text.data + *pos, text.len - *pos,
							delimiter->str, delimiter->len)
					      : NULL;

	if (!from) {
		return false;
	}
	from += delimiter->len;
	size_t left = text.len - (size_t)(from - text.data);
	const uint8_t *end = memmem(from, left, delimiter->str, delimiter->len);
	if (!end) {
		return false;
	}
	*ret = hk_span_of(from, (size_t)(end - from));
	*pos = (size_t)(end - text.data);
	return true;
}

static bool
undo_cut(const hk_step *step, GString *text, GError **error)
{
	size_t pos = 0;
	hk_span piece;

	if (!next_piece(span_of(text), step->key, &pos, &piece)) {
		return hk_error_set(error, HK_EFORM, "the delimiter does not stand there twice");
	}
	return replace(text, piece.data, piece.len);
}

static bool
undo(const hk_step *step, GString *text, GError **error)
{
	switch (step->kind) {
	case HK_STEP_CUT:
		return undo_cut(step, text, error);
	case HK_STEP_UNWRAP:
		return undo_unwrap(step, text, error);
	case HK_STEP_SKIP:
		if (text->len <= step->min) {
			return hk_error_set(error, HK_EFORM, "there are only %zu bytes", text->len);
		}
		g_string_erase(text, 0, (gssize)step->min);
		return true;
	case HK_STEP_BASE64:
	case HK_STEP_BASE64URL:
		return undo_base64(text, step->kind == HK_STEP_BASE64URL, error);
	case HK_STEP_HEX:
		return undo_hex(text, error);
	case HK_STEP_AES_128_ECB:
		return undo_cipher(step, HK_CIPHER_AES_128_ECB, text, error);
	case HK_STEP_DES_CBC:
		return undo_cipher(step, HK_CIPHER_DES_CBC, text, error);
	case HK_STEP_XOR:
	case HK_STEP_XOR_FIRST:
		return undo_xor(step, text, error);
	case HK_STEP_ZLIB:
		return undo_zlib(text, error);
	case HK_STEPS:
		break;
	}
	HK_BUG("a step that steps.def does not have");
}

/* Addresses ---------------------------------------------------------------------------------------------------------- */

static void
add_address(decoding *d, const char *host, unsigned port)
{
	g_autofree char *text = strchr(host, ':') ? g_strdup_printf("[%s]:%u", host, port)
						  : g_strdup_printf("%s:%u", host, port);

	if (d->addresses->len < HK_DROP_ADDRESSES_MAX &&
		!g_ptr_array_find_with_equal_func(d->addresses, text, g_str_equal, NULL)) {
		g_ptr_array_add(d->addresses, g_steal_pointer(&text));
	}
}

/* "104.255.152.61:7775", "[2001:db8::1]:7775", "c2.example": nothing but that. */
static bool
take_address(decoding *d, hk_span token)
{
	g_autofree hk_url *url = g_new(hk_url, 1);
	g_autofree char *text =
		g_strdup_printf("http://%.*s/", (int)token.len, (const char *)token.data);
	const uint8_t *colon = memrchr(token.data, ':', token.len);
	bool v6 = token.data[0] == '[';
	unsigned port = 0;

	for (size_t i = 0; i < token.len; i++) {
		if (!g_ascii_isalnum((char)token.data[i]) && !strchr(".-:[]", token.data[i])) {
			return false;
		}
	}
	if (colon && !(v6 && token.data[token.len - 1] == ']')) {
		port = hk_port_read(
			hk_span_of(colon + 1, token.len - (size_t)(colon + 1 - token.data)));
		if (port == 0) {
			return false;
		}
	}
	if (hk_url_parse(hk_span_str(text), NULL, NULL, url) != HK_OK ||
		url->odd & HK_URL_ODD_IP_FORM || url->len != url->path + 1) {
		return false;
	}
	if (port > 0) {
		add_address(d, url->host, port);
		return true;
	}
	for (unsigned i = 0; i < d->family->ports->len; i++) {
		add_address(d, url->host, g_array_index(d->family->ports, unsigned, i));
	}
	return d->family->ports->len > 0;
}

static bool
take_addresses(decoding *d, const GString *plain, GError **error)
{
	static const char parting[] = " \t\r\n,;|";
	size_t at = 0, count = 0;

	while (at < plain->len) {
		size_t len = 0;
		while (at + len < plain->len &&
			!(plain->str[at + len] && strchr(parting, plain->str[at + len]))) {
			len++;
		}
		if (len > 0 && (len > HK_HOST_MAX + 8 ||
				       !take_address(d, hk_span_of(plain->str + at, len)))) {
			return hk_error_set(error, HK_EFORM, "decoded, but no address");
		}
		count += len > 0;
		at += len + 1;
	}
	return count > 0 || hk_error_set(error, HK_EFORM, "decoded, but nothing is there");
}

/* The chain ---------------------------------------------------------------------------------------------------------- */

static bool decode_from(decoding *d, unsigned i, GString *text, GError **error);

/* Every piece of a page; the page speaks when one of them does, else the first one's failure tells. */
static bool
decode_pieces(decoding *d, unsigned i, const GString *page, GError **error)
{
	const hk_step *step = d->family->chain->pdata[i];
	g_autoptr(GError) first = NULL;
	size_t pos = 0;
	hk_span piece;
	bool any = false;

	while (d->pieces < HK_DROP_PIECES_MAX &&
		next_piece(span_of(page), step->key, &pos, &piece)) {
		g_autoptr(GString) text =
			g_string_new_len((const char *)piece.data, (gssize)piece.len);
		d->pieces++;
		any = decode_from(d, i + 1, text, first ? NULL : &first) || any;
	}
	if (any) {
		return true;
	}
	if (first) {
		g_propagate_error(error, g_steal_pointer(&first));
		return false;
	}
	return hk_error_set(
		error, HK_ENOENT, "step %u (cut): the page has nothing between delimiters", i + 1);
}

static bool
decode_from(decoding *d, unsigned i, GString *text, GError **error)
{
	for (; i < d->family->chain->len; i++) {
		const hk_step *step = d->family->chain->pdata[i];
		if (step->kind == HK_STEP_CUT && d->family->drop_kind == HK_DROP_PROFILE) {
			return decode_pieces(d, i, text, error);
		}
		if (!undo(step, text, error)) {
			g_prefix_error(
				error, "step %u (%s): ", i + 1, hk_family_step_name(step->kind));
			return false;
		}
		if (text->len > HK_DROP_MAX) {
			return hk_error_set(error, HK_ELIMIT, "step %u (%s): too many bytes", i + 1,
				hk_family_step_name(step->kind));
		}
	}
	if (!take_addresses(d, text, error)) {
		return false;
	}
	g_string_truncate(d->plain, 0);
	g_string_append_len(d->plain, text->str, (gssize)text->len);
	return true;
}

GPtrArray *
hk_drop_decode(const hk_family *family, hk_span body, GString *out, GError **error)
{
	g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) plain = g_string_new(NULL);
	decoding d = {.family = family, .addresses = addresses, .plain = plain};

	if (body.len > HK_DROP_MAX) {
		hk_error_set(error, HK_ELIMIT, "a drop has at most %u bytes", HK_DROP_MAX);
		return NULL;
	}
	g_autoptr(GString) text = g_string_new_len((const char *)body.data, (gssize)body.len);
	if (!decode_from(&d, 0, text, error)) {
		return NULL;
	}
	if (out) {
		g_string_append_len(out, plain->str, (gssize)plain->len);
	}
	return g_steal_pointer(&addresses);
}

/* The other way ------------------------------------------------------------------------------------------------------ */

static bool
redo(const hk_step *step, GString *text, GError **error)
{
	static const char filler[] =
		"----------------------------------------------------------------";
	g_autoptr(GString) made = g_string_new(NULL);
	hk_span iv = step->iv ? span_of(step->iv) : (hk_span){NULL, 0};

	switch (step->kind) {
	case HK_STEP_CUT:
		g_string_append_len(made, step->key->str, (gssize)step->key->len);
		g_string_append_len(made, text->str, (gssize)text->len);
		g_string_append_len(made, step->key->str, (gssize)step->key->len);
		break;
	case HK_STEP_UNWRAP:
		g_string_append_len(made, filler, (gssize)step->min);
		g_string_append_len(made, text->str, (gssize)text->len);
		g_string_append_len(made, filler, (gssize)step->min);
		break;
	case HK_STEP_SKIP:
		for (size_t i = 0; i < step->min; i++) {
			g_string_append_c(made, 'A');
		}
		g_string_append_len(made, text->str, (gssize)text->len);
		break;
	case HK_STEP_BASE64:
	case HK_STEP_BASE64URL:
		g_string_set_size(made, HK_BASE64_LEN(text->len));
		hk_base64_encode(span_of(text), made->str);
		for (size_t i = 0; step->kind == HK_STEP_BASE64URL && i < made->len; i++) {
			char c = made->str[i];
			made->str[i] = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
		}
		while (step->kind == HK_STEP_BASE64URL && made->len > 0 &&
			made->str[made->len - 1] == '=') {
			g_string_truncate(made, made->len - 1);
		}
		break;
	case HK_STEP_HEX:
		g_string_set_size(made, text->len * 2);
		hk_hex_encode(span_of(text), made->str);
		break;
	case HK_STEP_AES_128_ECB:
	case HK_STEP_DES_CBC:
		if (hk_cipher_encrypt(step->kind == HK_STEP_DES_CBC ? HK_CIPHER_DES_CBC
								    : HK_CIPHER_AES_128_ECB,
			    span_of(step->key), iv, span_of(text), made) != HK_OK) {
			return hk_error_set(error, HK_ELIMIT, "too many bytes");
		}
		break;
	case HK_STEP_XOR_FIRST:
		g_string_append_c(made, 'Z');
		for (size_t i = 0; i < text->len; i++) {
			g_string_append_c(made, (char)(text->str[i] ^ 'Z'));
		}
		break;
	case HK_STEP_XOR:
		return undo_xor(step, text, error);
	case HK_STEP_ZLIB:
	case HK_STEPS:
		return hk_error_set(error, HK_EFORM, "step %s cannot be turned round here",
			hk_family_step_name(step->kind));
	}
	return replace(text, made->str, made->len);
}

bool
hk_drop_encode(const hk_family *family, const char *address, GString *out, GError **error)
{
	g_autoptr(GString) text = g_string_new(address);

	for (unsigned i = family->chain->len; i > 0; i--) {
		if (!redo(family->chain->pdata[i - 1], text, error)) {
			return false;
		}
	}
	g_string_append_len(out, text->str, (gssize)text->len);
	return true;
}
