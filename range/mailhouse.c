#include "mailhouse.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "cttls.h"
#include "httpd.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/mime.h"

static const char *const fault_names[] = {
	[RG_MAILFAULT_NONE] = "none",
#define FAULT(id, name, what) [RG_MAILFAULT_##id] = name,
#include "mailfault.def"
#undef FAULT
};

typedef struct armed {
	rg_mailfault fault;
	char *address; /* NULL: any */
	uint64_t left; /* strikes; UINT64_MAX: without end */
} armed;

typedef enum door { SMTP, SMTPS, IMAP, IMAPS, DOORS } door;

typedef struct listening {
	rg_mailhouse *house;
	door door;
	int fd;
	unsigned port;
	GThread *thread;
} listening;

struct rg_mailhouse {
	rg_mailhouse_config config;
	rg_mailstore *store;
	rg_parties *parties;
	SSL_CTX *tls;
	char *ca;
	listening doors[DOORS];
	rg_httpd *control;
	GMutex lock;
	GPtrArray *armed;
	GHashTable *met;
	GHashTable *open;   /* fds of clients */
	GPtrArray *threads; /* of GThread, of clients */
	bool stop;
};

typedef struct client {
	rg_mailhouse *house;
	door door;
	int fd;
} client;

rg_mailstore *
rg_mailhouse_store(rg_mailhouse *h)
{
	return h->store;
}

rg_parties *
rg_mailhouse_parties(rg_mailhouse *h)
{
	return h->parties;
}

const rg_mailhouse_config *
rg_mailhouse_config_of(const rg_mailhouse *h)
{
	return &h->config;
}

SSL_CTX *
rg_mailhouse_tls(rg_mailhouse *h)
{
	return h->tls;
}

/* ---- faults ---- */

static void
armed_free(void *data)
{
	armed *a = data;

	g_free(a->address);
	g_free(a);
}

/* "NAME[@ADDRESS][:COUNT]"; "none": no more. */
static bool
arm(rg_mailhouse *h, const char *spec, GError **error)
{
	size_t n = strcspn(spec, "@:");
	const char *colon = strrchr(spec, ':');
	armed *a = g_new0(armed, 1);
	uint64_t count = 0;
	size_t i = 0;

	while (i < G_N_ELEMENTS(fault_names) &&
		!(strlen(fault_names[i]) == n && strncmp(fault_names[i], spec, n) == 0)) {
		i++;
	}
	if (i == G_N_ELEMENTS(fault_names) ||
		(colon && hk_parse_u64(hk_span_str(colon + 1), UINT32_MAX, &count) != HK_OK)) {
		armed_free(a);
		return hk_error_set(error, HK_EUSAGE,
			"'%s' is no fault: NAME[@ADDRESS][:COUNT] (range/mailfault.def)", spec);
	}
	a->fault = (rg_mailfault)i;
	a->left = count > 0 ? count : UINT64_MAX;
	if (spec[n] == '@') {
		const char *end = colon ? colon : spec + strlen(spec);
		a->address = g_strndup(spec + n + 1, (size_t)(end - spec) - n - 1);
	}
	g_mutex_lock(&h->lock);
	if (a->fault == RG_MAILFAULT_NONE) {
		g_ptr_array_set_size(h->armed, 0);
		armed_free(a);
	} else {
		g_ptr_array_add(h->armed, a);
	}
	g_mutex_unlock(&h->lock);
	return true;
}

bool
rg_mailhouse_fault(rg_mailhouse *h, rg_mailfault fault, const char *address)
{
	bool strikes = false;

	g_mutex_lock(&h->lock);
	for (unsigned i = 0; i < h->armed->len && !strikes; i++) {
		armed *a = h->armed->pdata[i];

		strikes = a->fault == fault && a->left > 0 &&
			  (!a->address || g_strcmp0(a->address, address) == 0);
		if (strikes && a->left != UINT64_MAX) {
			a->left--;
		}
	}
	g_mutex_unlock(&h->lock);
	return strikes;
}

bool
rg_mailhouse_met(rg_mailhouse *h, const char *key)
{
	g_mutex_lock(&h->lock);
	bool met = !g_hash_table_add(h->met, g_strdup(key));
	g_mutex_unlock(&h->lock);
	return met;
}

bool
rg_mailhouse_login_as(const rg_mailhouse *h, const char *user, const char *password)
{
	return !h->config.user ||
	       (g_str_equal(user, h->config.user) && g_str_equal(password, h->config.password));
}

bool
rg_mailhouse_login(const rg_mailhouse *h, const char *base64)
{
	gsize len = 0;
	g_autofree unsigned char *bytes =
		g_base64_decode(base64, &len); /* nocheck: the range reads only what is ours */
	g_autofree char *all = g_malloc0(len + 1);

	memcpy(all, bytes, len);
	size_t first = strlen(all) + 1;
	size_t second = first < len ? first + strlen(all + first) + 1 : len;

	return second < len && rg_mailhouse_login_as(h, all + first, all + second);
}

/* ---- connections ---- */

static void
session(client *c, rg_mailconn *conn)
{
	bool tls = c->door == SMTPS || c->door == IMAPS;

	if (tls && !rg_mailconn_tls(conn, c->house->tls)) {
		return;
	}
	if (c->door == SMTP || c->door == SMTPS) {
		rg_mailsmtp(c->house, conn, tls);
	} else {
		rg_mailimap(c->house, conn);
	}
}

static void *
serve(void *user)
{
	client *c = user;
	rg_mailconn conn = {.fd = c->fd, .in = g_byte_array_new()};

	session(c, &conn);
	if (conn.ssl) {
		SSL_shutdown(conn.ssl);
		SSL_free(conn.ssl);
	}
	g_byte_array_unref(conn.in);
	g_mutex_lock(&c->house->lock);
	g_hash_table_remove(c->house->open, GINT_TO_POINTER(c->fd));
	close(c->fd);
	g_mutex_unlock(&c->house->lock);
	g_free(c);
	return NULL;
}

static void *
accept_all(void *user)
{
	listening *l = user;
	int fd;

	while ((fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		client *c = g_new0(client, 1);

		*c = (client){l->house, l->door, fd};
		g_mutex_lock(&l->house->lock);
		if (l->house->stop) {
			close(fd);
			g_free(c);
		} else {
			g_hash_table_add(l->house->open, GINT_TO_POINTER(fd));
			g_ptr_array_add(l->house->threads, g_thread_new("mail", serve, c));
		}
		g_mutex_unlock(&l->house->lock);
	}
	return NULL;
}

static bool
listen_at(rg_mailhouse *h, door which, unsigned port, GError **error)
{
	listening *l = &h->doors[which];
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int one = 1;

	l->house = h;
	l->door = which;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
		listen(l->fd, 128) != 0 || getsockname(l->fd, (struct sockaddr *)&at, &len) != 0) {
		return hk_error_set(error, HK_EIO, "cannot listen on 127.0.0.1 port %u", port);
	}
	l->port = ntohs(at.sin_port);
	l->thread = g_thread_new("accept", accept_all, l);
	return true;
}

static SSL_CTX *
tls_of(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	BIO *c = BIO_new_mem_buf(cert, -1);
	BIO *k = BIO_new_mem_buf(key, -1);
	X509 *x = PEM_read_bio_X509(c, NULL, NULL, NULL);
	EVP_PKEY *p = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);

	if (SSL_CTX_use_certificate(ctx, x) != 1 || SSL_CTX_use_PrivateKey(ctx, p) != 1) {
		HK_BUG("a certificate of our own is wrong");
	}
	X509_free(x);
	EVP_PKEY_free(p);
	BIO_free(c);
	BIO_free(k);
	return ctx;
}

/* ---- control ---- */

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned status, const char *json)
{
	return rg_httpd_reply(c, status, "application/json", json, strlen(json));
}

/* GET /box?address=A: how many mails, by folder INBOX; &n=K: the K-th of them as it came. */
static enum MHD_Result
show_box(rg_mailhouse *h, struct MHD_Connection *c)
{
	const char *address = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "address");
	const char *n = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "n");
	g_autofree char *box = rg_mailstore_box(address ? address : "");
	uint64_t at = 0;

	if (n && hk_parse_u64(hk_span_str(n), UINT32_MAX, &at) == HK_OK) {
		g_autoptr(GBytes) mail = rg_mailstore_get(h->store, box, "INBOX", (uint32_t)at);

		return mail ? rg_httpd_reply(c, 200, "message/rfc822", g_bytes_get_data(mail, NULL),
				      g_bytes_get_size(mail))
			    : reply(c, 404, "{}");
	}
	g_autoptr(GArray) uids = rg_mailstore_list(h->store, box, "INBOX", 0, NULL);
	g_autofree char *json = g_strdup_printf("{\"mails\":%u}", uids->len);

	return reply(c, 200, json);
}

static enum MHD_Result
answer(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	rg_mailhouse *h = user;
	bool post = g_str_equal(method, "POST");

	if (!post && g_str_equal(url, "/delivered")) {
		g_autofree char *json = rg_mailstore_delivered(h->store);
		return reply(c, 200, json);
	}
	if (!post && g_str_equal(url, "/box")) {
		return show_box(h, c);
	}
	if (!post && g_str_equal(url, "/letters")) {
		g_autofree char *json = rg_parties_letters(h->parties);
		return reply(c, 200, json);
	}
	if (!post && g_str_equal(url, "/waiting")) {
		g_autofree char *json =
			g_strdup_printf("{\"waiting\":%u}", rg_parties_waiting(h->parties));
		return reply(c, 200, json);
	}
	if (post && g_str_equal(url, "/control")) {
		const char *fault = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "fault");
		return fault && arm(h, fault, NULL) ? reply(c, 200, "{}") : reply(c, 400, "{}");
	}
	if (post && g_str_equal(url, "/say")) {
		const char *id = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "id");
		const char *to = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "to");
		const char *what = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "what");
		bool good = id && what && rg_parties_say(h->parties, id, to ? to : "", what);
		return reply(c, good ? 200 : 404, "{}");
	}
	if (post && g_str_equal(url, "/deliver")) {
		const char *to = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "to");
		if (to) {
			rg_mailstore_deliver(h->store, to, hk_span_of(body->str, body->len));
		}
		return reply(c, to ? 200 : 400, "{}");
	}
	return reply(c, 404, "{}");
}

/* ---- the house ---- */

static bool
start(rg_mailhouse *h, GError **error)
{
	const rg_mailhouse_config *config = &h->config;
	g_autofree char *cert = NULL, *key = NULL;

	if (!hk_file_mkdirs(config->dir, error)) {
		return false;
	}
	h->ca = g_build_filename(config->dir, "ca.pem", NULL);
	if (!rg_tls_self(h->ca, NULL, &cert, &key, error)) {
		return false;
	}
	h->tls = tls_of(cert, key);
	for (size_t i = 0; config->faults && config->faults[i]; i++) {
		if (!arm(h, config->faults[i], error)) {
			return false;
		}
	}
	h->parties =
		rg_parties_new(h->store, config->parties, config->pace_ms, config->sites, error);
	h->control =
		h->parties ? rg_httpd_start((uint16_t)config->control, answer, h, error) : NULL;
	return h->control && listen_at(h, SMTP, config->smtp, error) &&
	       listen_at(h, SMTPS, config->smtps, error) &&
	       listen_at(h, IMAP, config->imap, error) && listen_at(h, IMAPS, config->imaps, error);
}

rg_mailhouse *
rg_mailhouse_new(const rg_mailhouse_config *config, GError **error)
{
	rg_mailhouse *h = g_new0(rg_mailhouse, 1);

	hk_file_init();
	hk_mime_init();
	h->config = *config;
	h->store = rg_mailstore_new();
	h->armed = g_ptr_array_new_with_free_func(armed_free);
	h->met = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	h->open = g_hash_table_new(NULL, NULL);
	h->threads = g_ptr_array_new();
	g_mutex_init(&h->lock);
	for (int i = 0; i < DOORS; i++) {
		h->doors[i].fd = -1;
	}
	if (!start(h, error)) {
		rg_mailhouse_free(h);
		return NULL;
	}
	return h;
}

/* Everybody out. */
static void
hang_up(rg_mailhouse *h)
{
	GHashTableIter iter;
	gpointer fd;

	for (int i = 0; i < DOORS; i++) {
		if (h->doors[i].fd >= 0) {
			shutdown(h->doors[i].fd, SHUT_RDWR);
		}
		if (h->doors[i].thread) {
			g_thread_join(h->doors[i].thread);
		}
		if (h->doors[i].fd >= 0) {
			close(h->doors[i].fd);
		}
	}
	g_mutex_lock(&h->lock);
	h->stop = true;
	g_hash_table_iter_init(&iter, h->open);
	while (g_hash_table_iter_next(&iter, &fd, NULL)) {
		shutdown(GPOINTER_TO_INT(fd), SHUT_RDWR);
	}
	g_mutex_unlock(&h->lock);
	for (unsigned i = 0; i < h->threads->len; i++) {
		g_thread_join(h->threads->pdata[i]);
	}
}

void
rg_mailhouse_free(rg_mailhouse *h)
{
	if (!h) {
		return;
	}
	hang_up(h);
	rg_httpd_stop(h->control);
	rg_parties_free(h->parties);
	rg_mailstore_free(h->store);
	SSL_CTX_free(h->tls);
	g_ptr_array_unref(h->armed);
	g_ptr_array_unref(h->threads);
	g_hash_table_unref(h->met);
	g_hash_table_unref(h->open);
	g_mutex_clear(&h->lock);
	g_free(h->ca);
	g_free(h);
}

char *
rg_mailhouse_json(const rg_mailhouse *h)
{
	return g_strdup_printf(
		"{\"smtp\":%u,\"smtps\":%u,\"imap\":%u,\"imaps\":%u,\"control\":\"http://"
		"127.0.0.1:%u/\",\"ca\":\"%s\"}",
		h->doors[SMTP].port, h->doors[SMTPS].port, h->doors[IMAP].port,
		h->doors[IMAPS].port, rg_httpd_port(h->control), h->ca);
}
