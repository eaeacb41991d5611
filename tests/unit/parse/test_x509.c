#include "parse/x509.h"

#include <stdio.h>
#include <stdlib.h>

#include "parse/ctleaf.h"
#include "parse/pem.h"
#include "tap.h"

/* ---- a small DER writer ---- */

typedef struct bytes {
	uint8_t data[1 << 20];
	size_t len;
} bytes;

static void
put(bytes *to, const void *data, size_t len)
{
	memcpy(to->data + to->len, data, len);
	to->len += len;
}

static void
put_der(bytes *to, uint8_t tag, const void *content, size_t len)
{
	uint8_t head[HK_DER_HEADER_MAX];

	put(to, head, hk_der_header(tag, len, head));
	put(to, content, len);
}

/* Puts a header in front of what stands in to from `from` on. */
static void
wrap(bytes *to, size_t from, uint8_t tag)
{
	static uint8_t copy[1 << 20];
	size_t len = to->len - from;

	memcpy(copy, to->data + from, len);
	to->len = from;
	put_der(to, tag, copy, len);
}

#define LIT(lit) lit, sizeof(lit) - 1

static void
put_extension(bytes *to, const char *oid, size_t oid_len, const void *value, size_t len)
{
	size_t from = to->len;

	put_der(to, HK_DER_OID, oid, oid_len);
	put_der(to, HK_DER_OCTET_STRING, value, len);
	wrap(to, from, HK_DER_SEQUENCE);
}

#define OID_SAN      "\x55\x1D\x11"
#define OID_USAGE    "\x55\x1D\x0F"
#define OID_SCT_LIST "\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x02"
#define OID_POISON   "\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x03"

/* What a test changes of a certificate that is otherwise in order. */
typedef struct shape {
	hk_span version;  /* whole [0]; default v3 */
	hk_span serial;   /* content; default 01 */
	hk_span validity; /* content of the SEQUENCE; default two UTCTimes */
	hk_span subject;  /* content of the Name; default CN=example.com */
	hk_span names;    /* GeneralNames, content; no SAN when data is NULL */
	hk_span more;     /* further extensions */
	hk_span behind;   /* bytes behind the extensions, inside the TBS */
} shape;

static hk_span
or_else(hk_span span, hk_span otherwise)
{
	return span.data ? span : otherwise;
}

#define UTC(text) "\x17\x0D" text

static void
build_tbs(const shape *how, bytes *ret)
{
	static bytes san;
	hk_span part;
	size_t at;

	ret->len = 0;
	part = or_else(how->version, HK_SPAN_LIT("\xA0\x03\x02\x01\x02"));
	put(ret, part.data, part.len);
	part = or_else(how->serial, HK_SPAN_LIT("\x01"));
	put_der(ret, HK_DER_INTEGER, part.data, part.len);
	put_der(ret, HK_DER_SEQUENCE, LIT("\x06\x03\x2A\x03\x04"));
	put_der(ret, HK_DER_SEQUENCE,
		LIT("\x31\x0B\x30\x09\x06\x03\x55\x04\x06\x13\x02JP"
		    "\x31\x0C\x30\x0A\x06\x03\x55\x04\x0A\x0C\x03Org"
		    "\x31\x0B\x30\x09\x06\x03\x55\x04\x03\x13\x02"
		    "CA"));
	part = or_else(how->validity, HK_SPAN_LIT(UTC("250101000000Z") UTC("250401000000Z")));
	put_der(ret, HK_DER_SEQUENCE, part.data, part.len);
	part = or_else(how->subject, HK_SPAN_LIT("\x31\x14\x30\x12\x06\x03\x55\x04\x03\x0C\x0B"
						 "example.com"));
	put_der(ret, HK_DER_SEQUENCE, part.data, part.len);
	put_der(ret, HK_DER_SEQUENCE, LIT("\x30\x05\x06\x03\x2A\x03\x04\x03\x02\x00\xAA"));
	at = ret->len;
	if (how->names.data) {
		san.len = 0;
		put_der(&san, HK_DER_SEQUENCE, how->names.data, how->names.len);
		put_extension(ret, LIT(OID_SAN), san.data, san.len);
	}
	if (how->more.data) {
		put(ret, how->more.data, how->more.len);
	}
	if (ret->len > at) {
		wrap(ret, at, HK_DER_SEQUENCE);
		wrap(ret, at, HK_DER_CONTEXT_CONSTRUCTED(3));
	}
	if (how->behind.data) {
		put(ret, how->behind.data, how->behind.len);
	}
	wrap(ret, 0, HK_DER_SEQUENCE);
}

/* The oddities of x509 as text codes with blanks between. */
static const char *
codes(uint32_t odd)
{
	static char ret[512];
	size_t at = 0;

	ret[0] = '\0';
	for (; odd; odd &= odd - 1) {
		at += (size_t)snprintf(ret + at, sizeof ret - at, "%s%s", at ? " " : "",
			hk_x509_odd_code(odd & -odd));
	}
	return ret;
}

static bytes built;

/* Builds, parses from an exact allocation, and says what is odd, or the error code. */
static const char *
odd_of(const shape *how, hk_x509 *ret)
{
	build_tbs(how, &built);
	hk_err err = hk_x509_parse_tbs(hk_span_of(built.data, built.len), ret);
	return err == HK_OK ? codes(ret->odd) : hk_err_code(err);
}

/* ---- names ---- */

static size_t
unescape(const char *text, uint8_t *ret)
{
	size_t len = 0;

	for (; *text; text++) {
		if (*text == '\\') {
			char pair[3] = {text[1], text[2], '\0'};
			ret[len++] = (uint8_t)strtoul(pair, NULL, 16);
			text += 2;
		} else {
			ret[len++] = (uint8_t)*text;
		}
	}
	return len;
}

/* Each name of the vectors alone, and as a SAN, where the parse's quick look must come to the same. */
static void
name_vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/x509_name.tsv", &len);
	char *save = NULL;
	static bytes names;
	hk_x509 x509;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *want = strchr(line, '\t');
		if (*line == '#' || !want) {
			continue;
		}
		*want++ = '\0';
		uint8_t name[1024];
		size_t name_len = unescape(line, name);
		uint8_t *exact = malloc(name_len ? name_len : 1);
		memcpy(exact, name, name_len);
		is_str(codes(hk_x509_odd_name(hk_span_of(exact, name_len))), want, "'%s'", line);
		free(exact);
		names.len = 0;
		put_der(&names, HK_DER_CONTEXT(2), name, name_len);
		is_str(odd_of(&(shape){.names = hk_span_of(names.data, names.len)}, &x509), want,
			"'%s' in a SAN", line);
	}
	free(text);
}

/* The quick look against the full look: one byte of a plain name replaced, at every place, by every value. */
static void
quick_look(void)
{
	static const char *const plain[] = {"abcdefgh.com", "*.abcdefg.example.com",
		"a.example.org", "a1-b2.c3-d4.e5.example.jp", "abcdefg.h"};
	static bytes names;
	unsigned wrong = 0;
	hk_x509 x509;

	for (size_t p = 0; p < sizeof plain / sizeof *plain; p++) {
		size_t len = strlen(plain[p]);
		for (size_t i = 0; i < len; i++) {
			for (unsigned c = 0; c < 256; c++) {
				uint8_t name[64];
				memcpy(name, plain[p], len);
				name[i] = (uint8_t)c;
				names.len = 0;
				put_der(&names, HK_DER_CONTEXT(2), name, len);
				odd_of(&(shape){.names = hk_span_of(names.data, names.len)}, &x509);
				wrong += x509.odd != hk_x509_odd_name(hk_span_of(name, len));
			}
		}
	}
	is_int(wrong, 0, "quick look and full look agree on every byte");
}

static void
walk(void)
{
	static const char names[] = "\x82\x0B"
				    "example.com"
				    "\xA4\x02\x30\x00"
				    "\x87\x04\x7F\x00\x00\x01"
				    "\x81\x03"
				    "a@b"
				    "\x82\x05"
				    "b.com"
				    "\x87\x05"
				    "12345"
				    "\x82\x00";
	hk_x509 x509;
	hk_x509_names at;
	hk_x509_name name;

	is_str(odd_of(&(shape){.names = hk_span_of(names, sizeof names - 1)}, &x509),
		"bad-ip empty-name", "mixed names");
	is_int(x509.dns_count, 3, "three dNSNames");
	is_int(x509.ip_count, 2, "two iPAddresses");
	hk_x509_names_init(&x509, &at);
	ok(hk_x509_names_next(&at, &name) && name.kind == HK_X509_NAME_DNS &&
			hk_span_eq(name.value, HK_SPAN_LIT("example.com")),
		"the first name");
	ok(hk_x509_names_next(&at, &name) && name.kind == HK_X509_NAME_IP &&
			hk_span_eq(name.value, HK_SPAN_LIT("\x7F\0\0\x01")),
		"the address; directoryName is passed over");
	ok(hk_x509_names_next(&at, &name) && hk_span_eq(name.value, HK_SPAN_LIT("b.com")),
		"the third; mail is passed over");
	ok(hk_x509_names_next(&at, &name) && name.kind == HK_X509_NAME_IP && name.value.len == 5,
		"the bad address");
	ok(hk_x509_names_next(&at, &name) && name.kind == HK_X509_NAME_DNS && name.value.len == 0,
		"the empty name");
	ok(!hk_x509_names_next(&at, &name) && !hk_x509_names_next(&at, &name),
		"the end, and again");
}

static void
many_names(void)
{
	static bytes names;
	hk_x509 x509;
	hk_x509_names at;
	hk_x509_name name;
	unsigned seen = 0;

	names.len = 0;
	for (unsigned i = 0; i < HK_X509_NAMES_MANY; i++) {
		char text[32];
		int len = snprintf(text, sizeof text, "host%05u.example.com", i);
		put_der(&names, HK_DER_CONTEXT(2), text, (size_t)len);
	}
	is_str(odd_of(&(shape){.names = hk_span_of(names.data, names.len)}, &x509), "",
		"10,000 names");
	put_der(&names, HK_DER_CONTEXT(2), LIT("one.more.example.com"));
	is_str(odd_of(&(shape){.names = hk_span_of(names.data, names.len)}, &x509),
		"too-many-names", "10,001 names");
	hk_x509_names_init(&x509, &at);
	while (hk_x509_names_next(&at, &name)) {
		seen++;
	}
	is_int(seen, 10001, "all of them are walked");
}

/* ---- fields and oddities ---- */

static void
fields(void)
{
	hk_x509 x509;

	is_str(odd_of(&(shape){.names = HK_SPAN_LIT("\x82\x0B"
						    "example.com")},
		       &x509),
		"", "nothing odd");
	ok(hk_span_eq(x509.issuer_o, HK_SPAN_LIT("Org")) && x509.issuer_o_tag == HK_DER_UTF8_STRING,
		"issuer O");
	ok(hk_span_eq(x509.issuer_cn, HK_SPAN_LIT("CA")) &&
			x509.issuer_cn_tag == HK_DER_PRINTABLE_STRING,
		"issuer CN");
	ok(hk_span_eq(x509.issuer_c, HK_SPAN_LIT("JP")), "issuer C");
	ok(hk_span_eq(x509.subject_cn, HK_SPAN_LIT("example.com")), "subject CN");
	ok(hk_span_eq(x509.serial, HK_SPAN_LIT("\x01")), "serial");
	is_int(x509.not_before, 1735689600, "not before");
	is_int(x509.not_after, 1743465600, "not after");
	ok(x509.spki.len == 13 && x509.spki.data[0] == HK_DER_SEQUENCE, "SPKI");
	ok(x509.tbs.data == built.data && x509.tbs.len == built.len, "TBS");
	ok(!x509.has_poison && !x509.has_sct_list, "neither SCT list nor poison");
	/* Two attributes in one RDN, and a second CN that does not count. */
	is_str(odd_of(&(shape){.subject = HK_SPAN_LIT(
				       "\x31\x16\x30\x08\x06\x03\x55\x04\x0A\x0C\x01o\x30\x0A\x06"
				       "\x03\x55\x04\x03\x0C\x03"
				       "one\x31\x0C\x30\x0A\x06\x03\x55\x04\x03\x0C\x03two")},
		       &x509),
		"", "RDN of two attributes");
	ok(hk_span_eq(x509.subject_cn, HK_SPAN_LIT("one")), "the first CN counts");
}

static void
oddities(void)
{
	static const struct {
		shape shape;
		const char *want, *what;
	} rows[] = {
		{{.subject = HK_SPAN_LIT("")}, "no-name", "empty subject, no SAN"},
		{{.subject = HK_SPAN_LIT("\x31\x0C\x30\x0A\x06\x03\x55\x04\x03\x0C\x03"
					 "a\0b")},
			"nul-in-name", "NUL in the CN"},
		{{.subject = HK_SPAN_LIT("\x31\x0D\x30\x0B\x06\x03\x55\x04\x03\x1E\x04"
					 "\0a\0b")},
			"", "BMPString CN"},
		{{.subject = HK_SPAN_LIT("\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01\xFF")},
			"non-utf8-name", "CN is not UTF-8"},
		{{.subject = HK_SPAN_LIT("\x31\x0C\x30\x0A\x06\x03\x55\x04\x03\x2C\x03\x0C\x01"
					 "a")},
			"non-der", "CN in segments"},
		{{.subject = HK_SPAN_LIT("\x30\x00")}, "no-name bad-subject",
			"subject is no list of sets"},
		{{.subject = HK_SPAN_LIT("\x31\x05\x30\x09\x06\x03\x55")}, "no-name bad-subject",
			"nested length too great"},
		{{.names = HK_SPAN_LIT("")}, "bad-san", "SAN without names"},
		{{.names = HK_SPAN_LIT("\x82\x05"
				       "b.com\x82\x7F"
				       "a")},
			"bad-san", "SAN cut short"},
		{{.names = HK_SPAN_LIT("\xA2\x07\x16\x05"
				       "b.com")},
			"bad-san", "dNSName in segments"},
		{{.names = HK_SPAN_LIT("\x82\x81\x05"
				       "b.com")},
			"non-der", "padded length in the SAN"},
		{{.serial = HK_SPAN_LIT("")}, "bad-serial", "empty serial"},
		{{.serial = HK_SPAN_LIT("\x00\x01")}, "bad-serial", "padded serial"},
		{{.serial = HK_SPAN_LIT("\xFF\x81")}, "bad-serial", "padded negative serial"},
		{{.serial = HK_SPAN_LIT("\x00")}, "odd-serial", "serial zero"},
		{{.serial = HK_SPAN_LIT("\x80")}, "odd-serial", "negative serial"},
		{{.serial = HK_SPAN_LIT("\x00\x80")}, "", "serial 128"},
		{{.serial = HK_SPAN_LIT("12345678901234567890")}, "", "20 octets"},
		{{.serial = HK_SPAN_LIT("123456789012345678901")}, "odd-serial", "21 octets"},
		{{.version = HK_SPAN_LIT("\xA0\x03\x02\x01\x03")}, "bad-version", "version 4"},
		{{.version = HK_SPAN_LIT("\xA0\x03\x04\x01\x02")}, "bad-version trailing-bytes",
			"version of another type"},
		{{.version = HK_SPAN_LIT("")}, "", "version 1"},
		{{.version = HK_SPAN_LIT("\xA0\x04\x02\x02\x00\x02")}, "non-der", "padded version"},
		{{.validity = HK_SPAN_LIT(UTC("250101000000Z"))}, "bad-time", "one date"},
		{{.validity = HK_SPAN_LIT(UTC("250101000000Z") UTC("2504010000000"))}, "bad-time",
			"a date that is none"},
		{{.validity = HK_SPAN_LIT(UTC("250101000000Z") UTC("250401000000Z") "\x05\x00")},
			"trailing-bytes", "three"},
		{{.validity = HK_SPAN_LIT(UTC("250401000000Z") UTC("250101000000Z"))},
			"reversed-validity", "end before begin"},
		{{.validity = HK_SPAN_LIT(UTC("250101000000Z") "\x18\x0F"
							       "20260401000000Z")},
			"odd-time", "GeneralizedTime too early"},
		{{.validity = HK_SPAN_LIT(UTC("250101000000Z") "\x18\x0F"
							       "20500101000000Z")},
			"", "GeneralizedTime"},
		{{.validity = HK_SPAN_LIT("\x17\x0B"
					  "2501010000Z" UTC("250401000000Z"))},
			"odd-time", "no seconds"},
		{{.more = HK_SPAN_LIT("\x30\x09\x06\x03\x55\x1D\x0F\x04\x02\x05\x00\x30\x09\x06\x03"
				      "\x55\x1D\x0F\x04\x02\x05\x00")},
			"duplicate-extension", "key usage twice"},
		{{.names = HK_SPAN_LIT("\x82\x05"
				       "a.com"),
			 .more = HK_SPAN_LIT("\x30\x10\x06\x03\x55\x1D\x11\x04\x09\x30\x07\x82\x05"
					     "b.com")},
			"duplicate-extension", "SAN twice"},
		{{.more = HK_SPAN_LIT("\x30\x0C\x06\x03\x55\x1D\x0F\x01\x01\x00\x04\x02\x05\x00")},
			"odd-boolean", "critical FALSE"},
		{{.more = HK_SPAN_LIT("\x30\x0C\x06\x03\x55\x1D\x0F\x01\x01\x01\x04\x02\x05\x00")},
			"odd-boolean", "critical 01"},
		{{.more = HK_SPAN_LIT("\x30\x0C\x06\x03\x55\x1D\x0F\x01\x01\xFF\x04\x02\x05\x00")},
			"", "critical TRUE"},
		{{.more = HK_SPAN_LIT(
			  "\x30\x0D\x06\x03\x55\x1D\x0F\x01\x02\xFF\xFF\x04\x02\x05\x00")},
			"bad-extension", "long BOOLEAN"},
		{{.more = HK_SPAN_LIT("\x30\x07\x06\x03\x55\x1D\x0F\x05\x00")}, "bad-extension",
			"no OCTET STRING"},
		{{.more = HK_SPAN_LIT("\x30\x0B\x06\x03\x55\x1D\x0F\x04\x02\x05\x00\x05\x00")},
			"trailing-bytes", "bytes in an extension"},
		{{.more = HK_SPAN_LIT("\x30\x0A\x06\x03\x55\x1D\x0F\x04\x81\x02\x05\x00")},
			"non-der", "padded length"},
		{{.more = HK_SPAN_LIT("\x30\x7F\x06")}, "bad-extension", "extension cut short"},
		{{.behind = HK_SPAN_LIT("\x05\x00")}, "trailing-bytes",
			"bytes behind the extensions"},
	};
	hk_x509 x509;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is_str(odd_of(&rows[i].shape, &x509), rows[i].want, "%s", rows[i].what);
	}
	odd_of(&(shape){.names = HK_SPAN_LIT("\x82\x05"
					     "b.com\x82\x7F"
					     "a")},
		&x509);
	ok(x509.dns_count == 1 && x509.san.len == 7, "what can be read of a broken SAN is kept");
	odd_of(&(shape){.validity = HK_SPAN_LIT("")}, &x509);
	ok(x509.not_before == HK_X509_NO_TIME && x509.not_after == HK_X509_NO_TIME, "no times");
	build_tbs(&(shape){0}, &built);
	put(&built, "x", 1);
	ok(hk_x509_parse_tbs(hk_span_of(built.data, built.len), &x509) == HK_OK &&
			x509.odd == (uint32_t)HK_X509_ODD_TRAILING && x509.tbs.len == built.len - 1,
		"a byte behind the TBS");
	is_int(hk_x509_parse_tbs((hk_span){NULL, 0}, &x509), HK_ETRUNC, "nothing");
	is_int(hk_x509_parse_cert((hk_span){NULL, 0}, &x509), HK_ETRUNC, "nothing");
	is_int(hk_x509_parse_cert(HK_SPAN_LIT("\x30\x80\x00\x00"), &x509), HK_EFORM,
		"indefinite length");
	is_int(hk_x509_parse_cert(hk_span_of(built.data, built.len), &x509), HK_EFORM,
		"a TBS is no certificate");
}

static void
table(void)
{
	bool unique = true;

	for (unsigned i = 0; i < HK_X509_ODD_COUNT; i++) {
		for (unsigned j = 0; j < i; j++) {
			unique = unique &&
				 strcmp(hk_x509_odd_code(1u << i), hk_x509_odd_code(1u << j)) != 0;
		}
	}
	ok(unique, "the text codes differ");
	is_str(hk_x509_odd_code((uint32_t)HK_X509_ODD_NUL_IN_NAME), "nul-in-name", "a code");
	is_str(hk_x509_odd_meaning((uint32_t)HK_X509_ODD_UNDERSCORE), "an underscore in a name",
		"a meaning");
	is_str(hk_x509_odd_code(0), "internal", "no bit");
	ok(!(hk_x509_odd_malformed & (uint32_t)HK_X509_ODD_UNDERSCORE) &&
			hk_x509_odd_malformed & (uint32_t)HK_X509_ODD_BAD_SAN,
		"notes are not malformed");
}

/* ---- the key ---- */

static size_t
key_bytes(const hk_x509 *x509, uint8_t *ret)
{
	hk_x509_key key;
	size_t len = 0;

	hk_x509_tbs_key_pieces(x509, &key);
	for (size_t i = 0; i < key.count; i++) {
		memcpy(ret + len, key.piece[i].data, key.piece[i].len);
		len += key.piece[i].len;
	}
	return len;
}

/* SCT list and poison of every size and at every place among other extensions: the key is always the TBS that never had
 * them. The sizes cross the borders of the length forms. */
static void
keys(void)
{
	static const size_t sizes[] = {
		0, 1, 20, 90, 100, 110, 127, 128, 200, 255, 256, 300, 1000, 65000};
	static bytes want, more, with;
	static uint8_t zeros[70000], key[200000];
	unsigned wrong = 0, made = 0;
	hk_x509 x509;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (unsigned places = 0; places < 16; places++) {
			/* Bits: SCT list before the two usual ones, poison before, SCT list between, poison behind. */
			more.len = 0;
			put_extension(&more, LIT(OID_USAGE), zeros, 4);
			put_extension(&more, LIT("\x2A\x03"), zeros, sizes[i]);
			build_tbs(&(shape){.more = hk_span_of(more.data, more.len)}, &want);
			with.len = 0;
			if (places & 1) {
				put_extension(&with, LIT(OID_SCT_LIST), zeros, sizes[i]);
			}
			if (places & 2) {
				put_extension(&with, LIT(OID_POISON), LIT("\x05\x00"));
			}
			put_extension(&with, LIT(OID_USAGE), zeros, 4);
			if (places & 4 && !(places & 1)) {
				put_extension(&with, LIT(OID_SCT_LIST), zeros, 120);
			}
			put_extension(&with, LIT("\x2A\x03"), zeros, sizes[i]);
			if (places & 8 && !(places & 2)) {
				put_extension(&with, LIT(OID_POISON), LIT("\x05\x00"));
			}
			odd_of(&(shape){.more = hk_span_of(with.data, with.len)}, &x509);
			wrong += x509.has_sct_list != ((places & 5) != 0) ||
				 x509.has_poison != ((places & 10) != 0);
			size_t len = key_bytes(&x509, key);
			wrong += len != want.len || memcmp(key, want.data, len) != 0;
			made++;
		}
	}
	is_int(wrong, 0, "%u keys are those of the TBS without SCT list and poison", made);
	/* The only extensions: [3] goes too. */
	build_tbs(&(shape){0}, &want);
	with.len = 0;
	put_extension(&with, LIT(OID_SCT_LIST), zeros, 120);
	put_extension(&with, LIT(OID_POISON), LIT("\x05\x00"));
	odd_of(&(shape){.more = hk_span_of(with.data, with.len)}, &x509);
	size_t len = key_bytes(&x509, key);
	ok(len == want.len && memcmp(key, want.data, len) == 0, "no extension left, no [3] left");
	put_extension(&with, LIT(OID_POISON), LIT("\x05\x00"));
	is_str(odd_of(&(shape){.more = hk_span_of(with.data, with.len)}, &x509),
		"duplicate-extension", "poison twice");
	ok(key_bytes(&x509, key) > want.len, "only the first is taken out");
}

/* ---- real certificates ---- */

/* The first certificate of each fixture is as odd as tests/vectors/x509_fixture.tsv says. */
static void
fixture_vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/x509_fixture.tsv", &len);
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *want = strchr(line, '\t');
		char path[256];
		hk_pem pem;
		hk_span der = {0};
		hk_x509 x509;
		bool done = false;
		if (*line == '#' || !want) {
			continue;
		}
		*want++ = '\0';
		snprintf(path, sizeof path, "tests/fixtures/x509/%s", line);
		uint8_t *data = tap_file(path, &len);
		hk_pem_init(&pem, data, len);
		ok(hk_pem_next(&pem, &der, &done) == HK_OK && !done, "%s: is PEM", line);
		hk_err err = hk_x509_parse_cert(der, &x509);
		is_str(err == HK_OK ? codes(x509.odd) : hk_err_code(err), want, "%s", line);
		free(data);
	}
	free(text);
}

static unsigned
count_names(const hk_x509 *x509)
{
	hk_x509_names at;
	hk_x509_name name;
	unsigned n = 0;

	hk_x509_names_init(x509, &at);
	while (hk_x509_names_next(&at, &name)) {
		n++;
	}
	return n;
}

/* Every prefix of der is an error and no read over the end; every byte changed in a few ways gives no more names than are
 * there. */
static void
hurt(hk_span der, const char *what)
{
	static uint8_t key[1 << 20];
	unsigned read = 0, wrong = 0;
	hk_x509 x509;

	for (size_t n = 0; n < der.len; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, der.data, n);
		read += hk_x509_parse_cert(hk_span_of(copy, n), &x509) != HK_ETRUNC;
		free(copy);
	}
	is_int(read, 0, "%s: no prefix is read", what);
	uint8_t *copy = malloc(der.len);
	memcpy(copy, der.data, der.len);
	for (size_t i = 0; i < der.len; i++) {
		static const uint8_t values[] = {
			0x00, 0x01, 0x30, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF};
		for (size_t v = 0; v <= sizeof values; v++) {
			copy[i] = v < sizeof values ? values[v] : (uint8_t)(der.data[i] + 1);
			if (hk_x509_parse_cert(hk_span_of(copy, der.len), &x509) == HK_OK) {
				wrong += count_names(&x509) != x509.dns_count + x509.ip_count;
				wrong += key_bytes(&x509, key) > x509.tbs.len;
			}
		}
		copy[i] = der.data[i];
	}
	is_int(wrong, 0, "%s: a changed byte changes no promise", what);
	free(copy);
}

static void
real(void)
{
	size_t len;
	uint8_t *tile = tap_file("tests/fixtures/ct/static-ct/navigli2025h2/tile/data/000", &len);
	hk_cur cur = hk_cur_of(hk_span_of(tile, len));
	unsigned hurt_pre = 0, hurt_cert = 0;
	hk_ctleaf leaf;

	while (!hk_cur_empty(&cur) && hk_ctleaf_next_tile(&cur, &leaf) == HK_OK) {
		if (leaf.precert && hurt_pre < 2) {
			hurt(leaf.precert_der, "precertificate");
			hurt_pre++;
		} else if (!leaf.precert && hurt_cert < 2) {
			hurt(leaf.cert, "certificate");
			hurt_cert++;
		}
	}
	free(tile);
}

int
main(void)
{
	name_vectors();
	quick_look();
	walk();
	many_names();
	fields();
	oddities();
	table();
	keys();
	fixture_vectors();
	real();
	return tap_done();
}
