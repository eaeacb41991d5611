/* Families' files: what is read, and every mistake with its line. The handset that does not exist. */
#include "source/c2/family.h"

#include <stdio.h>
#include <unistd.h>

#include "parse/telno.h"
#include "source/c2/device.h"
#include "sys/gerr.h"
#include "tap.h"

static char folder[] = "/tmp/hk-family-XXXXXX";

static char *
file(const char *name, const char *text)
{
	char *path = g_build_filename(folder, name, NULL);

	if (!g_file_set_contents(path, text, -1, NULL)) {
		printf("Bail out! cannot write %s\n", path);
	}
	return path;
}

static hk_family *
family_of(const char *text, GError **error)
{
	g_autofree char *path = file("x.conf", text);

	return hk_family_read(path, error);
}

static void
shipped(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = hk_family_folder(HK_SOURCE_DIR "/conf/c2", &error);

	if (!ok(all, "the shipped files read (%s)", error ? error->message : "")) {
		return;
	}
	is_int(all->len, 3, "three of them");
	for (unsigned i = 0; i < all->len; i++) {
		const hk_family *f = all->pdata[i];
		ok(!f->enabled, "%s is not switched on", f->name);
		is_int(f->drops->len, 0, "%s names no live address", f->name);
	}
	const hk_family *k = hk_family_of(all, "keepspy");
	is_str(k->title_en, "KeepSpy", "the title");
	is_int(k->transport, HK_TRANSPORT_WEBSOCKET, "WebSocket");
	is_int(k->ports->len, 5, "five ports");
	is_int(g_array_index(k->ports, unsigned, 4), 7779, "the last one");
	is_str(k->beat, "心跳&ping", "the beat");
	is_int(k->beat_s, 10, "every ten seconds");
	is_str(k->pong, "pong", "its answer");
	is_int(k->miss, 3, "three misses");
	is_int(k->drop_every_s, 300, "drops every five minutes");
	is_int(k->chain->len, 2, "two steps");
	is_str(((const hk_step *)k->chain->pdata[1])->key->str, "apYya82az7rgeN3A", "the key");
	is_int(k->verbs->len, 10, "the ten commands of S18");
	unsigned sends = 0;
	for (unsigned i = 0; i < k->verbs->len; i++) {
		sends += ((const hk_verb *)k->verbs->pdata[i])->send;
	}
	is_int(sends, 1, "one of them sends");
	ok(!hk_family_of(all, "nobody"), "no other");
}

static void
whole(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_family) f =
		family_of("name = other\nenabled = true\ndrops = { \"hxxp://drop[.]example/a\" }\n"
			  "chain = { \"skip 2\", \"xor hex:00ff\", \"unwrap 4 20\", \"des-cbc "
			  "12345678 hex:0102030405060708\" }\n"
			  "transport = websocket\nports = { 1, 65535 }\npath = \"/ws?x=1\"\n"
			  "headers = { \"Host: %HOST%\", \"X-A:b\" }\nhello = 'hi {id} "
			  "{\"a\":1}'\nbeat = b\npong = p\n"
			  "beat-every = 1m\nmiss = 5\nexit = far\nbanner = B\nmessage-max = "
			  "2K\nmark = \"|\"\nseparators = \"/\"\n"
			  "split = \"=\"\norder = text-numbers\nverbs = { \"go| = go send | send | "
			  "送る\" }\n",
			&error);

	if (!ok(f, "every key together (%s)", error ? error->message : "")) {
		return;
	}
	is_str(f->name, "other", "name");
	is_str(f->title_en, "other", "the title is the name");
	is_str(f->drops->pdata[0], "http://drop.example/a", "a defanged drop");
	const hk_step *step = f->chain->pdata[1];
	is_int(step->key->len, 2, "a key in hexadecimal");
	is_int((unsigned char)step->key->str[1], 0xff, "its bytes");
	step = f->chain->pdata[2];
	ok(step->min == 4 && step->max == 20, "unwrap's numbers");
	step = f->chain->pdata[3];
	ok(step->iv->len == 8 && step->iv->str[7] == 8, "an IV of its own");
	is_int(f->headers->len, 3, "two header lines and the end");
	is_str(f->headers->pdata[0], "Host: %HOST%", "byte for byte");
	is_int(f->message_max, 2048, "sizes");
	const hk_verb *verb = f->verbs->pdata[0];
	is_str(verb->word, "go", "the mark is cut off");
	ok(verb->send && verb->argument, "send");
	is_str(verb->ja, "送る", "its meaning");
	is_str(f->separators, "/|", "the mark parts numbers, too");
}

/* Each mistake: the file, and what the error must say. */
static void
mistakes(void)
{
	static const char *const rows[][2] = {
		{"nam = x\n", ":1: unknown key 'nam'; did you mean 'name'?"},
		{"\nname = A\n", ":2: 'A' is no name"},
		{"name = x\nname = y\n", "set twice"},
		{"drops = { \"gopher://x.example/\" }\n", ":1: 'drops' holds http and https URLs"},
		{"drops = { \"ftp://x.example/\" }\n", ":1: 'drops' holds http"},
		{"drops = { \"http://a.example\", \"http://a.example/\" }\n", "twice"},
		{"drop-kind = page\n", ":1: 'drop-kind' is body or profile"},
		{"drop-every = 5ms\n", "'drop-every' must be at least 1s"},
		{"chain = { \"base46\" }\n", "has no step 'base46'; did you mean 'base64'?"},
		{"chain = { \"base64 x\" }\n", "does not read: 'base64 x'"},
		{"chain = { \"aes-128-ecb\" }\n", "does not read"},
		{"chain = { \"aes-128-ecb 12345678901234567\" }\n", "17 bytes"},
		{"chain = { \"des-cbc short\" }\n", "5 bytes"},
		{"chain = { \"des-cbc 12345678 12\" }\n", "IV of another size"},
		{"chain = { \"xor\" }\n", "does not read"},
		{"chain = { \"xor hex:0\" }\n", "does not read"},
		{"chain = { \"skip 0\" }\n", "does not read"},
		{"chain = { \"skip x\" }\n", "does not read"},
		{"chain = { \"unwrap 20 4\" }\n", "does not read"},
		{"chain = { \"cut\" }\n", "does not read"},
		{"transport = smoke\n", "'transport' is websocket, http-post or none"},
		{"ports = { 0 }\n", ":1: 'ports' holds numbers from 1 to 65535"},
		{"ports = { 1, 1 }\n", "says 1 twice"},
		{"ports = { 7775-7779 }\n", "'ports' holds numbers"},
		{"path = x\n", ":1: 'path' begins with /"},
		{"headers = { \"no colon\" }\n", "'headers' holds lines like"},
		{"headers = { \"a b: c\" }\n", "'headers' holds lines like"},
		{"hello = 'x {modell}'\n", "has no word {modell}; did you mean {model}?"},
		{"hello = 'tel 08012345678'\n", "holds a telephone number"},
		{"miss = 0\n", "'miss' must be at least 1"},
		{"mark = \"&&\"\n", "'mark' is one sign"},
		{"mark = a\n", "'mark' is one sign"},
		{"split = \"+\"\n", "'split' is one sign"},
		{"separators = \"-\"\n", "no part of a number"},
		{"order = backwards\n", "'order' is numbers-text or text-numbers"},
		{"order = text-numbers\n", "needs 'split'"},
		{"verbs = { \"word\" }\n", ":1: 'verbs' holds"},
		{"verbs = { \"a = b | c\" }\n", "'verbs' holds"},
		{"verbs = { \"a = B | c | d\" }\n", "'verbs' holds"},
		{"verbs = { \"a = b sned | c | d\" }\n", "'verbs' holds"},
		{"verbs = { \"a = b | c | d\", \"a& = e | f | g\" }\n", "says 'a' twice"},
		{"enabled = true\n", ":1: 'enabled' cannot be true: this program does not speak "
				     "transport 'none'"},
		{"\nenabled = true\ntransport = http-post\n",
			":2: 'enabled' cannot be true: this program does not speak transport "
			"'http-post'"},
		{"enabled = true\ntransport = websocket\n", "without 'drops' and 'chain'"},
		{"enabled = true\ntransport = websocket\ndrops = { \"http://a.example/\" }\nchain "
		 "= { base64 }\nbeat = b\n",
			"needs 'pong'"},
		{"name = \"x\n", ":"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_family) f = family_of(rows[i][0], &error);
		ok(!f && error, "mistake %zu is refused", i + 1);
		is_int(hk_error_code(error), HK_ECONFIG, "as configuration");
		ok(error && strstr(error->message, rows[i][1]), "says '%s' (%s)", rows[i][1],
			error ? error->message : "");
		ok(error && strstr(error->message, "/x.conf:"), "and where");
	}
}

static void
folders(void)
{
	g_autoptr(GError) none = NULL, twice = NULL;
	g_autofree char *a = file("a.conf", "name = same\n"), *b = file("b.conf", "name = same\n");
	g_autofree char *x = g_build_filename(folder, "x.conf", NULL);

	ok(!hk_family_folder("/nonexistent/c2", &none), "no folder");
	is_int(hk_error_code(none), HK_ENOENT, "is not found");
	unlink(x);
	ok(!hk_family_folder(folder, &twice), "two of one name");
	ok(twice && strstr(twice->message, "b.conf:1: 'same' is the name of the family in"),
		"are told (%s)", twice ? twice->message : "");
	unlink(a);
	unlink(b);
}

/* The manual names every key, step and word. */
static void
manual(void)
{
	size_t len;
	g_autofree char *text = (char *)tap_file("docs/c2-families.md", &len);

	for (size_t i = 0; hk_family_key_name(i); i++) {
		g_autofree char *row = g_strdup_printf("\n| `%s` |", hk_family_key_name(i));
		ok(strstr(text, row), "docs/c2-families.md has the key %s", hk_family_key_name(i));
	}
	for (int i = 0; i < HK_STEPS; i++) {
		g_autofree char *row =
			g_strdup_printf("\n| `%s` |", hk_family_step_name((hk_step_kind)i));
		ok(strstr(text, row), "and the step %s", hk_family_step_name((hk_step_kind)i));
	}
	for (size_t i = 0; hk_device_word(i); i++) {
		g_autofree char *row = g_strdup_printf("\n| `{%s}` |", hk_device_word(i));
		ok(strstr(text, row), "and the word {%s}", hk_device_word(i));
	}
}

static bool
luhn(const char *digits)
{
	unsigned sum = 0;
	size_t len = strlen(digits);

	for (size_t i = 0; i < len; i++) {
		unsigned d = (unsigned)(digits[len - 1 - i] - '0') << (i % 2);
		sum += d / 10 + d % 10;
	}
	return sum % 10 == 0;
}

static void
devices(void)
{
	g_auto(hk_device) one = {0}, again = {0}, other = {0};
	g_autoptr(GString) out = g_string_new(NULL);
	hk_telno telno;

	hk_device_init(&one, HK_SPAN_LIT("seed"));
	hk_device_init(&again, HK_SPAN_LIT("seed"));
	hk_device_init(&other, HK_SPAN_LIT("seed 2"));
	for (size_t i = 0; i < HK_DEVICE_FIELDS; i++) {
		ok(g_strcmp0(one.field[i], again.field[i]) == 0, "the same seed, the same {%s}",
			hk_device_word(i));
	}
	ok(!g_str_equal(one.field[HK_DEVICE_ID], other.field[HK_DEVICE_ID]),
		"another seed, another id");
	ok(!g_str_equal(one.field[HK_DEVICE_UUID], other.field[HK_DEVICE_UUID]), "and UUID");
	ok(!hk_device_word(HK_DEVICE_FIELDS), "the words end");
	for (unsigned i = 0; i < 200; i++) {
		g_auto(hk_device) d = {0};
		hk_device_init(&d, hk_span_of(&i, sizeof i));
		const char *imei = d.field[HK_DEVICE_IMEI], *number = d.field[HK_DEVICE_NUMBER];
		bool good = g_str_has_prefix(number, "0900000") && strlen(number) == 11 &&
			    hk_telno_read(hk_span_str(number), 0, &telno) == 11 &&
			    g_str_has_prefix(imei, "00101") && strlen(imei) == 15 && luhn(imei) &&
			    strlen(d.field[HK_DEVICE_ID]) == 16 &&
			    strlen(d.field[HK_DEVICE_UUID]) == 36;
		if (!good) {
			ok(false, "seed %u: number %s, IMEI %s", i, number, imei);
		}
	}
	ok(hk_device_fill("{\"m\":\"{model}\",\"p\":{port}}{nl}{x y}{", &one, 7775, out, NULL),
		"a template");
	g_autofree char *want =
		g_strdup_printf("{\"m\":\"%s\",\"p\":7775}\n{x y}{", one.field[HK_DEVICE_MODEL]);
	is_str(out->str, want, "is filled; other braces stand for themselves");
}

int
main(void)
{
	if (!mkdtemp(folder)) {
		printf("Bail out! no folder\n");
		return 1;
	}
	shipped();
	whole();
	mistakes();
	folders();
	devices();
	manual();
	rmdir(folder);
	return tap_done();
}
