/* flow/sites: what a host says about who is behind it. Layer: flow. Names are hostile, files are ours. */
#ifndef HK_FLOW_SITES_H
#define HK_FLOW_SITES_H

#include <glib.h>

#include "parse/url.h"

typedef struct hk_sites hk_sites;

/* hk_sites_new(suffixes, shared, error): suffixes: the public suffix list (NULL: the system's, sys/suffixes); shared: file of hosts to add to
 * flow/shared.def (NULL: none), one a line: "host", "host shortener", "*.suffix", "!host" takes one out; '#' begins a comment. HK_ENOENT,
 * HK_ECONFIG with file and line. */
hk_sites *hk_sites_new(const char *suffixes, const char *shared, GError **error);
void hk_sites_free(hk_sites *sites); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_sites, hk_sites_free)

typedef struct hk_site {
	char domain[HK_HOST_MAX +
		    1]; /* registrable domain; "" for an address, or a name that is a suffix itself */
	bool private_suffix; /* domain belongs to a customer of a hosting service */
	bool shared;         /* many people's pages on this one host */
	bool shortener;      /* shared, and its pages only lead elsewhere */
} hk_site;

/* hk_sites_look(sites, host, is_ip, ret): host as parse/url gives it. Any thread. */
void hk_sites_look(const hk_sites *sites, const char *host, bool is_ip, hk_site *ret);

#endif
