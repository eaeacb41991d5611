/* report/template: letters as people on the board write them: text with names in braces, no logic, no code. Layer: stage (report).
 *
 * The template is a user's, the values are partly the attacker's: a value can never end a line, start a header or become a tag.
 *
 *   Subject: Phishing: {{host}}          first line, then an empty one, then the text
 *   {{name}}  {{name|filter}}            a value (templatevars.def, templatefilters.def)
 *   {{#name}}...{{/name}}                once for each of a list; or if there is a value
 *   {{^name}}...{{/name}}                if there is none
 *   {{! comment}}                        nothing
 *   {{>facts}}                           a part that hikeshi brings (conf/templates/part-*.txt), in the letter's language
 *
 * A line with nothing but one tag of the kinds #, ^, /, ! is not written. Every name is looked up when the template is read, so that a wrong one is
 * told to its writer and never to a recipient. */
#ifndef HK_REPORT_TEMPLATE_H
#define HK_REPORT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "report/brief.h"

#define HK_TEMPLATE_BYTES_MAX 65536
#define HK_TEMPLATE_NODES_MAX                                                                      \
	4000 /* tags, and pieces of text between them, with those of the parts */
#define HK_TEMPLATE_DEPTH_MAX   8    /* sections in each other */
#define HK_TEMPLATE_VALUE_MAX   8192 /* bytes of one value; the rest is cut off, with an ellipsis */
#define HK_TEMPLATE_SUBJECT_MAX 240  /* bytes of a subject; likewise */
#define HK_TEMPLATE_OUT_MAX     1048576 /* bytes of a letter */
#define HK_TEMPLATE_STEPS_MAX   2000000 /* nodes gone through for one letter */

/* For what a text is: how values are escaped in it. All: one line, no control characters, nothing that turns the direction of text or has no width. */
typedef enum hk_template_context {
	HK_TEMPLATE_TEXT,   /* prose of a mail */
	HK_TEMPLATE_HEADER, /* a subject: all of it is one line */
	HK_TEMPLATE_HTML,   /* & < > " ' as character references */
	HK_TEMPLATE_JSON,   /* inside of a string: " and \ are escaped */
} hk_template_context;

typedef struct hk_template hk_template;

/* Where and why a template is wrong. Lines and columns (characters) from 1; 0: the template as a whole. nearest: the name that was perhaps meant,
 * static, or NULL. */
typedef struct hk_template_fault {
	unsigned line, column;
	const char *nearest;
} hk_template_fault;

/* What a template is filled from; borrowed. */
typedef struct hk_template_data {
	const hk_brief *brief; /* at least one site */
	const hk_recipient *to;
	const char *token;   /* of the report: 32 hexadecimal digits */
	int64_t now_ms;      /* when the letter is written */
	const char *machine; /* name of the part for programs: "xarf.json"; NULL: there is none */
} hk_template_data;

/* hk_template_new(text, lang, ret_fault, error): a letter: "Subject: ..." on the first line, an empty line, the text. lang (en, ja, zh; another is
 * taken as en) decides the language of words that are ours, and of the parts. CRLF becomes LF. HK_EFORM: the text of the error names line and column;
 * ret_fault may be NULL. HK_ELIMIT: a cap. */
hk_template *hk_template_new(
	hk_span text, const char *lang, hk_template_fault *ret_fault, GError **error);

/* hk_template_new_piece(text, lang, context, ret_fault, error): the same without a subject, for any context. */
hk_template *hk_template_new_piece(hk_span text, const char *lang, hk_template_context context,
	hk_template_fault *ret_fault, GError **error);
void hk_template_free(hk_template *template); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_template, hk_template_free)

/* hk_template_expand(template, data, ret_subject, ret_body, error): both are appended to; ret_subject may be NULL for a piece. The same data make the
 * same bytes. HK_ELIMIT: over HK_TEMPLATE_OUT_MAX or HK_TEMPLATE_STEPS_MAX; the outputs then hold a part. */
bool hk_template_expand(const hk_template *template, const hk_template_data *data,
	GString *ret_subject, GString *ret_body, GError **error);

/* The letters that hikeshi brings: conf/templates/KIND.LANG.txt. Static. */
typedef struct hk_template_file {
	const char *kind, *lang, *text;
} hk_template_file;
extern const hk_template_file hk_template_files[];
extern const size_t hk_template_file_count;

/* hk_template_find(kind, lang): KIND.LANG, else KIND.en, else general.LANG, else general.en; never NULL. */
const hk_template_file *hk_template_find(const char *kind, const char *lang);

/* hk_template_kind(brief, to): which letter: that of the step (followup, escalation), ISNIC's for a registry of .is, ICANN's for an escalation to the
 * body of that name, the other bank's for a notice; else that of the recipient's kind. Static. */
const char *hk_template_kind(const hk_brief *brief, const hk_recipient *to);

/* hk_template_word(group, key, lang): templatewords.def; key itself when it has no row; NULL for NULL. */
const char *hk_template_word(const char *group, const char *key, const char *lang);

/* hk_template_word_xarf(group, key): what XARF calls it, or NULL. */
const char *hk_template_word_xarf(const char *group, const char *key);

/* hk_template_reference_of(token, ret): our reference in letters: "HK-" and the token's first ten digits in capitals; ret holds 16 bytes. Returns ret. */
const char *hk_template_reference_of(const char *token, char *ret);

/* The tables, for help and documents. Static. */
typedef struct hk_template_var_row {
	const char *scope, *name,
		*kind; /* kind: text, said, url, num, time, flag, or "list of SCOPE" */
	const char *en, *ja;
} hk_template_var_row;
typedef struct hk_template_row {
	const char *name, *en, *ja;
} hk_template_row;
extern const hk_template_var_row hk_template_vars[];
extern const size_t hk_template_var_count;
extern const hk_template_row hk_template_filters[], hk_template_kinds[];
extern const size_t hk_template_filter_count, hk_template_kind_count;

#endif
