/* source/c2/family: one family of bots, as its file says (conf/c2/NAME.conf): where it drops the address of its server, how that is wrapped, how the server is spoken to,
 * and what its commands are called. Layer: stage. The files are ours, yet checked: everything that can be wrong is named with file and line.
 *
 * A new family is a new file as long as its pieces exist: steps.def, the transports, device.def, the grammar of parse/c2cmd. What this program cannot speak is said when
 * a family is enabled, never silently passed over. docs/c2-families.md explains the keys. */
#ifndef HK_SOURCE_C2_FAMILY_H
#define HK_SOURCE_C2_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

#define HK_FAMILY_NAME_MAX  40
#define HK_FAMILY_DROPS_MAX 200
#define HK_FAMILY_STEPS_MAX 16
#define HK_FAMILY_PORTS_MAX 64
#define HK_FAMILY_VERBS_MAX 200
#define HK_FAMILY_LINES_MAX 64   /* header lines */
#define HK_FAMILY_TEXT_MAX  4096 /* bytes of hello, beat, pong, a header line */

typedef enum hk_step_kind {
#define STEP(id, word, arguments, help) HK_STEP_##id,
#include "source/c2/steps.def"
#undef STEP
	HK_STEPS
} hk_step_kind;

/* A step of the chain that unwraps a drop. */
typedef struct hk_step {
	hk_step_kind kind;
	GString *
		key; /* cut: the delimiter; ciphers, xor: the key, of its full size; else NULL; owned */
	GString *iv;     /* DES_CBC; else NULL; owned */
	size_t min, max; /* skip: min; unwrap: both */
} hk_step;

typedef enum hk_drop_kind {
	HK_DROP_BODY,    /* the whole answer is the wrapped address */
	HK_DROP_PROFILE, /* somewhere in a page there may be one */
} hk_drop_kind;

typedef enum hk_transport {
	HK_TRANSPORT_NONE,
	HK_TRANSPORT_WEBSOCKET,
	HK_TRANSPORT_HTTP_POST, /* described only: nobody here speaks it */
	HK_TRANSPORTS
} hk_transport;

/* A command. */
typedef struct hk_verb {
	char *word; /* as the server writes it, without a mark at its end: "发信息", "拦截短信&open" */
	char *name; /* ours: "send-sms" */
	char *en;   /* what it makes a handset do */
	char *ja;
	bool argument; /* one follows */
	bool send;     /* it makes handsets send messages: numbers and text follow */
} hk_verb;

typedef enum hk_order { HK_ORDER_NUMBERS_TEXT, HK_ORDER_TEXT_NUMBERS } hk_order;

/* Strings are owned; NULL where the file says nothing. */
typedef struct hk_family {
	char *path; /* of the file */
	char *name;
	char *title_en; /* never NULL */
	char *title_ja; /* never NULL */
	bool enabled;

	GPtrArray *drops; /* char *: canonical URLs; may be empty */
	int64_t drop_every_s;
	hk_drop_kind drop_kind;
	GPtrArray *chain; /* hk_step *; may be empty */

	hk_transport transport;
	GArray *ports; /* unsigned; may be empty: the drop's own port */
	char *path_b;  /* path of the opening request */
	GPtrArray *
		headers; /* char *, NULL at the end (which ->len counts); NULL: the protocol's own */
	char *hello;     /* template for hk_device_fill; NULL: nothing is sent */
	char *beat;      /* NULL: none */
	int64_t beat_s;
	char *pong;
	unsigned miss;
	char *exit;
	char *banner;
	char *actor;
	size_t message_max;

	GPtrArray *verbs; /* hk_verb *; may be empty */
	hk_span *words;   /* of the verbs, in the same order, for parse/c2cmd */
	char mark;        /* 0: none */
	char *separators; /* never NULL */
	char split;       /* 0: none */
	hk_order order;
} hk_family;

void hk_family_free(hk_family *family); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_family, hk_family_free)

/* hk_family_read(path, error): HK_ENOENT, HK_EPOLICY, HK_EIO: cannot be read; HK_ECONFIG: "PATH:LINE: what". */
hk_family *hk_family_read(const char *path, GError **error);

/* hk_family_folder(folder, error): every *.conf of the folder, by name, disabled ones too: hk_family *, freed with the array; two of the same name are HK_ECONFIG. */
GPtrArray *hk_family_folder(const char *folder, GError **error);

/* hk_family_of(families, name): the one of that name, borrowed; NULL: none. */
const hk_family *hk_family_of(const GPtrArray *families, const char *name);

/* hk_family_step_name(kind), hk_transport_name(transport): the words of the files; static storage. hk_family_key_name(i): the keys, in order, NULL behind the last one. */
const char *hk_family_step_name(hk_step_kind kind);
const char *hk_transport_name(hk_transport transport);
const char *hk_family_key_name(size_t i);

#endif
