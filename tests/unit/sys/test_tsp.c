/* sys/tsp against an authority on loopback, honest and lying; kept tokens, changed ones. */
#include "sys/tsp.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../range/tsa.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "tap.h"

static char *dir, *ca, *other_ca;
static hk_egress *egress;
static uint8_t hash[32];

static hk_span
span_of(GBytes *bytes)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	return hk_span_of(data, len);
}

/* Where http://tsa.example/ leads to. */
static void
way_to(unsigned port)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(dir, "egress.conf", NULL);
	g_autofree char *text =
		g_strdup_printf("range = 127.0.0.1\nrange-ports = {\"80=%u\"}\n", port);

	hk_file_replace_fast(path, hk_span_str(text), NULL);
	hk_egress_unref(egress);
	egress = hk_egress_new(path, &error);
	if (!egress) {
		tap_diag("%s", error->message);
	}
}

/* An authority with that fault, and a way to it: http://tsa.example/. */
static rg_tsa *
serve(const char *fault)
{
	g_autoptr(GError) error = NULL;
	rg_tsa *tsa = rg_tsa_new(dir, 0, fault, &error);

	if (!tsa) {
		tap_diag("%s", error->message);
		return NULL;
	}
	way_to(rg_tsa_port(tsa));
	return tsa;
}

static GBytes *
stamp(const char *policy, const char *believed, GError **error)
{
	const hk_tsp_config config = {.url = "http://tsa.example/",
		.ca_file = believed,
		.policy = policy,
		.egress = egress};

	return hk_tsp_stamp(&config, hash, error);
}

static void
fails(bool good, GError **error, hk_err code, const char *what)
{
	ok(!good && hk_error_code(*error) == code, "%s: %s", what,
		*error ? (*error)->message : "taken");
	g_clear_error(error);
}

static void
refused(const char *fault, hk_err code, const char *word)
{
	g_autoptr(GError) error = NULL;
	rg_tsa *tsa = serve(fault);
	g_autoptr(GBytes) token = stamp(NULL, ca, &error);

	ok(!token && hk_error_code(error) == code && error && strstr(error->message, word),
		"%s: %s", fault, error ? error->message : "not refused");
	rg_tsa_free(tsa);
}

static void
test_kept(GBytes *token)
{
	g_autoptr(GError) error = NULL;
	hk_tsp_info info;
	hk_span span = span_of(token);
	uint8_t changed[32];

	ok(hk_tsp_verify(span, hash, ca, &info, &error), "a kept token");
	is_str(info.policy, "1.2.3.4.1", "its policy");
	is_str(info.signer, "Range Time Stamps", "its signer");
	ok(strlen(info.serial) > 10 && ABS(info.at_ms - hk_clock_wall_ms()) < 3600000,
		"serial and time");
	memcpy(changed, hash, sizeof changed);
	changed[31] ^= 1;
	fails(hk_tsp_verify(span, changed, ca, NULL, &error), &error, HK_ECHECK,
		"over another hash");
	fails(hk_tsp_verify(span, hash, other_ca, NULL, &error), &error, HK_ECHECK,
		"who vouches is not believed");
	fails(hk_tsp_verify(span, hash, "/nonexistent", NULL, &error), &error, HK_ECONFIG,
		"no file of authorities");

	/* Every byte of a token counts, but for certificates' own text and what is not signed: none may crash, and none may make it good for
	 * another hash. */
	g_autofree uint8_t *copy = g_memdup2(span.data, span.len);
	unsigned crossed = 0, seen = 0;
	for (size_t i = 0; i < span.len; i += 7) {
		copy[i] ^= 0x55;
		crossed += hk_tsp_verify(hk_span_of(copy, span.len), changed, ca, NULL, NULL);
		seen += !hk_tsp_verify(hk_span_of(copy, span.len), hash, ca, NULL, NULL);
		crossed += hk_tsp_verify(hk_span_of(copy, i), hash, ca, NULL, NULL);
		copy[i] ^= 0x55;
	}
	ok(crossed == 0 && seen > 0, "changed and cut tokens (%u are seen)", seen);
}

static void
test_shapes(GBytes *token)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) reply = hk_tsp_reply(span_of(token), &error);
	g_autoptr(GBytes) again = reply ? hk_tsp_token(span_of(reply), &error) : NULL;
	g_autofree char *certs = hk_tsp_certs(span_of(token), &error);

	ok(again && g_bytes_equal(again, token), "as an answer, and back");
	ok(certs && strstr(certs, "-----BEGIN CERTIFICATE-----"), "its certificates");
	ok(!hk_tsp_reply(HK_SPAN_LIT("no token"), NULL) && !hk_tsp_token(HK_SPAN_LIT(""), NULL) &&
			!hk_tsp_certs(HK_SPAN_LIT("\x30\x00"), NULL),
		"what is none");
}

/* One that says nothing is away, not wrong: it is asked again later (role/work takes HK_EREMOTE so, and HK_ELIMIT for the end). */
static void
test_silent(void)
{
	g_autoptr(GError) error = NULL;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		ok(false, "a port on loopback");
		return;
	}
	way_to(ntohs(at.sin_port));
	const hk_tsp_config config = {
		.url = "http://tsa.example/", .ca_file = ca, .egress = egress, .timeout_ms = 300};
	g_autoptr(GBytes) token = hk_tsp_stamp(&config, hash, &error);
	fails(token != NULL, &error, HK_EREMOTE, "no answer in time");
	close(fd);
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *other_dir = g_dir_make_tmp("hk-tsa-XXXXXX", NULL);

	dir = g_dir_make_tmp("hk-tsa-XXXXXX", NULL);
	ca = g_build_filename(dir, "ca.pem", NULL);
	other_ca = g_build_filename(other_dir, "ca.pem", NULL);
	hk_sha256(HK_SPAN_LIT("a manifest"), hash);
	rg_tsa_free(rg_tsa_new(other_dir, 0, NULL, NULL));

	rg_tsa *tsa = serve(NULL);
	g_autoptr(GBytes) token = stamp(NULL, ca, &error);
	if (ok(token != NULL, "a time stamp: %s", error ? error->message : "good")) {
		test_kept(token);
		test_shapes(token);
	}
	g_autoptr(GBytes) with = stamp("1.2.3.4.1", ca, NULL);
	ok(with != NULL, "with the policy that it has");
	fails(NULL != stamp("1.2.3.4.2", ca, &error), &error, HK_EREMOTE, "with another");
	fails(NULL != stamp("policy", ca, &error), &error, HK_ECONFIG, "with none at all");
	fails(NULL != stamp(NULL, other_ca, &error), &error, HK_ECHECK, "whom we do not believe");
	rg_tsa_free(tsa);
	fails(NULL != stamp(NULL, ca, &error), &error, HK_EREMOTE, "nobody there");

	refused("nonce", HK_ECHECK, "nonce");
	refused("no-nonce", HK_ECHECK, "nonce");
	refused("hash", HK_ECHECK, "imprint");
	refused("refused", HK_EREMOTE, "status 2");
	refused("signer", HK_ECHECK, "certificate");
	refused("text", HK_EFORM, "answer");
	refused("cut", HK_EFORM, "answer");
	refused("down", HK_EREMOTE, "503");
	test_silent();
	hk_egress_unref(egress);
	g_free(dir);
	g_free(ca);
	g_free(other_ca);
	return tap_done();
}
