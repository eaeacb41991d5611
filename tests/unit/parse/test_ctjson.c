#include "parse/ctjson.h"

#include <stdlib.h>

#include "parse/ctleaf.h"
#include "parse/x509.h"
#include "tap.h"

/* Run a body; the decoded leaves go into out, each followed by '|', then its extra and ';'. */
static hk_err
run(const char *text, char *out)
{
	size_t len = strlen(text);
	uint8_t *body = malloc(len + 1);
	hk_span leaf, extra, plain;
	hk_ctjson json;
	bool done;
	hk_err err;

	memcpy(body, text, len);
	hk_ctjson_init(&json, body, len);
	while ((err = hk_ctjson_next(&json, &leaf, &extra, &done)) == HK_OK && !done) {
		memcpy(out, leaf.data, leaf.len);
		out += leaf.len;
		*out++ = '|';
		if (hk_ctjson_extra(&json, extra, &plain) == HK_OK) {
			memcpy(out, plain.data, plain.len);
			out += plain.len;
		}
		*out++ = ';';
	}
	*out = '\0';
	err = err == HK_OK ? hk_ctjson_end(&json) : err;
	free(body);
	return err;
}

static void
shapes(void)
{
	static const struct {
		const char *body, *want;
		hk_err err;
	} rows[] = {
		{"{\"entries\":[]}", "", HK_OK},
		{"{\"entries\":[{\"leaf_input\":\"YWJj\",\"extra_data\":\"ZGU=\"}]}\n", "abc|de;",
			HK_OK},
		{" { \"x\" : [1,{\"a\":\"\\\"]\"},null] , \"entries\" : [ { \"extra_data\" : null "
		 ", "
		 "\"y\":{} , \"leaf_input\" : \"YWJj\" } , {\"leaf_input\":\"\"} ] , \"z\":-1.5e3 "
		 "} ",
			"abc|;|;", HK_OK},
		{"{\"entries\":[{\"leaf\\u005finput\":\"\\u0059W\\u004aj\",\"extra_data\":\"Pj8\\/"
		 "\"}]}",
			"abc|>?\x3f;", HK_OK},
		{"{\"entries\":[{\"leaf_input\":\"YWJj\"},{\"leaf_input\":\"YW", "abc|;",
			HK_ETRUNC},
		{"{\"entries\":[{\"leaf_input\":\"YWJj\"}]", "abc|;", HK_ETRUNC},
		{"{\"entries\":[]} x", "", HK_ETRAIL},
		{"{\"entries\":[{\"extra_data\":\"YWJj\"}]}", "", HK_EFORM},
		{"{\"entries\":[{\"leaf_input\":\"YWJ\"}]}", "", HK_EFORM},
		{"{\"entries\":[{\"leaf_input\":\"YWJj\",\"leaf_input\":\"YWJj\"}]}", "", HK_EFORM},
		{"{\"entries\":[],\"entries\":[]}", "", HK_EFORM},
		{"{\"entries\":[{\"leaf_input\":7}]}", "", HK_EFORM},
		{"{\"entries\":[{\"leaf_input\":\"YWJj\"},]}", "abc|;", HK_EFORM},
		{"{\"error_message\":\"need tree size\",\"success\":false}", "", HK_EFORM},
		{"{\"x\":[}],\"entries\":[]}", "", HK_EFORM},
		{"{\"x\":,\"entries\":[]}", "", HK_EFORM},
		{"[]", "", HK_EFORM},
		{"", "", HK_ETRUNC},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[256];
		is_int(run(rows[i].body, out), rows[i].err, "%s", rows[i].body);
		is_str(out, rows[i].want, "its entries");
	}
}

static void
depth(void)
{
	char body[512] = "{\"x\":", out[16];
	size_t at = strlen(body);

	memset(body + at, '[', HK_CTJSON_DEPTH_MAX + 1);
	is_int(run(body, out), HK_ELIMIT, "nesting has a cap");
	body[at + HK_CTJSON_DEPTH_MAX] = '\0';
	is_int(run(body, out), HK_ETRUNC, "and it is that one");
}

/* The names of an entry, joined by commas, as the oracle lists them. */
static bool
names_agree(const hk_ctleaf *leaf, const char *line)
{
	hk_x509 x509;
	hk_x509_names names;
	hk_x509_name name;
	hk_err err = leaf->precert ? hk_x509_parse_tbs(leaf->cert, &x509)
				   : hk_x509_parse_cert(leaf->cert, &x509);

	if (err != HK_OK) {
		return false;
	}
	hk_x509_names_init(&x509, &names);
	while (hk_x509_names_next(&names, &name)) {
		char want[300];
		if (name.kind != HK_X509_NAME_DNS || name.value.len > 250) {
			continue;
		}
		memcpy(want, name.value.data, name.value.len);
		want[name.value.len] = '\0';
		if (!strstr(line, want)) {
			tap_diag("%s is not in %s", want, line);
			return false;
		}
	}
	return true;
}

static void
real(const char *json_path, const char *names_path)
{
	size_t len, names_len;
	uint8_t *body = tap_file(json_path, &len);
	char *names = (char *)tap_file(names_path, &names_len), *line = names;
	hk_span leaf_input, extra, plain;
	unsigned n = 0, good = 0, extras = 0;
	hk_ctjson json;
	bool done = false;

	hk_ctjson_init(&json, body, 0);
	/* In pieces of 1,000 bytes, as from a socket. */
	for (size_t have = 0; !done;) {
		hk_err err = hk_ctjson_next(&json, &leaf_input, &extra, &done);
		if (err == HK_ETRUNC && have < len) {
			have = len - have < 1000 ? len : have + 1000;
			hk_ctjson_more(&json, body, have);
			continue;
		}
		if (err != HK_OK || done) {
			break;
		}
		hk_ctleaf leaf;
		char *end = strchr(line, '\n');
		*end = '\0';
		n++;
		if (hk_ctleaf_parse_merkle(leaf_input, &leaf) == HK_OK &&
			leaf.precert == (strstr(line, "\tprecert\t") != NULL)) {
			good += names_agree(&leaf, line);
			extras += hk_ctjson_extra(&json, extra, &plain) == HK_OK &&
				  hk_ctleaf_parse_extra(plain, leaf.precert, &leaf) == HK_OK;
		}
		line = end + 1;
	}
	is_int(n, 10, "%s: ten entries", json_path);
	is_int(good, 10, "their types and names are those expected");
	is_int(extras, 10, "their extra_data is read");
	is_int(hk_ctjson_end(&json), HK_OK, "to the end");
	free(body);
	free(names);
}

int
main(void)
{
	shapes();
	depth();
	real("tests/fixtures/ct/get-entries/ct.googleapis.com_logs_us1_argon2026h2.json",
		"tests/fixtures/ct/get-entries/ct.googleapis.com_logs_us1_argon2026h2.names.tsv");
	real("tests/fixtures/ct/get-entries/ct.cloudflare.com_logs_nimbus2026.json",
		"tests/fixtures/ct/get-entries/ct.cloudflare.com_logs_nimbus2026.names.tsv");
	return tap_done();
}
