#include "mailparty.h"

#include <curl/curl.h>
#include <string.h>

#include "base/num.h"
#include "mailabout.h"
#include "sys/defang.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/mime.h"

typedef struct party {
	char *address, *name, *lang, *style, *ticket, *steps;
} party;

/* A mail that came to a party. */
typedef struct letter {
	const party *to;
	char *from, *reply_to, *message_id, *subject, *url, *ticket;
	char *urls; /* all that its text names, parted by blanks */
	char *recipient;
	GBytes *mail;
	unsigned said; /* answers so far */
} letter;

typedef struct due {
	int64_t at_us;
	letter *about;
	char *what;
} due;

struct rg_parties {
	rg_mailstore *store;
	GPtrArray *all;     /* of party */
	GPtrArray *letters; /* of letter */
	GPtrArray *dues;    /* of due */
	unsigned pace_ms;
	char *sites;
	GMutex lock;
	GCond wake;
	GThread *thread;
	bool stop;
	unsigned numbers;
};

static const struct {
	const char *what, *lang, *subject, *text;
} words[] = {
#define WORDS(what, lang, subject, text) {what, lang, subject, text},
#include "partywords.def"
#undef WORDS
};

static void
party_free(void *data)
{
	party *p = data;

	g_free(p->address);
	g_free(p->name);
	g_free(p->lang);
	g_free(p->style);
	g_free(p->ticket);
	g_free(p->steps);
	g_free(p);
}

static void
letter_free(void *data)
{
	letter *l = data;

	g_free(l->from);
	g_free(l->reply_to);
	g_free(l->message_id);
	g_free(l->subject);
	g_free(l->url);
	g_free(l->urls);
	g_free(l->ticket);
	g_free(l->recipient);
	g_bytes_unref(l->mail);
	g_free(l);
}

static void
due_free(void *data)
{
	due *d = data;

	g_free(d->what);
	g_free(d);
}

static party *
party_find(rg_parties *ps, const char *address)
{
	g_autofree char *box = rg_mailstore_box(address);

	for (unsigned i = 0; i < ps->all->len; i++) {
		party *p = ps->all->pdata[i];

		if (g_str_equal(p->address, box)) {
			return p;
		}
	}
	return NULL;
}

static void
party_add(rg_parties *ps, const char *address, const char *name, const char *lang,
	const char *style, const char *ticket, const char *steps)
{
	party *p = g_new0(party, 1);

	p->address = g_strdup(address);
	p->name = g_strdup(name);
	p->lang = g_strdup(lang);
	p->style = g_strdup(style);
	p->ticket = g_strdup(ticket);
	p->steps = g_strdup(steps);
	g_ptr_array_add(ps->all, p);
}

/* ---- what is written ---- */

/* '#' becomes a digit of a number that nobody had. */
static char *
ticket_of(rg_parties *ps, const party *p)
{
	char *text = g_strdup(p->ticket);
	unsigned n = 40017 + 7919 * ps->numbers++;

	for (char *c = text + strlen(text); c > text; c--) {
		if (c[-1] == '#' && !(c - 1 > text && g_ascii_isalpha(c[-2]))) {
			c[-1] = (char)('0' + n % 10);
			n /= 10;
		}
	}
	return text;
}

static void
append_filled(GString *out, const char *format, const letter *l)
{
	g_autofree char *url = l->url ? hk_defang(l->url) : g_strdup("the site");

	for (; *format; format++) {
		const char *what = NULL;

		if (*format == '%') {
			what = format[1] == 'S' ? l->subject : format[1] == 'T' ? l->ticket : url;
		}
		if (what) {
			g_string_append(out, what);
			format++;
		} else {
			g_string_append_c(out, *format);
		}
	}
}

static void
append_encoded(GString *out, const char *name, const char *value)
{
	bool ascii = true;

	for (const char *p = value; *p; p++) {
		ascii = ascii && !(*p & 0x80);
	}
	if (ascii) {
		g_string_append_printf(out, "%s: %s\r\n", name, value);
		return;
	}
	/* Words of at most 75 bytes: whole characters only. */
	g_string_append_printf(out, "%s:", name);
	while (*value) {
		size_t n = 0;

		while (value[n] && n + (size_t)(g_utf8_next_char(value + n) - (value + n)) <= 42) {
			n += (size_t)(g_utf8_next_char(value + n) - (value + n));
		}
		g_autofree char *word = g_base64_encode((const unsigned char *)value, n);

		g_string_append_printf(out, " =?UTF-8?B?%s?=%s", word, value[n] ? "\r\n" : "");
		value += n;
	}
	g_string_append(out, "\r\n");
}

static void
append_base64(GString *out, const char *bytes, size_t len)
{
	g_autofree char *text = g_base64_encode((const unsigned char *)bytes, len);

	size_t n = strlen(text);

	for (size_t i = 0; i < n; i += 76) {
		g_string_append_len(out, text + i, (gssize)MIN(76, n - i));
		g_string_append(out, "\r\n");
	}
}

static void
append_head(GString *out, const char *from, const char *to, bool automatic)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S +0000");

	g_string_append_printf(out,
		"Date: %s\r\nMessage-ID: <%08x%08x@range.example>\r\nFrom: %s\r\n"
		"To: <%s>\r\nMIME-Version: 1.0\r\n",
		date, g_random_int(), g_random_int(), from, to);
	if (automatic) {
		g_string_append(out, "Auto-Submitted: auto-replied\r\n");
	}
}

static GString *
write_bounce(const letter *l)
{
	GString *out = g_string_new("Return-Path: <>\r\n");
	size_t size;
	const char *mail = g_bytes_get_data(l->mail, &size);
	const char *end = g_strstr_len(mail, (gssize)size, "\r\n\r\n");

	append_head(out, "Mail Delivery System <MAILER-DAEMON@mail.range.example>", l->from, true);
	g_string_append(out, "Subject: Undelivered Mail Returned to Sender\r\n"
			     "Content-Type: multipart/report; report-type=delivery-status; "
			     "boundary=\"b\"\r\n\r\n"
			     "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");
	g_string_append_printf(out,
		"I'm sorry to have to inform you that your message could not be delivered\r\n"
		"to one or more recipients.\r\n\r\n<%s>: user unknown\r\n\r\n",
		l->recipient);
	g_string_append_printf(out,
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; "
		"mail.range.example\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\n"
		"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n",
		l->recipient);
	g_string_append(out, "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n");
	g_string_append_len(out, mail, end ? end + 2 - mail : 0);
	g_string_append(out, "\r\n--b--\r\n");
	return out;
}

static GString *
write_answer(const letter *l, const char *what)
{
	const party *p = l->to;
	GString *out = g_string_new(NULL);
	g_autoptr(GString) subject = g_string_new(NULL);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *base = rg_mailstore_box(l->reply_to);
	bool plain = g_str_equal(p->style, "ticket") || g_str_equal(p->style, "url");
	bool refs =
		g_str_equal(p->style, "refs") || (g_str_equal(p->style, "ticket") && l->said == 0);
	g_autofree char *from = g_strdup_printf("<%s>", p->address);

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_str_equal(words[i].what, what) && g_str_equal(words[i].lang, p->lang)) {
			append_filled(subject, words[i].subject, l);
			append_filled(text, words[i].text, l);
		}
	}
	append_head(out, from, plain ? base : l->reply_to, g_str_equal(what, "auto"));
	append_encoded(
		out, "Subject", g_str_equal(p->style, "url") ? p->name : g_strchomp(subject->str));
	if (refs && l->message_id) {
		g_string_append_printf(
			out, "In-Reply-To: %s\r\nReferences: %s\r\n", l->message_id, l->message_id);
	}
	/* Japan's mailers still write their own charset. */
	bool ja = g_str_equal(p->lang, "ja");
	gsize len = 0;
	g_autofree char *jis =
		ja ? g_convert(text->str, -1, "ISO-2022-JP", "UTF-8", NULL, &len, NULL) : NULL;

	g_string_append_printf(out,
		"Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		jis ? "ISO-2022-JP" : "UTF-8");
	append_base64(out, jis ? jis : text->str, jis ? len : text->len);
	return out;
}

/* ---- what came ---- */

static char *
address_of(hk_span mail, const char *name, const char *other)
{
	g_autofree char *value = rg_mailstore_field(mail, name);
	g_autofree char *more = value ? NULL : rg_mailstore_field(mail, other);
	const char *text = value ? value : more ? more : "";
	g_autoptr(GString) who = g_string_new(NULL);
	GString *address = g_string_new(NULL);

	hk_mime_address(hk_span_str(text), who, address);
	return g_string_free(address, FALSE);
}

static bool
is_automatic(hk_span mail)
{
	g_autofree char *automatic = rg_mailstore_field(mail, "Auto-Submitted");

	return automatic && g_ascii_strcasecmp(automatic, "no") != 0;
}

/* ---- when ---- */

static void
plan(rg_parties *ps, letter *l, const char *steps)
{
	g_auto(GStrv) each = g_strsplit(steps, ",", -1);

	for (size_t i = 0; each[i]; i++) {
		g_auto(GStrv) pair = g_strsplit(each[i], ":", 2);
		uint64_t units = 0;

		if (!pair[0] || !pair[1] ||
			hk_parse_u64(hk_span_str(pair[1]), 1000000, &units) != HK_OK) {
			continue;
		}
		due *d = g_new0(due, 1);

		d->about = l;
		d->what = g_strdup(pair[0]);
		d->at_us = g_get_monotonic_time() + (int64_t)units * ps->pace_ms * 1000;
		g_ptr_array_add(ps->dues, d);
	}
}

void
rg_parties_got(rg_parties *ps, const char *from, const char *recipient, hk_span mail)
{
	g_mutex_lock(&ps->lock);
	const party *p = party_find(ps, recipient);

	if (p && !is_automatic(mail) && !party_find(ps, from)) {
		letter *l = g_new0(letter, 1);

		l->to = p;
		l->from = g_strdup(from);
		l->recipient = g_strdup(recipient);
		l->reply_to = address_of(mail, "Reply-To", "From");
		l->message_id = rg_mailstore_field(mail, "Message-ID");
		l->subject = rg_mailstore_field(mail, "Subject");
		l->url = rg_mailabout(mail, &l->urls);
		l->ticket = ticket_of(ps, p);
		l->mail = g_bytes_new(mail.data, mail.len);
		g_ptr_array_add(ps->letters, l);
		plan(ps, l, p->steps);
		g_cond_signal(&ps->wake);
	}
	g_mutex_unlock(&ps->lock);
}

static size_t
swallow(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

/* The site of a URL. */
static void
tell_sites(CURL *curl, const char *base, const char *host, const char *state)
{
	g_autofree char *where = g_strdup_printf("%s/-/sites?host=%s&state=%s", base, host, state);

	curl_easy_setopt(curl, CURLOPT_URL, where);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
	curl_easy_perform(curl);
}

/* The range's sites go: all that the letter names, but for those of who wrote it. */
static void
take_down(const char *sites, const letter *l, const char *state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	CURL *curl = curl_easy_init();
	const char *own = strchr(l->from, '@');
	g_autofree char *base = g_strndup(sites, strlen(sites) - g_str_has_suffix(sites, "/"));
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (const char *at = l->urls; curl && (at = strstr(at, "://")); at += 3) {
		g_autofree char *host = g_strndup(at + 3, strcspn(at + 3, "/:?# "));
		bool theirs = own && g_str_has_suffix(host, own + 1);
		bool good = *host && host[strspn(host, letters)] == '\0' && !theirs;
		if (good && g_hash_table_add(seen, g_strdup(host))) {
			tell_sites(curl, base, host, state);
		}
	}
	curl_easy_cleanup(curl);
}

/* step: "act/suspended": what, and what becomes of the site. Without the lock, but letters live as long as the parties. */
static void
say(rg_parties *ps, letter *l, const char *step)
{
	const char *slash = strchr(step, '/');
	g_autofree char *what = slash ? g_strndup(step, (size_t)(slash - step)) : g_strdup(step);
	bool bounce = g_str_equal(what, "bounce");
	g_autofree char *base = rg_mailstore_box(l->reply_to);
	bool plain = g_str_equal(l->to->style, "ticket") || g_str_equal(l->to->style, "url");
	GString *mail = bounce ? write_bounce(l) : write_answer(l, what);

	if (g_str_equal(what, "act") && ps->sites && l->url) {
		take_down(ps->sites, l, slash ? slash + 1 : "gone");
	}
	rg_mailstore_deliver(ps->store,
		bounce  ? l->from
		: plain ? base
			: l->reply_to,
		hk_span_of(mail->str, mail->len));
	g_string_free(mail, TRUE);
	l->said++;
}

bool
rg_parties_say(rg_parties *ps, const char *message_id, const char *recipient, const char *what)
{
	letter *found = NULL;

	g_mutex_lock(&ps->lock);
	for (unsigned i = 0; i < ps->letters->len; i++) {
		letter *l = ps->letters->pdata[i];

		if (g_strcmp0(l->message_id, message_id) == 0 &&
			(!*recipient || g_str_equal(l->recipient, recipient))) {
			found = l;
		}
	}
	g_mutex_unlock(&ps->lock);
	if (found) {
		say(ps, found, what);
	}
	return found != NULL;
}

char *
rg_parties_letters(rg_parties *ps)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "letters");
	hk_jsonw_open(out, '[');
	g_mutex_lock(&ps->lock);
	for (unsigned i = 0; i < ps->letters->len; i++) {
		const letter *l = ps->letters->pdata[i];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "from", l->from);
		hk_jsonw_member_str(out, "to", l->recipient);
		hk_jsonw_member_str(out, "subject", l->subject);
		hk_jsonw_member_str(out, "url", l->url);
		hk_jsonw_member_str(out, "urls", l->urls);
		hk_jsonw_member_int(out, "said", l->said);
		hk_jsonw_close(out, '}');
	}
	g_mutex_unlock(&ps->lock);
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return g_string_free(g_steal_pointer(&out), FALSE);
}

unsigned
rg_parties_waiting(rg_parties *ps)
{
	g_mutex_lock(&ps->lock);
	unsigned n = ps->dues->len;
	g_mutex_unlock(&ps->lock);
	return n;
}

/* The one that is due first; with the lock. */
static due *
first(rg_parties *ps)
{
	due *best = NULL;

	for (unsigned i = 0; i < ps->dues->len; i++) {
		due *d = ps->dues->pdata[i];

		if (!best || d->at_us < best->at_us) {
			best = d;
		}
	}
	return best;
}

static void *
run(void *user)
{
	rg_parties *ps = user;

	g_mutex_lock(&ps->lock);
	while (!ps->stop) {
		due *d = first(ps);

		if (!d) {
			g_cond_wait(&ps->wake, &ps->lock);
		} else if (d->at_us > g_get_monotonic_time()) {
			g_cond_wait_until(&ps->wake, &ps->lock, d->at_us);
		} else {
			g_mutex_unlock(&ps->lock);
			say(ps, d->about, d->what);
			g_mutex_lock(&ps->lock);
			g_ptr_array_remove(ps->dues, d);
		}
	}
	g_mutex_unlock(&ps->lock);
	return NULL;
}

/* "ADDRESS=LANG,STYLE,STEP:N,..."; the step "act/STATE" has the site changed to that state. */
static bool
add_more(rg_parties *ps, const char *text, GError **error)
{
	g_auto(GStrv) sides = g_strsplit(text, "=", 2);
	g_auto(GStrv) parts = g_strsplit(sides[0] && sides[1] ? sides[1] : "", ",", 3);

	if (!parts[0] || !parts[1]) {
		return hk_error_set(error, HK_EUSAGE,
			"--party '%s': ADDRESS=LANG,STYLE,STEP:N,... (range/parties.def)", text);
	}
	party *old = party_find(ps, sides[0]);

	if (old) {
		g_ptr_array_remove(ps->all, old);
	}
	party_add(ps, sides[0], sides[0], parts[0], parts[1], "Ticket ########",
		parts[2] ? parts[2] : "");
	return true;
}

rg_parties *
rg_parties_new(
	rg_mailstore *store, char *const *more, unsigned pace_ms, const char *sites, GError **error)
{
	rg_parties *ps = g_new0(rg_parties, 1);

	ps->store = store;
	ps->pace_ms = pace_ms;
	ps->sites = g_strdup(sites);
	ps->all = g_ptr_array_new_with_free_func(party_free);
	ps->letters = g_ptr_array_new_with_free_func(letter_free);
	ps->dues = g_ptr_array_new_with_free_func(due_free);
	g_mutex_init(&ps->lock);
	g_cond_init(&ps->wake);
#define PARTY(address, name, lang, style, ticket, steps)                                           \
	party_add(ps, address, name, lang, style, ticket, steps);
#include "parties.def"
#undef PARTY
	for (size_t i = 0; more && more[i]; i++) {
		if (!add_more(ps, more[i], error)) {
			rg_parties_free(ps);
			return NULL;
		}
	}
	ps->thread = g_thread_new("parties", run, ps);
	return ps;
}

void
rg_parties_free(rg_parties *ps)
{
	if (!ps) {
		return;
	}
	if (ps->thread) {
		g_mutex_lock(&ps->lock);
		ps->stop = true;
		g_cond_signal(&ps->wake);
		g_mutex_unlock(&ps->lock);
		g_thread_join(ps->thread);
	}
	g_ptr_array_unref(ps->dues);
	g_ptr_array_unref(ps->letters);
	g_ptr_array_unref(ps->all);
	g_mutex_clear(&ps->lock);
	g_cond_clear(&ps->wake);
	g_free(ps->sites);
	g_free(ps);
}
