/* nocheck: tested in tests/unit/report/test_answer_proof.c. report/answer: whether the house of the From sent it, as a mail server of ours says (RFC 8601). */
#include <string.h>

#include <glib.h>

#include "parse/authres.h"
#include "parse/mailhead.h"
#include "report/answer.h"

/* What the server says of one method. */
typedef struct said {
	int field; /* the topmost one that tells of the method; -1: none yet */
	bool pass; /* one result passes, for the house of the From */
	bool fail; /* one does not, for that house */
} said;

typedef struct proving {
	const hk_answer *reply;
	const hk_suffix_table *suffixes;
	said methods[HK_ANSWER_PROOFS];
} proving;

const char *
hk_answer_proof_name(hk_answer_proof proof)
{
	static const char *const names[HK_ANSWER_PROOFS] = {
		[HK_ANSWER_UNPROVEN] = "none",
		[HK_ANSWER_DMARC] = "dmarc",
		[HK_ANSWER_DKIM] = "dkim",
		[HK_ANSWER_SPF] = "spf",
	};

	return names[proof];
}

/* The method of a result that could prove something; UNPROVEN: none. The greeting (smtp.helo) is not who sent it. */
static hk_answer_proof
method_of(const hk_authres_item *item)
{
	for (int i = HK_ANSWER_DMARC; i < HK_ANSWER_PROOFS; i++) {
		if (hk_mailhead_is(item->method, hk_answer_proof_name((hk_answer_proof)i))) {
			return hk_mailhead_is(item->property, "smtp.helo") ? HK_ANSWER_UNPROVEN
									   : (hk_answer_proof)i;
		}
	}
	return HK_ANSWER_UNPROVEN;
}

static void
take_item(proving *p, int field, const hk_authres_item *item)
{
	hk_answer_proof method = method_of(item);
	said *s = &p->methods[method];

	if (method == HK_ANSWER_UNPROVEN || (s->field >= 0 && s->field != field)) {
		return;
	}
	s->field = field;
	g_autofree char *domain =
		item->domain.len > 0 ? g_strndup((const char *)item->domain.data, item->domain.len)
				     : g_strdup("");
	bool ours = hk_answer_same_house(p->suffixes, p->reply->from, domain);
	bool pass = hk_mailhead_is(item->result, "pass");

	s->pass |= ours && pass;
	s->fail |= ours && !pass;
}

/* Of several signatures one that passes is enough; who sent it, and what the From's owner demands, is said once: two that differ say nothing. */
static hk_answer_proof
verdict_of(const proving *p)
{
	const said *dmarc = &p->methods[HK_ANSWER_DMARC];
	const said *spf = &p->methods[HK_ANSWER_SPF];

	if (dmarc->fail) {
		return HK_ANSWER_UNPROVEN;
	}
	return dmarc->pass                       ? HK_ANSWER_DMARC
	       : p->methods[HK_ANSWER_DKIM].pass ? HK_ANSWER_DKIM
	       : spf->pass && !spf->fail         ? HK_ANSWER_SPF
						 : HK_ANSWER_UNPROVEN;
}

hk_answer_proof
hk_answer_prove(const hk_answer *reply, const char *authserv_id, const hk_suffix_table *suffixes)
{
	proving p = {.reply = reply, .suffixes = suffixes};
	bool begun = false;

	if (!authserv_id) {
		return HK_ANSWER_UNASKED;
	}
	for (int i = 0; i < HK_ANSWER_PROOFS; i++) {
		p.methods[i].field = -1;
	}
	for (unsigned i = 0; i < reply->auths->len; i++) {
		const char *value = reply->auths->pdata[i];
		hk_authres a;
		hk_authres_item item;
		hk_err err = HK_OK;

		if (!*value && begun) {
			break; /* below is what was there before that server had the mail */
		}
		err = hk_authres_read(hk_span_str(value), &a);
		if (err == HK_ELIMIT) {
			return HK_ANSWER_UNPROVEN; /* it may have been our server's */
		}
		if (err != HK_OK || !hk_mailhead_is(a.server, authserv_id)) {
			continue;
		}
		if (a.broken) {
			return HK_ANSWER_UNPROVEN;
		}
		begun = true;
		while (hk_authres_next(&a, &item)) {
			take_item(&p, (int)i, &item);
		}
	}
	return verdict_of(&p);
}
