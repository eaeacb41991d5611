/* range/playstage: the world of a scenario while it is played: its parts, and what every file of `hikeshi-range play` needs of them. Part of hikeshi-range. */
#ifndef RG_PLAYSTAGE_H
#define RG_PLAYSTAGE_H

#include "playask.h"
#include "playpart.h"
#include "playread.h"

/* A bank, and the parts that only it sees. */
typedef struct rg_play_bank {
	const rg_play_line *line;
	const char *key, *domain;
	char *dir;                        /* DIR/KEY */
	char *config;                     /* its hikeshi.conf */
	rg_part *vendors, *chats, *feeds; /* of stage->parts; feeds: NULL where no line feeds it */
} rg_play_bank;

typedef struct rg_stage {
	const rg_play *play;
	char *dir, *share; /* absolute; dir: DIR/world, the parts'; share: conf/, rules/ ... */
	double speed;
	GPtrArray *parts;                                          /* owned, of rg_part */
	rg_part *log, *sites, *registry, *tsa, *c2, *links, *mail; /* of parts */
	rg_play_bank banks[RG_PLAY_BANKS_MAX];
	size_t bank_count;
	char *log_auth, *world; /* a header line; the file of registry and sites */
	rg_ask *ask;
} rg_stage;

/* rg_stage_new(play, dir, share, speed, error): folders and files, then the parts, each ready. dir is made; one in which something was played is refused. share NULL: looked for beside the program. The stage borrows
 * play. HK_EIO, HK_EUSAGE. */
void rg_stage_free(rg_stage *stage); /* ends the parts; accepts NULL */
rg_stage *rg_stage_new(const rg_play *play, const char *dir, const char *share, double speed,
	GError **error) HK_FREED_BY(rg_stage_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_stage, rg_stage_free)

/* rg_stage_share(given, error): the folder with range/scenarios/, conf/ and rules/: given, or beside the program (an installation's ../share/hikeshi, the source of a build folder). */
char *rg_stage_share(const char *given, GError **error);

/* rg_stage_bank(stage, key): the bank, the first one for NULL; never NULL. */
rg_play_bank *rg_stage_bank(rg_stage *stage, const char *key);

/* rg_stage_party(play, line, role): the address of the party that a site line names for that role ("hoster", "registrar"), or the first one with it; NULL: none. */
const char *rg_stage_party(const rg_play *play, const rg_play_line *line, const char *role);

/* rg_stage_write(stage_dir, name, text, error): DIR/NAME. */
bool rg_stage_write(const char *dir, const char *name, const char *text, GError **error);

/* ---- range/playworld.c ---- */
/* rg_world_json(play): what DNS, RDAP and WHOIS say. Caller frees. rg_world_address(play, party): the address of a hoster's machine. */
char *rg_world_json(const rg_play *play);

/* ---- range/playbank.c ---- */
/* rg_bank_write(stage, bank, error): everything that hikeshi needs, once the parts are there. */
bool rg_bank_write(const rg_stage *stage, const rg_play_bank *bank, GError **error);

/* ---- range/playact.c ---- */
/* An event happens in rg_act_steps() steps, rg_act_gap_ms() of the scenario's time apart: one, but where `over=` spreads it. rg_act(stage, line, i, error): the i-th, now.
 * HK_EREMOTE: a part refused. rg_act_over(): what lasts (`for=`) is over. */
unsigned rg_act_steps(const rg_play *play, const rg_play_line *line);
int64_t rg_act_gap_ms(const rg_play *play, const rg_play_line *line);
bool rg_act(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error);
bool rg_act_over(rg_stage *stage, const rg_play_line *line, GError **error);

/* rg_act_before(stage, error): sites that a line sets up later are not there yet. */
bool rg_act_before(rg_stage *stage, GError **error);

/* rg_act_lasts_ms(line): its `for=`; -1: it has none. rg_act_about(play, line): what it is about, for people: a host, a URL, a label ...; "" nothing. Caller frees. */
int64_t rg_act_lasts_ms(const rg_play_line *line);
char *rg_act_about(const rg_play *play, const rg_play_line *line);

/* ---- range/playmail.c ---- */
/* rg_play_mail(stage, line): the mail of an ALERT or REPORT line as it arrives at the bank. Caller frees. rg_play_mailbox(bank, verb): whose it is. Caller frees. */
char *rg_play_mail(const rg_stage *stage, const rg_play_line *line);
char *rg_play_mailbox(const rg_play_bank *bank, rg_play_verb verb);

/* ---- range/playwatch.c: what hikeshi and the parties have done, as the parts tell it ---- */
typedef struct rg_playwatch rg_playwatch;
rg_playwatch *rg_playwatch_new(const rg_play *play);
void rg_playwatch_free(rg_playwatch *watch); /* accepts NULL */

/* rg_playwatch_look(watch, stage): asks the parts. rg_playwatch_when(watch, moment, host): the monotonic time (us) at which it was first seen; 0: not yet. */
void rg_playwatch_look(rg_playwatch *watch, rg_stage *stage);
int64_t rg_playwatch_when(const rg_playwatch *watch, rg_play_moment moment, const char *host);

#endif
