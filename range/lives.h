/* range/lives: scripted lives of phishing sites on a virtual clock: what a visitor is answered at any minute, what the DNS and the registry say, and whether the site
 * is really up. Part of librange. */
#ifndef RG_LIVES_H
#define RG_LIVES_H

#include "sitestate.h"

enum { RG_LIFE_PHASES_MAX = 64 };
/* The lives that `hikeshi-range sites` serves, and those of the tests. */
#define RG_LIVES_SEED UINT64_C(20261130)

typedef enum rg_life_who {
	RG_LIFE_ALL,
	RG_LIFE_PHONE,
	RG_LIFE_SEARCH,
	RG_LIFE_HOME,
	RG_LIFE_HOME_PHONE,
	RG_LIFE_SECOND,
	RG_LIFE_FIRST,
	RG_LIFE_LIES,
	RG_LIFE_ANEW,
} rg_life_who;

typedef struct rg_life_phase {
	int64_t from_ms; /* after the beginning of the life */
	rg_site_state state;
	rg_life_who who;
	bool up;
	unsigned silent; /* in a thousand */
} rg_life_phase;

typedef struct rg_life {
	const char *kind; /* static */
	char host[64];    /* KIND-N.life.range.test */
	const char *kit;  /* static: whose page it is */
	uint64_t seed;
	size_t count;
	rg_life_phase phase[RG_LIFE_PHASES_MAX];
} rg_life;

/* rg_life_kinds(): how many rows LIFE there are. rg_life_new(kind, number, seed, ret): kind < rg_life_kinds(); the same arguments, the same life. rg_life_find(host, seed, ret): by its
 * name; false: none has it. */
unsigned rg_life_kinds(void);
void rg_life_new(unsigned kind, unsigned number, uint64_t seed, rg_life *ret);
bool rg_life_find(const char *host, uint64_t seed, rg_life *ret);

/* rg_life_at(life, ms): the phase in which it is; never NULL. */
const rg_life_phase *rg_life_at(const rg_life *life, int64_t ms);

/* What the DNS and the registry say at that time. */
typedef struct rg_life_name {
	bool nameless, held;
	int64_t created_ms; /* when the name was registered, counted as ms; < 0: before the life began */
} rg_life_name;
rg_life_name rg_life_name_at(const rg_life *life, int64_t ms);

/* Who asks. page: 0 "/", 1 "/2". home: by the second way out. visit: a number of this visit, for chance. */
typedef struct rg_life_visitor {
	bool phone, search, home;
	unsigned page;
	uint64_t visit;
} rg_life_visitor;

/* rg_life_answer(life, ms, visitor, ret): false: no answer. */
bool rg_life_answer(
	const rg_life *life, int64_t ms, const rg_life_visitor *visitor, rg_answer *ret);

#endif
