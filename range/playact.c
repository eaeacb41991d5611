/* The events of a scenario, as requests to the controls of the parts: a row for each verb. */
#include <string.h>

#include "playfail.h"
#include "playnames.h"
#include "sys/gerr.h"

enum { BATCH_MAX = 50 };

bool
rg_act_post(rg_stage *stage, char *url, const char *body, GError **error)
{
	g_autofree char *taken = url;

	return rg_ask_post(stage->ask, taken, NULL, body, error);
}

/* ---- The log ---- */

static bool
issue(rg_stage *stage, const char *lines, GError **error)
{
	g_autofree char *url =
		rg_ask_url(rg_part_str(stage->log, "url"), "/control/append", "publish", "1", NULL);

	return rg_ask_post(stage->ask, url, stage->log_auth, lines, error);
}

static bool
act_cert(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autoptr(GPtrArray) names = rg_play_names(stage->play, rg_play_arg(line, "names"));
	g_autoptr(GString) text = g_string_new(NULL);

	(void)i;
	for (unsigned k = 0; k < names->len; k++) {
		g_string_append_printf(text, "%s%s", k > 0 ? " " : "", (char *)names->pdata[k]);
	}
	return issue(stage, text->str, error);
}

static unsigned
per_of(const rg_play_line *line)
{
	size_t habit = 0;

	rg_habit_find(rg_play_arg(line, "habit"), &habit);
	return rg_play_arg(line, "per") ? (unsigned)rg_play_count(line, "per")
					: rg_habit_per(habit);
}

/* The k-th certificate of the line. */
static void
add_cert(const rg_play *play, const rg_play_line *line, unsigned k, GString *text)
{
	const GPtrArray *names = g_hash_table_lookup(play->groups, rg_play_arg(line, "label"));
	unsigned per = per_of(line);

	for (unsigned n = k * per; n < names->len && n < (k + 1) * per; n++) {
		g_string_append_printf(text, "%s ", (char *)names->pdata[n]);
	}
	g_string_append_c(text, '\n');
}

static unsigned
cert_count(const rg_play_line *line)
{
	unsigned per = per_of(line);

	return ((unsigned)rg_play_count(line, "count") + per - 1) / per;
}

static bool
act_certs(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	bool spread = rg_play_ms(line, "over") > 0;
	unsigned from = spread ? i : 0, to = spread ? i + 1 : cert_count(line);

	while (from < to) {
		g_autoptr(GString) text = g_string_new(NULL);
		unsigned end = MIN(to, from + BATCH_MAX);
		for (; from < end; from++) {
			add_cert(stage->play, line, from, text);
		}
		if (!issue(stage, text->str, error)) {
			return false;
		}
	}
	return true;
}

/* ---- Sites ---- */

/* "べつ" of べつ銀行, "Betsu" of "Betsu Bank": what stands for みほん and Mihon on the pages. */
static void
stems(const rg_play_line *bank, char **ret_ja, char **ret_en)
{
	static const char *const kinds[] = {
		"銀行", "信用金庫", "カード", "証券", "宅配", "ダイレクト"};
	const char *name = rg_play_arg(bank, "name"), *en = rg_play_arg(bank, "name-en");

	*ret_ja = g_strdup(name);
	*ret_en = g_strndup(en, strcspn(en, " "));
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_str_has_suffix(name, kinds[i]) && strlen(name) > strlen(kinds[i])) {
			(*ret_ja)[strlen(name) - strlen(kinds[i])] = '\0';
			return;
		}
	}
}

static bool
tell_site(rg_stage *stage, const char *host, const char *state, const char *path, GError **error)
{
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(stage->sites, "url"), "/-/sites", "host", host, "state",
			state, "path", path, NULL),
		NULL, error);
}

static bool
dress(rg_stage *stage, const rg_play_line *line, const char *host, GError **error)
{
	const rg_play_bank *bank = rg_stage_bank(stage, rg_play_arg(line, "bank"));
	g_autofree char *ja = NULL, *en = NULL;

	stems(bank->line, &ja, &en);
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(stage->sites, "url"), "/-/dress", "host", host, "kit",
			rg_play_arg(line, "kit"), "page", rg_play_arg(line, "page"), "gate",
			rg_play_arg(line, "for"), "else", rg_play_arg(line, "else"), "ja", ja, "en",
			en, NULL),
		NULL, error);
}

/* The part behind the first dot that all names share; NULL: they do not. */
static const char *
parent_of(const GPtrArray *names)
{
	const char *parent = strchr(names->pdata[0], '.');

	for (unsigned i = 1; i < names->len; i++) {
		if (g_strcmp0(strchr(names->pdata[i], '.'), parent) != 0) {
			return NULL;
		}
	}
	return parent;
}

static bool
was_absent(const rg_play_line *line)
{
	return line->at_ms > 0 || line->moment != RG_PLAY_AT;
}

static bool
act_site(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autoptr(GPtrArray) names = rg_play_names(stage->play, rg_play_arg(line, "hosts"));
	const char *parent = names->len > RG_PLAY_LIST_MAX ? parent_of(names) : NULL;

	(void)i;
	if (parent) {
		g_autofree char *all = g_strconcat("*", parent, NULL);
		return dress(stage, line, all, error);
	}
	for (unsigned k = 0; k < names->len; k++) {
		const char *host = names->pdata[k];
		if (!dress(stage, line, host, error) ||
			(was_absent(line) && names->len <= RG_PLAY_LIST_MAX &&
				!tell_site(stage, host, "live", NULL, error))) {
			return false;
		}
	}
	return true;
}

bool
rg_act_before(rg_stage *stage, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < stage->play->lines->len; i++) {
		const rg_play_line *line = stage->play->lines->pdata[i];
		if (line->verb != RG_PLAY_SITE) {
			continue;
		}
		g_autoptr(GPtrArray) names = rg_play_names(stage->play, rg_play_arg(line, "hosts"));
		/* Masses are told by no name: until then they are what `others` says. */
		for (unsigned k = 0; k < names->len && names->len <= RG_PLAY_LIST_MAX; k++) {
			const char *host = names->pdata[k];
			if (g_hash_table_add(seen, g_strdup(host)) && was_absent(line) &&
				!tell_site(stage, host, rg_play_arg(line, "before"), NULL, error)) {
				return false;
			}
		}
	}
	return true;
}

static bool
act_turn(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autoptr(GPtrArray) names = rg_play_names(stage->play, rg_play_arg(line, "hosts"));

	(void)i;
	for (unsigned k = 0; k < names->len; k++) {
		if (!tell_site(stage, names->pdata[k], rg_play_arg(line, "state"),
			    rg_play_arg(line, "path"), error)) {
			return false;
		}
	}
	return true;
}

/* ---- Messages ---- */

static bool
act_link(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autofree char *link = rg_play_expand(stage->play, rg_play_arg(line, "link"));
	g_autofree char *to = rg_play_expand(stage->play, rg_play_arg(line, "to"));

	(void)i;
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(stage->links, "url"), "/-/links", "link", link, "to", to,
			"kind", rg_play_arg(line, "kind"), NULL),
		NULL, error);
}

static char *
message_of(const rg_play *play, const rg_play_line *line, unsigned i)
{
	g_autoptr(GPtrArray) links = rg_play_list(play, rg_play_arg(line, "links"));
	g_autofree char *plain = rg_play_expand(play, rg_play_arg(line, "text"));
	g_autoptr(GString) text = g_string_new(plain);
	const char *link = links->pdata[i % links->len];
	g_autofree char *url =
		strstr(link, "://") ? g_strdup(link) : g_strconcat("https://", link, NULL);

	g_string_replace(text, "{link}", url, 0);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
act_wave(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	unsigned ports[RG_PLAY_LIST_MAX];
	size_t count = rg_play_ports(rg_play_arg(line, "ports"), ports, G_N_ELEMENTS(ports));
	bool spread = rg_play_ms(line, "over") > 0;
	bool good = true;

	for (size_t k = spread ? i : 0; good && k < (spread ? i + 1 : count); k++) {
		g_autofree char *port = g_strdup_printf("%u", ports[k]);
		g_autofree char *numbers = g_strconcat("@", rg_play_arg(line, "numbers"), NULL);
		g_autofree char *text = message_of(stage->play, line, (unsigned)k);
		good = rg_act_post(stage,
			rg_ask_url(rg_part_str(stage->c2, "url"), "/-/send", "port", port, "verb",
				"send", "numbers", numbers, "text", text, NULL),
			NULL, error);
	}
	return good;
}

static bool
act_moves(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autofree char *address = g_strconcat(rg_play_arg(line, "address"), ":7775", NULL);

	(void)i;
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(stage->c2, "url"), "/-/a", "host", "drop.range.test",
			"address", address, NULL),
		NULL, error);
}

static bool
act_mail(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	const rg_play_bank *bank = rg_stage_bank(stage, rg_play_arg(line, "bank"));
	g_autofree char *mail = rg_play_mail(stage, line);
	g_autofree char *box = rg_play_mailbox(bank, line->verb);

	(void)i;
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(stage->mail, "control"), "/deliver", "to", box, NULL), mail,
		error);
}

static bool
act_feed(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	const rg_play_bank *bank = rg_stage_bank(stage, rg_play_arg(line, "bank"));
	const char *brand = rg_play_arg(line, "brand");
	const rg_play_bank *whose = brand ? rg_stage_bank(stage, brand) : bank;
	g_autoptr(GPtrArray) urls = rg_play_list(stage->play, rg_play_arg(line, "urls"));
	g_autofree char *path = g_build_filename(rg_part_str(bank->feeds, "token_file"), NULL);
	g_autoptr(GString) lines = g_string_new(NULL);
	g_autofree char *token = NULL;

	(void)i;
	for (unsigned k = 0; k < urls->len; k++) {
		g_string_append_printf(
			lines, "%s %s\n", (char *)urls->pdata[k], rg_play_arg(whose->line, "name"));
	}
	if (!g_file_get_contents(path, &token, NULL, error)) {
		return false;
	}
	g_autofree char *auth = g_strconcat("Authorization: Bearer ", g_strchomp(token), NULL);
	g_autofree char *url = rg_ask_url(rg_part_str(bank->feeds, "url"), "/control/append", NULL);
	return rg_ask_post(stage->ask, url, auth, lines->str, error);
}

static bool
act_note(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)stage;
	(void)line;
	(void)i;
	(void)error;
	return true;
}

/* ---- The table ---- */

static const rg_act_fn acts[RG_PLAY_VERBS] = {
	[RG_PLAY_NOTE] = act_note,
	[RG_PLAY_CERT] = act_cert,
	[RG_PLAY_CERTS] = act_certs,
	[RG_PLAY_SITE] = act_site,
	[RG_PLAY_TURN] = act_turn,
	[RG_PLAY_LINK] = act_link,
	[RG_PLAY_WAVE] = act_wave,
	[RG_PLAY_C2] = rg_act_c2,
	[RG_PLAY_MOVES] = act_moves,
	[RG_PLAY_ALERT] = act_mail,
	[RG_PLAY_REPORT] = act_mail,
	[RG_PLAY_FEED] = act_feed,
	[RG_PLAY_LISTED] = rg_act_listed,
	[RG_PLAY_VENDOR] = rg_act_vendor,
	[RG_PLAY_CHAT] = rg_act_chat,
	[RG_PLAY_SMTP] = rg_act_smtp,
	[RG_PLAY_DNS] = rg_act_dns,
	[RG_PLAY_CT] = rg_act_ct,
	[RG_PLAY_TSA] = rg_act_tsa,
};

bool
rg_act(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	if (acts[line->verb](stage, line, i, error)) {
		return true;
	}
	g_prefix_error(error, "line %u, %s: ", line->number, rg_play_verbs[line->verb].word);
	return false;
}

/* ---- What the schedule needs to know ---- */

static bool
has_arg(const rg_play_line *line, const char *name)
{
	size_t count;
	const rg_play_arg_row *rows = rg_play_args(line->verb, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* `for=` of a site is who sees it. */
int64_t
rg_act_lasts_ms(const rg_play_line *line)
{
	return line->verb != RG_PLAY_SITE && has_arg(line, "for") ? rg_play_ms(line, "for") : -1;
}

unsigned
rg_act_steps(const rg_play *play, const rg_play_line *line)
{
	unsigned ports[RG_PLAY_LIST_MAX];
	bool spread = has_arg(line, "over") && rg_play_ms(line, "over") > 0;

	(void)play;
	return !spread                       ? 1
	       : line->verb == RG_PLAY_CERTS ? cert_count(line)
					     : (unsigned)rg_play_ports(rg_play_arg(line, "ports"),
						       ports, G_N_ELEMENTS(ports));
}

int64_t
rg_act_gap_ms(const rg_play *play, const rg_play_line *line)
{
	unsigned steps = rg_act_steps(play, line);

	return steps > 1 ? rg_play_ms(line, "over") / (steps - 1) : 0;
}

char *
rg_act_about(const rg_play *play, const rg_play_line *line)
{
	static const char *const names[] = {"hosts", "names", "urls", "url", "label", "links",
		"link", "name", "fault", "address"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *value = has_arg(line, names[i]) ? rg_play_arg(line, names[i]) : NULL;
		if (value) {
			return rg_play_expand(play, value);
		}
	}
	return g_strdup("");
}
