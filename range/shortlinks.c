#include "shortlinks.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"
#include "cttls.h"
#include "httpd.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

typedef enum kind {
#define LINK(id, name, status, line, body, what) LINK_##id,
#include "linkkinds.def"
#undef LINK
	LINK_KINDS
} kind;

static const struct {
	const char *name;
	unsigned status;
	const char *line, *body, *what;
} kinds[LINK_KINDS] = {
#define LINK(id, name, status, line, body, what) {name, status, line, body, what},
#include "linkkinds.def"
#undef LINK
};

typedef struct hop {
	kind kind;
	char *target;
	bool no_head;
	unsigned asked;
} hop;

/* Somebody asked. */
typedef struct visit {
	int64_t at_ms;
	char *method, *host, *path, *agent, *language, *referrer;
	unsigned status;
	bool tls;
} visit;

struct rg_shortlinks {
	struct MHD_Daemon *daemons[2]; /* plain, TLS */
	GMutex lock;
	GHashTable *links; /* "/code", "host/code" -> hop */
	GPtrArray *places; /* in the order in which they came; of the table */
	GPtrArray *log;
	uint64_t more; /* that were not kept */
};

const char *
rg_shortlinks_kind(size_t i, const char **ret_what)
{
	if (i >= LINK_KINDS) {
		return NULL;
	}
	*ret_what = kinds[i].what;
	return kinds[i].name;
}

static void
hop_free(gpointer data)
{
	hop *h = data;

	g_free(h->target);
	g_free(h);
}

static void
asked_free(gpointer data)
{
	visit *a = data;

	g_free(a->method);
	g_free(a->host);
	g_free(a->path);
	g_free(a->agent);
	g_free(a->language);
	g_free(a->referrer);
	g_free(a);
}

/* ---- Links ---- */

static bool
set_link(rg_shortlinks *s, const char *where, const char *kind_name, const char *target, bool head)
{
	const char *slash = strchr(where, '/');
	kind k = LINK_301;

	while (kind_name && k < LINK_KINDS && strcmp(kinds[k].name, kind_name) != 0) {
		k++;
	}
	if (!slash || k == LINK_KINDS || g_hash_table_size(s->links) >= RG_LINKS_MAX) {
		return false;
	}
	g_autofree char *host = g_ascii_strdown(where, slash - where);
	g_autofree char *place = g_strconcat(host, slash, NULL);
	hop *h = g_hash_table_lookup(s->links, place);
	if (!h) {
		h = g_new0(hop, 1);
		h->target = g_strdup("");
		g_ptr_array_add(s->places, place); /* as long as the table */
		g_hash_table_insert(s->links, g_steal_pointer(&place), h);
	}
	h->kind = kind_name ? k : h->kind;
	h->no_head = !head;
	if (target) {
		g_free(h->target);
		h->target = g_strdup(target);
	}
	return true;
}

bool
rg_shortlinks_set(
	rg_shortlinks *s, const char *where, const char *kind_name, const char *target, bool head)
{
	g_mutex_lock(&s->lock);
	bool good = set_link(s, where, kind_name, target, head);
	g_mutex_unlock(&s->lock);
	return good;
}

static bool
read_line(rg_shortlinks *s, const char *line)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	for (const char *at = line; *at; at += strspn(at, " \t")) {
		size_t len = strcspn(at, " \t");
		g_ptr_array_add(words, g_strndup(at, len));
		at += len;
	}
	unsigned n = words->len;
	bool no_head = n > 2 && strcmp(words->pdata[n - 1], "no-head") == 0;
	n -= no_head;
	return (n == 2 || n == 3) && rg_shortlinks_set(s, words->pdata[0], words->pdata[1],
					     n == 3 ? words->pdata[2] : "", !no_head);
}

bool
rg_shortlinks_read(rg_shortlinks *s, hk_span text, GError **error)
{
	unsigned number = 0;

	if (text.len > RG_LINKS_BYTES_MAX || !hk_utf8_valid(text)) {
		return hk_error_set(error, HK_EFORM, "links are UTF-8 text of at most %d bytes",
			RG_LINKS_BYTES_MAX);
	}
	for (size_t at = 0; at < text.len;) {
		const char *begin = (const char *)text.data + at;
		const char *end = memchr(begin, '\n', text.len - at);
		size_t len = end ? (size_t)(end - begin) : text.len - at;
		g_autofree char *line = g_strstrip(g_strndup(begin, len));
		at += len + 1;
		number++;
		if (*line && *line != '#' && !read_line(s, line)) {
			return hk_error_set(error, HK_EFORM,
				"line %u: [HOST]/CODE KIND [TARGET] [no-head]; kinds: "
				"range/linkkinds.def",
				number);
		}
	}
	return true;
}

/* ---- Answers ---- */

/* As it stands between quotes of a script, the way t.co does it. */
static char *
in_script(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (; *text; text++) {
		if (strchr("\"'\\<>&", *text) || (unsigned char)*text < 0x20) {
			g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
		} else {
			g_string_append_printf(out, "%s%c", *text == '/' ? "\\" : "", *text);
		}
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
page(kind k, const char *target, GString *out)
{
	g_autofree char *html =
		g_markup_escape_text(target, -1); /* nocheck: it escapes, it reads nothing */
	g_autofree char *script = in_script(target);

	if (!kinds[k].body) {
		g_string_append_printf(out, "<!doctype html><title>%s</title>\n", kinds[k].what);
		return;
	}
	g_string_append(out, kinds[k].body);
	g_string_replace(out, "{script}", script, 0);
	g_string_replace(out, "{to}", html, 0);
}

/* The header line of an answer, newly allocated, or NULL. */
static char *
line_of(const hop *h, const char *url)
{
	const char *line = h->kind == LINK_TCO ? kinds[LINK_301].line : kinds[h->kind].line;
	const char *hole = line ? strstr(line, "{to}") : NULL;

	if (h->kind == LINK_LOOP) {
		return g_strconcat("Location: ", url, NULL);
	}
	if (h->kind == LINK_ENDLESS) {
		return g_strconcat("Location: ", url, "x", NULL);
	}
	return hole   ? g_strdup_printf("%.*s%s", (int)(hole - line), line, h->target)
	       : line ? g_strdup(line)
		      : NULL;
}

static const char *
header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result
respond(struct MHD_Connection *c, unsigned status, const char *line, const GString *body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		body->len, (void *)(uintptr_t)body->str, MHD_RESPMEM_MUST_COPY);
	const char *colon = line ? strchr(line, ':') : NULL;

	MHD_add_response_header(r, "Content-Type", "text/html; charset=utf-8");
	MHD_add_response_header(r, "Cache-Control", "private,max-age=300");
	if (colon) {
		g_autofree char *name = g_strndup(line, (size_t)(colon - line));
		MHD_add_response_header(r, name, colon + 2);
	}
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

/* Under the lock. Endless ones answer below their own name, too. */
static hop *
find_link(rg_shortlinks *s, const char *host, const char *url)
{
	g_autofree char *low = g_ascii_strdown(host, (gssize)strcspn(host, ":"));
	g_autofree char *place = g_strconcat(low, url, NULL);
	hop *h = g_hash_table_lookup(s->links, place);

	h = h ? h : g_hash_table_lookup(s->links, url);
	for (size_t len = strlen(url); !h && len > 1 && url[len - 1] == 'x'; len--) {
		g_autofree char *shorter = g_strndup(url, len - 1);
		hop *one = g_hash_table_lookup(s->links, shorter);
		h = one && one->kind == LINK_ENDLESS ? one : NULL;
	}
	return h;
}

static void
note(rg_shortlinks *s, struct MHD_Connection *c, bool tls, const char *method, const char *url,
	unsigned status)
{
	if (s->log->len >= RG_LINKS_ASKED_MAX) {
		s->more++;
		return;
	}
	visit *a = g_new0(visit, 1);
	*a = (visit){.at_ms = hk_clock_wall_ms(),
		.method = g_strdup(method),
		.host = g_strdup(header(c, "Host")),
		.path = g_strdup(url),
		.agent = g_strdup(header(c, "User-Agent")),
		.language = g_strdup(header(c, "Accept-Language")),
		.referrer = g_strdup(header(c, "Referer")),
		.status = status,
		.tls = tls};
	g_ptr_array_add(s->log, a);
}

static enum MHD_Result
follow(rg_shortlinks *s, struct MHD_Connection *c, bool tls, const char *method, const char *url)
{
	const char *host = header(c, "Host"), *agent = header(c, "User-Agent");
	static const hop dead = {.kind = LINK_DEAD, .target = (char *)""};
	bool is_head = strcmp(method, "HEAD") == 0;
	g_autoptr(GString) body = g_string_new(NULL);

	g_mutex_lock(&s->lock);
	hop *found = find_link(s, host ? host : "", url);
	const hop *h = found ? found : &dead;
	unsigned status = kinds[h->kind].status;
	if (found) {
		found->asked++;
	}
	if (h->kind == LINK_TCO && agent && strstr(agent, "Mozilla/")) {
		status = 200;
	}
	if ((!is_head && strcmp(method, "GET") != 0) || (is_head && h->no_head)) {
		status = 405;
	}
	g_autofree char *line =
		status == 405 || (h->kind == LINK_TCO && status == 200) ? NULL : line_of(h, url);
	page(h->kind, h->target, body);
	note(s, c, tls, method, url, status);
	g_mutex_unlock(&s->lock);
	return status == 0 ? MHD_NO : respond(c, status, status == 405 ? "Allow: GET" : line, body);
}

/* ---- Control ---- */

static void
write_links(const rg_shortlinks *s, GString *out)
{
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < s->places->len; i++) {
		const hop *h = g_hash_table_lookup(s->links, s->places->pdata[i]);
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "link", s->places->pdata[i]);
		hk_jsonw_member_str(out, "kind", kinds[h->kind].name);
		hk_jsonw_member_str(out, "to", h->target);
		hk_jsonw_member_bool(out, "head", !h->no_head);
		hk_jsonw_member_int(out, "asked", h->asked);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
write_log(const rg_shortlinks *s, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "more", (int64_t)s->more);
	hk_jsonw_key(out, "asked");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < s->log->len; i++) {
		const visit *a = s->log->pdata[i];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "at_ms", a->at_ms);
		hk_jsonw_member_bool(out, "tls", a->tls);
		hk_jsonw_member_str(out, "method", a->method);
		hk_jsonw_member_str(out, "host", a->host);
		hk_jsonw_member_str(out, "path", a->path);
		hk_jsonw_member_int(out, "status", a->status);
		hk_jsonw_member_str(out, "agent", a->agent);
		hk_jsonw_member_str(out, "language", a->language);
		hk_jsonw_member_str(out, "referrer", a->referrer);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}

static const char *
arg(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
}

static void
wrong(GString *out)
{
	g_autoptr(GString) text = g_string_new("link=[HOST]/CODE&to=URL&head=1|0&kind=");

	for (size_t i = 0; i < LINK_KINDS; i++) {
		g_string_append_printf(text, "%s%s", i > 0 ? "|" : "", kinds[i].name);
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "error", text->str);
	hk_jsonw_close(out, '}');
}

/* Under the lock. */
static unsigned
control_links(rg_shortlinks *s, struct MHD_Connection *c, bool post, GString *out)
{
	const char *link = arg(c, "link"), *head = arg(c, "head"), *to = arg(c, "to");

	if (post &&
		(!link || !hk_utf8_valid(hk_span_str(link)) || !hk_utf8_valid(hk_span_str(to)) ||
			!set_link(s, link, arg(c, "kind"), to, !head || strcmp(head, "0") != 0))) {
		wrong(out);
		return 400;
	}
	write_links(s, out);
	return 200;
}

static enum MHD_Result
control(rg_shortlinks *s, struct MHD_Connection *c, const char *method, const char *what)
{
	g_autoptr(GString) out = g_string_new(NULL);
	bool post = strcmp(method, "POST") == 0;
	unsigned status = 404;

	g_mutex_lock(&s->lock);
	if (strcmp(what, "links") == 0) {
		status = control_links(s, c, post, out);
	} else if (strcmp(what, "log") == 0) {
		status = 200;
		write_log(s, out);
	} else if (post && strcmp(what, "reset") == 0) {
		status = 200;
		g_ptr_array_set_size(s->log, 0);
		s->more = 0;
		write_log(s, out);
	} else {
		wrong(out);
	}
	g_mutex_unlock(&s->lock);
	g_string_append_c(out, '\n');
	return rg_httpd_reply(c, status, "application/json", out->str, out->len);
}

/* ---- Servers ---- */

static enum MHD_Result
handle(void *user, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **con)
{
	rg_shortlinks *s = user;
	const char *host = header(c, "Host");
	const union MHD_ConnectionInfo *tls =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_PROTOCOL);

	(void)version;
	(void)upload;
	if (!*con) {
		*con = s; /* the head alone; what is sent behind it is dropped */
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	bool here = host &&
		    (g_str_has_prefix(host, "127.0.0.1") || g_str_has_prefix(host, "localhost"));
	if (here && g_str_has_prefix(url, "/-/")) {
		return control(s, c, method, url + 3);
	}
	return follow(s, c, tls != NULL, method, url);
}

static struct MHD_Daemon *
open_port(rg_shortlinks *s, uint16_t port, const char *cert, const char *key, GError **error)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key}, {MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | (cert ? MHD_USE_TLS : 0u);
	struct MHD_Daemon *daemon =
		MHD_start_daemon(flags, port, NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR, &address,
			MHD_OPTION_ARRAY, cert ? tls : none, MHD_OPTION_END);

	if (!daemon) {
		hk_error_set(error, HK_EIO, "cannot listen on 127.0.0.1 port %u", port);
	}
	return daemon;
}

static bool
open_ports(rg_shortlinks *s, const rg_shortlinks_config *config, GError **error)
{
	g_autofree char *dir =
		config->dir ? g_strdup(config->dir) : g_dir_make_tmp("hikeshi-links-XXXXXX", error);
	g_autofree char *ca = dir ? g_build_filename(dir, "ca.pem", NULL) : NULL;
	g_autofree char *cert = NULL, *key = NULL;

	if (ca && rg_tls_self(ca, "DNS:t.range.test,DNS:*.t.range.test", &cert, &key, error)) {
		s->daemons[0] = open_port(s, config->port, NULL, NULL, error);
		s->daemons[1] =
			s->daemons[0] ? open_port(s, config->tls_port, cert, key, error) : NULL;
	}
	if (ca && !config->dir) {
		remove(ca);
		remove(dir);
	}
	return s->daemons[1] != NULL;
}

rg_shortlinks *
rg_shortlinks_new(const rg_shortlinks_config *config, GError **error)
{
	rg_shortlinks *s = g_new0(rg_shortlinks, 1);

	g_mutex_init(&s->lock);
	s->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, hop_free);
	s->places = g_ptr_array_new();
	s->log = g_ptr_array_new_with_free_func(asked_free);
	if (!open_ports(s, config, error)) {
		rg_shortlinks_free(s);
		return NULL;
	}
	return s;
}

void
rg_shortlinks_free(rg_shortlinks *s)
{
	if (!s) {
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (s->daemons[i]) {
			MHD_stop_daemon(s->daemons[i]);
		}
	}
	g_ptr_array_unref(s->log);
	g_ptr_array_unref(s->places);
	g_hash_table_unref(s->links);
	g_mutex_clear(&s->lock);
	g_free(s);
}

uint16_t
rg_shortlinks_port(const rg_shortlinks *s, bool tls)
{
	return MHD_get_daemon_info(s->daemons[tls ? 1 : 0], MHD_DAEMON_INFO_BIND_PORT)->port;
}
