/* store/lookup: numbers of what people call by key or name. Layer: store. Texts may be hostile. */
#ifndef HK_STORE_LOOKUP_H
#define HK_STORE_LOOKUP_H

#include "store/db.h"

typedef struct hk_target_row {
	int64_t id;
	char *key; /* owned */
	bool own;
	char *services; /* owned; JSON */
} hk_target_row;
void hk_target_row_free(hk_target_row *row); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_target_row, hk_target_row_free)

/* A task template that comes with a kind of case. */
typedef struct hk_template_row {
	int64_t id;
	char *key, *steps, *kinds; /* owned; JSON */
} hk_template_row;
void hk_template_row_free(hk_template_row *row);

/* All: *ret (0, NULL) when there is no such row; that is no error. */

/* hk_lookup_target(db, word, ret, error): an active target by key, name or English name, in this order. hk_lookup_target_id: by number, any state. */
bool hk_lookup_target(hk_db *db, const char *word, hk_target_row **ret, GError **error);
bool hk_lookup_target_id(hk_db *db, int64_t id, hk_target_row **ret, GError **error);
bool hk_lookup_actor(hk_db *db, const char *key, int64_t *ret_id, GError **error);
bool hk_lookup_user(
	hk_db *db, const char *login, int64_t *ret_id, GError **error); /* active ones */
bool hk_lookup_login(hk_db *db, int64_t user_id, char **ret, GError **error);

/* hk_lookup_source(db, key, kind, now_ms, ret_id, ret_made, error): makes it when it is new. Write transaction. */
bool hk_lookup_source(hk_db *db, const char *key, const char *kind, int64_t now_ms, int64_t *ret_id,
	bool *ret_made, GError **error);
/* hk_source_write(db, id, position, health, now_ms, error): NULL leaves one. hk_source_read_position: *ret NULL when unknown. */
bool hk_source_write(hk_db *db, int64_t id, const char *position, const char *health,
	int64_t now_ms, GError **error);
bool hk_source_read_position(hk_db *db, const char *key, char **ret, GError **error);
/* hk_source_read_health(db, key, ret, error): *ret (owned): JSON as hk_source_write() got it; NULL when unknown.
 * hk_source_trust(db, key, trust, error): how far what it says is believed, 0 to 1; writes only a change. Write transaction. */
bool hk_source_read_health(hk_db *db, const char *key, char **ret, GError **error);
bool hk_source_trust(hk_db *db, const char *key, double trust, GError **error);

/* hk_lookup_templates(db, ret, error): *ret: active templates (of hk_template_row) in the order of their numbers.
 * hk_lookup_template: one by key, active. */
bool hk_lookup_templates(hk_db *db, GPtrArray **ret, GError **error);
bool hk_lookup_template(hk_db *db, const char *key, hk_template_row **ret, GError **error);
/* hk_rows_ids(rows, ret, error): the numbers in the first column of all rows: *ret, array of int64_t. Frees rows; they may be NULL: the query failed. */
bool hk_rows_ids(hk_rows *rows, GArray **ret, GError **error);
/* hk_rows_texts(rows, ret, error): the same of texts: *ret, GPtrArray of owned ones. */
bool hk_rows_texts(hk_rows *rows, GPtrArray **ret, GError **error);

#endif
