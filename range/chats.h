/* range/chats: the chats that cards are handed to, on loopback: Teams (a workflow's webhook), Slack (an incoming webhook), a webhook of the house's own. Part of
 * hikeshi-range. Input is hostile, as far as a test's peer is.
 *
 * POST /chat/teams, /chat/slack, /chat/webhook: a card. What is no card of that chat gets 400; Teams refuses over 28 KB (413) and over 4 a second, Slack over 1 a
 * second (429), the webhook a wrong or old signature (401) and answers 200 to an id that it has had, without keeping it again.
 *
 * Control: POST /-/fault?chat=CHAT&status=N[&retry=SECONDS][&times=N]   from now on, for so many cards; status 0: no answer at all; times 0: until
 *                                                                       POST /-/fault?chat=CHAT&status=200
 *          GET  /-/cards                                                {"teams":[card ...],"slack":[...],"webhook":[...],"refused":{"teams":n ...}} */
#ifndef RG_CHATS_H
#define RG_CHATS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* The key of the webhook's signature. */
#define RG_CHATS_KEY "range-chats-key-0123456789"

typedef struct rg_chats rg_chats;

/* rg_chats_new(port, error): serves from then on, on 127.0.0.1; port 0: any. HK_EIO. */
rg_chats *rg_chats_new(uint16_t port, GError **error);
void rg_chats_free(rg_chats *chats); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_chats, rg_chats_free)
uint16_t rg_chats_port(const rg_chats *chats);

/* rg_chats_conf(chats, dir, error): writes dir/NAME.conf, .url and .key: chats of hikeshi that lead here. */
bool rg_chats_conf(const rg_chats *chats, const char *dir, GError **error);

#endif
