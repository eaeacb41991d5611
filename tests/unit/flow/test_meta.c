/* Meta data, settings, views: what is taken, what is refused and how it is named. */
#include "flowlib.h"

#include <string.h>

#include "flow/meta.h"
#include "flow/people.h"
#include "tap.h"

static void
test_wrong(hk_flow *flow)
{
	static const struct {
		hk_meta meta;
		const char *fields;
		hk_err code;
		const char *field;
	} wrong[] = {
		{HK_META_TARGET, "[]", HK_EFORM, "fields:"},
		{HK_META_TARGET, "{", HK_EFORM, "fields:"},
		{HK_META_TARGET, "{}", HK_EFORM, "key:"},
		{HK_META_TARGET, "{\"key\":\"A\",\"name\":\"a\"}", HK_EFORM, "key:"},
		{HK_META_TARGET, "{\"key\":\"a\"}", HK_EFORM, "name:"},
		{HK_META_TARGET, "{\"key\":\"a\",\"name\":\"a\",\"x\":1}", HK_EFORM, "x:"},
		{HK_META_TARGET, "{\"key\":\"a\",\"name\":\"a\",\"own\":1}", HK_EFORM, "own:"},
		{HK_META_TARGET, "{\"key\":\"a\",\"name\":\"a\",\"state\":\"x\"}", HK_EFORM,
			"state:"},
		{HK_META_TARGET, "{\"key\":\"a\",\"name\":\"a\",\"services\":[{\"key\":\"s\"}]}",
			HK_EFORM, "services:"},
		{HK_META_TARGET,
			"{\"key\":\"a\",\"name\":\"a\",\"services\":[{\"key\":\"s\",\"name\":\"S\","
			"\"scope\":\"out\"}]}",
			HK_EFORM, "services:"},
		{HK_META_TARGET, "{\"key\":\"mihon-bank\",\"name\":\"a\"}", HK_EPOLICY, "key:"},
		{HK_META_ACTOR, "{\"key\":\"a\",\"name\":\"a\",\"aliases\":[1]}", HK_EFORM,
			"aliases:"},
		{HK_META_CONTACT, "{\"key\":\"a\",\"name\":\"a\",\"kind\":\"x\"}", HK_EFORM,
			"kind:"},
		{HK_META_CONTACT, "{\"key\":\"a\",\"name\":\"a\",\"kind\":\"as\",\"mail\":\"a\"}",
			HK_EFORM, "mail:"},
		{HK_META_CONTACT,
			"{\"key\":\"a\",\"name\":\"a\",\"kind\":\"as\",\"url\":\"javascript:1\"}",
			HK_EFORM, "url:"},
		{HK_META_TASK_TEMPLATE, "{\"key\":\"a\",\"name\":\"a\",\"kinds\":[\"x\"]}",
			HK_EFORM, "kinds:"},
		{HK_META_TASK_TEMPLATE, "{\"key\":\"a\",\"name\":\"a\",\"steps\":[{}]}", HK_EFORM,
			"steps:"},
		{HK_META_TASK_TEMPLATE,
			"{\"key\":\"a\",\"name\":\"a\",\"steps\":[{\"title\":\"t\",\"due_min\":0}]"
			"}",
			HK_EFORM, "steps:"},
		{HK_META_STATUS, "{\"key\":\"nothing\",\"name\":\"a\"}", HK_EFORM, "key:"},
		{HK_META_STATUS, "{\"key\":\"new\",\"name\":\"a\",\"position\":\"1\"}", HK_EFORM,
			"position:"},
	};
	int64_t id;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		ok(!fl_do(flow, hk_meta_new(flow, wrong[i].meta, wrong[i].fields, &id, error)),
			"%s", wrong[i].fields);
		is_int(fl_code(), wrong[i].code, "its code");
		ok(g_str_has_prefix(fl_why(), wrong[i].field), "the field is named: %s", fl_why());
	}
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events")), 0, "no audit row");
}

static void
test_rows(hk_flow *flow)
{
	int64_t id = 0, other = 0;

	ok(fl_do(flow, hk_meta_seed(flow, error)), "statuses: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM statuses")), 10, "one per state");
	ok(fl_do(flow, hk_meta_seed(flow, error)), "again");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM statuses")), 10, "no more");
	ok(fl_do(flow, hk_meta_new(flow, HK_META_CONTACT,
			       "{\"key\":\"isnic\",\"kind\":\"registry\",\"name\":\"ISNIC\","
			       "\"mail\":\"abuse@isnic.example\"}",
			       &id, error)),
		"contact: %s", fl_why());
	ok(fl_do(flow, hk_meta_edit(flow, HK_META_CONTACT, id, 1,
			       "{\"mail\":null,\"note\":\"24 h\"}", error)),
		"edited: %s", fl_why());
	is_int(fl_int(flow, HK_SQL("SELECT version FROM contacts")), 2, "one version up");
	ok(!fl_do(flow, hk_meta_edit(flow, HK_META_CONTACT, id, 1, "{\"note\":\"x\"}", error)),
		"stale");
	is_int(fl_code(), HK_EINCONSISTENT, "said: %s", fl_why());
	ok(fl_do(flow, hk_meta_edit(flow, HK_META_CONTACT, id, 0, "{\"note\":\"24 h\"}", error)),
		"the same");
	is_int(fl_int(flow, HK_SQL("SELECT version FROM contacts")), 2, "changes nothing");
	ok(!fl_do(flow, hk_meta_edit(flow, HK_META_CONTACT, id, 0, "{\"key\":\"b\"}", error)),
		"key stays");
	ok(!fl_do(flow, hk_meta_edit(flow, HK_META_ACTOR, 99, 0, "{}", error)), "no such row");
	is_int(fl_code(), HK_ENOENT, "said");
	g_autofree char *data = fl_text(flow,
		HK_SQL("SELECT data FROM events WHERE act = 'contact.edit' ORDER BY seq LIMIT 1"));
	is_str(data,
		"{\"key\":\"isnic\",\"was\":{\"mail\":\"abuse@isnic.example\",\"note\":\"\"},"
		"\"is\":{\"mail\":null,\"note\":\"24 h\"}}",
		"the audit row holds both");
	/* Tasks come with a kind. */
	ok(fl_do(flow,
		   hk_meta_new(flow, HK_META_TASK_TEMPLATE,
			   "{\"key\":\"std\",\"name\":\"標準\",\"kinds\":[\"phishing\"],\"steps\":["
			   "{\"title\":\"画面を保存\",\"due_min\":30},{\"title\":\"依頼\"}]}",
			   &other, error)),
		"template: %s", fl_why());
	fl_take(flow, "t.example", "", NULL);
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM tasks")), 2, "two tasks");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM tasks WHERE due_ms IS NOT NULL")), 1,
		"one has a time");
}

static void
test_import(hk_flow *flow)
{
	g_autoptr(GString) out = g_string_new(NULL), again = g_string_new(NULL);
	g_autoptr(GString) rows = g_string_new(NULL);
	GError *local = NULL;
	hk_meta_count count;

	ok(hk_meta_export(hk_flow_db(flow), out, &local), "export");
	hk_span text = hk_span_str(out->str);
	ok(fl_do(flow, hk_meta_import(flow, text, &count, error)), "import: %s", fl_why());
	is_int(count.made + count.changed, 0, "its own export changes nothing");
	hk_flow *other = fl_open();
	fl_run(other, HK_SQL("DELETE FROM targets"));
	ok(fl_do(other, hk_meta_preview(other, text, rows, &count, error)), "dry: %s", fl_why());
	ok(count.made > 10, "would make %d", (int)count.made);
	is_int(fl_int(other, HK_SQL("SELECT COUNT(*) FROM targets")), 0, "made nothing");
	ok(fl_do(other, hk_meta_import(other, text, &count, error)), "import: %s", fl_why());
	ok(hk_meta_export(hk_flow_db(other), again, &local), "export");
	is_str(again->str, out->str, "the same comes out");
	static const struct {
		const char *text, *why;
	} wrong[] = {{"{}", "hikeshi_meta"}, {"{\"hikeshi_meta\":2}", "hikeshi_meta"},
		{"{\"hikeshi_meta\":1,\"cows\":[]}", "cows"},
		{"{\"hikeshi_meta\":1,\"actors\":[{\"key\":\"a\",\"name\":\"a\"},{\"key\":\"b\","
		 "\"name\":\"\"}]}",
			"actors[1].name:"},
		{"{\"hikeshi_meta\":1,\"actors\":{}}", "actors"}};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		ok(!fl_do(other, hk_meta_import(other, hk_span_str(wrong[i].text), &count, error)),
			"%s", wrong[i].text);
		ok(g_str_has_prefix(fl_why(), wrong[i].why), "%s", fl_why());
	}
	is_int(fl_int(other, HK_SQL("SELECT COUNT(*) FROM actors WHERE key = 'a'")), 0,
		"all or nothing");
	fl_close(other);
}

/* Every row is judged, nothing is written. */
static void
test_preview(void)
{
	hk_flow *flow = fl_open();
	g_autoptr(GString) rows = g_string_new(NULL), many = g_string_new(NULL);
	hk_meta_count count;
	int64_t id;
	static const char file[] = "{\"hikeshi_meta\":1,\"actors\":["
				   "{\"key\":\"old\",\"name\":\"Old\"},"
				   "{\"key\":\"old2\",\"name\":\"\u65b0\"},"
				   "{\"key\":\"new\",\"name\":\"New\"},"
				   "{\"key\":\"new\",\"name\":\"Newer\"},"
				   "{\"key\":\"e\",\"name\":\"\"},"
				   "{\"key\":\"f\",\"name\":\"f\",\"cow\":1},"
				   "7,{\"name\":\"no key\"}]}";

	fl_do(flow,
		hk_meta_new(flow, HK_META_ACTOR, "{\"key\":\"old\",\"name\":\"Old\"}", &id, error));
	fl_do(flow, hk_meta_new(flow, HK_META_ACTOR, "{\"key\":\"old2\",\"name\":\"Old\"}", &id,
			    error));
	int64_t events = fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events"));
	int64_t actors = fl_int(flow, HK_SQL("SELECT COUNT(*) FROM actors"));
	ok(fl_do(flow, hk_meta_preview(flow, hk_span_str(file), rows, &count, error)),
		"preview: %s", fl_why());
	is_int(count.made, 1, "one would be made");
	is_int(count.changed, 1, "one changed");
	is_int(count.same, 1, "one is the same");
	is_int(count.refused, 5, "five are refused");
	is_int(count.left_out, 0, "all are told");
	is_str(rows->str,
		"[{\"list\":\"actors\",\"index\":1,\"key\":\"old2\",\"name\":\"新\",\"how\":"
		"\"changed\","
		"\"change\":{\"key\":\"old2\",\"was\":{\"name\":\"Old\"},\"is\":{\"name\":\"新\"}}}"
		","
		"{\"list\":\"actors\",\"index\":2,\"key\":\"new\",\"name\":\"New\",\"how\":"
		"\"made\",\"is\":"
		"{\"key\":\"new\",\"name\":\"New\",\"aliases\":[],\"note\":\"\",\"state\":"
		"\"active\"}},"
		"{\"list\":\"actors\",\"index\":3,\"key\":\"new\",\"name\":\"Newer\",\"how\":"
		"\"refused\","
		"\"field\":\"key\",\"why\":\"stands twice in this list\"},"
		"{\"list\":\"actors\",\"index\":4,\"key\":\"e\",\"name\":\"\",\"how\":\"refused\","
		"\"field\":\"name\",\"why\":\"is empty\"},"
		"{\"list\":\"actors\",\"index\":5,\"key\":\"f\",\"name\":\"f\",\"how\":\"refused\","
		"\"field\":\"cow\",\"why\":\"is no field here (actor)\"},"
		"{\"list\":\"actors\",\"index\":6,\"key\":null,\"name\":null,\"how\":\"refused\","
		"\"field\":\"key\",\"why\":\"is missing\"},"
		"{\"list\":\"actors\",\"index\":7,\"key\":null,\"name\":\"no "
		"key\",\"how\":\"refused\","
		"\"field\":\"key\",\"why\":\"is missing\"}]",
		"row by row");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM events")), events, "no audit row");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM actors")), actors, "nothing is written");
	ok(!fl_do(flow, hk_meta_import(flow, hk_span_str(file), &count, error)), "the import");
	ok(g_str_has_prefix(fl_why(), "actors[3].key: stands twice"), "stops: %s", fl_why());
	/* A file of which not all can be told: all is counted. */
	g_string_append(many, "{\"hikeshi_meta\":1,\"actors\":[");
	for (int i = 0; i < 12000; i++) {
		g_string_append_printf(many, "%s{\"key\":\"k%d\",\"name\":\"n\"}", i ? "," : "", i);
	}
	g_string_append(many, "]}");
	g_string_set_size(rows, 0);
	ok(fl_do(flow, hk_meta_preview(flow, hk_span_str(many->str), rows, &count, error)),
		"many: %s", fl_why());
	is_int(count.made, 12000, "all are counted");
	ok(count.left_out > 0 && rows->len < HK_META_PREVIEW_BYTES + 1000, "%d are left out",
		(int)count.left_out);
	ok(g_str_has_suffix(rows->str, "}]"), "the list is whole");
	fl_close(flow);
}

static void
test_settings(hk_flow *flow)
{
	static const struct {
		const char *key, *value, *why;
	} wrong[] = {
		{"nothing", "{}", "there is no"},
		{"audit_key", "{}", "there is no"},
		{"dedupe", "{\"days\":0}", "days:"},
		{"dedupe", "{\"days\":\"1\"}", "days:"},
		{"dedupe", "{\"hours\":1}", "hours:"},
		{"dedupe", "[]", "the document:"},
		{"ct", "{\"threshold\":2}", "threshold:"},
		{"scope", "{}", "the document:"},
		{"scope", "[{\"kind\":\"scam\"}]", "[0]:"},
		{"scope", "[{\"route\":\"x\"}]", "[0]:"},
		{"scope", "[{\"route\":\"x\",\"kind\":\"y\"}]", "[0].kind:"},
		{"scope", "[{\"route\":\"x\",\"kind\":\"scam\",\"y\":1}]", "[0].y:"},
		{"sla", "{\"x\":1}", "x:"},
		{"sla", "{\"triage\":0}", "triage:"},
		{"sla", "{\"triage\":{\"x\":1}}", "triage.x:"},
		{"sla", "{\"triage\":{\"scam\":\"1\"}}", "triage.scam:"},
	};
	g_autofree char *value = NULL;
	GError *local = NULL;
	int64_t version;

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		ok(!fl_do(flow, hk_setting_put(flow, wrong[i].key, -1, wrong[i].value, error)),
			"%s %s", wrong[i].key, wrong[i].value);
		ok(g_str_has_prefix(fl_why(), wrong[i].why), "%s", fl_why());
	}
	ok(hk_setting_get(hk_flow_db(flow), "sla", &value, &version, &local) && version == 0,
		"default");
	ok(fl_do(flow, hk_setting_put(flow, "sla", 0,
			       "{\"triage\":{\"default\":10,\"investment_scam\":null}}", error)),
		"set: %s", fl_why());
	ok(!fl_do(flow, hk_setting_put(flow, "sla", 0, "{}", error)), "stale");
	is_int(fl_code(), HK_EINCONSISTENT, "said");
	int64_t id = fl_take(flow, "sla.example", "", NULL);
	is_int(fl_int(flow,
		       HK_SQL("SELECT due_ms - opened_ms FROM cases WHERE host = 'sla.example'")),
		600000, "ten minutes");
	ok(fl_edit(flow, id, 0, "{\"kind\":\"investment_scam\"}", &local), "another kind");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM cases WHERE host = 'sla.example' AND "
				   "due_ms IS NULL")),
		1, "has no clock");
}

static void
test_views(hk_flow *flow)
{
	int64_t id = 0;

	ok(fl_do(flow, hk_view_new(flow,
			       "{\"name\":\"Mine\",\"query\":\"assignee:me\",\"columns\":[\"id\","
			       "\"case\"]}",
			       &id, error)),
		"view: %s", fl_why());
	ok(!fl_do(flow, hk_view_new(flow, "{\"query\":\"x\"}", &id, error)), "no name");
	ok(!fl_do(flow, hk_view_edit(flow, id, "{\"colour\":1}", error)), "no such field: %s",
		fl_why());
	ok(fl_do(flow, hk_view_edit(flow, id, "{\"shared\":true,\"position\":3}", error)),
		"shared");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM views WHERE user_id IS NULL")), 1,
		"everybody's");
	fl_run(flow, HK_SQL("UPDATE views SET user_id = 2"));
	ok(!fl_do(flow, hk_view_delete(flow, id, error)), "another's is not deleted");
	is_int(fl_code(), HK_ENOENT, "is not there for us");
}

/* As a pack with these brands is taken, every time that the house starts: how many were new. */
static int
take_brands(hk_flow *flow)
{
	static const char *const names[] = {
		"A Bank", "B Bank", "C Bank", "D Bank", "みほん銀行", NULL};
	static const char *const domains[][1] = {{"direct.a-bank.example"},
		{"direct.b-bank.example"}, {"direct.b-bank.example"},
		{"direct.a-domain-that-is-longer-than-a-key-of-sixty-letters-may-ever-be.example"},
		{"mihon-bank.example"}};
	int made = 0;

	for (size_t i = 0; names[i]; i++) {
		const hk_target_seed seed = {.key = i < 4 ? "direct" : "mihon-bank",
			.name = names[i],
			.brands = names,
			.domains = domains[i],
			.domain_count = 1,
			.own = true};
		bool is_new = false;
		ok(fl_do(flow, hk_meta_seed_target(flow, &seed, &is_new, error)), "%s: %s",
			names[i], fl_why());
		made += is_new;
	}
	return made;
}

static void
test_brands(hk_flow *flow)
{
	is_int(take_brands(flow), 4, "brands whose domains begin alike are a target each");
	is_int(fl_int(flow, HK_SQL("SELECT COUNT(*) FROM targets WHERE own = 1 AND (key, name) IN "
				   "(('direct', 'A Bank'), ('direct.b-bank.example', 'B Bank'), "
				   "('direct-2', 'C Bank'), ('direct-3', 'D Bank'))")),
		4, "with a key each, and ours");
	is_int(take_brands(flow), 0, "they are found again");
	fl_run(flow, HK_SQL("UPDATE targets SET name = 'as people call it ' || key, name_en = 'x' "
			    "WHERE key IN "
			    "('direct', 'direct.b-bank.example', 'direct-2', 'direct-3')"));
	is_int(take_brands(flow), 0, "by another name, too: by what is theirs");
	fl_run(flow, HK_SQL("UPDATE targets SET name = 'Other', domains = "
			    "'[\"direct.other.example\"]' WHERE key = 'direct'"));
	is_int(take_brands(flow), 1, "one that has neither name nor domain is another one");
}

int
main(void)
{
	hk_flow *flow = fl_open();

	test_wrong(flow);
	test_rows(flow);
	test_import(flow);
	test_preview();
	test_settings(flow);
	test_views(flow);
	test_brands(flow);
	fl_close(flow);
	return tap_done();
}
