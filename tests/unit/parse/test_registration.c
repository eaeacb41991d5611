#include <string.h>

#include "parse/registration.h"
#include "tap.h"

static hk_registration reg;

/* RFC 8056, section 2: every code in both writings, and as people write it. */
static void
codes(void)
{
	static const char *const texts[][3] = {
		{"clientHold", "client hold", "CLIENT-HOLD"},
		{"serverHold", "Server Hold", "server_hold"},
		{"ok", "active", "OK"},
		{"linked", "associated", "LINKED"},
		{"redemptionPeriod", "redemption period", "REDEMPTION PERIOD"},
		{"autoRenewPeriod", "auto renew period", "autorenewperiod"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		for (size_t k = 0; k < 3; k++) {
			is_str(hk_epp_name(hk_epp_of(hk_span_str(texts[i][k]))), texts[i][0], "%s",
				texts[i][k]);
		}
	}
	is_str(hk_epp_name(hk_epp_of(hk_span_str("clientHolds"))), NULL, "no code");
	is_str(hk_epp_name(HK_EPP_NONE), NULL, "none has no name");
	for (int i = 1; i < HK_EPP_COUNT; i++) {
		is_int(hk_epp_of(hk_span_str(hk_epp_name((hk_epp)i))), i, "%s is itself",
			hk_epp_name((hk_epp)i));
	}
}

static hk_reg_hold
held(const char *text, hk_reg_dialect dialect)
{
	hk_reg_begin(&reg);
	reg.object = HK_REG_DOMAIN;
	reg.answer = HK_REG_FOUND;
	hk_reg_add_status(&reg, hk_span_str(text), dialect);
	return hk_reg_held(&reg);
}

static void
holds(void)
{
	static const struct {
		const char *text;
		hk_reg_dialect dialect;
		hk_reg_hold hold;
	} vectors[] = {
		{"clientHold https://icann.org/epp#clientHold", HK_REG_DIALECT_ANY,
			HK_REG_HOLD_ON_HOLD},
		{"server hold", HK_REG_DIALECT_ANY, HK_REG_HOLD_ON_HOLD},
		{"inactive", HK_REG_DIALECT_ANY, HK_REG_HOLD_ON_HOLD},
		{"on hold", HK_REG_DIALECT_ANY, HK_REG_HOLD_ON_HOLD},
		{"inactive/serverHold", HK_REG_DIALECT_ANY, HK_REG_HOLD_ON_HOLD},
		{"REGISTERED, NOT DELEGATED", HK_REG_DIALECT_ANY, HK_REG_HOLD_ON_HOLD},
		{"pendingDelete", HK_REG_DIALECT_ANY, HK_REG_HOLD_PENDING_DELETE},
		{"pendingDelete,redemptionPeriod", HK_REG_DIALECT_ANY, HK_REG_HOLD_REDEMPTION},
		{"To be suspended", HK_REG_DIALECT_JPRS, HK_REG_HOLD_SOON},
		{"Suspended", HK_REG_DIALECT_JPRS, HK_REG_HOLD_ON_HOLD},
		{"Deleted (2013/01/31)", HK_REG_DIALECT_JPRS, HK_REG_HOLD_ON_HOLD},
		{"Registered (2014/03/31)", HK_REG_DIALECT_JPRS, HK_REG_HOLD_ON_HOLD},
		{"Registered", HK_REG_DIALECT_ANY, HK_REG_HOLD_NONE},
		{"Connected (2024/03/31)", HK_REG_DIALECT_JPRS, HK_REG_HOLD_NONE},
		{"clientTransferProhibited", HK_REG_DIALECT_ANY, HK_REG_HOLD_NONE},
		{"*** This registration has been SUSPENDED. ***", HK_REG_DIALECT_ANY,
			HK_REG_HOLD_ON_HOLD},
	};

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		is_str(hk_reg_hold_name(held(vectors[i].text, vectors[i].dialect)),
			hk_reg_hold_name(vectors[i].hold), "%s", vectors[i].text);
	}
	(void)held("clientHold", HK_REG_DIALECT_ANY);
	reg.object = HK_REG_NETWORK;
	is_int(hk_reg_held(&reg), HK_REG_HOLD_NONE, "a network is never held");
	reg.answer = HK_REG_THROTTLED;
	is_int(hk_reg_held(&reg), HK_REG_HOLD_NONE, "nor what was not answered");
	reg.answer = HK_REG_NOT_FOUND;
	is_int(hk_reg_held(&reg), HK_REG_HOLD_GONE, "what is not registered is gone");
}

static void
statuses(void)
{
	hk_reg_begin(&reg);
	hk_reg_add_status(&reg,
		hk_span_str("serverDeleteProhibited (Protected by .auLOCKDOWN, see "
			    "https://x.example/)"),
		HK_REG_DIALECT_ANY);
	is_int(reg.status_count, 1, "brackets with commas and slashes are left out");
	is_str(reg.status[0].raw, "serverDeleteProhibited", "so that the word is left");
	hk_reg_add_status(&reg, hk_span_str("ok - Normal state."), HK_REG_DIALECT_ANY);
	is_str(reg.status[1].raw, "ok", "a remark is left out");
	hk_reg_add_status(&reg, hk_span_str(" , , ok"), HK_REG_DIALECT_ANY);
	is_int(reg.status_count, 2, "each only once, and nothing is no status");
	for (char text[] = "a0"; text[1] <= '9'; text[1]++) {
		for (text[0] = 'a'; text[0] <= 'e'; text[0]++) {
			hk_reg_add_status(&reg, hk_span_str(text), HK_REG_DIALECT_ANY);
		}
	}
	is_int(reg.status_count, HK_REG_STATUS_MAX, "not more than fit");
	ok(reg.over, "and it is known that there were more");
}

static void
names(void)
{
	char host[HK_REG_NAME_SIZE] = "as it was";

	is_int(hk_reg_host(hk_span_str(" NS1.Example.COM. "), host), HK_OK, "a host name");
	is_str(host, "ns1.example.com", "in lower case, without its dot");
	static const char *const bad[] = {
		"", ".", "com", "a..b", "192.0.2.1", "a b.com", "a.-b/", "é.com"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		is_int(hk_reg_host(hk_span_str(bad[i]), host), HK_EFORM, "no name: \"%s\"", bad[i]);
	}
	is_str(host, "ns1.example.com", "nothing was written");
	hk_reg_begin(&reg);
	hk_reg_add_ns(&reg, hk_span_str("ns1.hexonet.net 194.50.187.12"));
	hk_reg_add_ns(&reg, hk_span_str("c.ns.dns.be (194.0.43.1)"));
	hk_reg_add_ns(&reg, hk_span_str("NS1.hexonet.net."));
	hk_reg_add_ns(&reg, hk_span_str("No nameserver"));
	is_int(reg.ns_count, 2, "name servers, each once");
	is_str(reg.ns[1], "c.ns.dns.be", "without address");
}

static void
contacts(void)
{
	hk_reg_begin(&reg);
	hk_reg_add_contact(&reg, HK_REG_MAIL, HK_REG_ROLE_ABUSE,
		hk_span_str("Email: abuse@a2hosting.COM, mailto:abuse2@k-9.example; x"), "A2");
	is_int(reg.contact_count, 2, "every mailbox in the text");
	is_str(reg.contact[0].value, "abuse@a2hosting.com", "digits and all");
	is_str(reg.contact[1].value, "abuse2@k-9.example", "the second");
	is_str(reg.contact[1].name, "A2", "whose");
	hk_reg_add_contact(
		&reg, HK_REG_MAIL, HK_REG_ROLE_NOC, hk_span_str("abuse@a2hosting.com"), "");
	is_int(reg.contact_count, 2, "the same again");
	is_int(reg.contact[0].roles, HK_REG_ROLE_ABUSE | HK_REG_ROLE_NOC, "adds its role");
	hk_reg_add_contact(
		&reg, HK_REG_MAIL, HK_REG_ROLE_REGISTRAR, hk_span_str("abuse@a2hosting.com"), "");
	is_int(reg.contact_count, 3, "but the registrar's is one of its own");
	static const char *const none[] = {"REDACTED FOR PRIVACY", "", "@", "a@", "@b.c", "a@b",
		"Please query the RDDS service of the Registrar of Record"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		hk_reg_add_contact(&reg, HK_REG_MAIL, HK_REG_ROLE_ABUSE, hk_span_str(none[i]), "");
	}
	is_int(reg.contact_count, 3, "placeholders vanish");
	hk_reg_add_contact(&reg, HK_REG_WEB, 1, hk_span_str("javascript:alert(1)"), "");
	hk_reg_add_contact(&reg, HK_REG_WEB, 1, hk_span_str("https://"), "");
	hk_reg_add_contact(&reg, HK_REG_PHONE, 1, hk_span_str("n/a 1"), "");
	is_int(reg.contact_count, 3, "no URL, no number");
	hk_reg_add_contact(&reg, HK_REG_WEB, 1, hk_span_str("www.example.net/abuse form"), "");
	is_str(reg.contact[3].value, "http://www.example.net/abuse", "a URL without its scheme");
	hk_reg_add_contact(&reg, HK_REG_PHONE, 1, hk_span_str("+1.4806242505"), "");
	is_str(reg.contact[4].value, "+1.4806242505", "a telephone number");
}

static void
texts(void)
{
	char out[8];

	ok(hk_reg_text(hk_span_str("  ab\tc "), out, sizeof out), "a text");
	is_str(out, "ab c", "control characters are blanks");
	ok(!hk_reg_text(hk_span_str("日本語"), out, sizeof out), "too long");
	is_str(out, "日本", "is cut between characters");
	ok(hk_reg_text(hk_span_str("a\xff\xc2z"), out, sizeof out), "no UTF-8");
	is_str(out, "a??z", "becomes question marks");
	is_int(hk_reg_squeeze(hk_span_str("Name-Server 1:"), out, sizeof out), 7, "squeezed, cut");
	is_str(out, "nameser", "letters and digits");
}

int
main(void)
{
	codes();
	holds();
	statuses();
	names();
	contacts();
	texts();
	is_str(hk_reg_answer_name(HK_REG_BAD_QUERY), "bad_query", "answers have names");
	return tap_done();
}
