/* report/template_int: what the files template*.c share. Layer: stage (report). */
#ifndef HK_REPORT_TEMPLATE_INT_H
#define HK_REPORT_TEMPLATE_INT_H

#include "report/template.h"

typedef enum hk_tscope {
	HK_TSCOPE_LETTER,
	HK_TSCOPE_SITE,
	HK_TSCOPE_FILE,
	HK_TSCOPE_TOLD,
	HK_TSCOPE_NAME,
	HK_TSCOPE_PLAIN,
	HK_TSCOPE_WORD,
	HK_TSCOPE_LOOP,
} hk_tscope;

typedef enum hk_tkind {
	HK_TKIND_TEXT,
	HK_TKIND_SAID,
	HK_TKIND_URL,
	HK_TKIND_NUM,
	HK_TKIND_TIME,
	HK_TKIND_FLAG,
	HK_TKIND_LIST,
} hk_tkind;

/* Rows of templatevars.def, in its order. */
typedef enum hk_tvar {
#define TVAR(scope, name, kind, value, en, ja) HK_TVAR_##scope##_##name,
#define TLIST(scope, name, of, value, en, ja)  HK_TVAR_##scope##_##name,
#include "report/templatevars.def"
#undef TVAR
#undef TLIST
	HK_TVAR_COUNT
} hk_tvar;

typedef enum hk_tfilter {
	HK_TFILTER_NONE,
#define TFILTER(id, name, kinds, en, ja) HK_TFILTER_##id,
#include "report/templatefilters.def"
#undef TFILTER
	HK_TFILTER_COUNT
} hk_tfilter;

typedef struct hk_tinfo {
	hk_tscope scope;
	const char *name;
	hk_tkind kind;
	hk_tscope of; /* of a list */
} hk_tinfo;
extern const hk_tinfo hk_tvar_info[HK_TVAR_COUNT];

/* hk_tscope_item(scope, ret): whether the items of a list of that scope are texts, and of which kind. */
bool hk_tscope_item(hk_tscope scope, hk_tkind *ret);

/* hk_template_is_hidden(c): whether a code point has no width or turns the direction of text: it hides what is read. */
bool hk_template_is_hidden(uint32_t c);

/* hk_template_clean(out, text, max): text of others in one line, well-formed, without what has no width or turns the direction of text, at most max bytes:
 * cut with an ellipsis. */
void hk_template_clean(GString *out, const char *text, size_t max);

/* hk_tfilter_fits(filter, kind): whether it may be put on a value of that kind. */
bool hk_tfilter_fits(hk_tfilter filter, hk_tkind kind);

typedef enum hk_tnode_type {
	HK_TNODE_TEXT,
	HK_TNODE_VALUE,
	HK_TNODE_IF, /* or for each */
	HK_TNODE_NOT,
	HK_TNODE_END,
} hk_tnode_type;

typedef struct hk_tnode {
	hk_tnode_type type;
	hk_tvar var;
	hk_tfilter filter;
	unsigned end; /* IF, NOT: index of the END node */
	hk_span text; /* TEXT: borrowed from the template, or static */
} hk_tnode;

struct hk_template {
	char *source; /* owned */
	char lang[3];
	GArray *nodes; /* of hk_tnode */
	unsigned body; /* the first node that belongs to the body; those before are the subject */
	hk_template_context context; /* of the body */
};

/* The list that is gone through. */
typedef struct hk_tframe {
	hk_tscope scope;
	const GPtrArray *list;
	unsigned at;
} hk_tframe;

/* One expansion. */
typedef struct hk_tx {
	const hk_template_data *data;
	const char *lang;
	hk_template_context context;
	GPtrArray *pool; /* owned strings and lists that values borrow */
	hk_tframe frame[HK_TEMPLATE_DEPTH_MAX];
	unsigned depth;
	unsigned steps;
	GPtrArray *hosts, *domains, *fields, *dimensions, *here; /* made once; NULL: not yet */
} hk_tx;

typedef struct hk_tvalue {
	hk_tkind kind;
	const char *text; /* may be NULL: absent */
	int64_t number;
	const GPtrArray *list;
} hk_tvalue;

/* hk_tvar_value(x, var): borrowed from the brief or from x->pool. */
hk_tvalue hk_tvar_value(hk_tx *x, hk_tvar var);

/* What values of templatevars.def are made by. */
bool hk_template_is_wording(const hk_brief *brief, const char *wording);
const hk_brief_site *hk_template_lead(const hk_brief *brief);
const char *hk_template_first(const GPtrArray *list);
int64_t hk_template_told(const hk_brief *brief, bool first);
int64_t hk_template_waited(const hk_tx *x);
const char *hk_template_reference(hk_tx *x);
const char *hk_template_brand(const hk_tx *x);
const char *hk_template_hash(hk_tx *x, const hk_brief_file *file);
int64_t hk_template_told_here(hk_tx *x);
const GPtrArray *hk_template_ledger_here(hk_tx *x);
const GPtrArray *hk_template_hosts(hk_tx *x);
const GPtrArray *hk_template_domains(hk_tx *x);
const GPtrArray *hk_template_fields(hk_tx *x);
const GPtrArray *hk_template_dimensions(hk_tx *x);

/* hk_template_part(name, lang): conf/templates/part-NAME.LANG.txt, else its English; NULL: there is none. Static. */
const char *hk_template_part(const char *name, const char *lang);
extern const char *const hk_template_part_names[];
extern const size_t hk_template_part_count;

/* hk_template_lang(lang): "en", "ja" or "zh". */
const char *hk_template_lang(const char *lang);

#endif
