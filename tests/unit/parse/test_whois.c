/* The corpus of real answers is read by tests/unit/enrich/test_whois_corpus.c. */
#include <stdlib.h>
#include <string.h>

#include "parse/whois.h"
#include "tap.h"

static hk_registration reg;

static void
parse(const char *text, int zone_min)
{
	is_int(hk_whois_parse(hk_span_str(text), zone_min, &reg), HK_OK, "an answer is read");
}

static void
jprs(void)
{
	parse("[ JPRS database provides information on network administration.    ]\r\n"
	      "Domain Information: [ドメイン情報]\r\n"
	      "a. [ドメイン名]                 MIHON-BANK.CO.JP\r\n"
	      "p. [ネームサーバ]               ns1.example.net\r\n"
	      "s. [署名鍵]                     \r\n"
	      "[状態]                          Connected (2026/09/30)\r\n"
	      "[登録年月日]                    2003/09/11\r\n"
	      "[接続年月日]                    2003/09/12\r\n"
	      "[最終更新]                      2026/06/11 16:08:44 (JST)\r\n"
	      "Contact Information: [公開連絡窓口]\r\n"
	      "[名前]                          みほん登録代行\r\n"
	      "[Name]                          Mihon Agent\r\n"
	      "[Email]                         whois@agent.example\r\n",
		540);
	is_int(reg.answer, HK_REG_FOUND, "JPRS: found");
	is_str(reg.name, "mihon-bank.co.jp", "the name");
	is_str(reg.ns[0], "ns1.example.net", "the name server");
	is_int(reg.created_ms / 1000, 1063206000, "registered, at midnight in Japan");
	is_int(reg.updated_ms / 1000, 1781161724, "changed");
	is_int(reg.expires_ms / 1000, 1790694000, "connected until");
	is_str(hk_epp_name(reg.status[0].code), "ok", "connected is ok");
	is_int(reg.contact_count, 1, "the public contact point");
	is_str(reg.contact[0].value, "whois@agent.example", "its mailbox");
	is_str(reg.contact[0].name, "Mihon Agent", "its name");
	is_int(reg.contact[0].roles, HK_REG_ROLE_PUBLIC, "its role");
	parse("[Domain Name]  X.JP\n[Status]  Suspended\n", 540);
	is_int(hk_reg_held(&reg), HK_REG_HOLD_ON_HOLD, "suspended");
	parse("[ JPRS database ]\nNo match!!\n", 540);
	is_int(reg.answer, HK_REG_NOT_FOUND, "no match");
}

static void
icann(void)
{
	parse("   Domain Name: EVIL.EXAMPLE\n   Registrar WHOIS Server: whois.registrar.example\n"
	      "   Registrar: Some Registrar, Inc.\n   Registrar IANA ID: 9999\n"
	      "   Registrar Abuse Contact Email: abuse@registrar.example\n"
	      "   Registrar Abuse Contact Phone: +1.5555551234\n   Reseller:\n"
	      "   Domain Status: clientHold https://icann.org/epp#clientHold\n   Domain Status:\n"
	      "   Registry Registrant ID: R1\n   Registrant Name: Somebody\n"
	      "   Registrant Email: somebody@mail.example\n   Name Server: NS1.EXAMPLE.NET\n"
	      "   DNSSEC: unsigned\n>>> Last update of WHOIS database: 2020-08-07T16:16:10Z <<<\n"
	      "NOTICE: the registrar's sponsorship of the domain name in the\n"
	      "registrar.  Users may consult the sponsoring registrar's Whois database\n",
		0);
	is_str(reg.registrar, "Some Registrar, Inc.", "ICANN: registrar");
	is_str(reg.registrar_id, "9999", "its number");
	is_str(reg.referral, "whois.registrar.example", "its server");
	is_int(reg.contact_count, 2, "nobody but the registrar is kept");
	is_int(reg.contact[0].roles, HK_REG_ROLE_ABUSE | HK_REG_ROLE_REGISTRAR, "abuse");
	is_int(reg.status_count, 1, "one status, the empty one is none");
	is_int(hk_reg_held(&reg), HK_REG_HOLD_ON_HOLD, "client hold");
	is_str(reg.ns[0], "ns1.example.net", "behind an empty status");
	is_int(reg.dnssec, HK_REG_SIGNED_NO, "unsigned");
}

static void
referrals(void)
{
	static const struct {
		const char *line;
		const char *server;
	} vectors[] = {
		{"refer:        whois.verisign-grs.com", "whois.verisign-grs.com"},
		{"ReferralServer:  whois://whois.ripe.net", "whois.ripe.net"},
		{"ReferralServer: whois://rr.example.net:4343/", "rr.example.net:4343"},
		{"ReferralServer: rwhois://rwhois.example.net:4321", ""},
		{"Registrar WHOIS Server: http://whois.example.net/x", ""},
		{"Whois Server: not defined", ""},
		{"Whois Server: 127.0.0.1", ""},
		{"Whois Server: localhost", ""},
	};

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		parse(vectors[i].line, 0);
		is_str(reg.referral, vectors[i].server, "%s", vectors[i].line);
	}
}

static void
networks(void)
{
	parse("% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@net.example'\n\n"
	      "inetnum:        192.0.2.0 - 192.0.2.255\nnetname:        TEST-NET\ncountry:        "
	      "jp\n"
	      "org:            ORG-X1-RIPE\nstatus:         ASSIGNED PA\nremarks: Send abuse "
	      "reports to abuse2@net.example\n\n"
	      "organisation:   ORG-X1-RIPE\norg-name:       Example Net\nabuse-c:        "
	      "AC1-RIPE\n\n"
	      "role:           NOC\ne-mail:         person@net.example\nabuse-mailbox:  "
	      "abuse@net.example\n\n"
	      "route:          192.0.2.0/24\norigin:         AS64500\n",
		0);
	is_int(reg.object, HK_REG_NETWORK, "RIPE: a network");
	is_str(reg.first, "192.0.2.0", "first");
	is_str(reg.last, "192.0.2.255", "last");
	is_str(reg.name, "TEST-NET", "name");
	is_str(reg.org, "Example Net", "organisation");
	is_str(reg.country, "JP", "country");
	is_str(reg.abuse_handle, "AC1-RIPE", "abuse-c");
	is_int(reg.origin[0], 64500, "origin");
	is_int(reg.status_count, 0, "its status is none of a domain");
	is_int(reg.contact_count, 2, "two mailboxes, nobody's own");
	is_int(reg.contact[0].roles, HK_REG_ROLE_ABUSE, "from the field");
	is_int(reg.contact[1].roles, HK_REG_ROLE_ABUSE | HK_REG_ROLE_TEXT, "from the remark");
	parse("NetRange:       192.0.2.0 - 192.0.2.255\nNetName:        BIG\nOrganization:   Big "
	      "(BIG)\n\n"
	      "NetRange:       192.0.2.64 - 192.0.2.127\nCIDR: 192.0.2.64/26\nNetName:        "
	      "SMALL\n"
	      "OriginAS:       AS64500, AS64501\n\nCustName:       Small\nCountry:        US\n\n"
	      "OrgAbuseEmail:  abuse@big.example\n",
		0);
	is_str(reg.name, "SMALL", "ARIN: the narrowest network");
	is_str(reg.org, "Small", "and who has it");
	is_int(reg.origin_count, 2, "two origins");
	is_str(reg.contact[0].value, "abuse@big.example", "abuse");
	parse("aut-num:        AS64500\nas-name:        EXAMPLE-AS\n", 0);
	is_int(reg.object, HK_REG_AUTNUM, "an AS");
	is_int(reg.as_first, 64500, "its number");
}

static void
refusals(void)
{
	static const struct {
		const char *text;
		hk_reg_answer answer;
	} vectors[] = {
		{"%% Too many requests...\n", HK_REG_THROTTLED},
		{"WHOIS LIMIT EXCEEDED - SEE WWW.PIR.ORG/WHOIS FOR DETAILS", HK_REG_THROTTLED},
		{"The IP address used to perform the query  is not authorised", HK_REG_REFUSED},
		{"Service temporarily unavailable.", HK_REG_UNAVAILABLE},
		{"Name is restricted from registration", HK_REG_RESERVED},
		{"% Error: 55000000010 Non bijective ace-idn convertible domain", HK_REG_BAD_QUERY},
		{"No match for \"X.COM\".", HK_REG_NOT_FOUND},
		{"Domain: x.de\nStatus: free\n", HK_REG_NOT_FOUND},
		{"Domain: x.example\nStatus: active\nlimit exceeded, no match\n", HK_REG_FOUND},
		{"hello", HK_REG_UNCLEAR},
		{"", HK_REG_UNCLEAR},
	};
	char *big = calloc(1, HK_WHOIS_BYTES_MAX + 1);

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		parse(vectors[i].text, 0);
		is_str(hk_reg_answer_name(reg.answer), hk_reg_answer_name(vectors[i].answer), "%s",
			vectors[i].text);
	}
	memset(big, ':', HK_WHOIS_BYTES_MAX + 1);
	is_int(hk_whois_parse(hk_span_of(big, HK_WHOIS_BYTES_MAX + 1), 0, &reg), HK_ELIMIT,
		"too long");
	is_int(hk_whois_parse(hk_span_of(big, HK_WHOIS_BYTES_MAX), 0, &reg), HK_OK, "just not");
	for (size_t i = 0; i < HK_WHOIS_BYTES_MAX; i++) {
		big[i] = "domain:"[i % 7];
	}
	is_int(hk_whois_parse(hk_span_of(big, HK_WHOIS_BYTES_MAX), 0, &reg), HK_OK,
		"nested without end");
	free(big);
}

static void
asking(void)
{
	char line[HK_WHOIS_QUERY_MAX];

	is_str(hk_whois_first("evil.co.jp"), "whois.jprs.jp", "whom to ask: .jp");
	is_str(hk_whois_first("evil.is"), "whois.isnic.is", ".is");
	is_str(hk_whois_first("evil.com"), "whois.iana.org", "all others");
	is_str(hk_whois_first("jp"), "whois.iana.org", "a top-level domain");
	is_int(hk_whois_query(hk_whois_rule_of("whois.jprs.jp"), "evil.co.jp", line), HK_OK,
		"JPRS");
	is_str(line, "evil.co.jp/e\r\n", "in English");
	is_int(hk_whois_query(hk_whois_rule_of("whois.denic.de"), "evil.de", line), HK_OK, "DENIC");
	is_str(line, "-T dn,ace evil.de\r\n", "with its options");
	is_str(hk_whois_rule_of("whois.jprs.jp")->charset, "iso-2022-jp", "its charset");
	is_int(hk_whois_rule_of("whois.jprs.jp")->zone_min, 540, "its zone");
	is_str(hk_whois_rule_of("whois.nic.example")->query, "%s",
		"a server that is not in the table");
	static const char *const bad[] = {"", "-B x", "a b", "a\r\nb", "/x", "x;y"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		is_int(hk_whois_query(hk_whois_rule_of("x"), bad[i], line), HK_EFORM,
			"no question");
	}
}

int
main(void)
{
	jprs();
	icann();
	referrals();
	networks();
	refusals();
	asking();
	return tap_done();
}
