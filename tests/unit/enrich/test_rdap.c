/* Every answer of tests/fixtures/rdap: none crashes; 48 of them are compared with truth.tsv, which another program wrote (truth.py). */
#include <string.h>

#include "enrich/rdap.h"
#include "sys/gerr.h"
#include "tap.h"

#define FOLDER "tests/fixtures/rdap/"

static hk_registration reg;
static unsigned right, wrong;

static bool
read_file(const char *file, GError **error)
{
	g_autofree char *path = g_strconcat(FOLDER, file, NULL);
	size_t len;
	uint8_t *bytes = tap_file(path, &len);
	bool read = hk_rdap_read(hk_span_of(bytes, len), &reg, error);

	free(bytes);
	return read;
}

static bool
read_text(const char *text)
{
	g_autoptr(GError) error = NULL;

	return ok(hk_rdap_read(hk_span_str(text), &reg, &error), "%.60s is read", text);
}

static void
judge(const char *file, const char *field, const char *got, const char *want)
{
	bool is = g_strcmp0(*got ? got : "-", want) == 0;

	right += is;
	wrong += !is;
	if (!is) {
		tap_diag("%s: %s: got \"%s\", wanted \"%s\"", file, field, got, want);
	}
}

static void
judge_time(const char *file, const char *field, int64_t ms, const char *want)
{
	g_autofree char *got = ms == HK_REG_NO_TIME
				       ? g_strdup("-")
				       : g_strdup_printf("%" G_GINT64_FORMAT, ms / 1000);

	judge(file, field, got, want);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The texts sorted, each once, with commas. */
static char *
joined(GPtrArray *list)
{
	GString *out = g_string_new(NULL);

	g_ptr_array_sort(list, by_text);
	for (unsigned i = 0; i < list->len; i++) {
		const char *text = g_ptr_array_index(list, i);
		if (i == 0 || strcmp(text, g_ptr_array_index(list, i - 1)) != 0) {
			g_string_append_printf(out, "%s%s", i > 0 ? "," : "", text);
		}
	}
	return g_string_free(out, FALSE);
}

static char *
statuses(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < reg.status_count; i++) {
		char text[HK_REG_WORD_SIZE];
		const char *code = hk_epp_name(reg.status[i].code);
		(void)hk_reg_squeeze(
			hk_span_str(code ? code : reg.status[i].raw), text, sizeof text);
		g_ptr_array_add(list, g_strdup(text));
	}
	return joined(list);
}

static char *
name_servers(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (size_t i = 0; i < reg.ns_count; i++) {
		g_ptr_array_add(list, reg.ns[i]);
	}
	return joined(list);
}

static char *
abuse_mails(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (size_t i = 0; i < reg.contact_count; i++) {
		const hk_reg_contact *c = &reg.contact[i];
		if (c->kind == HK_REG_MAIL && (c->roles & HK_REG_ROLE_ABUSE) &&
			!(c->roles & HK_REG_ROLE_TEXT)) {
			g_ptr_array_add(list, (void *)c->value);
		}
	}
	return joined(list);
}

static void
compare(char **want)
{
	static const char *const objects[] = {
		"nothing", "domain", "network", "autnum", "entity", "nameserver", "help"};
	g_autofree char *name = NULL;
	g_autofree char *status = NULL;
	g_autofree char *ns = NULL;
	g_autofree char *abuse = NULL;

	if (!ok(read_file(want[0], NULL), "%s is read", want[0])) {
		return;
	}
	name = g_ascii_strdown(reg.name, -1);
	if (g_str_has_suffix(name, ".")) {
		name[strlen(name) - 1] = '\0';
	}
	status = statuses();
	ns = name_servers();
	abuse = abuse_mails();
	judge(want[0], "object", objects[reg.object], want[1]);
	judge(want[0], "name", name, want[2]);
	judge(want[0], "registrar", reg.registrar, want[3]);
	judge(want[0], "registrar_id", reg.registrar_id, want[4]);
	judge_time(want[0], "created", reg.created_ms, want[5]);
	judge_time(want[0], "updated", reg.updated_ms, want[6]);
	judge_time(want[0], "expires", reg.expires_ms, want[7]);
	judge(want[0], "status", status, want[8]);
	judge(want[0], "name servers", ns, want[9]);
	judge(want[0], "abuse", abuse, want[10]);
}

static void
truth(void)
{
	size_t len;
	uint8_t *bytes = tap_file(FOLDER "truth.tsv", &len);
	g_auto(GStrv) lines = g_strsplit((char *)bytes, "\n", -1);
	unsigned files = 0;

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", -1);
		if (g_strv_length(fields) == 11) {
			files++;
			compare(fields);
		}
	}
	free(bytes);
	tap_diag("%u files with a truth: %u fields right, %u wrong", files, right, wrong);
	is_int(files, 48, "every file that has an object is compared");
	ok(right > 400 && right * 100 >= (right + wrong) * 98,
		"at least 98 of 100 fields are right");
}

static void
all_files(void)
{
	size_t len;
	uint8_t *bytes = tap_file(FOLDER "MANIFEST.tsv", &len);
	g_auto(GStrv) lines = g_strsplit((char *)bytes, "\n", -1);
	unsigned files = 0, refused = 0;

	for (char **line = lines + 1; *lines && *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "\t", -1);
		if (g_strv_length(fields) < 4) {
			continue;
		}
		g_autoptr(GError) error = NULL;
		bool json = strcmp(fields[3], "not-json") != 0;
		bool read = read_file(fields[0], &error);
		files++;
		refused += !read;
		if (!read && json && !g_str_has_prefix(fields[0], "openrdap__jcard")) {
			ok(false, "%s: %s", fields[0], error->message);
		}
		if (read && !json) {
			ok(false, "%s is no JSON, and was read", fields[0]);
		}
	}
	free(bytes);
	tap_diag("%u files, %u of them refused", files, refused);
	is_int(files, 104, "every fixture is read");
}

static bool
has(hk_reg_kind kind, unsigned roles, const char *value)
{
	for (size_t i = 0; i < reg.contact_count; i++) {
		const hk_reg_contact *c = &reg.contact[i];
		if (c->kind == kind && c->roles == roles && strcmp(c->value, value) == 0) {
			return true;
		}
	}
	return false;
}

static const unsigned registrar_abuse = HK_REG_ROLE_ABUSE | HK_REG_ROLE_REGISTRAR;

/* The bugs that others had (reference: takedown.md, section 2). */
static void
contacts(void)
{
	(void)read_file("flipbit__google-com.json", NULL);
	ok(has(HK_REG_MAIL, registrar_abuse, "abusecomplaints@markmonitor.com"),
		"an abuse contact inside the registrar");
	ok(has(HK_REG_PHONE, registrar_abuse, "+1.2086851750"), "its telephone, without tel:");
	(void)read_file("whodap__bitcoin.org.json", NULL);
	ok(has(HK_REG_MAIL, registrar_abuse, "abuse@namecheap.com"),
		"an abuse contact beside the registrar");
	ok(has(HK_REG_MAIL, HK_REG_ROLE_REGISTRAR, "support@namecheap.com"),
		"and the registrar's own");
	for (size_t i = 0; i < reg.contact_count; i++) {
		ok(!strstr(reg.contact[i].value, "whoisguard"),
			"nothing of the registrant is kept");
	}
	(void)read_file("rir__apnic__210.107.73.73.json", NULL);
	ok(has(HK_REG_MAIL, HK_REG_ROLE_ABUSE, "hostmaster@nic.or.kr"),
		"a network's abuse contact");
	ok(has(HK_REG_MAIL, HK_REG_ROLE_TECH, "security@bora.net"),
		"every mailbox of a technical one");
	(void)read_text(
		"{\"objectClassName\":\"domain\",\"ldhName\":\"X.EXAMPLE\",\"entities\":[{"
		"\"roles\":"
		"[\"Registrar\"],\"entities\":[{\"roles\":\"abuse\",\"vcardArray\":[\"vcard\",["
		"[\"fn\",{},\"text\",\"Only The Abuse Entity Has A Name\"],"
		"[\"contact-uri\",{},\"uri\",\"https://registrar.example/abuse\"],"
		"[\"contact-uri\",{},\"uri\",\"mailto:abuse@registrar.example\"],"
		"[\"contact-uri\",{},\"uri\",\"abuse3@registrar.example\"],"
		"[\"tel\",{\"type\":[\"work\",\"voice\"]},\"uri\",\"tel:+1.5555551234\"],"
		"[\"tel\",{\"type\":\"fax\"},\"uri\",\"tel:+1.5555559999\"],"
		"[7,{},\"text\"],\"x\",null,[\"email\"],[\"email\",null,\"text\",[\"abuse2@"
		"registrar.example\"]]"
		"]]}]}]}");
	is_str(reg.registrar, "Only The Abuse Entity Has A Name", "a name that stands only there");
	ok(has(HK_REG_WEB, registrar_abuse, "https://registrar.example/abuse"), "a form");
	ok(has(HK_REG_MAIL, registrar_abuse, "abuse@registrar.example"),
		"a mailbox in contact-uri");
	ok(has(HK_REG_MAIL, registrar_abuse, "abuse3@registrar.example"), "without mailto:");
	ok(has(HK_REG_MAIL, registrar_abuse, "abuse2@registrar.example"), "a list as value");
	ok(has(HK_REG_PHONE, registrar_abuse, "+1.5555551234"), "a telephone with a list of types");
	ok(!has(HK_REG_PHONE, registrar_abuse, "+1.5555559999"), "a fax is none");
	(void)read_file("rir__afrinic__196.11.240.215.json", NULL);
	ok(has(HK_REG_MAIL, HK_REG_ROLE_ABUSE | HK_REG_ROLE_TEXT, "abuse@mtnbusiness.co.za"),
		"a mailbox in a remark");
}

static void
answers(void)
{
	static const struct {
		const char *text;
		hk_reg_answer answer;
	} vectors[] = {
		{"{\"errorCode\":404,\"title\":\"Not Found\"}", HK_REG_NOT_FOUND},
		{"{\"errorCode\":\"404\"}", HK_REG_NOT_FOUND},
		{"{\"errorCode\":429}", HK_REG_THROTTLED},
		{"{\"errorCode\":403}", HK_REG_REFUSED},
		{"{\"errorCode\":418}", HK_REG_BAD_QUERY},
		{"{\"errorCode\":503}", HK_REG_UNAVAILABLE},
		{"{\"errorCode\":999}", HK_REG_UNCLEAR},
		{"{}", HK_REG_UNCLEAR},
		{"{\"notices\":[]}", HK_REG_FOUND},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
		if (read_text(vectors[i].text)) {
			is_str(hk_reg_answer_name(reg.answer),
				hk_reg_answer_name(vectors[i].answer), "and is that answer");
		}
	}
	static const char *const bad[] = {"", "[]", "7", "{", "{\"a\":1}x", "<html>"};
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		ok(!hk_rdap_read(hk_span_str(bad[i]), &reg, &error), "no answer: %s", bad[i]);
		is_int(hk_error_code(error), HK_EFORM, "malformed");
	}
}

static void
members(void)
{
	(void)read_file("derived__abc.xyz-server-hold.json", NULL);
	is_int(hk_reg_held(&reg), HK_REG_HOLD_ON_HOLD, "server hold");
	(void)read_file("whodap__abc.xyz.json", NULL);
	is_int(hk_reg_held(&reg), HK_REG_HOLD_NONE, "no hold");
	is_str(reg.referral, "whois.markmonitor.com", "port43");
	(void)read_file("icann__lookup_with_redaction.json", NULL);
	ok(reg.redacted, "RFC 9537");
	(void)read_file("icann__autnum_16509.json", NULL);
	is_int(reg.as_first, 16509, "an AS");
	(void)read_text(
		"{\"objectClassName\":\"domain\",\"ldhName\":\"x.example\",\"status\":"
		"\"clientHold\","
		"\"secureDNS\":{\"delegationSigned\":true},\"links\":[{\"rel\":\"related\","
		"\"href\":"
		"\"https://rdap.registrar.example/domain/x.example\",\"type\":\"application/"
		"rdap+json\"},"
		"{\"rel\":\"related\",\"href\":\"https://x.example/\",\"type\":\"text/html\"},"
		"{\"rel\":\"related\",\"href\":\"file:///etc/"
		"passwd\"},{\"rel\":\"self\",\"href\":\"https://y.example/\"}],"
		"\"events\":[{\"eventAction\":\"transfer\",\"eventDate\":\"2020-01-02T03:04:05Z\"}]"
		"}");
	is_int(hk_reg_held(&reg), HK_REG_HOLD_ON_HOLD, "a status that is no list");
	is_int(reg.dnssec, HK_REG_SIGNED_YES, "signed");
	is_int(reg.link_count, 1, "one link to follow");
	is_str(reg.link[0], "https://rdap.registrar.example/domain/x.example", "the registrar's");
	is_int(reg.transferred_ms / 1000, 1577934245, "transferred");
	g_autofree char *url = hk_rdap_url("https://rdap.example/v1", "domain", "a b.example");
	is_str(url, "https://rdap.example/v1/domain/a%20b.example", "the URL to ask");
}

int
main(void)
{
	truth();
	all_files();
	contacts();
	answers();
	members();
	return tap_done();
}
