/* The differential test: wherever OpenSSL accepts a certificate, we read the same. Over the fixtures, over the entries of
 * two real data tiles (against their names tiles too), and over every file below the folder that HK_X509_CORPUS names. */
#include <dirent.h>
#include <sys/stat.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "parse/ctleaf.h"
#include "parse/pem.h"
#include "parse/x509.h"
#include "tap.h"
#include "x509_peer.h"

#define TILES "tests/fixtures/ct/static-ct/navigli2025h2/tile/"

static struct {
	unsigned result[PEER_DIFFER + 1];
	unsigned odd[HK_X509_ODD_COUNT];
	unsigned malformed;
	unsigned keyed;
	unsigned as_der; /* of the PEER_WE_REFUSE */
} tally;

/* A TBSCertificate with a made-up signature around it, for OpenSSL. Allocated. */
static uint8_t *
wrapped(hk_span tbs, size_t *ret_len)
{
	static const uint8_t tail[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04,
		0x03, 0x02, 0x03, 0x02, 0x00, 0x00};
	uint8_t *ret = malloc(tbs.len + sizeof tail + HK_DER_HEADER_MAX);
	size_t head = hk_der_header(HK_DER_SEQUENCE, tbs.len + sizeof tail, ret);

	memcpy(ret + head, tbs.data, tbs.len);
	memcpy(ret + head + tbs.len, tail, sizeof tail);
	*ret_len = head + tbs.len + sizeof tail;
	return ret;
}

/* What OpenSSL accepts and we do not should be BER and nothing else: written anew by OpenSSL as DER, we read the same as it
 * does. True when so. OpenSSL keeps the bytes of a distinguished name as they came and takes 10 for 30 as the identifier of
 * a SEQUENCE OF, so some inputs of its fuzzer stay refused; none may differ. */
static bool
agrees_as_der(hk_span der)
{
	const uint8_t *at = der.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
	uint8_t *tbs = NULL;
	int len = i2d_re_X509_tbs(x509, &tbs);
	peer_report report = {.result = PEER_DIFFER};

	if (len > 0) {
		size_t whole_len;
		uint8_t *whole = wrapped(hk_span_of(tbs, (size_t)len), &whole_len);
		peer_compare(hk_span_of(whole, whole_len), &report);
		free(whole);
	}
	OPENSSL_free(tbs);
	X509_free(x509);
	ok(report.result != PEER_DIFFER, "written anew as DER: no disagreement (%s)", report.what);
	return report.result == PEER_AGREE;
}

static void
certificate(hk_span der, const char *where, bool is_fixture)
{
	peer_report report;
	/* An exact allocation, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(der.len ? der.len : 1);

	memcpy(copy, der.data, der.len);
	peer_compare(hk_span_of(copy, der.len), &report);
	free(copy);
	tally.result[report.result]++;
	tally.keyed += report.keyed;
	tally.malformed += (report.odd & hk_x509_odd_malformed) != 0;
	for (unsigned i = 0; i < HK_X509_ODD_COUNT; i++) {
		tally.odd[i] += report.odd >> i & 1;
	}
	if (report.result == PEER_DIFFER) {
		ok(false, "%s: %s differs", where, report.what);
	} else if (report.result == PEER_WE_REFUSE) {
		bool as_der = agrees_as_der(der);
		tally.as_der += as_der;
		ok(as_der || !is_fixture, "%s: OpenSSL accepts, we refuse (%s)%s", where,
			hk_err_code(report.err), as_der ? ", because it is BER" : "");
	} else if (report.result == PEER_THEY_REFUSE) {
		tap_diag("%s: we accept, OpenSSL refuses (malformed: %d)", where,
			(report.odd & hk_x509_odd_malformed) != 0);
	} else if (is_fixture) {
		ok(true, "%s", where);
	}
}

static void
say_tally(const char *what)
{
	tap_diag("%s: %u agree (%u with key pieces), %u both refuse, %u only we accept, %u only "
		 "OpenSSL accepts (%u of them agree as DER), %u differ; %u malformed",
		what, tally.result[PEER_AGREE], tally.keyed, tally.result[PEER_BOTH_REFUSE],
		tally.result[PEER_THEY_REFUSE], tally.result[PEER_WE_REFUSE], tally.as_der,
		tally.result[PEER_DIFFER], tally.malformed);
	for (unsigned i = 0; i < HK_X509_ODD_COUNT; i++) {
		if (tally.odd[i] > 0) {
			tap_diag("    %4u %s", tally.odd[i], hk_x509_odd_code(UINT32_C(1) << i));
		}
	}
	is_int(tally.result[PEER_DIFFER], 0, "%s: no disagreement", what);
	memset(&tally, 0, sizeof tally);
}

static void
file_of(uint8_t *data, size_t len, const char *where, bool is_fixture)
{
	hk_pem pem;
	hk_span der;
	bool done = false;

	/* x509-limbo keeps PEM inside JSON strings. */
	if (strstr(where, ".json")) {
		for (size_t i = 0; i < len; i++) {
			bool is_escape = data[i] == '\\' && i + 1 < len && data[i + 1] == 'n';
			data[i] = is_escape || data[i] == '"' ? '\n' : data[i];
			if (is_escape) {
				data[i + 1] = '\n';
			}
		}
	}
	if (!hk_pem_looks(hk_span_of(data, len))) {
		certificate(hk_span_of(data, len), where, is_fixture);
		return;
	}
	hk_pem_init(&pem, data, len);
	for (;;) {
		hk_err err = hk_pem_next(&pem, &der, &done);
		if (err != HK_OK) {
			tap_diag("%s: PEM block: %s", where, hk_err_code(err));
		} else if (done) {
			break;
		} else {
			certificate(der, where, is_fixture);
		}
	}
}

static void
fixtures(const char *dir)
{
	char full[4096];
	struct dirent **found;

	snprintf(full, sizeof full, HK_SOURCE_DIR "/%s", dir);
	int count = scandir(full, &found, NULL, alphasort);
	ok(count > 2, "%s has files", dir);
	for (int i = 0; i < count; i++) {
		if (strstr(found[i]->d_name, ".pem")) {
			char path[4096];
			size_t len;
			snprintf(path, sizeof path, "%s/%s", dir, found[i]->d_name);
			uint8_t *data = tap_file(path, &len);
			file_of(data, len, path, true);
			free(data);
		}
		free(found[i]);
	}
	free(found);
	say_tally(dir);
}

static void
corpus(const char *dir)
{
	struct dirent **found;
	int count = scandir(dir, &found, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[4096];
		struct stat st;
		snprintf(path, sizeof path, "%s/%s", dir, found[i]->d_name);
		if (found[i]->d_name[0] == '.' || stat(path, &st) != 0) {
			/* nothing */
		} else if (S_ISDIR(st.st_mode)) {
			corpus(path);
		} else {
			FILE *file = fopen(path, "rb");
			uint8_t *data = malloc((size_t)st.st_size + 1);
			size_t len = file && data ? fread(data, 1, (size_t)st.st_size, file) : 0;
			file_of(data, len, path, false);
			free(data);
			if (file) {
				fclose(file);
			}
		}
		free(found[i]);
	}
	if (count >= 0) {
		free(found);
	}
}

/* ---- tiles ---- */

static void
key_of(const hk_x509 *x509, uint8_t ret[32])
{
	hk_x509_key key;
	EVP_MD_CTX *sha = EVP_MD_CTX_new();

	hk_x509_tbs_key_pieces(x509, &key);
	EVP_DigestInit_ex(sha, EVP_sha256(), NULL);
	for (size_t i = 0; i < key.count; i++) {
		EVP_DigestUpdate(sha, key.piece[i].data, key.piece[i].len);
	}
	EVP_DigestFinal_ex(sha, ret, NULL);
	EVP_MD_CTX_free(sha);
}

static bool
same_names(const hk_x509 *x509, const char *line)
{
	json_t *json = json_loads(line, 0, NULL);
	json_t *dns = json_object_get(json, "DNS");
	const char *cn =
		json_string_value(json_object_get(json_object_get(json, "Subject"), "CommonName"));
	hk_x509_names walk;
	hk_x509_name name;
	size_t n = 0;
	bool same = json != NULL;

	hk_x509_names_init(x509, &walk);
	while (same && hk_x509_names_next(&walk, &name)) {
		if (name.kind == HK_X509_NAME_DNS) {
			const char *want = json_string_value(json_array_get(dns, n++));
			same = want && hk_span_eq(name.value, hk_span_str(want));
		}
	}
	same = same && n == json_array_size(dns) && hk_span_eq(x509->subject_cn, hk_span_str(cn));
	json_decref(json);
	return same;
}

static void
tile(const char *number)
{
	char path[256];
	size_t len;
	unsigned entries = 0, names_same = 0, keys_same = 0, precerts = 0, malformed = 0;

	snprintf(path, sizeof path, TILES "names/%s", number);
	char *names = (char *)tap_file(path, &len);
	char *line = names;
	snprintf(path, sizeof path, TILES "data/%s", number);
	uint8_t *data = tap_file(path, &len);
	hk_cur cur = hk_cur_of(hk_span_of(data, len));
	while (!hk_cur_empty(&cur)) {
		hk_ctleaf leaf;
		hk_x509 x509;
		if (!ok(hk_ctleaf_next_tile(&cur, &leaf) == HK_OK, "tile %s: entry %u is framed",
			    number, entries)) {
			break;
		}
		hk_err err = leaf.precert ? hk_x509_parse_tbs(leaf.cert, &x509)
					  : hk_x509_parse_cert(leaf.cert, &x509);
		if (!ok(err == HK_OK, "tile %s: entry %u is read", number, entries)) {
			break;
		}
		char *end = strchr(line, '\n');
		if (end) {
			*end = '\0';
		}
		names_same += same_names(&x509, line);
		line = end ? end + 1 : line;
		malformed += (x509.odd & hk_x509_odd_malformed) != 0;
		entries++;
		if (!leaf.precert) {
			certificate(leaf.cert, path, false);
			continue;
		}
		size_t wrapped_len;
		uint8_t *whole = wrapped(leaf.cert, &wrapped_len);
		certificate(hk_span_of(whole, wrapped_len), path, false);
		free(whole);
		certificate(leaf.precert_der, path, false);
		uint8_t key[32];
		uint8_t pre_key[32];
		hk_x509 pre;
		key_of(&x509, key);
		if (hk_x509_parse_cert(leaf.precert_der, &pre) == HK_OK) {
			key_of(&pre, pre_key);
			keys_same +=
				pre.has_poison && !x509.has_poison && memcmp(key, pre_key, 32) == 0;
		}
		precerts++;
	}
	is_int(entries, 256, "tile %s: 256 entries", number);
	is_int(names_same, entries, "tile %s: names and CN as in the names tile", number);
	is_int(keys_same, precerts,
		"tile %s: the key of each of %u precertificates is that of its entry", number,
		precerts);
	is_int(malformed, 0, "tile %s: nothing is malformed", number);
	say_tally(path);
	free(data);
	free(names);
}

int
main(void)
{
	fixtures("tests/fixtures/x509");
	tile("000");
	tile("001");
	if (getenv("HK_X509_CORPUS")) {
		corpus(getenv("HK_X509_CORPUS"));
		say_tally(getenv("HK_X509_CORPUS"));
	}
	return tap_done();
}
