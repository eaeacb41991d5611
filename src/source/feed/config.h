/* source/feed/config: one feed, as its file says (conf/feeds/NAME.conf). Layer: stage. Input is ours, yet checked.
 *
 * The keys are the rows of keys.def; docs/feeds.md explains them. Everything that can be wrong is found when the file is
 * read, and named with file and line; what needs the network is not asked here. */
#ifndef HK_SOURCE_FEED_CONFIG_H
#define HK_SOURCE_FEED_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#define HK_FEED_NAME_MAX    40
#define HK_FEED_TARGETS_MAX 1000
#define HK_FEED_LISTS_MAX   100
#define HK_FEED_FILES_MAX   1000

typedef enum hk_feed_format {
	HK_FEED_CSV,
	HK_FEED_JSONL,
	HK_FEED_TEXT,
	HK_FEED_MISP,
	HK_FEED_STIX,
	HK_FEED_TAXII,
	HK_FEED_FORMATS
} hk_feed_format;

/* What an item is about; bits of hk_feed_config.types. */
typedef enum hk_feed_type {
	HK_FEED_ANY = 0, /* to be seen from the value */
	HK_FEED_URL = 1,
	HK_FEED_DOMAIN = 2,
	HK_FEED_IP = 4,
} hk_feed_type;

typedef enum hk_feed_field {
	HK_FEED_FIELD_URL,
	HK_FEED_FIELD_HOST,
	HK_FEED_FIELD_TIME,
	HK_FEED_FIELD_TARGET,
	HK_FEED_FIELD_TAGS,
	HK_FEED_FIELD_CONFIDENCE,
	HK_FEED_FIELD_ID,
	HK_FEED_FIELD_TITLE,
	HK_FEED_FIELDS
} hk_feed_field;

/* Which SCOs are taken that no indicator speaks of. */
typedef enum hk_feed_objects {
	HK_FEED_OBJECTS_NONE,
	HK_FEED_OBJECTS_OBSERVED,
	HK_FEED_OBJECTS_ALL
} hk_feed_objects;

/* Strings are owned; NULL where the file says nothing. */
typedef struct hk_feed_config {
	char *path; /* of the file */
	char *name;
	char *source; /* "feed:NAME", the key in sources */
	char digest
		[17]; /* of the file's bytes: with another one a feed is read from its beginning, because filters,
			    columns or the URL may be others */
	bool enabled;
	hk_feed_format format;
	char *url;
	char *file;
	int64_t poll_ms;
	double trust;
	char *kind;
	size_t max_bytes;
	uint64_t max_items;
	char *field[HK_FEED_FIELDS]; /* column (name or number) or path of members, "a.b" */
	bool header;
	char delimiter;
	char *comment;       /* never empty; NULL: no comments */
	GHashTable *targets; /* folded word -> our key; both owned */
	char *target;
	unsigned types;   /* hk_feed_type bits; 0: all */
	GHashTable *tags; /* set of folded tags; NULL: no filter */
	GHashTable *not_tags;
	int confidence;     /* -1: no filter */
	int64_t since_ms;   /* 0: no filter */
	int64_t max_age_ms; /* 0: no filter */
	bool to_ids;
	hk_feed_objects objects;
	GPtrArray *collections; /* char *; may be empty, never NULL */
	char *login_file;
	char *ca_file;
} hk_feed_config;

void hk_feed_config_free(hk_feed_config *config); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_feed_config, hk_feed_config_free)

/* hk_feed_config_read(path, error): HK_ENOENT, HK_EPOLICY, HK_EIO: cannot be read; HK_ECONFIG: "PATH:LINE: what". */
hk_feed_config *hk_feed_config_read(const char *path, GError **error);

/* hk_feed_config_folder(folder, error): every *.conf of the folder, by name, disabled ones too; two of the same name are
 * HK_ECONFIG. */
GPtrArray *hk_feed_config_folder(const char *folder, GError **error);

/* hk_feed_login(path, error): the header that the credentials file asks for ("Authorization: Bearer ..."); HK_ECONFIG for
 * a file that others may read, or of another form; the text never holds what stands in the file. Caller frees. */
char *hk_feed_login(const char *path, GError **error);

/* hk_feed_fold(text): as words of feeds are compared: NFKC, case folded, blanks around it dropped. Caller frees; NULL when it
 * is not UTF-8. */
char *hk_feed_fold(const char *text);

/* hk_feed_format_name(format): "csv" ...; static storage. */
const char *hk_feed_format_name(hk_feed_format format);

/* hk_feed_key_name(i): the i-th row of keys.def, NULL behind the last one; static storage. */
const char *hk_feed_key_name(size_t i);

#endif
