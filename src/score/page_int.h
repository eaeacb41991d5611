/* score/page_int: how a page is read; for the files of score/page only. Layer: score. Pages are hostile: all of this runs in sys/sandbox, but for
 * hk_page_sketch_parse(). */
#ifndef HK_SCORE_PAGE_INT_H
#define HK_SCORE_PAGE_INT_H

#include "base/span.h"
#include "parse/url.h"
#include "score/page.h"
#include "sys/htmltok.h"

/* Caps of one page. */
enum {
	HK_PAGE_DEEP = 256,            /* elements standing open that are known of */
	HK_PAGE_DEPTH = 40,            /* elements of a tag path, as evidence/facts has it */
	HK_PAGE_PATHS_MAX_TAGS = 1000, /* different tag paths */
	HK_PAGE_FIELDS_MAX = 150,
	HK_PAGE_HOSTS_MAX = 200,  /* of one area */
	HK_PAGE_LINKS_MAX = 1500, /* that are looked at */
	HK_PAGE_LOADS_MAX = 400,
	HK_PAGE_LABEL_MAX = 300,       /* bytes of a label, a heading ... */
	HK_PAGE_TEXT_HEAD = 24576,     /* bytes of the text that are kept: its beginning ... */
	HK_PAGE_TEXT_TAIL = 6144,      /* ... and its end: the footer */
	HK_PAGE_UNPACKED_MAX = 262144, /* bytes that scripts unpack, all in all */
	HK_PAGE_RESOURCE_MIN =
		512, /* bytes; smaller scripts and pictures are everybody's (evidence/traits) */
	HK_PAGE_MOVER_MAX =
		2048, /* bytes of a script that moves on by itself; longer ones do it when they are asked to */
};

/* What an element does to the elements around it (WHATWG HTML, section 13.2.6), as far as it matters. */
enum {
	HK_PAGE_EL_BLOCK = 1, /* a line of its own; ends a paragraph */
	HK_PAGE_EL_VOID = 2,
	HK_PAGE_EL_HEADY = 4, /* belongs into the head */
	HK_PAGE_EL_HEADING = 8,
	HK_PAGE_EL_P = 16,
	HK_PAGE_EL_LI = 32,
	HK_PAGE_EL_DD = 64,
	HK_PAGE_EL_LIST = 128,
	HK_PAGE_EL_OPTION = 256,
	HK_PAGE_EL_TABLE = 512,
	HK_PAGE_EL_ROWS = 1024,
	HK_PAGE_EL_TR = 2048,
	HK_PAGE_EL_CELL = 4096,
	HK_PAGE_EL_SCOPE = 8192, /* a paragraph ends here at the latest */
	HK_PAGE_EL_HTML = 16384,
	HK_PAGE_EL_HEAD = 32768,
	HK_PAGE_EL_BODY = 65536,
};

/* hk_page_element(name): those bits; 0 for what is not known. name: lower case. */
unsigned hk_page_element(const char *name);

/* The path of tags from the root, as a browser's document has it. */
typedef struct hk_page_tags {
	uint32_t name[HK_PAGE_DEEP]; /* hash of the name */
	unsigned kind[HK_PAGE_DEEP]; /* HK_PAGE_EL_ */
	size_t depth;
	size_t end[HK_PAGE_DEPTH + 1]; /* bytes of path at a depth */
	char path[HK_PAGE_DEPTH * (HK_HTMLTOK_NAME_MAX + 1)];
	bool body;        /* has begun */
	GHashTable *seen; /* hashes of paths; owned */
	hk_minhash shingles;
} hk_page_tags;
void hk_page_tags_init(hk_page_tags *ret);
void hk_page_tags_clear(hk_page_tags *tags);
/* hk_page_tags_start(tags, name, kind), hk_page_tags_end(tags, name, kind): a start tag, an end tag. */
void hk_page_tags_start(hk_page_tags *tags, const char *name, unsigned kind);
void hk_page_tags_end(hk_page_tags *tags, const char *name, unsigned kind);

typedef struct hk_page_field {
	char *tag, *type, *name, *id, *label, *placeholder, *autocomplete; /* owned */
	int64_t maxlength;
	bool visible;
	bool in_label; /* its label is not closed yet */
} hk_page_field;

/* Attributes of the tag at hand. */
enum { HK_PAGE_ATTRS = 6 };

/* One page while it is read. */
typedef struct hk_page_reader {
	const hk_page_answer *answer;
	hk_url *base;               /* owned; of the page; NULL: it has none */
	char host[HK_HOST_MAX + 1]; /* of relative addresses; "" not known */
	char own[HK_HOST_MAX + 1];  /* of the page */
	unsigned level;             /* 1: in what a script unpacked */
	GString *raw[HK_PAGE_AREAS];
	GHashTable *known[HK_PAGE_AREAS]; /* hosts of an area; owned; NULL for texts */
	GHashTable *own_links;            /* hashes */
	GString *attr[HK_PAGE_ATTRS];
	GString *scratch;
	hk_page_tags tags;
	/* forms */
	GPtrArray *fields;  /* of hk_page_field */
	GHashTable *labels; /* id -> text, both owned */
	GString *near;      /* the last piece of text before here */
	GString *label;     /* of the label that stands open */
	char *label_for;    /* owned; NULL: it stands open around its field, or none does */
	bool label_open, heading_open;
	size_t heading_from; /* where it begins in raw[HEAD] */
	/* what can be pressed */
	unsigned presses;
	GString *press; /* what stands on the last one */
	bool press_open;
	char *press_leads; /* owned; where the last one leads, or NULL */
	/* counts */
	unsigned silent; /* template standing open */
	uint32_t text_chars, links_out, links_void, links_seen, loads_seen;
	unsigned scripts, pictures, frames;
	size_t script_bytes, unpacked;
	unsigned unpacks;
	unsigned has;
	size_t hash_count;
	uint8_t hash[HK_PAGE_HASHES_MAX][32];
	bool has_icon;
	int32_t icon;
	char *follow, *frame; /* owned */
} hk_page_reader;

/* hk_page_html(reader, utf8): reads a page, or what a script unpacked. */
void hk_page_html(hk_page_reader *reader, hk_span utf8);

/* hk_page_attr(reader, tok, slot, name): the attribute's value in that slot, or NULL; valid until the slot is used again. */
const char *hk_page_attr(
	hk_page_reader *reader, const hk_htmltok *tok, unsigned slot, const char *name);

/* hk_page_script(reader, text): what a script does of itself: moves on, asks for the device, unpacks. */
void hk_page_script(hk_page_reader *reader, hk_span text);
/* hk_page_moves_to(text, ret): the address in "location.href='...'" and its like; false: none. */
bool hk_page_moves_to(const char *text, GString *ret);
/* hk_page_leads(reader, address): remembers it as reader->follow, if nothing is there yet. */
void hk_page_leads(hk_page_reader *reader, const char *address);

/* Addresses (page_links.c). hk_page_link: of a link; hk_page_load: of something that is loaded; hk_page_send: of a form. address may be NULL. */
void hk_page_link(hk_page_reader *reader, const char *address);
void hk_page_load(hk_page_reader *reader, const char *address, bool icon);
void hk_page_send(hk_page_reader *reader, const char *address);
void hk_page_base(hk_page_reader *reader, const char *address);
/* hk_page_hash(reader, bytes): keeps its SHA-256, unless it is too small. */
void hk_page_hash(hk_page_reader *reader, hk_span bytes);

/* Forms (page_form.c): a field's tag; a label's tags; something that can be pressed; what is read. */
void hk_page_field_start(hk_page_reader *reader, const hk_htmltok *tok);
void hk_page_label_start(hk_page_reader *reader, const hk_htmltok *tok);
void hk_page_label_end(hk_page_reader *reader);
void hk_page_press_start(hk_page_reader *reader, const hk_htmltok *tok);
void hk_page_form_text(hk_page_reader *reader, const char *text, size_t len);
void hk_page_field_free(void *field);
/* hk_page_form_tokens(reader, title, text, ret): title, text: folded. ret_typed: fields that can be typed into. */
void hk_page_form_tokens(hk_page_reader *reader, const char *title, const char *text,
	hk_form_tokens *ret, uint32_t *ret_typed);

/* hk_page_squeeze(out, text, len): appends with one blank for many. */
void hk_page_squeeze(GString *out, const char *text, size_t len);

/* hk_page_warm(): everything that the reading loads or folds once. Call it before sys/sandbox. */
void hk_page_warm(void);

/* hk_page_describe(answer, out): reads the answer and appends its record; never fails. In the sandbox. */
void hk_page_describe(const hk_page_answer *answer, GString *out);

#define HK_PAGE_RECORD_MAX (HK_PAGE_AREAS * (HK_PAGE_AREA_MAX + 2) + 8192)

/* hk_page_sketch_parse(record): a record as hk_page_describe writes it; it is hostile. NULL: it is not in its form, or over a cap. */
hk_page_sketch *hk_page_sketch_parse(hk_span record);
hk_page_sketch *hk_page_sketch_new(hk_page_kind kind);

#endif
