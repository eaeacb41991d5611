/* range/c2: `hikeshi-range c2`: the command channel of KeepSpy on loopback: dead drops (range/c2drop), stage B (range/c2b), scenarios (range/c2script), and control by HTTP. Part
 * of hikeshi-range. Input is hostile, as far as a test's peer is.
 *
 * One HTTP port is every dead drop's, by the Host line, and control's for 127.0.0.1 and localhost. docs/range.md has the control requests. */
#ifndef RG_C2_H
#define RG_C2_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "c2b.h"

/* When the scenario begins. */
typedef enum rg_c2_begin {
	RG_BEGIN_CLIENTS,
	RG_BEGIN_NOW,
	RG_BEGIN_CONTROL,
	RG_BEGINS
} rg_c2_begin;

typedef struct rg_c2 rg_c2;

typedef struct rg_c2_config {
	uint16_t port; /* of stage A and of control; 0: any free one */
	const rg_c2_port *ports;
	size_t count;
	const char *key;          /* of the drops */
	const char *const *drops; /* "host" or "host/path", NULL at the end */
	const char *address;      /* of stage B, as the drops tell it */
	const char *scenario;     /* a file, or NULL */
	double speed;             /* of the scenario; above 0 */
	rg_c2_begin begin;
	bool confirm;
	uint64_t seed;
} rg_c2_config;

/* rg_c2_new(config, error): serves from then on, in threads of its own. Strings are copied. HK_EIO: cannot listen; HK_EFORM, HK_ENOENT: the scenario; HK_EUSAGE: the key, or
 * an address without a port. */
void rg_c2_free(rg_c2 *c2); /* accepts NULL */
rg_c2 *rg_c2_new(const rg_c2_config *config, GError **error) HK_FREED_BY(rg_c2_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_c2, rg_c2_free)

/* rg_c2_fault(c2, spec, error): "NAME[@PORT][:TIMES]", as POST /-/fault. HK_EUSAGE. */
bool rg_c2_fault(rg_c2 *c2, const char *spec, GError **error);

/* rg_c2_ready(c2, out): the line that scripts wait for, an object: "url", "port", "b": [{"name","port"}], "address", "drops": [URL ...], "range_ports": what an egress
 * configuration says to lead there. */
void rg_c2_ready(const rg_c2 *c2, GString *out);

#endif
