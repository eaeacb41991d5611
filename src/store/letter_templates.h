/* store/letter_templates: what people changed of the templates that hikeshi brings (schema/0007_reports.sql). Layer: store. Who writes them: flow/letter_template. */
#ifndef HK_STORE_LETTER_TEMPLATES_H
#define HK_STORE_LETTER_TEMPLATES_H

#include "store/db.h"

/* Strings owned. */
typedef struct hk_letter_template_row {
	char *kind, *lang, *subject, *body;
	char *by;        /* login of who changed it last, or NULL */
	int64_t user_id; /* the same; 0: nobody */
	int64_t updated_ms;
	int64_t version;
} hk_letter_template_row;
void hk_letter_template_row_free(void *row); /* accepts NULL */

/* hk_letter_templates_get(db, kind, lang, ret, error): *ret: the row (caller frees); NULL: nobody has changed this one. hk_letter_templates_all(db, ret, error): *ret:
 * GPtrArray of owned rows, by kind and language; caller unrefs. */
bool hk_letter_templates_get(hk_db *db, const char *kind, const char *lang,
	hk_letter_template_row **ret, GError **error);
bool hk_letter_templates_all(hk_db *db, GPtrArray **ret, GError **error);

/* hk_letter_templates_put(db, row, error): kind, lang, subject, body, user_id, updated_ms of *row; an older one is replaced, one version up. hk_letter_templates_drop(db,
 * kind, lang, ret_changed, error): *ret_changed 0: there was none. */
bool hk_letter_templates_put(hk_db *db, const hk_letter_template_row *row, GError **error);
bool hk_letter_templates_drop(
	hk_db *db, const char *kind, const char *lang, int64_t *ret_changed, GError **error);

/* hk_letter_templates_after(db, key, ret, error): how many hold that were changed after the setting was. */
bool hk_letter_templates_after(hk_db *db, const char *key, int64_t *ret, GError **error);

#endif
