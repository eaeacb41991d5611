/* nocheck: tested in tests/unit/source/test_mail_rules.c */
#include "source/mail/take.h"

#include <string.h>

#include "parse/url.h"
#include "sys/hash.h"
#include "sys/idn.h"
#include "sys/jsonw.h"
#include "sys/mask.h"

enum { TITLE_MAX = 200, OLD_MS_DAYS = 31, LISTED_MAX = 200, LISTED_BYTES_MAX = 128 * 1024 };

/* An address of the mail, canonical. */
typedef struct lead {
	char *url, *host;
	const hk_mail_link *link; /* NULL: from a rule */
	char *text;               /* as written */
	unsigned odd;
	bool mismatch;
} lead;

typedef struct taking {
	const hk_mail *mail;
	const hk_mail_taking *config;
	const hk_mail_rule *rule, *refused;
	hk_mail_verdict verdict;
	hk_mail_found found;
	GPtrArray *leads;  /* of lead */
	GHashTable *known; /* canonical URL, borrowed from leads */
	GString *left_out; /* JSON of the elements */
	unsigned left_count;
} taking;

static void
lead_free(void *data)
{
	lead *l = data;

	g_free(l->url);
	g_free(l->host);
	g_free(l->text);
	g_free(l);
}

static void
sighting_free(void *data)
{
	hk_mail_sighting *s = data;

	g_free(s->kind);
	g_free(s->url);
	g_free(s->host);
	g_free(s->title);
	g_free(s->target);
	g_free(s->data);
	g_free(s);
}

/* ---- addresses ---- */

static hk_err
to_ascii(void *user, hk_span host, char *ret, size_t max)
{
	size_t len = 0;

	(void)user;
	if (max == 0) {
		return HK_ELIMIT;
	}
	hk_err err = hk_idn_to_ascii(host, ret, max - 1, &len);

	if (err == HK_OK) {
		ret[len] = '\0';
	}
	return err;
}

/* Whether what a link shows names another host than it leads to: the oldest trick. */
static bool
shows_other(const char *shown, const hk_url *to)
{
	hk_span text = hk_span_str(shown);
	size_t pos = 0;
	hk_span said;
	g_autofree hk_url *url = g_new(hk_url, 1);

	if (text.len == 0 || !hk_url_find(text, true, &pos, &said) ||
		hk_url_read(said, to_ascii, NULL, url, NULL) != HK_OK) {
		return false;
	}
	return !hk_mail_under(url->host, to->host) && !hk_mail_under(to->host, url->host);
}

static void
leave_out(taking *t, const char *url, const char *why)
{
	if (t->left_count++ >= LISTED_MAX || t->left_out->len > LISTED_BYTES_MAX) {
		return;
	}
	hk_jsonw_open(t->left_out, '{');
	hk_jsonw_key(t->left_out, "url");
	hk_jsonw_str(t->left_out, url);
	hk_jsonw_key(t->left_out, "why");
	hk_jsonw_str(t->left_out, why);
	hk_jsonw_close(t->left_out, '}');
}

static const char *
boring(const char *host)
{
	static const struct {
		const char *host, *what;
	} rows[] = {
#define BORING(host, what) {host, what},
#include "source/mail/boring.def"
#undef BORING
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (hk_mail_under(host, rows[i].host)) {
			return rows[i].what;
		}
	}
	return NULL;
}

/* Why a canonical address is no lead, or NULL. */
static const char *
no_lead(const taking *t, const hk_url *url, const hk_mail_link *link)
{
	if (t->rule && hk_mail_rule_ignores(t->rule, url->text, url->host)) {
		return "the service's own";
	}
	if (t->config->official && t->config->official(t->config->user, hk_span_str(url->host))) {
		return "an official domain";
	}
	if (link && boring(url->host)) {
		return boring(url->host);
	}
	return link && strcmp(link->how, "load") == 0 ? "loaded when the mail is shown" : NULL;
}

/* What a browser follows is read as a browser does, to the last dot and bracket; only what people write is refanged and freed of the
 * punctuation around it. Also when somebody made a link harmless. */
static hk_err
read_address(const char *text, const hk_mail_link *link, hk_url *ret, hk_url_fault *fault)
{
	bool exact = link && strcmp(link->how, "written") != 0 && strcmp(link->how, "code") != 0;

	*fault = HK_URL_FAULT_NONE;
	if (exact && hk_url_parse(hk_span_str(text), to_ascii, NULL, ret) == HK_OK &&
		!(ret->odd & HK_URL_ODD_NO_SCHEME)) {
		return HK_OK;
	}
	return hk_url_read(hk_span_str(text), to_ascii, NULL, ret, fault);
}

static void
add_lead(taking *t, const char *text, const hk_mail_link *link)
{
	g_autofree hk_url *url = g_new(hk_url, 1);
	hk_url_fault fault;

	if (g_str_has_prefix(text, "cid:") || g_ascii_strncasecmp(text, "mailto:", 7) == 0 ||
		g_ascii_strncasecmp(text, "tel:", 4) == 0) {
		return;
	}
	if (read_address(text, link, url, &fault) != HK_OK) {
		g_autofree char *brief = g_strndup(text, MIN(strlen(text), 200));
		g_autofree char *valid = g_utf8_make_valid(brief, -1);

		leave_out(t, valid, "no address of a site");
		return;
	}
	const char *why = no_lead(t, url, link);

	if (g_hash_table_contains(t->known, url->text)) {
		return;
	}
	if (why) {
		leave_out(t, url->text, why);
		return;
	}
	if (t->leads->len >= HK_MAIL_TAKEN_MAX) {
		leave_out(t, url->text, "more than are taken of one mail");
		return;
	}
	lead *l = g_new0(lead, 1);

	l->url = g_strdup(url->text);
	l->host = g_strdup(url->host);
	l->text = g_strdup(text);
	l->link = link;
	l->odd = url->odd;
	l->mismatch = link && shows_other(link->shown, url);
	g_ptr_array_add(t->leads, l);
	g_hash_table_add(t->known, l->url);
}

static void
find_leads(taking *t)
{
	if (t->rule) {
		hk_mail_rule_apply(t->rule, t->mail, &t->found);
		for (unsigned i = 0; i < t->found.urls->len; i++) {
			add_lead(t, t->found.urls->pdata[i], NULL);
		}
		return;
	}
	for (unsigned i = 0; i < t->mail->links->len; i++) {
		const hk_mail_link *link = t->mail->links->pdata[i];

		add_lead(t, link->url, link);
	}
}

/* ---- data ---- */

static void
write_text(GString *out, const char *key, const char *text)
{
	if (text && *text) {
		hk_jsonw_key(out, key);
		hk_jsonw_str(out, text);
	}
}

static void
write_masked(GString *out, const char *key, const char *text)
{
	g_autofree char *masked = hk_mask_mail(text);

	write_text(out, key, masked);
}

static void
write_ms(GString *out, const char *key, int64_t ms)
{
	if (ms != 0) {
		hk_jsonw_key(out, key);
		hk_jsonw_time(out, ms / 1000);
	}
}

static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

static void
write_head(GString *out, const hk_mail_head *h)
{
	write_masked(out, "subject", h->subject);
	write_masked(out, "from_name", h->from_name);
	write_masked(out, "from", h->from);
	write_text(out, "from_domain", domain_of(h->from));
	write_masked(out, "reply_to", h->reply_to);
	write_masked(out, "return_path", h->return_path);
	write_text(out, "message_id", h->message_id);
	write_ms(out, "date", h->date_ms);
}

static void
write_result(GString *out, const char *key, const char *result, const char *domain)
{
	if (result) {
		hk_jsonw_key(out, key);
		hk_jsonw_open(out, '{');
		write_text(out, "result", result);
		write_text(out, "domain", domain);
		hk_jsonw_close(out, '}');
	}
}

static void
write_verdict(GString *out, const hk_mail_verdict *v)
{
	hk_jsonw_key(out, "auth");
	if (!v->server) {
		hk_jsonw_null(out);
		return;
	}
	hk_jsonw_open(out, '{');
	write_text(out, "server", v->server);
	write_result(out, "spf", v->spf.result, v->spf.domain);
	write_result(out, "dkim", v->dkim.result, v->dkim.domain);
	write_result(out, "dmarc", v->dmarc.result, v->dmarc.domain);
	hk_jsonw_close(out, '}');
}

static void
write_parts(GString *out, const hk_mail *mail)
{
	hk_jsonw_key(out, "parts");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < mail->parts->len && i < 50; i++) {
		const hk_mail_part *p = mail->parts->pdata[i];

		hk_jsonw_open(out, '{');
		write_text(out, "type", p->type);
		write_text(out, "name", p->name);
		write_text(out, "charset", p->charset);
		hk_jsonw_key(out, "bytes");
		hk_jsonw_int(out, p->bytes);
		write_text(out, "note", p->note);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
write_mail(GString *out, const taking *t)
{
	const hk_mail *mail = t->mail;

	hk_jsonw_key(out, "mail");
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "sha256");
	hk_jsonw_hex(out, hk_span_of(mail->sha256, 32));
	hk_jsonw_key(out, "bytes");
	hk_jsonw_int(out, (int64_t)mail->bytes);
	write_head(out, mail->heads->pdata[0]);
	write_ms(out, "received", mail->received_ms);
	write_masked(out, "first_hop", mail->first_hop);
	write_verdict(out, &t->verdict);
	if (mail->heads->len > 1) {
		hk_jsonw_key(out, "inner");
		hk_jsonw_open(out, '[');
		for (unsigned i = 1; i < mail->heads->len && i <= 10; i++) {
			hk_jsonw_open(out, '{');
			write_head(out, mail->heads->pdata[i]);
			hk_jsonw_close(out, '}');
		}
		hk_jsonw_close(out, ']');
	}
	write_parts(out, mail);
	if (mail->odd->len > 0) {
		hk_jsonw_strs(out, "odd", (const char *const *)mail->odd->pdata, mail->odd->len);
	}
	write_text(out, "failure", mail->failure);
	hk_jsonw_close(out, '}');
}

static void
write_odd(GString *out, unsigned odd)
{
	static const struct {
		unsigned bit;
		const char *text;
	} rows[] = {
		{HK_URL_ODD_DEFANGED, "defanged"},
		{HK_URL_ODD_NO_SCHEME, "no-scheme"},
		{HK_URL_ODD_IP, "ip"},
		{HK_URL_ODD_IP_FORM, "ip-form"},
		{HK_URL_ODD_USERINFO, "userinfo"},
		{HK_URL_ODD_PORT, "port"},
		{HK_URL_ODD_IDN, "idn"},
		{HK_URL_ODD_BACKSLASH, "backslash"},
		{HK_URL_ODD_CONTROL, "control"},
	};
	const char *texts[G_N_ELEMENTS(rows)];
	size_t count = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (odd & rows[i].bit) {
			texts[count++] = rows[i].text;
		}
	}
	if (count > 0) {
		hk_jsonw_strs(out, "odd", texts, count);
	}
}

static void
write_lead(GString *out, const lead *l)
{
	hk_jsonw_key(out, "link");
	hk_jsonw_open(out, '{');
	g_autofree char *valid = g_utf8_make_valid(l->text, -1);

	write_text(out, "text", valid);
	if (l->link) {
		write_masked(out, "shown", l->link->shown);
		write_text(out, "where", l->link->where);
		write_text(out, "how", l->link->how);
		hk_jsonw_key(out, "message");
		hk_jsonw_int(out, l->link->message);
	}
	if (l->mismatch) {
		hk_jsonw_key(out, "mismatch");
		hk_jsonw_bool(out, true);
	}
	write_odd(out, l->odd);
	hk_jsonw_close(out, '}');
}

static char *
make_data(const taking *t, const lead *l)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, l ? "url" : "mail");
	write_text(out, "url", l ? l->url : NULL);
	if (l) {
		write_lead(out, l);
	}
	write_text(out, "rule", t->rule ? t->rule->name : NULL);
	write_text(out, "not_authenticated", t->refused ? t->refused->name : NULL);
	write_text(out, "target", t->found.target);
	write_text(out, "case_kind", t->found.kind);
	write_ms(out, "seen", t->found.time_ms);
	hk_jsonw_key(out, "others");
	hk_jsonw_open(out, '[');

	size_t from = out->len;

	for (unsigned i = 0; i < t->leads->len; i++) {
		const lead *other = t->leads->pdata[i];

		if (other != l && out->len - from < LISTED_BYTES_MAX) {
			hk_jsonw_str(out, other->url);
		}
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "left_out");
	hk_jsonw_open(out, '[');
	g_string_append_len(out, t->left_out->str, (gssize)t->left_out->len);
	hk_jsonw_close(out, ']');
	write_mail(out, t);
	if (t->config->where) {
		hk_jsonw_key(out, "source");
		g_string_append(out, t->config->where);
	}
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* ---- sightings ---- */

/* One line for people: what could move a cursor or turn the direction of writing is a blank. */
static char *
clean(const char *text)
{
	GString *out = g_string_new(NULL);

	for (const char *at = text; *at; at = g_utf8_next_char(at)) {
		uint32_t c = g_utf8_get_char(at);
		bool bad = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
			   (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
			   c == 0xfeff;

		g_string_append_unichar(out, bad ? ' ' : c);
	}
	return g_string_free(out, FALSE);
}

static char *
make_title(const taking *t)
{
	const hk_mail_head *h = t->mail->heads->pdata[0];
	g_autofree char *subject = hk_mask_mail(*h->subject ? h->subject : "(no subject)");
	g_autofree char *from = hk_mask_mail(*h->from ? h->from : "?");
	g_autofree char *raw = t->mail->failure
				       ? g_strdup_printf("mail could not be read: %s", subject)
			       : t->rule ? g_strdup_printf("%s: %s", t->rule->name, subject)
					 : g_strdup_printf("%s (%s)", subject, from);
	g_autofree char *title = clean(raw);
	size_t len = strlen(title);

	if (len > TITLE_MAX) {
		for (len = TITLE_MAX; len > 0 && ((unsigned char)title[len] & 0xc0) == 0x80;) {
			len--;
		}
	}
	return g_strndup(title, len);
}

/* What a mail says about a time is believed within limits: neither the future nor long ago. */
static int64_t
seen_ms(const taking *t)
{
	const hk_mail_head *h = t->mail->heads->pdata[0];
	const int64_t said[] = {t->found.time_ms, t->mail->received_ms, h->date_ms};
	int64_t now = t->config->now_ms;

	for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
		if (said[i] > now - (int64_t)OLD_MS_DAYS * 86400000 && said[i] <= now) {
			return said[i];
		}
	}
	return now;
}

static double
score_of(const taking *t, const lead *l)
{
	if (t->rule) {
		return t->rule->score;
	}
	double score = l ? 0.6 + (l->mismatch ? 0.2 : 0) : 0.2;

	return score * t->config->trust;
}

static hk_mail_sighting *
sighting_new(const taking *t, const lead *l)
{
	hk_mail_sighting *s = g_new0(hk_mail_sighting, 1);
	const hk_span pieces[] = {HK_SPAN_LIT("hikeshi mail 1\n"), hk_span_of(t->mail->key, 32),
		hk_span_str(l ? l->url : "")};

	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), s->key);
	s->kind = g_strdup(l ? "url" : "mail");
	s->url = g_strdup(l ? l->url : NULL);
	s->host = g_strdup(l ? l->host : NULL);
	s->title = make_title(t);
	s->target = g_strdup(t->found.target);
	s->data = make_data(t, l);
	s->score = score_of(t, l);
	s->seen_ms = seen_ms(t);
	return s;
}

GPtrArray *
hk_mail_take(const hk_mail *mail, const hk_mail_taking *config, const hk_mail_rule **ret_rule)
{
	GPtrArray *sightings = g_ptr_array_new_with_free_func(sighting_free);
	g_autoptr(GPtrArray) leads = g_ptr_array_new_with_free_func(lead_free);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GString) left_out = g_string_new(NULL);
	taking t = {.mail = mail,
		.config = config,
		.leads = leads,
		.known = known,
		.left_out = left_out};

	hk_mail_judge(mail, config->servers, &t.verdict);
	t.rule = hk_mail_rules_match(config->rules, mail, &t.verdict, &t.refused);
	find_leads(&t);
	for (unsigned i = 0; i < leads->len; i++) {
		g_ptr_array_add(sightings, sighting_new(&t, leads->pdata[i]));
	}
	/* Nothing to go by, or not all of it: a person looks. */
	if (leads->len == 0 || mail->failure) {
		g_ptr_array_add(sightings, sighting_new(&t, NULL));
	}
	if (ret_rule) {
		*ret_rule = t.rule;
	}
	hk_mail_found_clear(&t.found);
	hk_mail_verdict_clear(&t.verdict);
	return sightings;
}
