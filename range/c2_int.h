/* range/c2_int: what c2.c and c2control.c share. */
#ifndef RG_C2_INT_H
#define RG_C2_INT_H

#include "c2.h"
#include "c2drop.h"
#include "c2script.h"
#include "httpd.h"

struct rg_c2 {
	rg_httpd *http;
	rg_c2b *b; /* has a lock of its own, taken within this one */
	rg_c2_port *ports;
	size_t count;
	char *address;
	GPtrArray *places; /* of the drops that the command line named */
	double default_speed;

	GMutex lock; /* of what follows */
	rg_drops *drops;
	GPtrArray *scenario; /* of the file, or NULL */
	unsigned next_number;
	/* What is being played. */
	GPtrArray *steps;
	unsigned next;
	double speed;
	bool waits; /* for a client at each port */
	int64_t begun_ms;
	unsigned played, failed;
	char *failure; /* the last one */
};

/* rg_c2_answer(): of rg_httpd: stage A and control. user: rg_c2. */
enum MHD_Result rg_c2_answer(void *user, struct MHD_Connection *c, const char *method,
	const char *url, const GString *body);

/* rg_c2_play(c2, steps, speed, now): under the lock; takes steps. */
void rg_c2_play(rg_c2 *c2, GPtrArray *steps, double speed, bool now);

/* "HOST:PORT". */
bool rg_c2_is_address(const char *text);

/* "close", "fin", "rst"; "now", "beat", "command". */
bool rg_c2_how_find(const char *name, rg_c2_how *ret);
bool rg_c2_on_find(const char *name, rg_c2_on *ret);

#endif
