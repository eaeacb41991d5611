/* features.h: what the name model looks at in a host name. Layer match (core); input is hostile.
 *
 * A name is cut at its public suffix into sub-domain part S, registrable label R and suffix X (of a
 * private suffix such as duckdns.org, R is the customer's label). From these a fixed recipe makes
 * up to HK_FEATURES_MAX hashed features in each of three pools; a model holds one row of small
 * integers for each hash bucket and adds the rows of a pool. Trainer and scorer share this file, so
 * what is learnt is what is scored. The recipe has a version: a model of another version is
 * refused. */
#ifndef HK_MATCH_FEATURES_H
#define HK_MATCH_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "match/suffix.h"

/* Counts up whenever the same name would give other features. */
#define HK_FEATURES_VERSION 1u

/* 255 rows of int8 add up to at most 32385, so a sum fits int16. */
#define HK_FEATURES_MAX 255u

/* Which part of the name a row speaks of; the rows of each pool are averaged apart. */
typedef enum hk_feature_pool {
	HK_POOL_LABEL, /* letters of R */
	HK_POOL_SUB,   /* letters and words of S */
	HK_POOL_FORM,  /* suffix, shapes, lengths, sound */
	HK_POOL_COUNT
} hk_feature_pool;

/* What kind of evidence a feature is; the unit of explanation. */
typedef enum hk_feature_group {
	HK_GROUP_SUFFIX,       /* the suffix itself, private or not */
	HK_GROUP_LABEL,        /* 2 to 5 letters in a row of R */
	HK_GROUP_LABEL_SUFFIX, /* 3 letters of R under this suffix */
	HK_GROUP_SUB,          /* 3 to 5 letters in a row of S */
	HK_GROUP_SOUND,        /* the order of vowels, consonants, digits */
	HK_GROUP_SHAPE,        /* runs of letters and digits, such as a5d3 */
	HK_GROUP_LENGTH,       /* lengths, number of labels, hyphens, digits */
	HK_GROUP_WORD,         /* R, S, labels of S and parts between hyphens as a whole */
	HK_GROUP_COUNT
} hk_feature_group;

/* The features of one name. group runs beside hash; only hk_features_explained fills it. */
typedef struct hk_features {
	uint16_t count[HK_POOL_COUNT];
	uint32_t hash[HK_POOL_COUNT][HK_FEATURES_MAX + 1];
	uint8_t group[HK_POOL_COUNT][HK_FEATURES_MAX + 1];
} hk_features;

/* A name cut up for the recipe: pieces borrow from the name. sub is without a leading "www" label
 * (had_www tells) and both pieces are cut to what the recipe reads. */
typedef struct hk_feature_parts {
	const char *sub, *label, *suffix;
	size_t sub_len, label_len, suffix_len;
	size_t sub_full_len; /* before cutting */
	const char *icann_suffix;
	size_t icann_suffix_len;
	bool had_www, is_private;
} hk_feature_parts;

/* hk_feature_parts_of(table, name, len, ret): cut name as above. A leading "*." and a trailing dot
 * are passed over. Never fails, for any bytes and any length. */
void hk_feature_parts_of(
	const hk_suffix_table *table, const char *name, size_t len, hk_feature_parts *ret);

/* hk_features_of(parts, ret): the features of a name, without groups. What is over
 * HK_FEATURES_MAX in a pool is left out. */
void hk_features_of(const hk_feature_parts *parts, hk_features *ret);

/* hk_features_explained(parts, ret): the same features in the same order, with their groups. */
void hk_features_explained(const hk_feature_parts *parts, hk_features *ret);

/* hk_feature_shape(text, len, out, cap): runs of letters 'a' and digits 'd' with their lengths,
 * other bytes as they are: "abc12-x" is "a3d2-a1". Writes at most cap bytes, no NUL; returns how
 * many. */
size_t hk_feature_shape(const char *text, size_t len, char *out, size_t cap);

/* hk_feature_hash(text, len, seed): the 32-bit hash that words, shapes and suffixes go by. */
uint32_t hk_feature_hash(const char *text, size_t len, uint32_t seed);

#endif
