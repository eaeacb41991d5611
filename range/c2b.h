/* range/c2b: stage B of `hikeshi-range c2`: WebSocket servers on several ports of loopback that behave as threats.md S18, S19 say, or as a row of c2faults.def. Part of
 * hikeshi-range. Input is hostile, as far as a test's peer is.
 *
 * A port has a name, a number that stays (7775), and the real one that it got. Whoever asks for no WebSocket gets "200 HP Http Server OK". Of a client a hello is expected
 * (any text), then RG_C2_BEAT, which is answered with RG_C2_PONG. Who has not said hello gets no command. One thread serves; all functions are for any thread. */
#ifndef RG_C2B_H
#define RG_C2B_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#define RG_C2_BEAT "心跳&ping"
#define RG_C2_PONG "pong"
/* Ports at most. */
enum { RG_C2_PORTS_MAX = 64 };

typedef struct rg_c2_port {
	unsigned name; /* 1 to 65535, each once */
	uint16_t port; /* where it listens; 0: any free one */
} rg_c2_port;

typedef struct rg_c2b rg_c2b;

typedef struct rg_c2b_config {
	const rg_c2_port *ports;
	size_t count;  /* 1 to RG_C2_PORTS_MAX */
	bool confirm;  /* behind each command goes a ping, whose pong says that it was read */
	uint64_t seed; /* of chance */
	/* Called in the thread after everything that happened, without a lock held: may call the functions below but free; returns after how many milliseconds at the latest
	 * it wants to be called again, -1: when something happens. NULL: never. */
	int (*tick)(void *user);
	void *user;
} rg_c2b_config;

/* rg_c2b_new(config, error): serves from then on. HK_EIO: cannot listen. */
rg_c2b *rg_c2b_new(const rg_c2b_config *config, GError **error);
void rg_c2b_free(rg_c2b *b); /* accepts NULL; ends the thread and all connections */
uint16_t rg_c2b_port(const rg_c2b *b, size_t i); /* the real port of config->ports[i] */

/* rg_c2b_is_port(b, name): 0 (all of them) or the name of a port. In all functions below 0 is all. */
bool rg_c2b_is_port(const rg_c2b *b, unsigned name);

/* rg_c2b_clients(b, name): clients that have said hello. rg_c2b_everywhere(b): each port has one. */
unsigned rg_c2b_clients(rg_c2b *b, unsigned name);
bool rg_c2b_everywhere(rg_c2b *b);

/* rg_c2b_send(b, name, text, out): a command to all clients of the port, one command for each port; appends a JSON list of {"seq","port","sessions"}: how many it is on its
 * way to. */
void rg_c2b_send(rg_c2b *b, unsigned name, const char *text, GString *out);

/* rg_c2b_fault(b, name, fault, times): the port misbehaves from now on, with so many connections (0: until "none"). False: there is no such fault. */
bool rg_c2b_fault(rg_c2b *b, unsigned name, const char *fault, unsigned times);
/* The i-th fault's name and what it is; NULL past the last one. */
const char *rg_c2b_fault_name(size_t i, const char **ret_what);

/* How a connection is ended: a close frame (1001), FIN or RST; each behind everything that was sent. */
typedef enum rg_c2_how { RG_HOW_CLOSE, RG_HOW_FIN, RG_HOW_RST, RG_HOWS } rg_c2_how;
/* When: now, or from now on at a beat that comes, behind a command that was delivered. */
typedef enum rg_c2_on { RG_ON_NOW, RG_ON_BEAT, RG_ON_COMMAND, RG_ONS } rg_c2_on;

/* rg_c2b_drop(b, name, chance, how, on): ends connections with that chance (0 to 1); how many, if now. chance 0 with RG_ON_BEAT or RG_ON_COMMAND: no longer. */
unsigned rg_c2b_drop(rg_c2b *b, unsigned name, double chance, rg_c2_how how, rg_c2_on on);

/* rg_c2b_log(), rg_c2b_sent(): the book (range/c2book.h). rg_c2b_state(b, out): a JSON list of {"name","port","fault","left","connections","clients"}. */
void rg_c2b_log(rg_c2b *b, unsigned after, GString *out);
void rg_c2b_sent(rg_c2b *b, unsigned after, GString *out);
void rg_c2b_state(rg_c2b *b, GString *out);
/* rg_c2b_reset(b): no faults, no chance, an empty book; connections stay. rg_c2b_wake(b): has tick called. */
void rg_c2b_reset(rg_c2b *b);
void rg_c2b_wake(rg_c2b *b);

#endif
