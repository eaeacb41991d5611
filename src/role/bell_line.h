/* role/bell_line: one session of the bell: its record, and what of it is in the database. Layer: role; used by role/bell. Frames are hostile.
 *
 * house: what all lines share. A line belongs to its session (hk_ear_set_user). Everything here happens in the bell's thread. */
#ifndef HK_ROLE_BELL_LINE_H
#define HK_ROLE_BELL_LINE_H

#include "flow/c2.h"
#include "role/bell_take.h"
#include "source/c2/ear.h"
#include "source/c2/record.h"
#include "sys/blob.h"
#include "sys/loc.h"
#include "sys/options.h"

extern const hk_who hk_bell_who;
extern const hk_ear_sink hk_bell_sink; /* user: hk_bell_house; sessions: hk_bell_line */

/* Commands of one line that wait for the database; more of them stay in the record alone. */
#define HK_BELL_WAIT_MAX 5000

typedef struct hk_bell_house {
	const hk_opts *opts; /* borrowed */
	uint8_t key[HK_SECRET_KEY_BYTES];
	char *folder; /* of the records */
	int64_t piece_ms, keep_ms;
	hk_sites *sites;
	hk_bell_taker *taker;
	hk_loc *loc; /* NULL: no such file here */
	hk_blobs *blobs;
	GPtrArray *lines; /* of hk_bell_line, borrowed: each is its session's */
	/* While the database is there. */
	hk_db *db;
	hk_flow *flow;
	int64_t again_ms; /* not before this time */
} hk_bell_house;

/* hk_bell_house_init(house, opts, error): options c2-key, state, c2-piece, c2-keep, blobs, shared-hosts. hk_bell_house_clear(house): lines are gone by then. */
bool hk_bell_house_init(hk_bell_house *house, const hk_opts *opts, GError **error);
void hk_bell_house_clear(hk_bell_house *house);

/* hk_bell_house_enter(house, error): connects to the database, if it is not. hk_bell_house_leave(house): it is away. */
bool hk_bell_house_enter(hk_bell_house *house, GError **error);
void hk_bell_house_leave(hk_bell_house *house);

/* hk_bell_house_flush(house): what waits goes to the database; a failure is logged and tried again. hk_bell_house_tidy(house, error): beats are written down, pieces that are due are closed.
 * hk_bell_house_finish(house): all that can be done before the end. */
void hk_bell_house_flush(hk_bell_house *house);
bool hk_bell_house_tidy(hk_bell_house *house, GError **error);
void hk_bell_house_finish(hk_bell_house *house);

/* hk_bell_line_new(house, family, session, error): the session gets its row, its record, and what a record that was left behind still holds. hk_bell_line_id(line): of the row; 0: line is NULL. */
typedef struct hk_bell_line hk_bell_line;
bool hk_bell_line_new(
	hk_bell_house *house, const hk_family *family, hk_ear_session *session, GError **error);
int64_t hk_bell_line_id(const hk_bell_line *line);

/* hk_bell_line_end(line, error): it is not listened to any more: what waits goes to the database, its record becomes a piece. False: not now.
 * hk_bell_house_orphans(house, families, error): the same for records in the folder whose session nobody listens to now: a process died while it did. */
bool hk_bell_line_end(hk_bell_line *line, GError **error);
bool hk_bell_house_orphans(hk_bell_house *house, const GPtrArray *families, GError **error);

/* hk_bell_address(at): the next of addresses that blanks divide, and *at behind it; NULL: that was the last. Caller frees. */
char *hk_bell_address(const char **at);

/* hk_bell_host(address, ret_port): of "host:port" or "[v6]:port"; NULL: it is none. ret_port may be NULL. Caller frees. */
char *hk_bell_host(const char *address, unsigned *ret_port);

#endif
