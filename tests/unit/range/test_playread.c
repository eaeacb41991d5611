/* range/playread, playvalue, playnames, playtime: what a scenario says, what is wrong with one, invented names, and the schedule on a virtual clock. */
#include "playread.h"

#include <stdlib.h>
#include <string.h>

#include "playnames.h"
#include "playtime.h"
#include "sites.h"
#include "sys/gerr.h"
#include "tap.h"

#define HEAD                                                                                           \
	"title-en A night\ntitle-ja 夜\nbank mihon-bank name=みほん銀行 name-en=\"Mihon Bank\" " \
	"domain=mihon-bank.example\nparty abuse@h.example steps=ack:1s,act:2m\n"

static rg_play *
read_text(const char *text, GError **error)
{
	return rg_play_read(hk_span_str(text), error);
}

static void
values(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(rg_play) play =
		read_text(HEAD "ends 1.5h\n"
			       "# a comment\n\n"
			       "2s certs burst habit=duckdns count=3 per=2 over=10s\n"
			       "  en It has @burst.2 in it.\n"
			       "  ja @burst.2 が入っています。\n"
			       "1m site @burst.1,www.mihon-login.test kit=bp1 for=phone\n"
			       "dark:@burst.1+20s turn @burst live\n"
			       "90s wave ports=7779,7775-7776 text=\"【みほん銀行】 "
			       "\\\"{link}\\\"\" links=t.range.test/Ab1\n",
			&error);

	if (!ok(play != NULL, "it is read") && error) {
		tap_diag("%s", error->message);
		return;
	}
	is_str(play->title_ja, "夜", "title");
	is_int(play->ends_ms, 5400000, "ends");
	const rg_play_line *certs = rg_play_first(play, RG_PLAY_CERTS, "label", "burst");
	const rg_play_line *site = rg_play_first(play, RG_PLAY_SITE, NULL, NULL);
	const rg_play_line *turn = rg_play_first(play, RG_PLAY_TURN, NULL, NULL);
	const rg_play_line *wave = rg_play_first(play, RG_PLAY_WAVE, NULL, NULL);
	is_int(certs->number, 8, "line");
	is_int(certs->at_ms, 2000, "time");
	is_int(rg_play_count(certs, "per"), 2, "a number");
	is_int(rg_play_ms(certs, "over"), 10000, "a time");
	g_autoptr(GPtrArray) names = rg_play_names(play, "@burst");
	is_int(names->len, 3, "names of a label");
	g_autofree char *say = g_strdup_printf("It has %s in it.", (char *)names->pdata[1]);
	is_str(certs->say_en, say, "a narration names a name");
	g_autoptr(GPtrArray) hosts = rg_play_names(play, rg_play_arg(site, "hosts"));
	is_str(hosts->pdata[0], names->pdata[0], "the first name");
	is_str(hosts->pdata[1], "www.mihon-login.test", "and a given one");
	is_str(rg_play_arg(site, "else"), "notfound", "a default");
	is_str(rg_play_arg(site, "page"), NULL, "none");
	is_int(turn->moment, RG_PLAY_DARK, "a moment");
	is_str(turn->of, names->pdata[0], "of a host");
	is_int(turn->at_ms, 20000, "and so long after it");
	is_str(rg_play_arg(wave, "text"), "【みほん銀行】 \"{link}\"", "quotes");
	unsigned ports[8];
	is_int(rg_play_ports(rg_play_arg(wave, "ports"), ports, 8), 3, "ports");
	is_int(ports[0] * 10 + ports[2], 77790 + 7776, "in their order");
	is_int(rg_play_ports("7774", ports, 8) + rg_play_ports("7776-7775", ports, 8) +
			rg_play_ports("7775-9999", ports, 8) + rg_play_ports("", ports, 8),
		0, "that are none");
}

/* ---- Mistakes ---- */

static void
mistakes(void)
{
	static const struct {
		const char *text, *said; /* how the error begins, or what stands in it */
	} rows[] = {
		{"", "0: a scenario has `title-en`"},
		{"title-en A\ntitle-ja B\n", "0: "},
		{"title-en A\ntitle-en B\n", "2: `title-en` stands in line 1 already"},
		{"title-en\n", "1: `title-en` needs text"},
		{HEAD "1s site\n", "5: `site` needs hosts (which)"},
		{HEAD "1s wawe text=a\n", "do you mean wave?"},
		{HEAD "1s site www.a.test kitt=bp1\n", "do you mean kit=?"},
		{HEAD "1s site www.a.test kit=bp2\n", "do you mean bp1?"},
		{HEAD "1s site www.a.test\n", "5: a site has kit=GROUP or page=PAGE"},
		{HEAD "1s site www.a.test kit=bp1 page=card\n", "one of them"},
		{HEAD "1s site www.a.test kit=bp1 kit=bp1\n", "kit twice"},
		{HEAD "1s site www.a.test kit=bp1 more\n", "what is 'more'?"},
		{HEAD "1s site www.mizuho.co.jp kit=bp1\n", "is somebody's"},
		{HEAD "1s site duckdns.org kit=bp1\n", "is somebody's"},
		{HEAD "1s site example kit=bp1\n", "is no host name"},
		{HEAD "1s site WWW.a.test kit=bp1\n", "is no host name"},
		{HEAD "1s site -a.test kit=bp1\n", "is no host name"},
		{HEAD "1s site a..test kit=bp1\n", "is no host name"},
		{HEAD "1s site @x.1 kit=bp1\n", "names no `certs` line above"},
		{HEAD "1s certs x habit=web count=2\n2s site @x.3 kit=bp1\n", "6: "},
		{HEAD "1s certs x habit=web count=0\n", "count: 1 to 20000"},
		{HEAD "1s certs x habit=web count=20001\n", "count: 1 to 20000"},
		{HEAD "1s certs x habit=web count=1\n2s certs x habit=web count=1\n", "already"},
		{HEAD "1s certs x habit=web count=1 bank=other\n", "is no bank of this file"},
		{HEAD "1s link t.range.test/a to=http://www.real.com/\n", "is somebody's"},
		{HEAD "1s link t.range.test/../a to=http://www.a.test/\n", "is no short link"},
		{HEAD "1s link t.range.test/a to=http://a@www.a.test/\n", "is no host name"},
		{HEAD "1s link t.range.test/a to=http://www.a.test:80/\n", "is no host name"},
		{HEAD "1s link t.range.test/a to=http://www.a.test\n", "is no URL"},
		{HEAD "1s link t.range.test/a to=file:///etc/passwd\n", "is no URL"},
		{HEAD "1s wave text=【ほんもの銀行】{link} links=t.range.test/a\n",
			"no `bank` line above has"},
		{HEAD "1s wave text=https://www.real.co.jp/ links=t.range.test/a\n",
			"is somebody's"},
		{HEAD "1s wave text=\"a links=t.range.test/a\n", "without its second one"},
		{HEAD "1s wave text=a links=t.range.test/a ports=22\n", "is not ports 7775"},
		{HEAD "1x note\n", "'1x' is no time"},
		{HEAD "169h note\n", "is no time"},
		{HEAD "-1s note\n", "is no time"},
		{HEAD "1s\n", "behind the time stands what happens"},
		{HEAD "1s note\nends 5s\n", "6: `ends` belongs into the head"},
		{HEAD "1s note\nen A\n", "5: its narration is in one language: add `ja TEXT`"},
		{HEAD "1s note\nen A\nen B\n", "stands below an event, once"},
		{HEAD "en A\n", "stands below an event"},
		{HEAD "1s note\nen A \xE2\x80\xAE"
		      "B\n",
			"nobody can see (U+202E)"},
		{HEAD "dark:www.a.test note\n", "no `site` line has www.a.test"},
		{HEAD "1s ct 429@nowhere\n", "is no fault of the log"},
		{HEAD "1s vendor netcraft\n", "mode=FAULT or state=TEXT"},
		{HEAD "1s alert betsu-bank urls=http://www.a.test/\n", "is no bank of this file"},
		{HEAD "party abuse@h.example\n", "stands in line 4 already"},
		{HEAD "party x steps=ack\n", "is no mail address"},
		{HEAD "party a@b.example steps=ack\n", "is no list of steps"},
		{HEAD "party a@real.com\n", "is somebody's"},
		{HEAD "bank x name=X name-en=X domain=bank.co.jp\n", "is somebody's"},
		{"bank world name=X name-en=X domain=x.example\n", "1: a bank is not called world"},
		{"bank x name=X name-en=\"X\\\" database = \\\"/x\" domain=x.example\n",
			"name-en: 'X\" database"},
		{"bank x name=${HOME} name-en=X domain=x.example\n",
			"is not letters of any script"},
		{"bank x name=X name-en=X domain=x.example alias=\"A,B]\"\n",
			"is not letters of any script"},
		{"bank ../x name=X name-en=X domain=x.example\n", "1: key: '../x' is not a-z"},
		{"bank x name=X name-en=X domain=x.example pack=/etc/passwd\n", "is not known"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(rg_play) play = read_text(rows[i].text, &error);
		bool good = !play && hk_error_code(error) == HK_EFORM &&
			    strstr(error->message, rows[i].said);
		if (!ok(good, "a mistake: %s", rows[i].said)) {
			tap_diag("%s", error ? error->message : "it was read");
		}
	}
	g_autoptr(rg_play) nul = rg_play_read(HK_SPAN_LIT("title-en A\0B\n"), NULL);
	g_autoptr(rg_play) bad = rg_play_read(HK_SPAN_LIT("title-en \xff\n"), NULL);
	ok(!nul && !bad, "NUL, and what is no UTF-8");
	g_autofree char *big = g_strnfill(RG_PLAY_BYTES_MAX + 1, '\n');
	g_autofree char *line = g_strnfill(RG_PLAY_LINE_MAX + 1, 'a');
	g_autoptr(rg_play) much = read_text(big, NULL);
	g_autoptr(rg_play) wide = read_text(line, NULL);
	ok(!much && !wide, "too large");
}

/* ---- Names ---- */

static void
names(void)
{
	const char *what;
	size_t habit = 0;

	for (size_t i = 0; rg_habit_word(i, &what); i++) {
		g_autoptr(GPtrArray) first = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
		unsigned odd = 0, differ = 0;
		rg_habit_names(i, 7, "x", "mihonbank", "mihon-bank.example", 500, first);
		rg_habit_names(i, 7, "x", "mihonbank", "mihon-bank.example", 500, again);
		for (unsigned k = 0; k < first->len; k++) {
			const char *name = first->pdata[k];
			g_hash_table_add(seen, first->pdata[k]);
			differ += strcmp(name, again->pdata[k]) != 0;
			odd += !g_str_has_suffix(name, ".test") &&
			       !g_str_has_suffix(name, ".example") &&
			       !g_str_has_suffix(name, ".duckdns.org");
			odd += strchr(name, '{') != NULL || strstr(name, "..") != NULL;
		}
		is_int(g_hash_table_size(seen), 500, "%s: none twice", rg_habit_word(i, &what));
		is_int(differ + odd, 0, "the same again, and nobody's");
		ok(rg_habit_per(i) > 0 && *what, "a row");
	}
	ok(rg_habit_find("duckdns", &habit) && rg_habit_per(habit) == 100, "a hundred");
	ok(!rg_habit_find("Duckdns", &habit), "no such habit");
}

/* ---- The schedule ---- */

static void
clock_of(void)
{
	g_autoptr(rg_play) play = read_text(HEAD
		"ends 60s\n3s note\n1s site www.a.test kit=bp1\n1s note\ndark:www.a.test+5s note\n",
		NULL);
	rg_schedule *s = rg_schedule_new(play);
	unsigned order[3] = {0};

	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		if (rg_play_verbs[line->verb].where == RG_PLAY_EVENT) {
			rg_schedule_add(s, line, 0, 0, false);
		}
	}
	ok(!rg_schedule_next(s, 999), "nothing is due");
	for (int i = 0; i < 3; i++) {
		rg_due *due = rg_schedule_next(s, 5000);
		due->done = true;
		order[i] = due->line->number;
	}
	is_int(order[0], 7, "what comes first");
	is_int(order[1], 8, "of one time what stands first");
	is_int(order[2], 6, "then the rest");
	ok(!rg_schedule_next(s, 1000000), "a moment has no time before it comes");
	is_int(rg_schedule_left(s, true), 1, "one waits");
	ok(!rg_schedule_over(s, 59999), "for which it goes on");
	ok(rg_schedule_over(s, 60000), "until it is given up");
	rg_schedule_came(s, RG_PLAY_BACK, "www.a.test", 8000);
	rg_schedule_came(s, RG_PLAY_DARK, "www.b.test", 8000);
	ok(!rg_schedule_next(s, 1000000), "another moment, another site");
	rg_schedule_came(s, RG_PLAY_DARK, "www.a.test", 10000);
	ok(!rg_schedule_next(s, 14999), "so long after it");
	rg_due *due = rg_schedule_next(s, 15000);
	is_int(due ? due->line->number : 0, 9, "it is due");
	rg_schedule_came(s, RG_PLAY_DARK, "www.a.test", 20000);
	is_int(due ? due->due_ms : 0, 15000, "once");
	if (due) {
		due->done = true;
	}
	ok(rg_schedule_over(s, 15000), "all is done");
	rg_schedule_free(s);
}

/* ---- What is shipped ---- */

static void
shipped(void)
{
	static const char *const all[] = {"card", "duckdns-burst", "flapping", "mass-night",
		"moving-links", "night", "parcel", "random-phone", "suffix-tricks", "two-banks"};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree char *path = g_strdup_printf("range/scenarios/%s.scenario", all[i]);
		g_autoptr(GError) error = NULL;
		size_t len;
		char *text = (char *)tap_file(path, &len);
		g_autoptr(rg_play) play = rg_play_read(hk_span_of(text, len), &error);
		if (!ok(play != NULL, "%s is read", all[i])) {
			tap_diag("%s", error->message);
		}
		ok(play && play->about_en && play->about_ja, "and says what it shows");
		free(text);
	}
}

/* The words of the reader are those of the tables. */
static void
tables(void)
{
	static const char *const kits[] = {"cp29", "ukn432", "bp1", "cp20", "a", "b"};

	for (size_t i = 0; i < G_N_ELEMENTS(kits); i++) {
		ok(rg_sites_kit_count(kits[i]) > 0, "a group: %s", kits[i]);
	}
	for (int i = 0; i < RG_PLAY_VERBS; i++) {
		g_autoptr(GError) error = NULL;
		const rg_play_verb_row *row = &rg_play_verbs[i];
		size_t count;
		rg_play_args((rg_play_verb)i, &count);
		ok(count <= RG_PLAY_ARGS_MAX, "`%s` fits", row->word);
		bool again = i == RG_PLAY_TITLE_EN || i == RG_PLAY_TITLE_JA;
		g_autofree char *text = g_strdup_printf(HEAD
			"bank mihon-bank2 name=B name-en=B "
			"domain=b.example\n%s\n%s\n0s site "
			"@burst.1,www.mihon-login.test kit=a\n",
			row->where == RG_PLAY_HEAD && !again && i != RG_PLAY_BANK ? row->example
										  : "",
			row->where == RG_PLAY_EVENT && i != RG_PLAY_CERTS
				? "0s certs burst habit=duckdns count=100"
				: "0s certs burst habit=web count=2");
		g_autofree char *all = g_strconcat(text,
			row->where == RG_PLAY_EVENT && i != RG_PLAY_CERTS ? row->example : "", "\n",
			NULL);
		g_autoptr(rg_play) play = read_text(all, &error);
		if (!ok(play != NULL, "the example of `%s` is right", row->word)) {
			tap_diag("%s", error->message);
		}
	}
}

int
main(void)
{
	values();
	mistakes();
	names();
	clock_of();
	shipped();
	tables();
	return tap_done();
}
