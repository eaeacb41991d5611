/* store/intakes: pastes, imports and batches, and what became of their lines. Layer: store. Bodies are hostile, yet only kept. */
#ifndef HK_STORE_INTAKES_H
#define HK_STORE_INTAKES_H

#include "store/db.h"

typedef struct hk_intake_row {
	int64_t id;
	const char *state; /* interned */
	char *kind;        /* owned; the same below */
	bool dry_run;
	char *options, *source; /* source: its key */
	int64_t source_id, user_id;
	int64_t bytes;       /* of the body */
	int64_t position;    /* bytes of it that are done */
	int64_t line, lines; /* done, in all */
	int64_t opened, attached, routed, refused, skipped;
} hk_intake_row;
void hk_intake_row_clear(hk_intake_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_intake_row, hk_intake_row_clear)

/* hk_intakes_add(db, row, body, at_ms, ret_id, error): state waiting; of row: kind, dry_run, options, source_id, user_id, lines. */
bool hk_intakes_add(hk_db *db, const hk_intake_row *row, hk_span body, int64_t at_ms,
	int64_t *ret_id, GError **error);
/* hk_intakes_get(db, id, ret, error): HK_ENOENT. Inside a write transaction it stays as it is until the end. */
bool hk_intakes_get(hk_db *db, int64_t id, hk_intake_row *ret, GError **error);
/* hk_intakes_read(db, id, from, max, ret, error): at most max bytes of the body from there on, appended to ret; none at its end. */
bool hk_intakes_read(
	hk_db *db, int64_t id, int64_t from, int64_t max, GByteArray *ret, GError **error);
/* hk_intakes_progress(db, row, error): writes kind, position, line, lines and the counts. */
bool hk_intakes_progress(hk_db *db, const hk_intake_row *row, GError **error);
/* hk_intakes_state(db, id, state, done_ms, error): done_ms 0: not done. */
bool hk_intakes_state(hk_db *db, int64_t id, const char *state, int64_t done_ms, GError **error);

/* One line. Strings borrowed; case_id 0, url and why NULL: none. Writing a line again replaces it. */
typedef struct hk_intake_line {
	int64_t intake_id, line;
	const char *text, *url, *how, *why;
	int64_t case_id;
} hk_intake_line;
bool hk_intakes_put_line(hk_db *db, const hk_intake_line *line, GError **error);

/* hk_intakes_empty(db, before_ms, ret_count, error): bodies of what was done before are emptied. */
bool hk_intakes_empty(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error);

#endif
