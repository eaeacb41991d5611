/* cmd/init_int: what the files of `hikeshi init` share. Layer: cmd; for init*.c only. Answers are a person's, checked one by one. */
#ifndef HK_CMD_INIT_INT_H
#define HK_CMD_INIT_INT_H

#include "sys/gerr.h"
#include "sys/options.h"

/* Rows of initask.def, initkinds.def, initwords.def. */
typedef enum hk_ask {
#define ASK(id, key, group, kind, when, def, en, ja, help_en, help_ja) HK_ASK_##id,
#include "cmd/initask.def"
#undef ASK
	HK_ASK_COUNT
} hk_ask;
typedef enum hk_init_kind {
#define INITKIND(id, check, secret, en, ja) HK_INIT_KIND_##id,
#include "cmd/initkinds.def"
#undef INITKIND
	HK_INIT_KINDS
} hk_init_kind;
typedef enum hk_init_word {
#define INITWORD(id, en, ja) HK_INIT_##id,
#include "cmd/initwords.def"
#undef INITWORD
	HK_INIT_WORDS
} hk_init_word;
typedef enum hk_init_when {
	HK_WHEN_ALWAYS,
	HK_WHEN_FILE, /* never asked */
	HK_WHEN_SMTP,
	HK_WHEN_SMTP_LOGIN,
	HK_WHEN_IMAP,
	HK_WHEN_CHAT,
	HK_WHEN_DB,
	HK_WHEN_ADMIN,
	HK_WHEN_ROOT,
} hk_init_when;

/* Texts: [0] English, [1] Japanese. Static. */
typedef struct hk_ask_row {
	const char *key;
	hk_init_word group;
	hk_init_kind kind;
	hk_init_when when;
	const char *def;     /* as in initask.def */
	const char *text[2]; /* the question */
	const char *help[2]; /* or NULL */
} hk_ask_row;
extern const hk_ask_row hk_asks[HK_ASK_COUNT];

/* One run. */
typedef struct hk_init {
	char *answers
		[HK_ASK_COUNT]; /* owned: "" none; NULL: not answered yet. Secrets are wiped when freed */
	bool ja;                /* speak Japanese */
	bool db;                /* make the database */
	bool dry;
	char *into; /* owned: the whole path of the folder of the configuration */
} hk_init;
void hk_init_clear(hk_init *init);

/* hk_init_answer(init, ask): the answer; "" when there is none, or it was not asked for. Borrowed. hk_init_set(init, ask, text): copies text. */
const char *hk_init_answer(const hk_init *init, hk_ask ask);
void hk_init_set(hk_init *init, hk_ask ask, const char *text);

/* hk_init_say(init, word): its text. Static. */
const char *hk_init_say(const hk_init *init, hk_init_word word);

/* hk_init_secret(ask): whether its answer is one. hk_init_wanted(init, ask): whether it is asked, as far as the answers before it go.
 * hk_init_default(init, ask): what Enter means, made of the answers so far; NULL: nothing. Caller frees. */
bool hk_init_secret(hk_ask ask);
bool hk_init_optional(hk_ask ask); /* none is an answer */
bool hk_init_wanted(const hk_init *init, hk_ask ask);
char *hk_init_default(const hk_init *init, hk_ask ask);

/* hk_init_check(init, ask, text, error): whether text can be the answer: HK_EUSAGE "what to write (what was wrong)", in the language of init. Never
 * repeats a secret. Looks at the machine (folders, files, users, the database server), changes nothing. */
bool hk_init_check(const hk_init *init, hk_ask ask, const char *text, GError **error);

/* hk_init_dialogue(init, error): asks all that is wanted on the terminal. HK_EAGAIN: given up (end of input, Ctrl-C goes on as the signal that it is). hk_init_sure(init, error): a yes, or HK_EAGAIN. */
bool hk_init_dialogue(hk_init *init, GError **error);
bool hk_init_sure(const hk_init *init, GError **error);

/* hk_init_read(init, path, error): the answers of a file ("-": standard input), checked, with the defaults of what it leaves out. HK_ECONFIG "FILE:LINE: 'KEY' what"; HK_EPOLICY: it holds a password and
 * others may read it. hk_init_template(init): such a file, all commented out but what is needed. Caller frees. */
bool hk_init_read(hk_init *init, const char *path, GError **error);
char *hk_init_template(const hk_init *init);

/* What the first person needs: to work on cases, and to let others in. What leaves is approved by somebody else. */
#define HK_INIT_FIRST_ROLES "analyst,system_admin"

/* hk_init_as_user(init, work, error): work(init, error), as the user that hikeshi will run as: in a child that is that user when we are root and there is one, which prints what went wrong
 * itself (HK_EIO "as USER: its message is above"). hk_init_may(user, path, how): whether that user (""; or we are not root: we) may do how (access(2): R_OK, W_OK, X_OK) with path. */
typedef bool hk_init_work(const hk_init *init, GError **error);
bool hk_init_as_user(const hk_init *init, hk_init_work *work, GError **error);
bool hk_init_may(const char *user, const char *path, int how);

/* hk_init_own(init): the words "--own", NAME ... of `hikeshi db init` for all brands of the answers: owned strings, NULL-terminated. Caller unrefs.
 * hk_init_next(init, database, user): what next, on standard output: with the commands that make the database and the first user, unless they are there. */
GPtrArray *hk_init_own(const hk_init *init);
void hk_init_next(const hk_init *init, bool database, bool user);

/* A brand as it goes into the pack: lists of owned strings, in order. */
typedef struct hk_init_brand {
	char *name, *official, *tokens;
} hk_init_brand;
/* hk_init_brands(text, error): of the answer `brands`: GPtrArray of hk_init_brand, freed with it. HK_EFORM. */
GPtrArray *hk_init_brands(const char *text, GError **error);
/* hk_init_token(domains): words for host names out of the labels in front of the public suffixes of domains: "direct.mihon-bank.example" -> "mihonbank", four letters and less
 * with "?"; "" when there are none. Caller frees. hk_init_token_alone(tokens): whether one of them says something by itself (has no "?"): with others only nothing is found.
 * hk_init_www(domain): what follows a leading "www." that is no domain's own name, borrowed; NULL: there is none. */
char *hk_init_token(const char *domains);
bool hk_init_token_alone(const char *tokens);
const char *hk_init_www(const char *domain);
/* hk_init_short_name(name): a name in Latin letters without its legal form: "Mihon Bank, Ltd." -> "Mihon Bank". Caller frees. */
char *hk_init_short_name(const char *name);
/* hk_init_pack_takes(name, line, error): whether the reader of packs takes a brand of that name with that line; its words about it, without file and line. */
bool hk_init_pack_takes(const char *name, const char *line, GError **error);
/* hk_init_pack(init): the target pack of the answers. Caller frees. */
char *hk_init_pack(const hk_init *init);

/* A file that will be written, or (text NULL) a folder. */
typedef struct hk_init_file {
	char *path; /* whole */
	GString *text;
	unsigned mode;
	bool own;      /* belongs to the user that hikeshi runs as */
	size_t hidden; /* bytes of it that are a secret: not shown */
} hk_init_file;
/* hk_init_plan(init, error): all of them, folders before what lies in them. HK_ECONFIG: the target pack is wrong as a whole. */
GPtrArray *hk_init_plan(const hk_init *init, GError **error);
/* hk_init_config(init, out): hikeshi.conf, appended. */
void hk_init_config(const hk_init *init, GString *out);

/* hk_init_show(init, plan): what will be written, on standard output. hk_init_write(init, plan, error): writes it, all or nothing; HK_EPOLICY: one of the files is there already, and none is touched. */
void hk_init_show(const hk_init *init, const GPtrArray *plan);
bool hk_init_write(const hk_init *init, const GPtrArray *plan, GError **error);

#endif
