/* parse/whois_int: what the reader of WHOIS answers remembers between two lines. Layer: parse. Libc only. Input is hostile. */
#ifndef HK_PARSE_WHOIS_INT_H
#define HK_PARSE_WHOIS_INT_H

#include "parse/registration.h"

/* Longest key, squeezed; longer ones are nobody's. */
#define HK_WHOIS_KEY_MAX 64

/* What a value is. */
typedef enum hk_whois_field {
	HK_WHOIS_NONE,
	HK_WHOIS_DOMAIN,
	HK_WHOIS_HANDLE,
	HK_WHOIS_CREATED,
	HK_WHOIS_UPDATED,
	HK_WHOIS_EXPIRES,
	HK_WHOIS_STATUS,
	HK_WHOIS_HOLD,
	HK_WHOIS_DNSSEC,
	HK_WHOIS_NS,
	HK_WHOIS_REGISTRAR,
	HK_WHOIS_REGISTRAR_NAME,
	HK_WHOIS_REGISTRAR_ID,
	HK_WHOIS_REGISTRAR_URL,
	HK_WHOIS_REGISTRAR_ABUSE_MAIL,
	HK_WHOIS_REGISTRAR_ABUSE_PHONE,
	HK_WHOIS_REGISTRAR_MAIL,
	HK_WHOIS_REGISTRAR_PHONE,
	HK_WHOIS_REFERRAL,
	HK_WHOIS_PUBLIC_NAME,
	HK_WHOIS_PUBLIC_MAIL,
	HK_WHOIS_PUBLIC_WEB,
	HK_WHOIS_PUBLIC_PHONE,
	HK_WHOIS_RANGE,
	HK_WHOIS_ROUTE,
	HK_WHOIS_AUTNUM,
	HK_WHOIS_NET_NAME,
	HK_WHOIS_ORG,
	HK_WHOIS_DESCR,
	HK_WHOIS_COUNTRY,
	HK_WHOIS_ORIGIN,
	HK_WHOIS_ABUSE_HANDLE,
	HK_WHOIS_ABUSE_MAIL,
	HK_WHOIS_ABUSE_PHONE,
	HK_WHOIS_TECH_MAIL,
	HK_WHOIS_NOC_MAIL,
	HK_WHOIS_ROLE_MAIL,
	HK_WHOIS_REMARK,
} hk_whois_field;

/* Rows of a table by the first byte of their text: only those are compared. */
#define HK_WHOIS_ROWS_MAX 320
typedef struct hk_whois_index {
	uint16_t head[256];               /* first row + 1; 0: none */
	uint16_t next[HK_WHOIS_ROWS_MAX]; /* the next one with that byte + 1 */
} hk_whois_index;

typedef struct hk_whois_parser {
	hk_registration *reg;
	hk_whois_index keys;
	hk_whois_index says_index;
	int zone_min;
	char section;     /* letter, see whois_keys.def */
	bool paragraph;   /* the next line is the first of a paragraph */
	bool listed;      /* the list of the section has begun */
	bool jprs;        /* the words of status are JPRS's */
	bool people;      /* a part about a person was seen: there is a record */
	bool handle_only; /* what is known as the registrar's name may be its handle */
	bool list_of_ns; /* the line before was a name server: more may follow below it, without a key */
	hk_reg_answer says; /* the best phrase of whois_says.def so far */
	size_t says_rank;
	hk_reg_answer no_registration; /* by a word of status */
	char public_name[HK_REG_WORD_SIZE];
	char descr
		[HK_REG_TEXT_SIZE]; /* first of a network: its holder where nothing else names one */
} hk_whois_parser;

/* hk_whois_take(p, field, value): writes one value where it belongs. value is trimmed and not empty. */
void hk_whois_take(hk_whois_parser *p, hk_whois_field field, hk_span value);

#endif
