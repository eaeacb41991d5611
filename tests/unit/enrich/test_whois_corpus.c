/* Every answer of tests/fixtures/whois: none is refused; the kind of answer is that of its file name; and the 75 that have an oracle
 * (*.expected.json: what another reader makes of them) agree with it, field by field. */
#include <string.h>

#include "parse/regtime.h"
#include "parse/whois.h"
#include "sys/charset.h"
#include "sys/file.h"
#include "sys/json.h"
#include "tap.h"

#define FOLDER "tests/fixtures/whois/"

static hk_registration reg;

/* Whose times have a zone. */
static int
zone_of(const char *file)
{
	static const struct {
		const char *part;
		const char *server;
	} servers[] = {
		{"jprs", "whois.jprs.jp"},
		{"_jp_", "whois.jprs.jp"},
		{"cnnic", "whois.cnnic.cn"},
		{"_cn_", "whois.cnnic.cn"},
		{"_kr_", "whois.kr"},
		{"_hk_", "whois.hkirc.hk"},
		{"tcinet", "whois.tcinet.ru"},
		{"registro.br", "whois.registro.br"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(servers); i++) {
		if (strstr(file, servers[i].part)) {
			return hk_whois_rule_of(servers[i].server)->zone_min;
		}
	}
	return 0;
}

static void
read_file(const char *file, const char *label)
{
	g_autofree char *path = g_strconcat(FOLDER, file, NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	size_t len;
	uint8_t *bytes = tap_file(path, &len);

	(void)hk_charset_text(hk_span_of(bytes, len), label, text, NULL);
	free(bytes);
	if (hk_whois_parse(hk_span_of(text->str, text->len), zone_of(file), &reg) != HK_OK) {
		ok(false, "%s is read", file);
	}
}

/* Where the oracle is wrong, or says another thing; each with the reason. */
static const struct {
	const char *file;
	const char *field;
	const char *reason;
} exceptions[] = {
#include "whois_exceptions.inc"
};

static bool used[G_N_ELEMENTS(exceptions)];
static unsigned right, wrong, excepted;

static void
judge(const char *file, const char *field, bool is, const char *got, const char *want)
{
	for (size_t i = 0; !is && i < G_N_ELEMENTS(exceptions); i++) {
		if (strcmp(exceptions[i].file, file) == 0 &&
			strcmp(exceptions[i].field, field) == 0) {
			used[i] = true;
			excepted++;
			return;
		}
	}
	right += is;
	wrong += !is;
	if (!is) {
		tap_diag("%s: %s: got \"%s\", wanted \"%s\"", file, field, got, want);
	}
}

static char *
squeezed(const char *text)
{
	char buffer[512];

	(void)hk_reg_squeeze(hk_span_str(text), buffer, sizeof buffer);
	return g_strdup(buffer);
}

static void
check_text(
	const char *file, const hk_json *from, const char *key, const char *field, const char *got)
{
	const char *want;

	if (!hk_json_str(from, key, &want, NULL) || *want == '\0') {
		return;
	}
	g_autofree char *one = squeezed(got);
	g_autofree char *two = squeezed(want);
	judge(file, field, strcmp(one, two) == 0, got, want);
}

/* Another reader of times than ours where the oracle gives RFC 3339; it takes times without a zone as UTC. */
static void
check_time(const char *file, const hk_json *from, const char *key, int64_t got)
{
	g_autofree char *exact = g_strconcat(key, "_in_time", NULL);
	g_autofree char *said = NULL;
	const char *raw = NULL;
	const char *want = NULL;
	int64_t ms = 0;

	if (!hk_json_str(from, key, &raw, NULL) || *raw == '\0') {
		return;
	}
	if (hk_json_str(from, exact, &want, NULL)) {
		g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(want, NULL);
		bool zoned = strchr(raw, 'Z') || strchr(raw, '+') || strstr(raw, "JST") ||
			     strstr(raw, "UTC");
		ms = g_date_time_to_unix(time) * 1000 - (zoned ? 0 : zone_of(file) * 60000);
	} else if (hk_regtime_read(hk_span_str(raw), zone_of(file), &ms) != HK_OK) {
		tap_diag("%s: %s: the oracle's \"%s\" is no time", file, key, raw);
		return;
	}
	said = g_strdup_printf("%" G_GINT64_FORMAT, got);
	judge(file, key, got / 1000 == ms / 1000, said, want ? want : raw);
}

static bool
in_list(const hk_json *list, const char *text)
{
	g_autofree char *one = squeezed(text);

	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json at = hk_json_at(list, i);
		g_autofree char *two = squeezed(hk_json_text(&at));
		if (strcmp(one, two) == 0) {
			return true;
		}
	}
	return false;
}

static void
check_list(const char *file, const hk_json *from, const char *key, size_t count,
	const char *(*at)(size_t))
{
	g_autoptr(GString) got = g_string_new(NULL);
	g_autofree char *want = NULL;
	hk_json list;
	bool same;

	if (!hk_json_array(from, key, &list, NULL)) {
		return;
	}
	want = hk_json_dump(&list);
	same = hk_json_len(&list) == count;
	for (size_t i = 0; i < count; i++) {
		same = same && in_list(&list, at(i));
		g_string_append_printf(got, "%s ", at(i));
	}
	judge(file, key, same, got->str, want);
}

static const char *
status_at(size_t i)
{
	return reg.status[i].raw;
}

static const char *
ns_at(size_t i)
{
	return reg.ns[i];
}

static const char *
contact_of(hk_reg_kind kind)
{
	for (size_t i = 0; i < reg.contact_count; i++) {
		if (reg.contact[i].kind == kind && (reg.contact[i].roles & HK_REG_ROLE_REGISTRAR)) {
			return reg.contact[i].value;
		}
	}
	return "";
}

/* likexian/whois-parser's form. */
static void
compare(const char *file, const hk_json *root)
{
	hk_json domain = {0};
	hk_json registrar = {0};

	if (hk_json_object(root, "domain", &domain, NULL)) {
		check_text(file, &domain, "domain", "domain", reg.name);
		check_text(file, &domain, "whois_server", "whois_server", reg.referral);
		check_text(file, &domain, "id", "id", reg.handle);
		check_list(file, &domain, "status", reg.status_count, status_at);
		check_list(file, &domain, "name_servers", reg.ns_count, ns_at);
		check_time(file, &domain, "created_date", reg.created_ms);
		check_time(file, &domain, "updated_date", reg.updated_ms);
		check_time(file, &domain, "expiration_date", reg.expires_ms);
	}
	if (hk_json_object(root, "registrar", &registrar, NULL)) {
		check_text(file, &registrar, "name", "registrar", reg.registrar);
		check_text(file, &registrar, "id", "registrar_id", reg.registrar_id);
		check_text(file, &registrar, "referral_url", "referral_url", reg.registrar_url);
		check_text(file, &registrar, "email", "email", contact_of(HK_REG_MAIL));
		check_text(file, &registrar, "phone", "phone", contact_of(HK_REG_PHONE));
	}
}

/* python-whois's form: one level, statuses with their URL. */
static void
compare_flat(const char *file, const hk_json *root)
{
	check_text(file, root, "domain_name", "domain", reg.name);
	check_text(file, root, "registrar", "registrar", reg.registrar);
	check_text(file, root, "regisrar_id", "registrar_id", reg.registrar_id);
	check_text(file, root, "registrar_email", "email", contact_of(HK_REG_MAIL));
	check_text(file, root, "registrar_phone", "phone", contact_of(HK_REG_PHONE));
	check_list(file, root, "name_servers", reg.ns_count, ns_at);
	check_time(file, root, "creation_date", reg.created_ms);
	check_time(file, root, "updated_date", reg.updated_ms);
	check_time(file, root, "expiration_date", reg.expires_ms);
}

static void
against_oracle(const char *file)
{
	g_autofree char *base = g_strndup(file, strlen(file) - strlen(".txt"));
	g_autofree char *path = g_strconcat(FOLDER, base, ".expected.json", NULL);
	g_autoptr(hk_json_doc) doc = NULL;
	size_t len;
	uint8_t *bytes = tap_file(path, &len);

	doc = hk_json_load(hk_span_of(bytes, len), 1 << 20, NULL);
	free(bytes);
	if (!ok(doc, "the oracle of %s is JSON", file)) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_has(&root, "domain")) {
		compare(file, &root);
	} else {
		compare_flat(file, &root);
	}
}

/* What the names of the files say about the answer. */
static void
kind_of_answer(const char *file, unsigned *checked, unsigned *bad)
{
	static const struct {
		const char *part;
		hk_reg_answer answer;
	} parts[] = {
		{"status_available", HK_REG_NOT_FOUND},
		{"likexian-notfound", HK_REG_NOT_FOUND},
		{"not-found", HK_REG_NOT_FOUND},
		{"zx5v7d4v2k50l3pq", HK_REG_NOT_FOUND},
		{"throttled", HK_REG_THROTTLED},
		{"response_unavailable", HK_REG_UNAVAILABLE},
		{"status_reserved", HK_REG_RESERVED},
		{"reserved_list", HK_REG_RESERVED},
		{"status_registered", HK_REG_FOUND},
		{"likexian__", HK_REG_FOUND},
		{"rir__", HK_REG_FOUND},
	};
	static const struct {
		const char *file;
		hk_reg_answer answer;
		const char *reason;
	} others[] = {
#include "whois_answers.inc"
	};
	hk_reg_answer want = HK_REG_UNCLEAR;

	for (size_t i = 0; i < G_N_ELEMENTS(parts) && want == HK_REG_UNCLEAR; i++) {
		want = strstr(file, parts[i].part) ? parts[i].answer : want;
	}
	if (want == HK_REG_UNCLEAR) {
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		want = strcmp(file, others[i].file) == 0 ? others[i].answer : want;
	}
	++*checked;
	if (reg.answer != want) {
		++*bad;
		tap_diag("%s: %s, wanted %s", file, hk_reg_answer_name(reg.answer),
			hk_reg_answer_name(want));
	}
}

/* Held names that are in the fixtures, and some that are not held. */
static void
holds(void)
{
	static const struct {
		const char *file;
		hk_reg_hold hold;
	} vectors[] = {
		{"whois.tld.ee__ee__property_status_serverhold.txt", HK_REG_HOLD_ON_HOLD},
		{"flipbit__whois.nic.uk__uk__suspended__atlasholidays.co.uk.txt",
			HK_REG_HOLD_ON_HOLD},
		{"whois.domain-registry.nl__nl__property_status_inactive.txt", HK_REG_HOLD_ON_HOLD},
		{"likexian__su_google.su.txt", HK_REG_HOLD_ON_HOLD},
		{"raw__whois.nic.co__nic.co.raw", HK_REG_HOLD_ON_HOLD},
		{"whois.jprs.jp__co.jp__property_state_deleted.txt", HK_REG_HOLD_ON_HOLD},
		{"whois.jprs.jp__co.jp__property_state_registered.txt", HK_REG_HOLD_ON_HOLD},
		{"whois.jprs.jp__jp__property_status_to_be_suspended.txt", HK_REG_HOLD_SOON},
		{"whois.jprs.jp__jp__status_available.txt", HK_REG_HOLD_GONE},
		{"flipbit__whois.jprs.jp__co.jp__found__google.jp.txt", HK_REG_HOLD_NONE},
		{"flipbit__whois.jprs.jp__co.jp__found__google.ne.jp.txt", HK_REG_HOLD_NONE},
		{"whois.isnic.is__is__status_registered.txt", HK_REG_HOLD_NONE},
		{"likexian__fr_google.fr.txt", HK_REG_HOLD_NONE},
		{"likexian__fi_google.fi.txt", HK_REG_HOLD_NONE},
		{"whois.nic.fr__fr__response_throttled.txt", HK_REG_HOLD_NONE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
		read_file(vectors[i].file, "utf-8");
		is_str(hk_reg_hold_name(hk_reg_held(&reg)), hk_reg_hold_name(vectors[i].hold),
			"held: %s", vectors[i].file);
	}
}

int
main(void)
{
	size_t len;
	uint8_t *bytes = tap_file(FOLDER "MANIFEST.tsv", &len);
	unsigned files = 0, oracles = 0, checked = 0, bad = 0;
	char *save = NULL;

	for (char *line = strtok_r((char *)bytes, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		char *rest = NULL;
		const char *file = strtok_r(line, "\t", &rest);
		const char *source = strtok_r(NULL, "\t", &rest);
		const char *label = strtok_r(NULL, "\t", &rest);
		if (!source || !label || strcmp(file, "file") == 0) {
			continue;
		}
		bool oracle = g_str_has_suffix(file, ".txt") &&
			      (g_str_has_prefix(file, "likexian__") ||
				      g_str_has_prefix(file, "pywhois__"));
		read_file(file, label);
		files++;
		kind_of_answer(file, &checked, &bad);
		if (oracle) {
			oracles++;
			against_oracle(file);
		}
	}
	free(bytes);
	tap_diag("%u files; kind of answer: %u of %u right; %u oracles: %u fields right, %u wrong, "
		 "%u excepted",
		files, checked - bad, checked, oracles, right, wrong, excepted);
	is_int(files, 342, "every fixture is read");
	is_int(bad, 0, "every answer is of the kind that it should be");
	is_int(oracles, 76, "every oracle is asked");
	ok(right > 690 && right * 100 >= (right + wrong + excepted) * 98,
		"at least 98 of 100 fields are as the oracle has them, its mistakes counted "
		"against us");
	for (size_t i = 0; i < G_N_ELEMENTS(exceptions); i++) {
		ok(used[i], "still an exception: %s %s: %s", exceptions[i].file,
			exceptions[i].field, exceptions[i].reason);
	}
	holds();
	return tap_done();
}
