/* fuzz_c2command: any bytes as a frame of KeepSpy (a first byte of odd value: of a family whose text stands first). Properties: only bytes that are no command give nothing; numbers
 * are mobile ones and differ; links are their own canonical form; the key is the folded text's; nothing that is shown holds a number. */
#include "c2fuzz.h"
#include "c2mask.h"
#include "parse/url.h"
#include "source/c2/show.h"
#include "sys/json.h"
#include "sys/uts46.h"

static const char conf[] = "name = fuzz\nverbs = { \"通讯录 = book | a | b\", \"拦截短信&open = "
			   "open | a | b\", \"发信息& = sms send | a | b\" }\n";
static const char turned[] = "name = turned\norder = text-numbers\nsplit = \"|\"\nmark = "
			     "none\nverbs = { \"发信息 = sms send | a | b\" }\n";

static void
check_numbers(const hk_command *c)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	hk_telno telno;

	for (unsigned i = 0; i < c->numbers->len; i++) {
		char *number = c->numbers->pdata[i];
		need(hk_telno_read(hk_span_str(number), 0, &telno) == 13);
		need(telno.kind == HK_TELNO_MOBILE && g_hash_table_add(seen, number));
	}
}

static void
check_shown(const hk_command *c)
{
	const hk_command_seen seen = {.local_s = 1734027314, .port = 7775};
	g_autoptr(GString) json = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	hk_command_json(c, &seen, json);
	hk_command_show(c, &seen, false, text);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(json->str, json->len), 1 << 26, NULL);
	need(doc);
	need(g_utf8_validate(text->str, (gssize)text->len, NULL));
	/* The key is hexadecimal: digits in it are no number. */
	for (unsigned i = 0; i < c->numbers->len; i++) {
		const char *number = (const char *)c->numbers->pdata[i] + 3;
		g_autofree char *parted =
			g_strdup_printf("%.2s-%.4s-%s", number, number + 2, number + 6);
		need(!strstr(text->str, parted) && !strstr(json->str, parted));
	}
	masked_of(hk_span_str(c->text));
	masked_of(hk_span_str(c->argument));
}

static void
check(const hk_command *c)
{
	static hk_url url;
	uint8_t key[HK_SHA256_SIZE];

	check_numbers(c);
	hk_sha256(hk_span_str(c->folded), key);
	need(memcmp(key, c->key, sizeof key) == 0);
	need(c->send || (!c->text && c->numbers->len == 0 && c->urls->len == 0));
	need(c->urls->len <= HK_COMMAND_URLS_MAX && c->brands->len <= HK_COMMAND_BRANDS_MAX);
	for (unsigned i = 0; i < c->urls->len; i++) {
		need(hk_url_read(hk_span_str(c->urls->pdata[i]), hk_uts46_to_ascii, NULL, &url,
			     NULL) == HK_OK);
	}
	need(g_utf8_validate(c->folded, -1, NULL));
	check_shown(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_family *families[2];

	if (!families[0]) {
		families[0] = family_of(conf, sizeof conf - 1, NULL);
		families[1] = family_of(turned, sizeof turned - 1, NULL);
	}
	if (size == 0 || size > 2048) {
		return 0;
	}
	hk_span frame = hk_span_of(data + 1, size - 1);
	g_autoptr(hk_command) c = hk_command_read(families[data[0] & 1], frame);
	if (c) {
		check(c);
	}
	return 0;
}
