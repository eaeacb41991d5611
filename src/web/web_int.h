/* web/web_int: what the files of the server share. Layer: web. Not for handlers. */
#ifndef HK_WEB_WEB_INT_H
#define HK_WEB_WEB_INT_H

#include "web/pool.h"
#include "web/reply_int.h"
#include "web/req_int.h"
#include "web/secret.h"
#include "web/web.h"

struct MHD_Daemon;
typedef struct hk_conns hk_conns;
typedef struct hk_live hk_live;
typedef struct hk_oidc hk_oidc;
typedef struct hk_ui hk_ui;

struct hk_web {
	hk_web_config config; /* with its defaults filled in */
	char *host;           /* of base_url, with its port if it has one; NULL: any */
	bool tls;
	uint8_t key[HK_SECRET_KEY_BYTES]; /* of web_key */
	struct MHD_Daemon *daemon;
	int listen_fd;
	char *url;
	hk_pool *pool;
	hk_conns *conns;
	hk_live *live;
	hk_oidc *oidc; /* NULL: none */
	hk_ui *ui;
	size_t bodies; /* bytes of all requests' bodies; of the loop's thread */
	int stopping;  /* atomic */
};

/* What a thread of the pool has. */
typedef struct hk_web_thread {
	hk_web *web;
	hk_db *db;
	hk_flow *flow;
} hk_web_thread;

/* web/dispatch.c: hk_web_dispatch(thread, req, reply): everything between a whole request and its whole reply: who, may they, body, idempotency, handler,
 * problem. Never fails. */
void hk_web_dispatch(hk_web_thread *thread, hk_req *req, hk_reply *reply);

/* web/server.c: hk_server_start(web, error): opens the port and answers from now on; hk_server_stop(web): takes nothing new, waits at most wait_ms for
 * what runs, ends. */
bool hk_server_start(hk_web *web, GError **error);
void hk_server_stop(hk_web *web, unsigned wait_ms);

/* web/listen.c: hk_web_listen(config, ret_url, error): a listening socket by config->listen, and its URL (caller frees); -1 on failure. */
int hk_web_listen(const hk_web_config *config, char **ret_url, GError **error);
/* hk_web_address_in(list, address): whether the address (text) is one of the list. */
bool hk_web_address_in(const char *const *list, const char *address);

#endif
