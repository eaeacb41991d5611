#include "monitor/places.h"

#include <string.h>

#include "parse/ipaddr.h"
#include "sys/file.h"
#include "sys/gerr.h"

typedef struct net {
	hk_ipaddr addr;
	unsigned bits;
	hk_place place;
} net;

struct hk_places {
	GArray *nets;      /* of net */
	GHashTable *names; /* lower case, owned -> hk_place */
};

void
hk_places_free(hk_places *p)
{
	if (p) {
		g_array_unref(p->nets);
		g_hash_table_unref(p->names);
		g_free(p);
	}
}

static bool
take_net(hk_places *p, hk_place place, const char *text)
{
	net n = {.place = place};

	if (hk_ipaddr_parse_net(hk_span_str(text), &n.addr, &n.bits) != HK_OK) {
		return false;
	}
	g_array_append_val(p->nets, n);
	return true;
}

static bool
take_name(hk_places *p, hk_place place, const char *text)
{
	if (!strchr(text, '.') ||
		strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(text)) {
		return false;
	}
	g_hash_table_replace(p->names, g_strdup(text), GINT_TO_POINTER((int)place));
	return true;
}

/* Three words; the line is cut up. */
static bool
take_line(hk_places *p, char *line)
{
	static const char blanks[] = " \t";
	char *word[3];

	for (size_t i = 0; i < G_N_ELEMENTS(word); i++) {
		line += strspn(line, blanks);
		word[i] = line;
		line += strcspn(line, blanks);
		if (*line) {
			*line++ = '\0';
		}
	}
	if (line[strspn(line, blanks)] != '\0') {
		return false;
	}
	hk_place place = strcmp(word[0], "parking") == 0    ? HK_PLACE_PARKING
			 : strcmp(word[0], "sinkhole") == 0 ? HK_PLACE_SINKHOLE
							    : HK_PLACE_NONE;
	if (place == HK_PLACE_NONE) {
		return false;
	}
	return strcmp(word[1], "net") == 0  ? take_net(p, place, word[2])
	       : strcmp(word[1], "ns") == 0 ? take_name(p, place, word[2])
					    : false;
}

hk_places *
hk_places_read(hk_span text, GError **error)
{
	if (text.len > HK_PLACES_BYTES_MAX) {
		hk_error_set(error, HK_ELIMIT, "over %u bytes", HK_PLACES_BYTES_MAX);
		return NULL;
	}
	hk_places *p = g_new0(hk_places, 1);
	g_autofree char *copy = g_strndup((const char *)text.data, text.len);
	char *next = copy;

	p->nets = g_array_new(FALSE, FALSE, sizeof(net));
	p->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned number = 1; next; number++) {
		char *line = next, *end = strchr(line, '\n');
		next = end ? end + 1 : NULL;
		line[strcspn(line, "#\r\n")] = '\0';
		if (*g_strstrip(line) && !take_line(p, line)) {
			hk_error_set(error, HK_ECONFIG,
				"line %u: not \"parking|sinkhole net CIDR\" or "
				"\"parking|sinkhole ns NAME\"",
				number);
			hk_places_free(p);
			return NULL;
		}
	}
	return p;
}

hk_places *
hk_places_load(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_PLACES_BYTES_MAX, error);
	gsize len;

	if (!bytes) {
		return NULL;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	hk_places *p = hk_places_read(hk_span_of(data, len), error);
	if (!p) {
		g_prefix_error(error, "%s: ", path);
	}
	return p;
}

/* Without port and brackets. False: no address. */
static bool
read_address(const char *text, hk_ipaddr *ret)
{
	const char *colon = strrchr(text, ':');
	bool bracket = *text == '[';
	size_t len = bracket                               ? strcspn(text + 1, "]")
		     : colon && strchr(text, ':') == colon ? (size_t)(colon - text)
							   : strlen(text);

	return hk_ipaddr_parse(hk_span_of(text + bracket, len), ret) == HK_OK;
}

hk_place
hk_places_of_address(const hk_places *p, const char *text)
{
	hk_ipaddr addr;

	for (guint i = 0; read_address(text, &addr) && i < p->nets->len; i++) {
		const net *n = &g_array_index(p->nets, net, i);
		if (hk_ipaddr_in(&addr, &n->addr, n->bits)) {
			return n->place;
		}
	}
	return HK_PLACE_NONE;
}

hk_place
hk_places_of_ns(const hk_places *p, const char *name)
{
	g_autofree char *low = g_ascii_strdown(name, -1);
	size_t len = strlen(low);

	if (len > 0 && low[len - 1] == '.') {
		low[len - 1] = '\0';
	}
	for (const char *at = low; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
		int place = GPOINTER_TO_INT(g_hash_table_lookup(p->names, at));
		if (place) {
			return (hk_place)place;
		}
	}
	return HK_PLACE_NONE;
}
