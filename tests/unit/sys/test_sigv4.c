/* Signature Version 4: AWS's own vectors, and libcurl's signer as the second opinion on requests made up at random. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <glib.h>

#include "base/codec.h"
#include "sys/hash.h"
#include "sys/sigv4.h"
#include "tap.h"

enum { PAIRS = 8, REQUESTS = 300 };

#define SUITE_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define S3_SECRET    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

static const hk_sigv4_signer suite = {.key_id = "AKIDEXAMPLE",
	.secret = SUITE_SECRET,
	.region = "us-east-1",
	.service = "service",
	.time = "20150830T123600Z"};
static const hk_sigv4_signer s3 = {.key_id = "AKIAIOSFODNN7EXAMPLE",
	.secret = S3_SECRET,
	.region = "us-east-1",
	.service = "s3",
	.time = "20130524T000000Z"};

/* "a=b&c=d", "a:b|c:d" in place. */
static size_t
split(char *text, char end, char middle, hk_sigv4_pair *ret)
{
	const char ends[] = {end, '\0'};
	char *save = NULL;
	size_t n = 0;

	if (strcmp(text, "-") == 0) {
		return 0;
	}
	for (char *at = strtok_r(text, ends, &save); at && n < PAIRS;
		at = strtok_r(NULL, ends, &save)) {
		char *value = strchr(at, middle);
		*value++ = '\0';
		ret[n++] = (hk_sigv4_pair){at, value};
	}
	return n;
}

static void
vector(char *line)
{
	char *cell[8] = {line};
	hk_sigv4_pair query[PAIRS], headers[PAIRS + 2];
	uint8_t digest[HK_SHA256_SIZE];
	char hex[65];

	for (unsigned i = 1; i < 8; i++) {
		cell[i] = strchr(cell[i - 1], '\t');
		*cell[i]++ = '\0';
	}
	bool of_s3 = strncmp(cell[0], "s3-", 3) == 0;
	const hk_sigv4_signer *signer = of_s3 ? &s3 : &suite;
	hk_sigv4_request request = {.method = cell[1],
		.path = cell[2],
		.query = query,
		.query_count = split(cell[3], '&', '=', query),
		.headers = headers,
		.payload_sha256 = cell[5]};
	size_t n = split(cell[4], '|', ':', headers);
	headers[n++] = (hk_sigv4_pair){
		"Host", of_s3 ? "examplebucket.s3.amazonaws.com" : "example.amazonaws.com"};
	headers[n++] = (hk_sigv4_pair){"X-Amz-Date", signer->time};
	request.header_count = n;
	g_autofree char *names = NULL;
	g_autofree char *canonical = hk_sigv4_canonical(&request, &names);
	hk_sha256(hk_span_str(canonical), digest);
	hk_hex_encode(hk_span_of(digest, sizeof digest), hex);
	if (!is_str(hex, cell[6], "%s: canonical request", cell[0])) {
		tap_diag("%s", canonical);
	}
	g_autofree char *want =
		g_strdup_printf("AWS4-HMAC-SHA256 Credential=%s/%.8s/us-east-1/%s/aws4_request, "
				"SignedHeaders=%s, Signature=%s",
			signer->key_id, signer->time, signer->service, names, cell[7]);
	g_autofree char *got = hk_sigv4_authorization(&request, signer);
	is_str(got, want, "%s: Authorization", cell[0]);
}

static void
vectors(void)
{
	size_t len;
	char *text = (char *)tap_file("tests/vectors/sigv4.tsv", &len);
	char *at = text;
	unsigned count = 0;

	for (char *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		if (*at != '#') {
			vector(at);
			count++;
		}
	}
	ok(count >= 20, "%u vectors", count);
	free(text);
}

static void
small(void)
{
	char time[HK_SIGV4_TIME_SIZE];
	g_autoptr(GString) out = g_string_new(NULL);
	const hk_sigv4_pair same[] = {{"b", "2"}, {"a", "/ +"}, {"b", "1"}, {"a", ""}};

	is_str(hk_sigv4_time(1440938160, time), "20150830T123600Z", "a time");
	is_str(hk_sigv4_time(0, time), "19700101T000000Z", "the first one");
	is_str(hk_sigv4_time(-5, time), "19700101T000000Z", "none before it");
	is_str(hk_sigv4_time(INT64_MAX, time), "99991231T235959Z", "the last one");
	hk_sigv4_encode(out, "/a b/\x7f%é+", true);
	is_str(out->str, "/a%20b/%7F%25%C3%A9%2B", "a path");
	g_string_truncate(out, 0);
	hk_sigv4_encode(out, "/a", false);
	is_str(out->str, "%2Fa", "a slash that is no slash");
	g_string_truncate(out, 0);
	hk_sigv4_query(out, same, 4);
	is_str(out->str, "a=&a=%2F%20%2B&b=1&b=2", "a query is sorted by name and value");
	for (int c = 1, plain = 0; c < 256; c++) {
		char text[2] = {(char)c, '\0'};
		g_string_truncate(out, 0);
		hk_sigv4_encode(out, text, false);
		plain += out->len == 1;
		if (c == 255) {
			is_int(plain, 26 + 26 + 10 + 4,
				"letters, digits and four signs stay as they are");
		}
	}
}

/* ---- libcurl ---- */

static int listener;

/* Answers whatever comes, one request a connection. */
static void *
serve(void *unused)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	(void)unused;
	for (;;) {
		char buffer[16384];
		size_t len = 0;
		ssize_t n;
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			return NULL;
		}
		while (len < sizeof buffer - 1 &&
			(n = read(fd, buffer + len, sizeof buffer - 1 - len)) > 0) {
			len += (size_t)n;
			buffer[len] = '\0';
			if (strstr(buffer, "\r\n\r\n")) {
				break;
			}
		}
		n = write(fd, answer, sizeof answer - 1);
		close(fd);
	}
}

static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *user)
{
	GString *sent = user;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT) {
		g_string_append_len(sent, data, (gssize)size);
	}
	return 0;
}

/* The Authorization that libcurl writes. Caller frees; NULL: none. */
static char *
theirs(const hk_sigv4_request *r, const hk_sigv4_signer *signer, int port)
{
	g_autoptr(GString) sent = g_string_new(NULL);
	g_autoptr(GString) url = g_string_new(NULL);
	g_autofree char *user = g_strdup_printf("%s:%s", signer->key_id, signer->secret);
	g_autofree char *what = g_strdup_printf("aws:amz:%s:%s", signer->region, signer->service);
	struct curl_slist *lines = NULL;
	CURL *easy = curl_easy_init();

	g_string_printf(url, "http://127.0.0.1:%d", port);
	hk_sigv4_encode(url, r->path, true);
	if (r->query_count > 0) {
		g_string_append_c(url, '?');
		hk_sigv4_query(url, r->query, r->query_count);
	}
	for (size_t i = 0; i < r->header_count; i++) {
		g_autofree char *line =
			g_strdup_printf("%s: %s", r->headers[i].name, r->headers[i].value);
		lines = curl_slist_append(lines, line);
	}
	curl_easy_setopt(easy, CURLOPT_URL, url->str);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
	curl_easy_setopt(easy, CURLOPT_USERPWD, user);
	curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, what);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, sent);
	curl_easy_setopt(easy, CURLOPT_NOBODY, (long)(strcmp(r->method, "HEAD") == 0));
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	curl_slist_free_all(lines);
	const char *at = strstr(sent->str, "Authorization: ");
	return at ? g_strndup(at + 15, strcspn(at + 15, "\r\n")) : NULL;
}

static const char *
word(GRand *rand, const char *letters, int most, char *ret)
{
	int len = g_rand_int_range(rand, 1, most + 1);

	for (int i = 0; i < len; i++) {
		ret[i] = letters[g_rand_int_range(rand, 0, (int)strlen(letters))];
	}
	ret[len] = '\0';
	return ret;
}

static bool
compare(GRand *rand, int port)
{
	static const char *const methods[] = {"GET", "PUT", "HEAD", "DELETE", "POST"};
	static const char any[] = "abcXYZ019-._~ /$&+,:;=@!*'()%\xc3\xa9";
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+=";
	char path[80] = "/", names[4][40], values[4][60], host[40], hash[65], secret[64],
	     time[HK_SIGV4_TIME_SIZE];
	char query_names[3][20], query_values[3][40], region[24];
	hk_sigv4_pair headers[8], query[3];
	uint8_t digest[HK_SHA256_SIZE];
	size_t n = 0;

	word(rand, any, 60, path + 1);
	hk_sha256(hk_span_str(path), digest);
	hk_hex_encode(hk_span_of(digest, sizeof digest), hash);
	snprintf(host, sizeof host, "s3.mihon-bank.example:%d", g_rand_int_range(rand, 1, 65536));
	hk_sigv4_time(g_rand_int_range(rand, 1000000000, 2000000000), time);
	headers[n++] = (hk_sigv4_pair){"Host", host};
	headers[n++] = (hk_sigv4_pair){"X-Amz-Date", time};
	headers[n++] = (hk_sigv4_pair){"X-Amz-Content-Sha256", hash};
	for (int i = g_rand_int_range(rand, 0, 4); i > 0; i--) {
		snprintf(names[i], sizeof names[i], "X-Amz-%c%d", 'A' + i, i);
		headers[n++] = (hk_sigv4_pair){names[i], word(rand, plain, 50, values[i])};
	}
	const hk_sigv4_request request = {.method = methods[g_rand_int_range(rand, 0, 5)],
		.path = path,
		.query = query,
		.query_count = (size_t)g_rand_int_range(rand, 0, 4),
		.headers = headers,
		.header_count = n,
		.payload_sha256 = hash};
	for (size_t i = 0; i < request.query_count; i++) {
		snprintf(query_names[i], sizeof query_names[i], "%c%zu", (char)('a' + (int)i), i);
		query[i] = (hk_sigv4_pair){query_names[i], word(rand, any, 30, query_values[i])};
	}
	const hk_sigv4_signer signer = {.key_id = "AKIDEXAMPLE",
		.secret = word(rand, plain, 60, secret),
		.region = word(rand, "abcdef-0123", 20, region),
		.service = "s3",
		.time = time};
	g_autofree char *ours = hk_sigv4_authorization(&request, &signer);
	g_autofree char *other = theirs(&request, &signer, port);
	if (g_strcmp0(ours, other) != 0) {
		tap_diag("%s %s: ours %s, libcurl's %s", request.method, path, ours, other);
		return false;
	}
	return true;
}

static void
second_opinion(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	GRand *rand = g_rand_new_with_seed(20150830);
	int same = 0;
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (!ok(bind(listener, (struct sockaddr *)&addr, len) == 0 && listen(listener, 16) == 0 &&
			    getsockname(listener, (struct sockaddr *)&addr, &len) == 0 &&
			    pthread_create(&thread, NULL, serve, NULL) == 0,
		    "a server listens")) {
		return;
	}
	for (int i = 0; i < REQUESTS; i++) {
		same += compare(rand, ntohs(addr.sin_port));
	}
	is_int(same, REQUESTS, "libcurl signs as we do");
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	g_rand_free(rand);
}

int
main(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	small();
	vectors();
	second_opinion();
	curl_global_cleanup();
	return tap_done();
}
