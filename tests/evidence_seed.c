/* What a run of the browser leaves in a house, without a browser: for tests/scenario/evidence.t. evidence_seed DATABASE AUDIT-KEY BLOBS CASE: a run of that case is finished with two
 * visits and their files, its manifest, and a job that wants a time stamp. Prints the run's number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/har.h"
#include "evidence/manifest.h"
#include "evidence/warc.h"
#include "flow/evidence.h"
#include "sys/blob.h"
#include "sys/gerr.h"
#include "sys/hash.h"

enum { FILES = 4 };

typedef struct seed {
	hk_blobs *blobs;
	int64_t case_id, run_id;
	hk_artefact_row files[2][FILES];
	hk_manifest_artefact listed[2][FILES];
	uint8_t manifest[32];
} seed;

static const hk_who who = {.login = "auto", .via = "work", .address = ""};
static const char *const profiles[] = {"iphone", "desktop"};

static hk_capture *
made(const char *profile)
{
	hk_capture *c = hk_capture_new();
	hk_capture_exchange *x = hk_capture_add_exchange(c);

	c->profile = g_strdup(profile);
	c->referrer = g_strdup("sms");
	c->exit = g_strdup("direct");
	c->visit = 1;
	c->url = g_strdup("https://evil.example/");
	c->browser = g_strdup("HeadlessChrome/156.0.1.2");
	c->start_wall_ms = 1764468000123;
	x->url = g_strdup(c->url);
	x->method = g_strdup("GET");
	x->status = 200;
	x->status_text = g_strdup("OK");
	x->protocol = g_strdup("h2");
	x->mime = g_strdup("text/html");
	x->body = g_bytes_new_static("<h1>login</h1>", 14);
	x->end_ms = x->response_ms = 20;
	return c;
}

static bool
keep(seed *s, unsigned visit, unsigned n, const char *kind, const char *name, const char *type,
	GBytes *bytes, GError **error)
{
	gsize len;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
	hk_artefact_row *row = &s->files[visit][n];

	if (!data || !hk_blobs_put(s->blobs, hk_span_of(data, len), row->sha256, error)) {
		return false;
	}
	row->kind = kind;
	row->name = name;
	row->type = type;
	row->bytes = (int64_t)len;
	s->listed[visit][n] = (hk_manifest_artefact){
		.kind = kind, .name = name, .type = type, .bytes = row->bytes};
	memcpy(s->listed[visit][n].sha256, row->sha256, 32);
	return true;
}

static bool
keep_visit(seed *s, unsigned visit, GError **error)
{
	g_autoptr(hk_capture) c = made(profiles[visit]);
	g_autoptr(GBytes) warc = hk_warc_write(c, error);
	g_autoptr(GBytes) har = hk_har_write(c, error);
	g_autoptr(GBytes) png = g_bytes_new_static("\x89PNG\r\n\x1a\n not really", 19);
	g_autofree char *text = g_strdup_printf("%05000d %s", 0, profiles[visit]);
	g_autoptr(GBytes) dom = g_bytes_new(text, strlen(text));

	return keep(s, visit, 0, "warc", "capture.warc.gz", "application/warc", warc, error) &&
	       keep(s, visit, 1, "har", "capture.har", "application/json", har, error) &&
	       keep(s, visit, 2, "viewport", "viewport.png", "image/png", png, error) &&
	       keep(s, visit, 3, "dom", "dom.html", "text/html", dom, error);
}

static bool
keep_manifest(seed *s, GError **error)
{
	hk_manifest_variant variants[2];

	for (unsigned i = 0; i < 2; i++) {
		variants[i] = (hk_manifest_variant){.profile = profiles[i],
			.referrer = "sms",
			.exit = "direct",
			.visit = 1,
			.end = "complete",
			.final_url = "https://evil.example/",
			.start_ms = 1764468000123,
			.took_ms = 20,
			.artefacts = s->listed[i],
			.artefact_count = FILES};
	}
	const hk_manifest m = {.case_id = s->case_id,
		.run_id = s->run_id,
		.url = "https://evil.example/",
		.plan = "standard",
		.operator_name = "auto",
		.browser = "HeadlessChrome/156.0.1.2",
		.started_ms = 1764468000000,
		.done_ms = 1764468001000,
		.variants = variants,
		.variant_count = 2};
	g_autofree char *text = hk_manifest_write(&m);
	return hk_blobs_put(s->blobs, hk_span_str(text), s->manifest, error);
}

static bool
ask(hk_flow *flow, void *user, GError **error)
{
	seed *s = user;

	return hk_evidence_ask(flow, s->case_id, NULL, "standard", &s->run_id, error);
}

static bool
save(hk_flow *flow, void *user, GError **error)
{
	seed *s = user;
	hk_evidence_variant variants[2];

	for (unsigned i = 0; i < 2; i++) {
		variants[i] = (hk_evidence_variant){.capture = {.profile = profiles[i],
							    .referrer = "sms",
							    .exit = "direct",
							    .visit = 1,
							    .step = "page",
							    .how = "whole",
							    .status = 200,
							    .url = "https://evil.example/",
							    .at_ms = 1764468000123},
			.artefacts = s->files[i],
			.artefact_count = FILES};
	}
	const hk_evidence e = {.run_id = s->run_id,
		.verdict = "same",
		.manifest = s->manifest,
		.variants = variants,
		.variant_count = 2};
	return hk_evidence_save(flow, &e, error);
}

/* A folder, or @FILE: what a file of configuration names. */
static hk_blobs *
open_blobs(char *where, GError **error)
{
	char *args[] = {(char[]){"--config"}, where + 1};

	if (where[0] != '@') {
		return hk_blobs_open(&(hk_blobs_config){.where = where}, error);
	}
	g_autoptr(hk_opts) opts = hk_opts_parse("evidence export", 2, args, error);
	if (!opts) {
		return NULL;
	}
	const hk_blobs_config config = hk_blobs_config_of(opts);
	return hk_blobs_open(&config, error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	seed s = {0};

	if (argc != 5) {
		return 64;
	}
	s.case_id = (int64_t)g_ascii_strtoll(argv[4], NULL, 10);
	g_autoptr(hk_db) db = hk_db_open(argv[1], &error);
	g_autoptr(hk_flow) flow = db ? hk_flow_new(db, argv[2], &error) : NULL;
	s.blobs = flow ? open_blobs(argv[3], &error) : NULL;
	if (!s.blobs || !hk_flow_do(flow, &who, ask, &s, &error) || !keep_visit(&s, 0, &error) ||
		!keep_visit(&s, 1, &error) || !keep_manifest(&s, &error) ||
		!hk_flow_do(flow, &who, save, &s, &error)) {
		fprintf(stderr, "%s\n", error ? error->message : "?");
		hk_blobs_free(s.blobs);
		return 70;
	}
	printf("%lld\n", (long long)s.run_id);
	hk_blobs_free(s.blobs);
	return 0;
}
