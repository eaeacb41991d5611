/* report/answer: whose a mail is, as a mail server of ours says; and what a mail may do of which nobody says so. */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "report/answer.h"

#include "tap.h"

#define SERVER "mx.bank.example"
#define TOKEN  "0123456789abcdef0123456789abcdef"

static const char list[] =
	"// ===BEGIN ICANN DOMAINS===\nexample\njp\nco.jp\nuk\nme.uk\n// ===END ICANN DOMAINS===\n"
	"// ===BEGIN PRIVATE DOMAINS===\nhosting.example\n// ===END PRIVATE DOMAINS===\n";
static hk_suffix_table table;

/* The mail as it lies in the mailbox, with those fields above its own. */
static hk_answer *
mail_of(const char *from, const char *above)
{
	g_autofree char *raw = g_strdup_printf(
		"%sFrom: Abuse <%s>\r\nTo: csirt@bank.example\r\nSubject: Re: Phishing "
		"[Ticket#4711471]\r\n"
		"In-Reply-To: <" TOKEN
		"@bank.example>\r\n\r\nThe site https://login.example/ has been suspended.\r\n",
		above, from);
	g_autoptr(GString) facts = g_string_new(NULL);

	hk_answer_facts(hk_span_str(raw), facts);
	return hk_answer_of_facts(hk_span_of(facts->str, facts->len), NULL);
}

#define AR(text)   "Authentication-Results: " text "\r\n"
#define RECEIVED   "Received: from a.example by " SERVER "; Mon, 30 Nov 2026 09:00:00 +0900\r\n"
#define OURS(text) AR(SERVER "; " text)

static const struct {
	const char *from, *above, *proof, *what;
} rows[] = {
	{"abuse@host.example", OURS("dkim=pass header.d=host.example"), "dkim", "signed"},
	{"abuse@host.example", OURS("dkim=pass header.i=@host.example"), "dkim",
		"signed, the identity only"},
	{"abuse@host.example", OURS("spf=pass smtp.mailfrom=b@host.example"), "spf",
		"from their server"},
	{"abuse@host.example", OURS("dmarc=pass header.from=host.example"), "dmarc",
		"as their policy wants it"},
	{"abuse@host.example",
		OURS("spf=pass smtp.mailfrom=host.example; dkim=pass header.d=host.example"),
		"dkim", "the stronger one is told"},
	{"abuse@mail.HOST.example", OURS("dkim=Pass header.d=Host.Example"), "dkim",
		"their main domain signs; case does not matter"},
	{"abuse@host.example", OURS("dkim=pass header.d=mx.host.example"), "dkim",
		"one below signs"},
	{"abuse@host.example", AR("MX.Bank.Example 1; dkim=pass header.d=host.example"), "dkim",
		"the server's name in capitals, a version"},
	{"abuse@host.example",
		OURS("dkim=fail header.d=host.example; dkim=pass header.d=host.example"), "dkim",
		"one of two signatures"},
	{"abuse@host.example",
		OURS("dkim=pass header.d=list.example; dkim=pass header.d=host.example"), "dkim",
		"a list's and theirs"},
	{"abuse@host.example",
		OURS("spf=pass smtp.mailfrom=host.example") OURS("dkim=pass header.d=host.example"),
		"dkim", "two fields, one a filter"},
	{"abuse@host.example", RECEIVED OURS("dkim=pass header.d=host.example") RECEIVED, "dkim",
		"below our own Received"},
	{"abuse@host.example",
		AR("inner.bank.example; none") RECEIVED OURS("dkim=pass header.d=host.example"),
		"dkim", "below another server of ours"},
	{"abuse@host.example",
		AR("spf=pass smtp.mailfrom=x.example") OURS("dkim=pass header.d=host.example"),
		"dkim", "below one without a name"},

	{"abuse@host.example", "", "none", "nothing is said"},
	{"abuse@host.example", OURS("none"), "none", "nothing was looked at"},
	{"abuse@host.example", AR("mx.evil.example; dkim=pass header.d=host.example"), "none",
		"another server says so"},
	{"abuse@host.example", AR(SERVER ".evil.example; dkim=pass header.d=host.example"), "none",
		"a name that begins as ours"},
	{"abuse@host.example", AR("x." SERVER "; dkim=pass header.d=host.example"), "none",
		"a name that ends as ours"},
	{"abuse@host.example", OURS("dkim=pass header.d=evil.example"), "none",
		"somebody else's signature"},
	{"abuse@host.example", OURS("dkim=pass header.d=host.example.evil.example"), "none",
		"one that begins as theirs"},
	{"abuse@host.example", OURS("dkim=pass header.d=ghost.example"), "none",
		"one that ends as theirs"},
	{"abuse@host.example", OURS("dkim=pass header.d=example"), "none",
		"a suffix signs for nobody"},
	{"abuse@host.example",
		OURS("dkim=fail header.d=host.example; spf=softfail smtp.mailfrom=host.example"),
		"none", "nothing passes"},
	{"abuse@host.example", OURS("dkim=pass"), "none", "nobody is named"},
	{"abuse@host.example", OURS("spf=pass smtp.helo=mx.host.example"), "none",
		"a greeting is not a sender"},
	{"abuse@host.example", OURS("spf=pass smtp.mailfrom=\"abuse@host.example\"@evil.example"),
		"none", "a local part is not a domain"},
	{"abuse@host.example",
		OURS("spf=pass smtp.mailfrom=\"x\\\"; dkim=pass header.d=host.example; "
		     "y=\\\"\"@evil.example"),
		"none", "nor more results"},
	{"abuse@host.example", OURS("arc=pass header.d=host.example"), "none",
		"a method that proves no From"},
	{"abuse@host.example",
		OURS("dmarc=fail header.from=host.example; dkim=pass header.d=host.example"),
		"none", "their policy does not let it pass"},
	{"abuse@host.example", OURS("dmarc=pass header.from=evil.example"), "none",
		"another From was judged"},
	{"abuse@host.example",
		OURS("spf=pass smtp.mailfrom=host.example; spf=fail smtp.mailfrom=host.example"),
		"none", "two that differ"},
	{"abuse@host.example", OURS("dkim=none") OURS("dkim=pass header.d=host.example"), "none",
		"of a method only the topmost field"},
	{"abuse@host.example", OURS("none") RECEIVED OURS("dkim=pass header.d=host.example"),
		"none", "below the next Received: it was there before"},
	{"abuse@host.example",
		OURS("spf=none (evil( smtp.helo=x") OURS("dkim=pass header.d=host.example"), "none",
		"a field that the sender has broken"},
	{"abuse@host.example",
		AR("=?utf-8?q?mx.bank.example=3B_dkim=3Dpass?= header.d=host.example"), "none",
		"an encoded word is the sender's"},
	{"abuse@evil.me.uk", OURS("dkim=pass header.d=host.me.uk"), "none",
		"two customers of one registry"},
	{"abuse@evil.hosting.example", OURS("dkim=pass header.d=abuse.hosting.example"), "none",
		"two customers of one hosting service"},
	{"abuse@a.b.co.jp", OURS("dkim=pass header.d=b.co.jp"), "dkim", "one house below co.jp"},
	{"abuse@localhost", OURS("dkim=pass header.d=localhost"), "none", "no domain"},
};

static void
proofs(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(hk_answer) reply = mail_of(rows[i].from, rows[i].above);

		is_str(hk_answer_proof_name(hk_answer_prove(reply, SERVER, &table)), rows[i].proof,
			"%s", rows[i].what);
		is_str(hk_answer_proof_name(hk_answer_prove(reply, NULL, &table)), NULL,
			"%s: nobody is asked", rows[i].what);
	}
}

/* A field so long that nobody reads it must not leave its place to the one below. */
static void
longest(void)
{
	g_autofree char *long_one = g_strnfill(5000, 'x');
	g_autofree char *above = g_strdup_printf(AR(SERVER "; spf=none reason=%s")
							 OURS("dkim=pass header.d=host.example"),
		long_one);
	g_autofree char *other = g_strdup_printf(OURS("dkim=pass header.d=host.example")
							 AR(SERVER "; spf=none reason=%.3000s"),
		long_one);
	g_autoptr(hk_answer) cut = mail_of("abuse@host.example", above);
	g_autoptr(hk_answer) whole = mail_of("abuse@host.example", other);

	is_str(hk_answer_proof_name(hk_answer_prove(cut, SERVER, &table)), "none", "too long");
	is_str(hk_answer_proof_name(hk_answer_prove(whole, SERVER, &table)), "dkim", "long, below");
}

/* ---- what it may do ---- */

static bool
hit(void *user, const char *text, GArray *ret, GError **error)
{
	hk_answer_hit one = {7, g_strdup("abuse@host.example")};

	(void)user;
	(void)text;
	(void)error;
	g_array_append_val(ret, one);
	return true;
}

static bool
miss(void *user, const char *text, GArray *ret, GError **error)
{
	(void)user;
	(void)text;
	(void)ret;
	(void)error;
	return true;
}

static void
matches(hk_answer_proof proof, const hk_answer_lookup *lookup, int64_t id, bool stranger,
	const char *what)
{
	g_autoptr(hk_answer) reply = mail_of("abuse@host.example", "");
	g_auto(hk_answer_match) match = {0};

	reply->proof = proof;
	ok(hk_answer_match_to(reply, lookup, &match, NULL), "%s: looked for", what);
	is_int(match.report_id, id, "%s: report", what);
	is_int(match.stranger, stranger, "%s: stranger", what);
}

static void
matching(void)
{
	const hk_answer_lookup token = {
		.token = hit, .number = miss, .url = miss, .suffixes = &table};
	const hk_answer_lookup number = {
		.token = miss, .number = hit, .url = miss, .suffixes = &table};
	const hk_answer_lookup url = {
		.token = miss, .number = miss, .url = hit, .suffixes = &table};

	matches(HK_ANSWER_DKIM, &token, 7, false, "proven, by token");
	matches(HK_ANSWER_UNASKED, &token, 7, false, "nobody is asked, by token");
	matches(HK_ANSWER_UNPROVEN, &token, 7, true, "not proven, by token");
	matches(HK_ANSWER_SPF, &number, 7, false, "proven, by number");
	matches(HK_ANSWER_UNPROVEN, &number, 0, false, "not proven, by number");
	matches(HK_ANSWER_DMARC, &url, 7, false, "proven, by URL");
	matches(HK_ANSWER_UNASKED, &url, 7, false, "nobody is asked, by URL");
	matches(HK_ANSWER_UNPROVEN, &url, 0, false, "not proven, by URL");
}

static void
houses(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{"a@host.example", "b@support.host.example", true},
		{"a@HOST.example.", "b@host.example", true},
		{"a@evil.me.uk", "b@host.me.uk", false},
		{"a@x.host.me.uk", "b@host.me.uk", true},
		{"a@evil.hosting.example", "b@host.hosting.example", false},
		{"a@hosting.example", "b@hosting.example", true},
		{"a@evil.hosting.example", "b@hosting.example", false},
		{"a@me.uk", "b@host.me.uk", false},
		{"", "", false},
		{"a@", "b@", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		is_int(hk_answer_same_house(&table, pairs[i].a, pairs[i].b), pairs[i].same,
			"%s and %s", pairs[i].a, pairs[i].b);
		is_int(hk_answer_same_house(&table, pairs[i].b, pairs[i].a), pairs[i].same,
			"%s and %s", pairs[i].b, pairs[i].a);
	}
}

int
main(void)
{
	size_t need = hk_suffix_table_need(hk_span_str(list));
	void *mem = aligned_alloc(8, (need + 7) / 8 * 8);

	hk_answer_init();
	is_int(hk_suffix_table_build(hk_span_str(list), mem, need, &table), HK_OK, "a list");
	proofs();
	longest();
	matching();
	houses();
	free(mem);
	return tap_done();
}
