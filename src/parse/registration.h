/* parse/registration: what a registry says about a name, a network, an AS or an organisation, whichever protocol it was asked with.
 * Layer: parse. Libc only. Input is hostile.
 *
 * WHOIS (parse/whois) and RDAP (enrich/rdap) both fill this struct. Every list has a cap; what does not fit is dropped and `over` is set.
 * Texts are NUL-terminated valid UTF-8 without control characters, cut at a character. Of the people behind a registration nothing is
 * kept: contacts are those of registrars, registries and networks, and the public contact point of a .jp name. */
#ifndef HK_PARSE_REGISTRATION_H
#define HK_PARSE_REGISTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HK_REG_NAME_SIZE    254 /* bytes with the NUL, as all sizes here */
#define HK_REG_TEXT_SIZE    256
#define HK_REG_WORD_SIZE    96
#define HK_REG_ADDRESS_SIZE 48
#define HK_REG_STATUS_MAX   32
#define HK_REG_NS_MAX       32
#define HK_REG_CONTACT_MAX  48
#define HK_REG_LINK_MAX     8
#define HK_REG_ORIGIN_MAX   8

/* A time that is not known. */
#define HK_REG_NO_TIME INT64_MIN

typedef enum hk_reg_object {
	HK_REG_NOTHING,
	HK_REG_DOMAIN,
	HK_REG_NETWORK, /* a range of addresses */
	HK_REG_AUTNUM,  /* an AS, or a block of them */
	HK_REG_ENTITY,
	HK_REG_NAMESERVER,
	HK_REG_HELP,
} hk_reg_object;

typedef enum hk_reg_answer {
	HK_REG_UNCLEAR, /* neither a record nor a refusal that we know */
	HK_REG_FOUND,
	HK_REG_NOT_FOUND,   /* nobody has registered it */
	HK_REG_RESERVED,    /* nobody can register it, or only some can */
	HK_REG_THROTTLED,   /* asked too often: come back later */
	HK_REG_REFUSED,     /* this client may not ask */
	HK_REG_UNAVAILABLE, /* the server cannot answer now */
	HK_REG_BAD_QUERY,   /* the server does not understand the question */
} hk_reg_answer;

/* What the registry says about the name in the DNS, from nothing to gone. A hint for the site's liveness: an observation decides. */
typedef enum hk_reg_hold {
	HK_REG_HOLD_NONE,
	HK_REG_HOLD_SOON, /* it will be taken out (JPRS "To be suspended", Nominet "Renewal required"); it is still there */
	HK_REG_HOLD_ON_HOLD, /* out of the zone: client or server hold, suspended, inactive, never delegated */
	HK_REG_HOLD_PENDING_DELETE, /* out of the zone, about to be free again */
	HK_REG_HOLD_REDEMPTION,     /* out of the zone, the owner may still have it back */
	HK_REG_HOLD_GONE,           /* not registered (any more) */
} hk_reg_hold;

typedef enum hk_epp {
	HK_EPP_NONE, /* no code of EPP */
#define EPP(id, code, words, hold) HK_EPP_##id,
#include "parse/epp.def"
#undef EPP
	HK_EPP_COUNT
} hk_epp;

/* Whose words a status is (regwords.def). */
typedef enum hk_reg_dialect {
	HK_REG_DIALECT_ANY,
	HK_REG_DIALECT_JPRS,
} hk_reg_dialect;

typedef struct hk_reg_status {
	char raw[HK_REG_WORD_SIZE]; /* as the registry writes it, without the URL or remark behind it */
	hk_epp code;
	hk_reg_hold hold;
} hk_reg_status;

typedef enum hk_reg_kind {
	HK_REG_MAIL,  /* user@host, host in lower case */
	HK_REG_PHONE, /* as it is written */
	HK_REG_WEB,   /* http or https URL of a form or page */
} hk_reg_kind;

typedef enum hk_reg_role { /* bits */
	HK_REG_ROLE_ABUSE = 1,
	HK_REG_ROLE_REGISTRAR = 2, /* the registrar's, or of someone named inside of it */
	HK_REG_ROLE_TECH = 4,      /* networks and AS only */
	HK_REG_ROLE_NOC = 8,
	HK_REG_ROLE_RESELLER = 16,
	HK_REG_ROLE_PUBLIC =
		32, /* public contact point of a .jp name: often its registrar or agent */
	HK_REG_ROLE_TEXT = 64, /* found in a remark, not in a field */
} hk_reg_role;

typedef struct hk_reg_contact {
	hk_reg_kind kind;
	unsigned roles; /* hk_reg_role */
	char value[HK_REG_TEXT_SIZE];
	char name[HK_REG_WORD_SIZE]; /* whose it is, or "" */
} hk_reg_contact;

typedef enum hk_reg_signed {
	HK_REG_SIGNED_UNKNOWN,
	HK_REG_SIGNED_NO,
	HK_REG_SIGNED_YES,
} hk_reg_signed;

typedef struct hk_registration {
	hk_reg_object object;
	hk_reg_answer answer;
	unsigned error_code; /* RDAP's errorCode (RFC 9083, section 6), 0: none */
	char name
		[HK_REG_NAME_SIZE]; /* a domain or name server: ASCII, lower case, no final dot; a network or AS: its name */
	char handle[HK_REG_WORD_SIZE];

	char registrar[HK_REG_TEXT_SIZE]; /* its name */
	char registrar_id[16];            /* IANA's number, digits only */
	char registrar_url[HK_REG_TEXT_SIZE];

	int64_t created_ms; /* UTC, milliseconds since 1970, or HK_REG_NO_TIME; a day without time is its first moment at the registry */
	int64_t updated_ms;
	int64_t expires_ms;
	int64_t transferred_ms;

	size_t status_count;
	hk_reg_status status[HK_REG_STATUS_MAX];
	size_t ns_count;
	char ns[HK_REG_NS_MAX][HK_REG_NAME_SIZE]; /* ASCII, lower case, no final dot, each once */
	size_t contact_count;
	hk_reg_contact contact[HK_REG_CONTACT_MAX];
	hk_reg_signed dnssec;

	char referral[HK_REG_TEXT_SIZE]; /* next WHOIS server: host or host:port, lower case */
	size_t link_count;
	char link
		[HK_REG_LINK_MAX]
		[HK_REG_TEXT_SIZE]; /* RDAP URLs of rel=related: the registrar's answer about the same */

	char first[HK_REG_ADDRESS_SIZE]; /* of a network: its first and last address as text */
	char last[HK_REG_ADDRESS_SIZE];
	uint32_t as_first; /* of an AS; 0: none */
	uint32_t as_last;
	size_t origin_count;
	uint32_t origin
		[HK_REG_ORIGIN_MAX]; /* AS that announce the network, as the registry has it */
	char org[HK_REG_TEXT_SIZE];  /* who holds a network or AS */
	char country[3];             /* ISO 3166 letters, upper case */
	char abuse_handle[HK_REG_WORD_SIZE]; /* abuse-c: ask for it to learn the mailbox */

	bool redacted; /* RFC 9537, or a notice that says so */
	bool over;     /* something did not fit */
} hk_registration;

/* hk_reg_begin(reg): empty, all times unknown. */
void hk_reg_begin(hk_registration *reg);

/* hk_reg_text(text, ret, size): text without blanks at its ends into the size bytes at ret, with a NUL. Control characters become
 * blanks, bytes that are not UTF-8 become '?'. False: it was cut. */
bool hk_reg_text(hk_span text, char *ret, size_t size);

/* hk_reg_squeeze(text, ret, size): the letters and digits of text in lower case, and all bytes over 0x7f; at most size - 1, and a NUL. Returns
 * the length. */
size_t hk_reg_squeeze(hk_span text, char *ret, size_t size);

/* hk_reg_host(text, ret): a host name in lower case without final dot into HK_REG_NAME_SIZE bytes. HK_EFORM: no name of two labels or
 * more of letters, digits, '-' and '_', of which the last has a letter; ret is untouched. */
HK_MUST hk_err hk_reg_host(hk_span text, char *ret);

/* hk_reg_find_mail(text, pos, ret): the next mail address in text from *pos on, borrowed; *pos moves behind it. False: none is left.
 * Local part: letters, digits and ._%+-; host as hk_reg_host. */
bool hk_reg_find_mail(hk_span text, size_t *pos, hk_span *ret);

/* hk_reg_add_status(reg, text, dialect): one status, or several separated by commas or slashes. URLs, brackets and remarks behind " - " are left out. One
 * that is there already is not added again. */
void hk_reg_add_status(hk_registration *reg, hk_span text, hk_reg_dialect dialect);

/* hk_reg_add_ns(reg, text): the host name that text begins with; what is none is dropped. */
void hk_reg_add_ns(hk_registration *reg, hk_span text);

/* hk_reg_add_contact(reg, kind, roles, text, name): name may be "". A mail: the addresses in text, each as a contact; a URL: http or https
 * only ("www." gets one); a phone: with at least five digits. Nothing else is added, so placeholders ("REDACTED FOR PRIVACY") vanish. The same value again only adds
 * its roles. */
void hk_reg_add_contact(
	hk_registration *reg, hk_reg_kind kind, unsigned roles, hk_span text, const char *name);

/* hk_epp_name(code): "clientHold"; NULL for HK_EPP_NONE. hk_epp_of(text): the code that text is, in EPP's or RDAP's writing. */
const char *hk_epp_name(hk_epp code);
hk_epp hk_epp_of(hk_span text);

/* hk_reg_held(reg): the strongest hold of its statuses, in the order of hk_reg_hold; HK_REG_HOLD_GONE for an answer that it is not
 * registered; NONE for what is no domain, and for every answer that is no record. */
hk_reg_hold hk_reg_held(const hk_registration *reg);

/* hk_reg_hold_name(hold): "none", "soon", "on_hold", "pending_delete", "redemption", "gone". hk_reg_answer_name(answer): "found",
 * "not_found" ... Static storage. */
const char *hk_reg_hold_name(hk_reg_hold hold);
const char *hk_reg_answer_name(hk_reg_answer answer);

#endif
