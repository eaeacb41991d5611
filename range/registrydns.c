/* The DNS server of `hikeshi-range registry`. */
#include <arpa/inet.h>
#include <string.h>

#include "registry.h"

enum { HEADER = 12, CHAIN_MAX = 8, TTL = 60 };

static const struct {
	const char *name;
	unsigned type;
} types[] = {{"A", 1}, {"NS", 2}, {"CNAME", 5}, {"SOA", 6}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}};

typedef struct writer {
	uint8_t *at;
	size_t size, len;
} writer;

static void
put(writer *w, const void *bytes, size_t n)
{
	if (w->len + n <= w->size) {
		memcpy(w->at + w->len, bytes, n);
		w->len += n;
	}
}

static void
put16(writer *w, unsigned n)
{
	put(w, (uint8_t[]){(uint8_t)(n >> 8), (uint8_t)n}, 2);
}

static void
put32(writer *w, uint64_t n)
{
	put16(w, (unsigned)(n >> 16 & 0xffff));
	put16(w, (unsigned)(n & 0xffff));
}

static void
put_name(writer *w, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		put(w, (uint8_t[]){(uint8_t)n}, 1);
		put(w, name, n);
		name += n + (name[n] == '.' ? 1 : 0);
	}
	put(w, "", 1);
}

static void
put_txt(writer *w, const char *text)
{
	size_t left = strlen(text);

	do {
		size_t n = MIN(left, 255);
		put(w, (uint8_t[]){(uint8_t)n}, 1);
		put(w, text, n);
		text += n;
		left -= n;
	} while (left > 0);
}

static void
put_data(writer *w, const char *type, const char *text)
{
	uint8_t address[16];
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	if (strcmp(type, "A") == 0 && inet_pton(AF_INET, text, address) == 1) {
		put(w, address, 4);
	} else if (strcmp(type, "AAAA") == 0 && inet_pton(AF_INET6, text, address) == 1) {
		put(w, address, 16);
	} else if (strcmp(type, "TXT") == 0) {
		put_txt(w, text);
	} else if (strcmp(type, "MX") == 0 && words[0] && words[1]) {
		put16(w, (unsigned)g_ascii_strtoull(words[0], NULL, 10));
		put_name(w, words[1]);
	} else if (strcmp(type, "SOA") == 0 && g_strv_length(words) == 7) {
		put_name(w, words[0]);
		put_name(w, words[1]);
		for (unsigned i = 2; i < 7; i++) {
			put32(w, g_ascii_strtoull(words[i], NULL, 10));
		}
	} else {
		put_name(w, text);
	}
}

/* The records of one type; how many. */
static unsigned
put_records(writer *w, const char *owner, const char *type, unsigned number, const json_t *list)
{
	unsigned count = 0;
	size_t i;
	json_t *value;

	json_array_foreach(list, i, value) {
		put_name(w, owner);
		put16(w, number);
		put16(w, 1);
		put32(w, TTL);
		size_t at = w->len;
		put16(w, 0);
		put_data(w, type, json_string_value(value) ? json_string_value(value) : "");
		size_t n = w->len - at - 2;
		w->at[at] = (uint8_t)(n >> 8);
		w->at[at + 1] = (uint8_t)n;
		count++;
	}
	return count;
}

/* The question's name, lower case, and where it ends; false: no question. */
static bool
read_question(const uint8_t *q, size_t len, char *name, size_t *ret_end)
{
	size_t at = HEADER, n = 0;

	while (at < len && q[at] != 0) {
		size_t label = q[at++];
		if (label > 63 || at + label >= len || n + label + 2 > 255) {
			return false;
		}
		if (n > 0) {
			name[n++] = '.';
		}
		for (size_t i = 0; i < label; i++) {
			name[n++] = g_ascii_tolower((char)q[at++]);
		}
	}
	name[n] = '\0';
	*ret_end = at + 5;
	return at + 5 <= len;
}

static unsigned
rcode_of(const json_t *node)
{
	const char *text = json_string_value(json_object_get(node, "rcode"));

	return !node                           ? 3
	       : !text                         ? 0
	       : strcmp(text, "SERVFAIL") == 0 ? 2
	       : strcmp(text, "NXDOMAIN") == 0 ? 3
	       : strcmp(text, "REFUSED") == 0  ? 5
					       : 0;
}

size_t
rg_registry_dns(const json_t *data, const uint8_t *question, size_t len, uint8_t *ret, size_t size,
	char **ret_what)
{
	char name[256];
	size_t end = 0;
	unsigned count = 0;
	const char *type = "?";

	*ret_what = NULL;
	if (len < HEADER || size < len || !read_question(question, len, name, &end)) {
		return 0;
	}
	unsigned number = (unsigned)question[end - 4] << 8 | question[end - 3];
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		type = types[i].type == number ? types[i].name : type;
	}
	*ret_what = g_strdup_printf("%s %s", name, type);
	const json_t *dns = json_object_get(data, "dns");
	const json_t *node = json_object_get(dns, name);
	node = node ? node : json_object_get(dns, "*");
	if (g_strcmp0(json_string_value(json_object_get(node, "rcode")), "DROP") == 0) {
		return 0;
	}
	writer w = {ret, size, 0};
	put(&w, question, end);
	unsigned rcode = rcode_of(node);
	for (unsigned i = 0; i < CHAIN_MAX && node && rcode == 0; i++) {
		const json_t *alias = json_object_get(node, "CNAME");
		if (json_array_size(alias) == 0 || number == 5) {
			count += put_records(&w, name, type, number, json_object_get(node, type));
			break;
		}
		count += put_records(&w, name, "CNAME", 5, alias);
		g_strlcpy(name, json_string_value(json_array_get(alias, 0)), sizeof name);
		node = json_object_get(dns, name);
		rcode = rcode_of(node);
	}
	ret[2] = 0x85;
	ret[3] = (uint8_t)(0x80 | rcode);
	memset(ret + 4, 0, 8);
	ret[5] = 1;
	ret[7] = (uint8_t)count;
	return w.len;
}
