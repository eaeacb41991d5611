/* hikeshi-range play: reads a scenario, sets its world up, runs its clock, tells what happens. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd.h"
#include "httpd.h"
#include "playstage.h"
#include "playtime.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { TICK_NS = 20000000, LOOK_US = 250000 };

typedef struct run {
	const rg_play *play;
	rg_stage *stage;
	rg_schedule *schedule;
	rg_playwatch *watch;
	bool en, ja;
	unsigned done, failed;
	int64_t begun_us, looked_us; /* 0: not yet */
	bool ended;
	/* Shared with the control's thread, under lock. */
	GMutex lock;
	bool begin;
	GString *state;
} run;

/* ---- The file ---- */

/* A name without / and . is one that is shipped. */
static char *
path_of(const rg_opts *opts, const char *file, GError **error)
{
	if (strpbrk(file, "/.")) {
		return g_strdup(file);
	}
	g_autofree char *share = rg_stage_share(rg_opts_text(opts, RG_OPT_SHARE), error);
	g_autofree char *name = g_strconcat(file, ".scenario", NULL);
	return share ? g_build_filename(share, "range", "scenarios", name, NULL) : NULL;
}

/* HK_EFORM with FILE:LINE: what. */
static rg_play *
read_file(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, RG_PLAY_BYTES_MAX, error);
	gsize len;

	if (!bytes) {
		return NULL;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	rg_play *play = rg_play_read(hk_span_of(data, len), error);
	if (!play) {
		g_prefix_error(error, "%s:", path);
	}
	return play;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
list_shipped(const rg_opts *opts, GError **error)
{
	g_autofree char *share = rg_stage_share(rg_opts_text(opts, RG_OPT_SHARE), error);
	g_autofree char *dir = share ? g_build_filename(share, "range", "scenarios", NULL) : NULL;
	GDir *all = dir ? g_dir_open(dir, 0, error) : NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	bool good = all != NULL;
	const char *name;

	while (all && (name = g_dir_read_name(all))) {
		if (g_str_has_suffix(name, ".scenario")) {
			g_ptr_array_add(names, g_strdup(name));
		}
	}
	if (all) {
		g_dir_close(all);
	}
	g_ptr_array_sort(names, by_name);
	for (unsigned i = 0; good && i < names->len; i++) {
		g_autofree char *path = g_build_filename(dir, names->pdata[i], NULL);
		g_autoptr(rg_play) play = read_file(path, error);
		good = play != NULL;
		if (good) {
			printf("%-18.*s %s / %s\n", (int)strcspn(names->pdata[i], "."),
				(char *)names->pdata[i], play->title_en, play->title_ja);
		}
	}
	return good;
}

/* ---- What is told ---- */

static void
print_line(const GString *line)
{
	puts(line->str);
	fflush(stdout);
}

static double
now_s(const run *r)
{
	return r->begun_us == 0
		       ? 0
		       : (double)(g_get_monotonic_time() - r->begun_us) * r->stage->speed / 1e6;
}

/* Without the / at its end. */
static void
add_url(GString *out, const char *key, const char *url)
{
	g_autofree char *bare = g_strndup(url, strlen(url) - g_str_has_suffix(url, "/"));

	hk_jsonw_member_str(out, key, bare);
}

static void
add_bank(const rg_play_bank *bank, GString *out)
{
	g_autofree char *requests = g_build_filename(bank->dir, "requests.jsonl", NULL);
	g_autofree char *alerts = rg_play_mailbox(bank, RG_PLAY_ALERT);
	g_autofree char *customers = rg_play_mailbox(bank, RG_PLAY_REPORT);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "name", bank->key);
	hk_jsonw_member_str(out, "title_en", rg_play_arg(bank->line, "name-en"));
	hk_jsonw_member_str(out, "title_ja", rg_play_arg(bank->line, "name"));
	hk_jsonw_member_str(out, "own", rg_play_arg(bank->line, "name"));
	hk_jsonw_member_str(out, "domain", bank->domain);
	hk_jsonw_member_str(out, "dir", bank->dir);
	hk_jsonw_member_str(out, "config", bank->config);
	hk_jsonw_member_str(out, "requests", requests);
	hk_jsonw_member_bool(out, "hears", strcmp(rg_play_arg(bank->line, "hears"), "yes") == 0);
	hk_jsonw_member_str(out, "alerts", alerts);
	hk_jsonw_member_str(out, "customers", customers);
	add_url(out, "vendors", rg_part_str(bank->vendors, "url"));
	add_url(out, "chats", rg_part_str(bank->chats, "url"));
	hk_jsonw_close(out, '}');
}

static void
print_ready(const run *r, const rg_httpd *control)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", rg_httpd_port(control));

	hk_jsonw_open(out, '{');
	hk_jsonw_member_bool(out, "ready", true);
	hk_jsonw_member_str(out, "title_en", r->play->title_en);
	hk_jsonw_member_str(out, "title_ja", r->play->title_ja);
	hk_jsonw_key(out, "banks");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < r->stage->bank_count; i++) {
		add_bank(&r->stage->banks[i], out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_str(out, "control", url);
	hk_jsonw_key(out, "ends_s");
	hk_jsonw_real(out, (double)r->play->ends_ms / 1000, 1);
	hk_jsonw_key(out, "speed");
	hk_jsonw_real(out, r->stage->speed, 2);
	hk_jsonw_key(out, "parts");
	hk_jsonw_open(out, '{');
	for (unsigned i = 0; i < r->stage->parts->len; i++) {
		const rg_part *part = r->stage->parts->pdata[i];
		const char *at = rg_part_str(part, "url");
		hk_jsonw_key(out, part->name);
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "pid", part->pid);
		add_url(out, "url", *at ? at : rg_part_str(part, "control"));
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	print_line(out);
}

/* A part that refuses is told, and the scenario goes on. */
static void
print_event(run *r, const rg_due *due, const GError *error)
{
	const rg_play_line *line = due->line;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *about = rg_act_about(r->play, line);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "at_s");
	hk_jsonw_real(out, now_s(r), 1);
	hk_jsonw_member_str(out, "event", rg_play_verbs[line->verb].word);
	hk_jsonw_member_str(out, "about", about);
	hk_jsonw_member_int(out, "line", line->number);
	if (due->over) {
		hk_jsonw_member_bool(out, "over", true);
	}
	if (line->say_en && r->en && !due->over) {
		hk_jsonw_member_str(out, "say_en", line->say_en);
	}
	if (line->say_ja && r->ja && !due->over) {
		hk_jsonw_member_str(out, "say_ja", line->say_ja);
	}
	if (error) {
		hk_jsonw_member_str(out, "error", error->message);
	}
	hk_jsonw_close(out, '}');
	print_line(out);
}

static void
print_end(run *r)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_bool(out, "ended", true);
	hk_jsonw_key(out, "at_s");
	hk_jsonw_real(out, now_s(r), 1);
	hk_jsonw_member_int(out, "done", r->done);
	hk_jsonw_member_int(out, "failed", r->failed);
	hk_jsonw_member_int(out, "never", rg_schedule_left(r->schedule, true));
	hk_jsonw_close(out, '}');
	print_line(out);
}

/* ---- The control ---- */

static void
add_due(const rg_play *play, const rg_due *due, GString *out)
{
	g_autofree char *about = rg_act_about(play, due->line);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "line", due->line->number);
	hk_jsonw_member_str(out, "event", rg_play_verbs[due->line->verb].word);
	hk_jsonw_member_str(out, "about", about);
	hk_jsonw_key(out, "due_s");
	if (due->due_ms < 0) {
		hk_jsonw_null(out);
	} else {
		hk_jsonw_real(out, (double)due->due_ms / 1000, 1);
	}
	hk_jsonw_close(out, '}');
}

/* What GET /-/state answers from now on. */
static void
publish(run *r)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_bool(out, "begun", r->begun_us > 0);
	hk_jsonw_member_bool(out, "ended", r->ended);
	hk_jsonw_key(out, "at_s");
	hk_jsonw_real(out, now_s(r), 1);
	hk_jsonw_member_int(out, "failed", r->failed);
	for (int pending = 0; pending < 2; pending++) {
		hk_jsonw_key(out, pending ? "pending" : "done");
		hk_jsonw_open(out, '[');
		for (unsigned i = 0; i < r->schedule->dues->len; i++) {
			const rg_due *due = &g_array_index(r->schedule->dues, rg_due, i);
			if (due->step == 0 && !due->over && due->done == !pending) {
				add_due(r->play, due, out);
			}
		}
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, '}');
	g_mutex_lock(&r->lock);
	g_string_free(r->state, TRUE);
	r->state = out;
	g_mutex_unlock(&r->lock);
}

static enum MHD_Result
answer(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	run *r = user;
	bool begins = strcmp(method, "POST") == 0 && strcmp(url, "/-/begin") == 0;
	bool asks = strcmp(method, "GET") == 0 && strcmp(url, "/-/state") == 0;

	(void)body;
	g_mutex_lock(&r->lock);
	r->begin |= begins;
	g_autofree char *text = g_strdup(asks ? r->state->str : "{}");
	g_mutex_unlock(&r->lock);
	return rg_httpd_reply(
		c, begins || asks ? 200 : 404, "application/json", text, strlen(text));
}

/* ---- The clock ---- */

static void
plan(run *r)
{
	for (unsigned i = 0; i < r->play->lines->len; i++) {
		const rg_play_line *line = r->play->lines->pdata[i];
		if (rg_play_verbs[line->verb].where != RG_PLAY_EVENT) {
			continue;
		}
		unsigned steps = rg_act_steps(r->play, line);
		int64_t gap_ms = rg_act_gap_ms(r->play, line), lasts_ms = rg_act_lasts_ms(line);
		for (unsigned k = 0; k < steps; k++) {
			rg_schedule_add(r->schedule, line, k, k * gap_ms, false);
		}
		if (lasts_ms >= 0) {
			rg_schedule_add(r->schedule, line, 0, lasts_ms, true);
		}
	}
}

static void
do_one(run *r, rg_due *due)
{
	g_autoptr(GError) error = NULL;
	bool good = due->over ? rg_act_over(r->stage, due->line, &error)
			      : rg_act(r->stage, due->line, due->step, &error);

	due->done = true;
	r->failed += !good;
	r->done += due->step == 0 && !due->over;
	if (due->step == 0 || !good) {
		print_event(r, due, error);
	}
}

/* Whether a moment that something waits for has come. */
static void
look(run *r)
{
	int64_t now_us = g_get_monotonic_time();

	if (now_us - r->looked_us < LOOK_US || rg_schedule_left(r->schedule, true) == 0) {
		return;
	}
	r->looked_us = now_us;
	rg_playwatch_look(r->watch, r->stage);
	for (unsigned i = 0; i < r->schedule->dues->len; i++) {
		const rg_due *due = &g_array_index(r->schedule->dues, rg_due, i);
		const rg_play_line *line = due->line;
		int64_t when_us =
			due->due_ms < 0 ? rg_playwatch_when(r->watch, line->moment, line->of) : 0;
		if (when_us > 0) {
			double ms = (double)(when_us - r->begun_us) * r->stage->speed / 1000;
			rg_schedule_came(r->schedule, line->moment, line->of, (int64_t)MAX(ms, 0));
		}
	}
}

static void
tick(run *r)
{
	g_mutex_lock(&r->lock);
	bool begin = r->begin;
	g_mutex_unlock(&r->lock);
	if (!begin || r->ended) {
		return;
	}
	bool changed = r->begun_us == 0;
	if (changed) {
		r->begun_us = g_get_monotonic_time();
	}
	rg_due *due;
	look(r);
	while ((due = rg_schedule_next(r->schedule, (int64_t)(now_s(r) * 1000)))) {
		do_one(r, due);
		changed = true;
	}
	if (rg_schedule_over(r->schedule, (int64_t)(now_s(r) * 1000))) {
		r->ended = changed = true;
		print_end(r);
	}
	if (changed) {
		publish(r);
	}
}

/* A part that ended by itself ends all: nothing that is seen then could be believed. */
static bool
all_there(run *r, GError **error)
{
	for (unsigned i = 0; i < r->stage->parts->len; i++) {
		rg_part *part = r->stage->parts->pdata[i];
		int status = 0;
		if (waitpid(part->pid, &status, WNOHANG) != part->pid) {
			continue;
		}
		part->pid = 0;
		g_autoptr(GString) out = g_string_new(NULL);
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "at_s");
		hk_jsonw_real(out, now_s(r), 1);
		hk_jsonw_member_str(out, "event", "part-ended");
		hk_jsonw_member_str(out, "about", part->name);
		hk_jsonw_close(out, '}');
		print_line(out);
		return hk_error_set(error, HK_EIO, "%s ended (%s %d); what it said is in %s/%s.err",
			part->name, WIFSIGNALED(status) ? "signal" : "exit",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), r->stage->dir,
			part->name);
	}
	return true;
}

static bool
loop(run *r, const sigset_t *signals, GError **error)
{
	const struct timespec wait = {0, TICK_NS};

	for (;;) {
		int got = sigtimedwait(signals, NULL, &wait);
		if (got == SIGINT || got == SIGTERM) {
			return true;
		}
		if (!all_there(r, error)) {
			return false;
		}
		tick(r);
	}
}

/* ---- The command ---- */

static bool
play_it(const rg_opts *opts, const rg_play *play, rg_stage *stage, GError **error)
{
	const char *lang = rg_opts_text(opts, RG_OPT_LANG);
	run r = {.play = play,
		.stage = stage,
		.en = strcmp(lang, "ja") != 0,
		.ja = strcmp(lang, "en") != 0,
		.begin = strcmp(rg_opts_text(opts, RG_OPT_BEGIN), "now") == 0,
		.state = g_string_new("{}")};
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	g_mutex_init(&r.lock);
	r.schedule = rg_schedule_new(play);
	r.watch = rg_playwatch_new(play);
	plan(&r);
	publish(&r);
	rg_httpd *control =
		rg_httpd_start((uint16_t)rg_opts_int(opts, RG_OPT_PORT), answer, &r, error);
	bool good = control != NULL;
	if (good) {
		print_ready(&r, control);
		good = loop(&r, &signals, error);
	}
	rg_httpd_stop(control);
	rg_playwatch_free(r.watch);
	rg_schedule_free(r.schedule);
	g_mutex_clear(&r.lock);
	g_string_free(r.state, TRUE);
	return good;
}

/* A word that nobody knows would be taken for the default. */
static bool
is_word_of(const rg_opts *opts, rg_opt id, const char *option, const char *const *words,
	GError **error)
{
	const char *word = rg_opts_text(opts, id);
	g_autofree char *all = g_strjoinv(", ", (char **)(uintptr_t)words);

	return g_strv_contains(words, word) ||
	       hk_error_set(error, HK_EUSAGE, "%s: '%s' is none of %s", option, word, all);
}

static bool
words_fit(const rg_opts *opts, GError **error)
{
	static const char *const begins[] = {"now", "control", "clients", NULL};
	static const char *const langs[] = {"en", "ja", "both", NULL};

	return is_word_of(opts, RG_OPT_BEGIN, "--begin", begins, error) &&
	       is_word_of(opts, RG_OPT_LANG, "--lang", langs, error);
}

bool
rg_cmd_play(const rg_opts *opts, GError **error)
{
	const char *file = rg_opts_text(opts, RG_OPT_FILE), *dir = rg_opts_text(opts, RG_OPT_DIR);
	double speed = rg_opts_real(opts, RG_OPT_SPEED);
	bool check = rg_opts_bool(opts, RG_OPT_CHECK);

	hk_file_init();
	if (rg_opts_bool(opts, RG_OPT_SHIPPED)) {
		return list_shipped(opts, error);
	}
	if (!file || (!dir && !check) || speed <= 0 ||
		rg_opts_int(opts, RG_OPT_PORT) > UINT16_MAX) {
		return hk_error_set(error, HK_EUSAGE,
			"play FILE --dir DIR, play --check FILE, or play --list; --speed is above "
			"0, "
			"a port at most 65535");
	}
	if (!words_fit(opts, error)) {
		return false;
	}
	g_autofree char *path = path_of(opts, file, error);
	g_autoptr(rg_play) play = path ? read_file(path, error) : NULL;
	if (!play || check) {
		return play != NULL;
	}
	g_autoptr(rg_stage) stage =
		rg_stage_new(play, dir, rg_opts_text(opts, RG_OPT_SHARE), speed, error);
	return stage && play_it(opts, play, stage, error);
}
