/* range/registry: the servers that know about names: DNS, RDAP, WHOIS, and the names' web sites, all from one file. Part of hikeshi-range. */
#ifndef RG_REGISTRY_H
#define RG_REGISTRY_H

#include <glib.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct rg_registry rg_registry;

typedef struct rg_registry_config {
	const char *data;        /* file */
	const char *dir;         /* for ca.pem */
	const char *request_log; /* a JSON line per question, or NULL */
	uint16_t port_dns, port_https, port_http, port_whois; /* 0: any */
} rg_registry_config;

/* rg_registry_new(config, error): listens on 127.0.0.1. rg_registry_run(registry): until SIGINT or SIGTERM. rg_registry_ready(registry): the line of
 * JSON that says where; caller frees. */
rg_registry *rg_registry_new(const rg_registry_config *config, GError **error);
void rg_registry_free(rg_registry *registry); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_registry, rg_registry_free)
char *rg_registry_ready(const rg_registry *registry);
void rg_registry_run(rg_registry *registry);

/* rg_registry_dns(data, question, len, ret, size): answers a DNS message from data's "dns"; the length of what was written into the size bytes at ret, 0: no
 * answer. *ret_what: "mihon.test A", caller frees. */
size_t rg_registry_dns(const json_t *data, const uint8_t *question, size_t len, uint8_t *ret,
	size_t size, char **ret_what);

/* What a web server says. */
typedef struct rg_registry_reply {
	unsigned status;
	const json_t *headers; /* of data; or NULL */
	char *body;            /* caller frees */
} rg_registry_reply;

/* rg_registry_http(data, key, match, ret): by data's "http"; key: host and path, match: If-None-Match, or NULL. A row whose last part is '*' stands for every
 * one, of letters, digits and -.:_, and "{*}" in its body is that part. False: there is no row; *ret is untouched. rg_registry_send(connection, reply) queues it.
 * rg_registry_names(data): what data's "tls" lists, as rg_tls_self() wants it; NULL: none. Caller frees. */
bool rg_registry_http(
	const json_t *data, const char *key, const char *match, rg_registry_reply *ret);
enum MHD_Result rg_registry_send(struct MHD_Connection *c, const rg_registry_reply *reply);
char *rg_registry_names(const json_t *data);

#endif
