/* tests/evidence_fixture: puts evidence into a house, by the flow that stages go through (flow/evidence): for tests of API and board.
 *
 *   evidence_fixture DATABASE AUDIT-KEY BLOBS CASE WHAT [PHONE.png DESKTOP.png]
 *
 * WHAT: done (a cloaked run: three visits, one of them failed), failed, waiting, facts (with contacts), moved (the site has another address by now).
 * All that a site says in it is hostile: markup, marks that turn text round. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/evidence.h"
#include "store/db.h"
#include "sys/blob.h"

static const char hostile_page[] =
	"<!doctype "
	"html><title>\xe3\x81\xbf\xe3\x81\xbb\xe3\x82\x93</title><script>alert(1)</script>\n"
	"<img src=x onerror=alert(2)>\n\xe2\x80\xae reversed\n";

static const char data[] =
	"{\"redirects\":[{\"url\":\"https://s.example/a\",\"status\":302,\"how\":\"open\"},"
	"{\"url\":\"https://www.evil.example/login?x=<b>\",\"status\":200,\"how\":\"redirect\"}],"
	"\"forms\":[{\"action\":\"https://www.evil.example/"
	"post.php\",\"method\":\"post\",\"fields\":["
	"{\"tag\":\"input\",\"type\":\"text\",\"name\":\"user\",\"label\":\"ご契約番号\","
	"\"required\":true,"
	"\"visible\":true},"
	"{\"tag\":\"input\",\"type\":\"password\",\"name\":\"pass\",\"label\":\"<script>alert(3)</"
	"script>\","
	"\"visible\":true},"
	"{\"tag\":\"input\",\"type\":\"hidden\",\"name\":\"token\",\"visible\":false}]}],"
	"\"requests\":[{\"url\":\"https://www.evil.example/"
	"login\",\"method\":\"GET\",\"type\":\"Document\","
	"\"status\":200,\"bytes\":18231,\"remote_ip\":\"203.0.113.7\"},"
	"{\"url\":\"https://cdn.evil.example/"
	"app.js\",\"method\":\"GET\",\"type\":\"Script\",\"status\":0,"
	"\"error\":\"refused\",\"bytes\":0}],"
	"\"console\":[{\"level\":\"error\",\"text\":\"Uncaught <img src=x> at "
	"https://www.evil.example/\"}]}";

typedef struct work {
	int64_t case_id;
	const char *what;
	hk_blobs *blobs;
	GBytes *pictures[2];
} work;

static const hk_who who = {.login = "auto", .via = "work", .address = ""};

static bool
file_of(const work *w, hk_span bytes, const char *kind, const char *name, const char *type,
	hk_artefact_row *ret, GError **error)
{
	*ret = (hk_artefact_row){
		.kind = kind, .name = name, .type = type, .bytes = (int64_t)bytes.len};
	return hk_blobs_put(w->blobs, bytes, ret->sha256, error);
}

static bool
files_of(const work *w, size_t picture, hk_artefact_row files[5], GError **error)
{
	gsize len;
	const void *png = g_bytes_get_data(w->pictures[picture], &len);

	return file_of(w, hk_span_of(png, len), "viewport", "viewport.png", "image/png", &files[0],
		       error) &&
	       file_of(w, hk_span_str(hostile_page), "dom", "dom.html", "text/html", &files[1],
		       error) &&
	       /* Claims to be a picture, and is a page. */
	       file_of(w, hk_span_str(hostile_page), "full", "full.png", "image/png", &files[2],
		       error) &&
	       file_of(w, hk_span_str("-----BEGIN CERTIFICATE-----\n"), "chain", "chain.pem",
		       "application/x-pem-file", &files[3], error) &&
	       file_of(w, hk_span_str("{\"pages\":[{\"text\":\"0123456789\"}]}"), "json",
		       "capture.json", "application/json", &files[4], error);
}

static bool
save_done(hk_flow *flow, const work *w, int64_t run, GError **error)
{
	static const uint8_t certificate[32] = {0xab, 0xcd};
	hk_artefact_row phone[5], desktop[5];
	int64_t now = hk_flow_now(flow);

	if (!files_of(w, 0, phone, error) || !files_of(w, 1, desktop, error)) {
		return false;
	}
	const hk_capture_row common = {.exit = "direct",
		.visit = 1,
		.step = "page",
		.how = "whole",
		.status = 200,
		.url = "https://www.evil.example/login?x=<b>",
		.title = "見本銀行 <script>alert(4)</script>",
		.address = "203.0.113.7",
		.certificate = certificate,
		.data = data,
		.at_ms = now,
		.took_ms = 2345};
	hk_evidence_variant variants[3] = {
		{.capture = common, .artefacts = phone, .artefact_count = 5},
		{.capture = common, .artefacts = desktop, .artefact_count = 5},
		{.capture = common}};
	variants[0].capture.profile = "iphone";
	variants[0].capture.referrer = "sms";
	variants[1].capture.profile = "desktop";
	variants[1].capture.referrer = "none";
	variants[1].capture.title = "404 Not Found";
	variants[1].capture.status = 404;
	variants[2].capture.profile = "android";
	variants[2].capture.referrer = "search";
	variants[2].capture.how = "failed";
	variants[2].capture.why = "no answer from https://www.evil.example/";
	variants[2].capture.status = 0;
	variants[2].capture.title = "";
	variants[2].capture.data = "{}";
	static const hk_evidence_pivot pivots[] = {
		{"favicon", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}};
	const hk_evidence e = {.run_id = run,
		.verdict = "cloaked",
		.dimensions = "[\"device\"]",
		.diff = "[\"status 200 and 404\",\"form of https://www.evil.example/ on phones "
			"only\"]",
		.manifest = phone[1].sha256,
		.picture = phone[0].sha256,
		.variants = variants,
		.variant_count = 3,
		.pivots = pivots,
		.pivot_count = 1};

	return hk_evidence_save(flow, &e, error);
}

static bool
save_facts(hk_flow *flow, const work *w, const char *address, GError **error)
{
	const hk_fact facts[] = {{"www.evil.example", "dns.a", address, "dns", NULL},
		{"www.evil.example", "dns.ns", "ns1.evil.example", "dns", NULL},
		{"www.evil.example", "tls.issuer", "Mihon CA <b>", "tls", NULL},
		{address, "ip.as", "AS64500 MIHON-NET", "libloc", NULL},
		{address, "ip.country", "JP", "libloc", NULL},
		{"evil.example", "reg.registrar", "Mihon Registrar, \"Inc.\"",
			"rdap:https://rdap.example/", NULL},
		{"evil.example", "reg.created", "2026-11-01T00:00:00Z",
			"rdap:https://rdap.example/", NULL}};
	static const hk_fact_scope asked[] = {{"www.evil.example", "dns.a"}};
	static const hk_case_contact contacts[] = {
		{"registrar", "evil.example", "Mihon Registrar", "abuse@registrar.example",
			"registration", 0.9},
		{"hosting", "203.0.113.7", "Mihon Hosting <script>",
			"https://hosting.example/abuse", "operators", 0.6}};

	return hk_facts_save(flow, w->case_id, facts, G_N_ELEMENTS(facts), asked, 1, error) &&
	       hk_case_contacts_set(hk_flow_db(flow), w->case_id, contacts, 2, NULL, 0,
		       hk_flow_now(flow), error);
}

static bool
act(hk_flow *flow, void *user, GError **error)
{
	const work *w = user;
	int64_t run = 0;

	if (strcmp(w->what, "facts") == 0 || strcmp(w->what, "moved") == 0) {
		return save_facts(flow, w, *w->what == 'f' ? "203.0.113.7" : "203.0.113.8", error);
	}
	if (!hk_evidence_ask(flow, w->case_id, NULL, "standard", &run, error)) {
		return false;
	}
	if (strcmp(w->what, "failed") == 0) {
		const hk_evidence e = {.run_id = run,
			.why = "the browser did not start: see https://docs.example/",
			.verdict = "",
			.dimensions = "[]",
			.diff = "[]"};
		return hk_evidence_save(flow, &e, error);
	}
	return strcmp(w->what, "done") != 0 || save_done(flow, w, run, error);
}

static bool
run(char **argv, GError **error)
{
	work w = {.case_id = g_ascii_strtoll(argv[4], NULL, 10), .what = argv[5]};
	bool good;

	for (int i = 0; i < 2 && strcmp(w.what, "done") == 0; i++) {
		char *bytes;
		gsize len;
		if (!argv[6] || !g_file_get_contents(argv[6 + i], &bytes, &len, error)) {
			return false;
		}
		w.pictures[i] = g_bytes_new_take(bytes, len);
	}
	g_autoptr(hk_blobs) blobs = hk_blobs_open(&(hk_blobs_config){.where = argv[3]}, error);
	g_autoptr(hk_db) db = blobs ? hk_db_open(argv[1], error) : NULL;
	g_autoptr(hk_flow) flow = db ? hk_flow_new(db, argv[2], error) : NULL;
	w.blobs = blobs;
	good = flow && hk_flow_do(flow, &who, act, &w, error);
	for (int i = 0; i < 2; i++) {
		g_clear_pointer(&w.pictures[i], g_bytes_unref);
	}
	return good;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc < 6) {
		fprintf(stderr,
			"usage: evidence_fixture DATABASE AUDIT-KEY BLOBS CASE WHAT [PNG PNG]\n");
		return 64;
	}
	if (!run(argv, &error)) {
		fprintf(stderr, "%s\n", error ? error->message : "two pictures are needed");
		return 1;
	}
	return 0;
}
