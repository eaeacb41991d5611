/* nocheck: tested in tests/unit/sys/test_egress.c
 * Part of sys/egress: its file of configuration. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include "base/num.h"
#include "sys/conffile.h"
#include "sys/egress_int.h"
#include "sys/file.h"
#include "sys/gerr.h"

enum { SECRET_MAX = 1024 };

typedef enum key {
#define KEY(id, name, type, unit, min, max, def, help) KEY_##id,
#include "sys/egress.def"
#undef KEY
	KEY_COUNT
} key;

static const hk_opt_row rows[] = {
#define KEY(id, name, type, unit, min, max, def, help)                                             \
	{name, "", HK_TYPE_##type, unit, min, max, def, "", help, true},
#include "sys/egress.def"
#undef KEY
};

typedef struct reading {
	const char *path; /* or NULL */
	hk_confentry entries[KEY_COUNT];
	hk_egress *egress;
} reading;

static bool fail(const reading *r, key id, GError **error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static bool
fail(const reading *r, key id, GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	return hk_error_set(error, HK_ECONFIG, "%s:%d: '%s' %s", r->path, r->entries[id].line,
		rows[id].name, what);
}

void
hk_egress_local_free(gpointer data)
{
	hk_egress_local *local = data;

	g_free(local->name);
	g_free(local);
}

void
hk_egress_exit_free(gpointer data)
{
	hk_egress_exit *exit = data;

	g_free(exit->name);
	g_free(exit->host);
	g_free(exit->user);
	g_free(exit->password);
	g_free(exit);
}

static bool
port_of(const char *text, unsigned *ret)
{
	uint64_t port;

	if (hk_parse_u64(hk_span_str(text), 65535, &port) != HK_OK || port == 0) {
		return false;
	}
	*ret = (unsigned)port;
	return true;
}

/* "HOST:PORT", "[v6]:PORT": the host, newly allocated, or NULL. */
static char *
split_host(const char *text, unsigned *ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (len == 0 || !port_of(colon + 1, ret_port)) {
		return NULL;
	}
	if (text[0] == '[' && text[len - 1] == ']') {
		return g_strndup(text + 1, len - 2);
	}
	return memchr(text, ':', len) ? NULL : g_strndup(text, len);
}

/* Lists may be missing. */
static const char *
element(const reading *r, key id, unsigned i)
{
	const GPtrArray *list = r->entries[id].value.list;

	return list && i < list->len ? list->pdata[i] : NULL;
}

static bool
read_ports(reading *r, GError **error)
{
	static const unsigned usual[] = {80, 443, 8080, 8443};
	const char *text;
	unsigned port;

	for (unsigned i = 0; (text = element(r, KEY_PORTS, i)); i++) {
		if (!port_of(text, &port)) {
			return fail(r, KEY_PORTS, error, "holds ports, not '%s'", text);
		}
		g_array_append_val(r->egress->ports, port);
	}
	if (r->entries[KEY_PORTS].line == 0) {
		g_array_append_vals(r->egress->ports, usual, G_N_ELEMENTS(usual));
	}
	return true;
}

static bool
read_locals(reading *r, GError **error)
{
	const char *text;

	for (unsigned i = 0; (text = element(r, KEY_LOCAL, i)); i++) {
		hk_egress_local *local = g_new0(hk_egress_local, 1);
		g_autofree char *host = split_host(text, &local->port);
		g_ptr_array_add(r->egress->locals, local);
		if (!host || !*host) {
			return fail(r, KEY_LOCAL, error,
				"holds HOST:PORT, ADDRESS:PORT or ADDRESS/BITS:PORT, not '%s'",
				text);
		}
		hk_err err = hk_ipaddr_parse_net(hk_span_str(host), &local->net, &local->bits);
		if (err != HK_OK && (strchr(host, '/') || strchr(host, ':') ||
					    hk_ipaddr_looks_odd(hk_span_str(host)))) {
			return fail(r, KEY_LOCAL, error, "holds '%s', which is no network", text);
		}
		local->name = err != HK_OK ? g_ascii_strdown(host, -1) : NULL;
	}
	return true;
}

/* One line USER:PASSWORD, in a file that only its owner may read. */
static bool
read_secret(const reading *r, const char *file, hk_egress_exit *exit, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(r->path);
	g_autofree char *path =
		g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(folder, file, NULL);
	g_autoptr(GBytes) bytes = hk_file_read(path, SECRET_MAX, error);
	struct stat st;

	if (!bytes) {
		return false;
	}
	if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
		return hk_error_set(error, HK_EPOLICY, "%s: others may read it: chmod 600", path);
	}
	size_t len;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autofree char *line = g_strndup(data ? data : "", data ? len : 0);
	g_strchomp(line);
	char *colon = strchr(line, ':');
	if (!colon || colon == line || strpbrk(line, "\r\n") || colon - line > 255 ||
		strlen(colon + 1) > 255) {
		return hk_error_set(
			error, HK_ECONFIG, "%s: one line USER:PASSWORD is expected", path);
	}
	exit->user = g_strndup(line, (gsize)(colon - line));
	exit->password = g_strdup(colon + 1);
	return true;
}

static bool
read_exit_word(reading *r, hk_egress_exit *exit, const char *word, GError **error)
{
	static const struct {
		const char *start;
		hk_egress_kind kind;
	} kinds[] = {{"socks5h://", HK_EGRESS_SOCKS5}, {"http://", HK_EGRESS_HTTP}};

	if (!exit->name) {
		exit->name = g_strdup(word);
		if (strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(word) ||
			strlen(word) > 40 || hk_egress_has_exit(r->egress, word)) {
			return fail(r, KEY_EXITS, error,
				"names an exit '%s': a-z, 0-9 and -, at most 40, each name once",
				word);
		}
		return true;
	}
	if (g_str_has_prefix(word, "secret=")) {
		return read_secret(r, word + 7, exit, error);
	}
	if (strcmp(word, "resolve=local") == 0) {
		exit->resolve = true;
		return true;
	}
	for (size_t i = 0; !exit->host && i < G_N_ELEMENTS(kinds); i++) {
		if (g_str_has_prefix(word, kinds[i].start)) {
			exit->kind = kinds[i].kind;
			exit->host = split_host(word + strlen(kinds[i].start), &exit->port);
		}
	}
	return exit->host ? true : fail(r, KEY_EXITS, error, "has an exit with '%s'", word);
}

static bool
read_exits(reading *r, GError **error)
{
	hk_egress_exit *direct = g_new0(hk_egress_exit, 1);
	const char *text;

	direct->name = g_strdup("direct");
	g_ptr_array_add(r->egress->exits, direct);
	for (unsigned i = 0; (text = element(r, KEY_EXITS, i)); i++) {
		g_autoptr(hk_egress_exit) exit = g_new0(hk_egress_exit, 1);
		while (*text) {
			size_t n = strcspn(text, " \t");
			g_autofree char *word = g_strndup(text, n);
			text += n + strspn(text + n, " \t");
			if (n > 0 && !read_exit_word(r, exit, word, error)) {
				return false;
			}
		}
		if (!exit->host) {
			return fail(r, KEY_EXITS, error,
				"holds \"NAME socks5h://HOST:PORT\" or \"NAME http://HOST:PORT\"");
		}
		g_ptr_array_add(r->egress->exits, g_steal_pointer(&exit));
	}
	for (unsigned i = 0; i < r->egress->exits->len; i++) {
		const hk_egress_exit *exit = r->egress->exits->pdata[i];
		g_ptr_array_add(r->egress->names, exit->name);
	}
	g_ptr_array_add(r->egress->names, NULL);
	return true;
}

static bool
read_range_ports(reading *r, GError **error)
{
	const char *text;

	for (unsigned i = 0; (text = element(r, KEY_RANGE_PORTS, i)); i++) {
		const char *sign = strchr(text, '=');
		g_autofree char *from = sign ? g_strndup(text, (gsize)(sign - text)) : NULL;
		unsigned a, b;
		g_autofree char *host = from ? split_host(from, &a) : NULL;
		if (!from || (!host && !port_of(from, &a)) || !port_of(sign + 1, &b)) {
			return fail(r, KEY_RANGE_PORTS, error,
				"holds PORT=PORT or HOST:PORT=PORT, not '%s'", text);
		}
		g_autofree char *low = g_ascii_strdown(host ? host : "", -1);
		g_hash_table_insert(r->egress->range_ports, g_strdup_printf("%s:%u", low, a),
			GUINT_TO_POINTER(b));
	}
	return true;
}

/* Only addresses that nobody has: a row must not make a private network, or a metadata service, somebody's. */
static bool
read_range_addresses(reading *r, GError **error)
{
	const char *text;

	for (unsigned i = 0; (text = element(r, KEY_RANGE_ADDRESSES, i)); i++) {
		hk_ipaddr addr;
		bool good = hk_ipaddr_parse(hk_span_str(text), &addr) == HK_OK;
		const hk_ipaddr_class *class = good ? hk_ipaddr_class_of(&addr) : NULL;
		if (!class || strcmp(class->name, "documentation") != 0) {
			return fail(r, KEY_RANGE_ADDRESSES, error,
				"holds addresses of documentation, like 203.0.113.77, not '%s'",
				text);
		}
		g_array_append_val(r->egress->range_addresses, addr);
	}
	return true;
}

static bool
read_range(reading *r, GError **error)
{
	const char *address = r->entries[KEY_RANGE].value.text;

	if (!read_range_ports(r, error) || !read_range_addresses(r, error)) {
		return false;
	}
	if (!address || !*address) {
		return true;
	}
	if (hk_ipaddr_parse(hk_span_str(address), &r->egress->range) != HK_OK ||
		!hk_ipaddr_is_loopback(&r->egress->range)) {
		return fail(r, KEY_RANGE, error, "is a loopback address, not '%s'", address);
	}
	r->egress->on_range = true;
	return true;
}

static bool
read_resolvers(reading *r, GError **error)
{
	g_autoptr(GString) all = g_string_new(NULL);
	const char *text;

	for (unsigned i = 0; (text = element(r, KEY_RESOLVERS, i)); i++) {
		unsigned port;
		hk_ipaddr addr;
		g_autofree char *host = split_host(text, &port);
		if (hk_ipaddr_parse(hk_span_str(host ? host : text), &addr) != HK_OK) {
			return fail(r, KEY_RESOLVERS, error,
				"holds ADDRESS or ADDRESS:PORT, not '%s'", text);
		}
		g_string_append_printf(all, "%s%s", all->len > 0 ? "," : "", text);
	}
	r->egress->resolvers = all->len > 0 ? g_strdup(all->str) : NULL;
	return true;
}

static void
read_numbers(reading *r)
{
	hk_egress *egress = r->egress;
	static const key stops[HK_EGRESS_STOPS] = {KEY_STOP_FILE, KEY_STOP_FILE_KEPT};

	egress->dns_timeout_ms = (unsigned)r->entries[KEY_DNS_TIMEOUT].value.number;
	for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
		const char *stop = r->entries[stops[i]].value.text;
		egress->stop_files[i] = stop && *stop ? g_strdup(stop) : NULL;
	}
	egress->host_rate = r->entries[KEY_HOST_RATE].value.real;
	egress->address_rate = r->entries[KEY_ADDRESS_RATE].value.real;
	egress->host_burst = (unsigned)r->entries[KEY_HOST_BURST].value.number;
	egress->address_burst = (unsigned)r->entries[KEY_ADDRESS_BURST].value.number;
	egress->host_open = (unsigned)r->entries[KEY_HOST_OPEN].value.number;
	egress->open_max = (unsigned)r->entries[KEY_OPEN].value.number;
}

bool
hk_egress_configure(hk_egress *egress, const char *path, GError **error)
{
	reading r = {.path = path, .egress = egress};
	bool good = !path || hk_conffile_read_rows(
				     path, rows, KEY_COUNT, "docs/egress.md", r.entries, error);

	if (good) {
		hk_conffile_defaults(rows, KEY_COUNT, r.entries);
		good = read_ports(&r, error) && read_locals(&r, error) && read_exits(&r, error) &&
		       read_range(&r, error) && read_resolvers(&r, error);
		read_numbers(&r);
	}
	for (size_t i = 0; i < KEY_COUNT; i++) {
		hk_optvalue_clear(&r.entries[i].value);
	}
	return good;
}
