#include "namegen.h"

#include <stdio.h>
#include <string.h>

#define PICK(rng, table) ((table)[rg_rng_below((rng), (uint32_t)G_N_ELEMENTS(table))])

enum { LABEL_SIZE = 64 };

static const char *const words[] = {"harbor", "linen", "maple", "cedar", "stone", "bridge",
	"garden", "studio", "clinic", "dental", "cargo", "motor", "roast", "bakery", "pixel",
	"quartz", "copper", "silver", "north", "south", "river", "lake", "forest", "meadow",
	"summit", "valley", "atlas", "orbit", "lumen", "prism", "vector", "matrix", "ledger",
	"archive", "academy", "school", "campus", "market", "parcel", "travel", "hotel", "guest",
	"rental", "repair", "supply", "design", "print", "paper", "fabric", "leather", "ceramic",
	"glass", "energy", "solar", "water", "green", "organic", "farm", "seed", "flower", "animal",
	"horse", "falcon", "heron", "otter", "lynx", "badger", "walnut", "almond", "ginger",
	"saffron", "noodle", "kitchen", "table", "chair", "lamp", "carpet", "window", "roof",
	"tool", "craft"};
static const char *const romaji[] = {"asahina", "hinode", "kawabe", "midorino", "sakuramachi",
	"tsubame", "kitazato", "minatono", "yamabuki", "kogane", "shirakaba", "tachibana", "hotaru",
	"komorebi", "suzukake", "natsume", "kaede", "momiji", "yuzuki", "akebono", "wakaba",
	"inaho", "shiosai", "minamikaze"};
static const char *const trades[] = {"denki", "shokudo", "kensetsu", "unyu", "kogyo", "shoten",
	"sekkei", "kougei", "seika", "shuzo", "onsen", "ryokan", "clinic", "juku", "bijutsu",
	"koumuten"};
static const char *const syllables[] = {"ba", "be", "bo", "da", "do", "fa", "fi", "ga", "go", "ka",
	"ke", "ki", "ko", "la", "le", "lo", "ma", "me", "mi", "na", "ne", "no", "pa", "po", "ra",
	"re", "ri", "ro", "sa", "se", "so", "ta", "te", "to", "va", "vi", "xa", "za", "zo", "zu"};
/* Repeated ones are more frequent. */
static const char *const suffixes[] = {"com", "com", "com", "com", "com", "com", "net", "org", "jp",
	"jp", "co.jp", "co.jp", "or.jp", "ne.jp", "de", "fr", "nl", "co.uk", "com.br", "com.au",
	"ru", "cn", "com.cn", "in", "it", "pl", "xyz", "top", "shop", "info", "biz", "online",
	"site", "io", "dev", "app", "tokyo", "cloud", "store", "tech"};
static const char *const hosts[] = {"www", "www", "www", "mail", "api", "app", "dev", "staging",
	"cdn", "static", "img", "shop", "blog", "admin", "portal", "vpn", "git", "ci", "auth",
	"login", "m", "test", "webmail", "autodiscover", "cpanel", "cpcontacts", "status", "docs",
	"help", "support", "media", "files", "news", "recruit", "ir", "members", "my", "store"};
/* Cheap suffixes that phishing was seen under (JPCERT/CC's list), and those of the benign world. */
static const char *const cheap[] = {"cn", "cn", "cn", "com", "com", "com", "top", "xyz", "shop",
	"icu", "cc", "vip", "club", "info", "online", "site", "org", "net"};

static const char *const lures[] = {"login", "secure", "verify", "update", "account", "auth", "ib",
	"web", "direct", "card", "support", "service", "jp", "kakunin", "touroku", "mypage"};

size_t
rg_namegen_san_count(rg_rng *rng)
{
	static const struct {
		double upto;
		uint16_t least;
		uint16_t most;
	} rows[] = {{0.300, 1, 1}, {0.770, 2, 2}, {0.885, 3, 4}, {0.955, 5, 9}, {0.990, 10, 28},
		{0.998, 29, 80}, {1.1, 100, 100}};
	double at = rg_rng_real(rng);

	for (size_t i = 0;; i++) {
		if (at < rows[i].upto) {
			return rows[i].least +
			       rg_rng_below(rng, (uint32_t)(rows[i].most - rows[i].least + 1));
		}
	}
}

static void
random_label(rg_rng *rng, const char *alphabet, size_t len, char *ret)
{
	uint32_t n = (uint32_t)strlen(alphabet);

	for (size_t i = 0; i < len; i++) {
		ret[i] = alphabet[rg_rng_below(rng, n)];
	}
	ret[len] = '\0';
}

/* The registrable label of an invented company or person. */
static void
company(rg_rng *rng, char *ret)
{
	switch (rg_rng_below(rng, 8)) {
	case 0:
	case 1:
		snprintf(ret, LABEL_SIZE, "%s%s", PICK(rng, words), PICK(rng, words));
		break;
	case 2:
		snprintf(ret, LABEL_SIZE, "%s-%s", PICK(rng, words), PICK(rng, words));
		break;
	case 3:
		snprintf(ret, LABEL_SIZE, "%s-%s", PICK(rng, romaji), PICK(rng, trades));
		break;
	case 4:
		snprintf(ret, LABEL_SIZE, "%s%s%s", PICK(rng, romaji), PICK(rng, trades),
			PICK(rng, syllables));
		break;
	case 5:
		snprintf(ret, LABEL_SIZE, "%s%s%u", PICK(rng, words), PICK(rng, syllables),
			rg_rng_below(rng, 1000));
		break;
	default:
		snprintf(ret, LABEL_SIZE, "%s%s%s%s", PICK(rng, syllables), PICK(rng, syllables),
			PICK(rng, syllables), PICK(rng, syllables));
		break;
	}
}

static void
add_sub(rg_rng *rng, const char *domain, rg_names *ret)
{
	char random[12];

	switch (rg_rng_below(rng, 10)) {
	case 0:
		rg_names_addf(ret, "*.%s", domain);
		break;
	case 1:
		rg_names_addf(ret, "%s.%s.%s", PICK(rng, hosts), PICK(rng, words), domain);
		break;
	case 2:
		rg_names_addf(ret, "%s-%s.%s", PICK(rng, hosts), PICK(rng, words), domain);
		break;
	case 3:
		rg_names_addf(ret, "%s%u.%s", PICK(rng, hosts), rg_rng_below(rng, 64), domain);
		break;
	case 4:
		random_label(rng, "0123456789abcdef", 8, random);
		rg_names_addf(ret, "%s.%s", random, domain);
		break;
	default:
		rg_names_addf(ret, "%s.%s", PICK(rng, hosts), domain);
		break;
	}
}

/* Takes the last name back when it is already in the list before it. */
static void
drop_repeat(rg_names *names, size_t from)
{
	size_t last = rg_names_count(names) - 1;
	hk_span name = rg_names_at(names, last);

	for (size_t i = from; i < last; i++) {
		if (hk_span_eq(rg_names_at(names, i), name)) {
			g_string_truncate(names->text, names->text->len - name.len);
			g_array_set_size(names->ends, (guint)last);
			return;
		}
	}
}

void
rg_namegen_benign(rg_rng *rng, size_t count, rg_names *ret)
{
	size_t from = rg_names_count(ret);
	char label[LABEL_SIZE];
	char domain[2 * LABEL_SIZE];

	company(rng, label);
	snprintf(domain, sizeof domain, "%s.%s", label, PICK(rng, suffixes));
	if (count > 1 || rg_rng_chance(rng, 0.4)) {
		rg_names_addf(ret, "%s", domain);
	}
	if (count == 2 && rg_rng_chance(rng, 0.8)) {
		rg_names_addf(ret, "%s%s", rg_rng_chance(rng, 0.2) ? "*." : "www.", domain);
	}
	while (rg_names_count(ret) - from < count) {
		if (count > 4 && rg_rng_chance(rng, 0.3)) {
			company(rng, label);
			snprintf(domain, sizeof domain, "%s.%s", label, PICK(rng, suffixes));
			rg_names_addf(ret, "%s", domain);
		} else {
			add_sub(rng, domain, ret);
		}
		drop_repeat(ret, from);
	}
}

/* One edit away from "mihon-bank" or "mihonbank". */
static void
typo(rg_rng *rng, char *ret)
{
	char text[LABEL_SIZE];
	size_t len;
	size_t at;

	snprintf(text, sizeof text, "%s", rg_rng_chance(rng, 0.5) ? "mihon-bank" : "mihonbank");
	len = strlen(text);
	at = 1 + rg_rng_below(rng, (uint32_t)len - 2);
	switch (rg_rng_below(rng, 4)) {
	case 0: /* left out */
		memmove(text + at, text + at + 1, len - at);
		break;
	case 1: /* doubled */
		memmove(text + at + 1, text + at, len - at + 1);
		break;
	case 2: { /* swapped */
		char c = text[at];
		text[at] = text[at - 1];
		text[at - 1] = c;
		break;
	}
	default: /* another letter */
		text[at] = (char)('a' + (text[at] - 'a' + 1 + (int)rg_rng_below(rng, 24)) % 26);
		if (text[at] < 'a') {
			text[at] = 'e';
		}
		break;
	}
	/* A swap may have put the hyphen first, which no registry takes. */
	snprintf(ret, LABEL_SIZE, "%s%s", text[0] == '-' ? "m" : "", text);
}

static const char *const look_alikes[] = {"m1hon-bank", "mih0n-bank", "rnihon-bank", "mihon-banlk",
	"mlhon-bank", "m1h0nbank", "mihonbamk", "rnihonbank", "mihon-bannk",
	/* mіhon-bank and mihоn-bank with a Cyrillic і or о; みほん銀行 itself */
	"xn--mhon-bank-v9h", "xn--mihn-bank-22h", "xn--79jh5d0301cexk"};

static void
add_dyndns(rg_rng *rng, rg_names *ret)
{
	/* BP1 (JC3 and open data, 2024): 6-9 of [0-9a-z], at least one digit and one letter, 100 to
	 * a certificate. */
	size_t from = rg_names_count(ret);

	while (rg_names_count(ret) - from < 100) {
		char label[12];
		size_t len = 6 + rg_rng_below(rng, 4);

		random_label(rng, "0123456789abcdefghijklmnopqrstuvwxyz", len, label);
		if (strcspn(label, "0123456789") == len || strspn(label, "0123456789") == len) {
			continue;
		}
		rg_names_addf(ret, "%s.duckdns.org", label);
		drop_repeat(ret, from);
	}
}

void
rg_namegen_phish(rg_rng *rng, rg_phish shape, rg_names *ret)
{
	char label[LABEL_SIZE];
	char random[12];
	const char *suffix = PICK(rng, cheap);

	random_label(rng, "0123456789abcdefghijklmnopqrstuvwxyz", 5 + rg_rng_below(rng, 5), random);
	switch (shape) {
	case RG_PHISH_TYPO:
		typo(rng, label);
		rg_names_addf(ret, "%s.%s", label, suffix);
		rg_names_addf(ret, "www.%s.%s", label, suffix);
		break;
	case RG_PHISH_CONFUSE:
		rg_names_addf(ret, "%s.%s", PICK(rng, look_alikes), suffix);
		break;
	case RG_PHISH_COMBO:
		snprintf(label, sizeof label, "mihon-bank-%s", PICK(rng, lures));
		rg_names_addf(ret, "%s.%s", label, suffix);
		rg_names_addf(ret, "www.%s.%s", label, suffix);
		break;
	case RG_PHISH_CHAIN:
		rg_names_addf(ret, "%s.mihon-bank.co.jp.%s.%s", PICK(rng, lures), random, suffix);
		if (rg_rng_chance(rng, 0.5)) {
			rg_names_addf(ret, "*.%s.%s", random, suffix);
		}
		break;
	case RG_PHISH_DYNDNS:
		add_dyndns(rng, ret);
		break;
	case RG_PHISH_SUBDOMAIN:
	case RG_PHISH_SHAPES:
		rg_names_addf(ret, "mihonbank.%s.%s", random, suffix);
		rg_names_addf(ret, "%s.%s", random, suffix);
		break;
	}
}
