/* range/tsa: a time-stamping authority of RFC 3161 over HTTP on 127.0.0.1 that can be made to lie. Part of hikeshi-range.
 *
 * POST anything with Content-Type application/timestamp-query to it; POST /control?fault=NAME changes what it does from then on. It keeps DIR/ca.pem (who vouches for it),
 * DIR/ca.key, DIR/tsa.pem, DIR/tsa.key, made when missing: P-256. Policy 1.2.3.4.1, whatever policy is asked for otherwise is refused. */
#ifndef RG_TSA_H
#define RG_TSA_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct rg_tsa rg_tsa;

/* rg_tsa_new(dir, port, fault, error): serves from then on, in a thread of its own; port 0: any; fault NULL: none. HK_EUSAGE, HK_EIO. */
rg_tsa *rg_tsa_new(const char *dir, uint16_t port, const char *fault, GError **error);
void rg_tsa_free(rg_tsa *tsa);

/* rg_tsa_port(tsa): where it listens. */
uint16_t rg_tsa_port(const rg_tsa *tsa);

/* rg_tsa_fault_text(): the names of the faults, a line each with what they do. */
const char *rg_tsa_fault_text(void);

#endif
