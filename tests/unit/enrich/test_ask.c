/* Asking registries by RDAP on loopback: bootstrap files from the folder of copies, servers of every temper, and patience. IANA and WHOIS cannot be
 * reached here: their ports are no one's. */
#include "enrich/ask.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../sys/egresslib.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "tap.h"

static const hk_egress_who who = {.purpose = "enrich", .requester = "test"};
static int asked;

static const struct {
	const char *path, *status, *head, *body;
} answers[] = {
	{"/domain/found.test", "200 OK", "",
		"{\"objectClassName\":\"domain\",\"ldhName\":\"found.test\",\"status\":[\"active\"]"
		","
		"\"links\":[{\"rel\":\"related\",\"type\":\"application/rdap+json\",\"href\":"
		"\"http://rdap.mihon-registrar.test/domain/found.test\"}],\"entities\":[{"
		"\"objectClassName\":\"entity\",\"roles\":[\"registrar\"],\"vcardArray\":["
		"\"vcard\","
		"[[\"fn\",{},\"text\",\"Mihon\"]]]}]}"},
	{"/domain/gone.test", "404 Not Found", "", ""},
	{"/domain/busy.test", "429 Too Many Requests", "Retry-After: 600\r\n", ""},
	{"/domain/broken.test", "200 OK", "", "{\"objectClassName\":\"dom"},
	{"/domain/away.test", "503 Service Unavailable", "", ""},
	{"/ip/1.1.1.1", "200 OK", "",
		"{\"objectClassName\":\"ip network\",\"name\":\"MIHON-NET\",\"startAddress\":"
		"\"1.1.1.0\",\"endAddress\":\"1.1.1.255\",\"ipVersion\":\"v4\"}"},
	{"/autnum/64500", "200 OK", "",
		"{\"objectClassName\":\"autnum\",\"startAutnum\":64500,\"endAutnum\":64500,"
		"\"name\":"
		"\"MIHON-AS\"}"},
};

/* A path that has no row: the server hangs up. */
static char *
answer(const char *head, size_t *ret_len)
{
	g_auto(GStrv) words = g_strsplit(head, " ", 3);

	g_atomic_int_inc(&asked);
	for (size_t i = 0; words[0] && words[1] && i < G_N_ELEMENTS(answers); i++) {
		if (strcmp(answers[i].path, words[1]) == 0) {
			char *text = g_strdup_printf(
				"HTTP/1.1 %s\r\nContent-Type: application/rdap+json\r\n%s"
				"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
				answers[i].status, answers[i].head, strlen(answers[i].body),
				answers[i].body);
			*ret_len = strlen(text);
			return text;
		}
	}
	return NULL;
}

static void
quiet(void *user, const hk_egress_record *r)
{
	(void)user;
	(void)r;
}

static bool
write_copy(const char *dir, const char *name, const char *services)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *text =
		g_strdup_printf("{\"version\":\"1.0\",\"services\":[%s]}", services);

	return hk_file_replace(path, hk_span_str(text), NULL);
}

static const char *const copy_names[] = {"dns.json", "ipv4.json", "asn.json"};

static char *
make_copies(void)
{
	char *dir = g_dir_make_tmp("hikeshi-copies-XXXXXX", NULL);

	ok(dir && write_copy(dir, "dns.json", "[[\"test\"],[\"http://rdap.mihon.test/\"]]") &&
			write_copy(dir, "ipv4.json",
				"[[\"1.0.0.0/8\"],[\"http://rdap.mihon.test/\"]]") &&
			write_copy(dir, "asn.json",
				"[[\"64496-64511\"],[\"http://rdap.mihon.test/\"]]"),
		"copies of IANA's files");
	return dir;
}

static int64_t
soon(void)
{
	return hk_clock_mono_ms() + 8000;
}

static void
check_domain(hk_ask *ask, const char *domain, hk_reg_answer want, bool retry)
{
	g_autoptr(hk_ask_replies) r = hk_ask_domain(ask, &who, domain, soon());

	is_int(r->answer, want, "%s: the verdict", domain);
	ok((r->retry_ms >= 0) == retry, "%s: %s", domain,
		retry ? "is to be asked again" : "is not to be asked again");
}

static void
check_tempers(hk_ask *ask)
{
	g_autoptr(hk_ask_replies) r = hk_ask_domain(ask, &who, "found.test", soon());
	const hk_ask_reply *registry = hk_ask_find(r, HK_ASK_REGISTRY);
	const hk_ask_reply *registrar = hk_ask_find(r, HK_ASK_REGISTRAR);

	ok(registry && strcmp(registry->source, "rdap:http://rdap.mihon.test/domain/found.test") ==
				0,
		"the registry, by a copy: %s", registry ? registry->source : r->trouble);
	ok(registrar && strcmp(registrar->source,
				"rdap:http://rdap.mihon-registrar.test/domain/found.test") == 0,
		"the registrar, by its link");
	check_domain(ask, "gone.test", HK_REG_NOT_FOUND, false);

	/* These leave it to WHOIS, where there is no one. */
	g_autoptr(hk_ask_replies) cut = hk_ask_domain(ask, &who, "broken.test", soon());
	ok(!hk_ask_find(cut, HK_ASK_REGISTRY) && cut->trouble &&
			strstr(cut->trouble, "domain/broken.test: "),
		"half a JSON is told");
	g_autoptr(hk_ask_replies) hung = hk_ask_domain(ask, &who, "hangs-up.test", soon());
	ok(!hk_ask_find(hung, HK_ASK_REGISTRY) && hung->trouble, "so is a server that hangs up");
	ok(strstr(hung->trouble, "whois") != NULL, "and that WHOIS is away, too");
	check_domain(ask, "away.test", HK_REG_UNAVAILABLE, false);

	g_autoptr(hk_ask_replies) net = hk_ask_address(ask, &who, "1.1.1.1", soon());
	const hk_ask_reply *network = hk_ask_find(net, HK_ASK_REGISTRY);
	ok(network && strcmp(network->reg->name, "MIHON-NET") == 0, "a network");
	g_autoptr(hk_ask_replies) as = hk_ask_autnum(ask, &who, 64500, soon());
	ok(hk_ask_find(as, HK_ASK_REGISTRY) != NULL, "an AS");
	g_autoptr(hk_ask_replies) far = hk_ask_autnum(ask, &who, 13335, soon());
	ok(!hk_ask_find(far, HK_ASK_REGISTRY) && far->list->len == 0,
		"an AS of which no file knows");

	/* The last: the server is left alone from now on. */
	check_domain(ask, "busy.test", HK_REG_THROTTLED, true);
	int before = g_atomic_int_get(&asked);
	check_domain(ask, "found.test", HK_REG_THROTTLED, true);
	is_int(g_atomic_int_get(&asked), before, "it is left alone for as long as it said");
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	unsigned web = el_http(answer);
	g_autofree char *path = el_conf("range = \"127.0.0.1\"\nrange-ports = {\"80=%u\", "
					"\"443=1\", \"43=1\"}\nhost-burst = 1000\n",
		web);
	g_autoptr(hk_egress) egress = hk_egress_new(path, &error);
	g_autofree char *copies = make_copies();

	unlink(path);
	if (!ok(egress != NULL, "rules%s%s", error ? ": " : "", error ? error->message : "")) {
		return tap_done();
	}
	hk_egress_record_to(egress, quiet, NULL);
	const hk_ask_config config = {.egress = egress, .copies = copies};
	g_autoptr(hk_ask) ask = hk_ask_new(&config);
	check_tempers(ask);

	const hk_ask_config bare = {.egress = egress};
	g_autoptr(hk_ask) none = hk_ask_new(&bare);
	int before = g_atomic_int_get(&asked);
	check_domain(none, "found.test", HK_REG_UNCLEAR, false);
	is_int(g_atomic_int_get(&asked), before, "without any file no RDAP server is asked");
	for (size_t i = 0; i < G_N_ELEMENTS(copy_names); i++) {
		g_autofree char *copy = g_build_filename(copies, copy_names[i], NULL);
		unlink(copy);
	}
	ok(rmdir(copies) == 0, "no file is left");
	return tap_done();
}
