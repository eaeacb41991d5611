#include "playfail.h"

#include <string.h>

#include "sys/gerr.h"

bool
rg_act_ct(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autofree char *url = rg_ask_url(rg_part_str(stage->log, "url"), "/control/fault", NULL);

	(void)i;
	return rg_ask_post(stage->ask, url, stage->log_auth, rg_play_arg(line, "fault"), error);
}

static bool
tell_c2(rg_stage *stage, const rg_play_line *line, const char *fault, GError **error)
{
	unsigned ports[RG_PLAY_LIST_MAX];
	size_t count = rg_play_ports(rg_play_arg(line, "port"), ports, G_N_ELEMENTS(ports));
	bool good = true;

	for (size_t i = 0; good && i < count; i++) {
		g_autofree char *port = g_strdup_printf("%u", ports[i]);
		good = rg_act_post(stage,
			rg_ask_url(rg_part_str(stage->c2, "url"), "/-/fault", "port", port, "fault",
				fault, NULL),
			NULL, error);
	}
	return good;
}

bool
rg_act_c2(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return tell_c2(stage, line, rg_play_arg(line, "fault"), error);
}

/* Of one bank, or of all. */
static bool
each_bank(rg_stage *stage, const rg_play_line *line, bool over,
	bool (*tell)(rg_stage *stage, const rg_play_bank *bank, const rg_play_line *line, bool over,
		GError **error),
	GError **error)
{
	const char *key = rg_play_arg(line, "bank");

	for (size_t i = 0; i < stage->bank_count; i++) {
		const rg_play_bank *bank = &stage->banks[i];
		if ((!key || strcmp(bank->key, key) == 0) &&
			!tell(stage, bank, line, over, error)) {
			return false;
		}
	}
	return true;
}

static bool
tell_vendor(rg_stage *stage, const rg_play_bank *bank, const rg_play_line *line, bool over,
	GError **error)
{
	const char *base = rg_part_str(bank->vendors, "url"), *name = rg_play_arg(line, "name");
	const char *mode = rg_play_arg(line, "mode"), *state = rg_play_arg(line, "state");

	return (!mode || rg_act_post(stage,
				 rg_ask_url(base, "/-/fault", "vendor", name, "mode",
					 over ? "none" : mode, NULL),
				 NULL, error)) &&
	       (!state || over ||
		       rg_act_post(stage,
			       rg_ask_url(base, "/-/state", "vendor", name, "state", state, NULL),
			       NULL, error));
}

static bool
tell_chat(rg_stage *stage, const rg_play_bank *bank, const rg_play_line *line, bool over,
	GError **error)
{
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(bank->chats, "url"), "/-/fault", "chat",
			rg_play_arg(line, "name"), "status",
			over ? "200" : rg_play_arg(line, "status"), NULL),
		NULL, error);
}

bool
rg_act_vendor(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return each_bank(stage, line, false, tell_vendor, error);
}

bool
rg_act_chat(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return each_bank(stage, line, false, tell_chat, error);
}

bool
rg_act_listed(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	g_autoptr(GPtrArray) urls = rg_play_list(stage->play, rg_play_arg(line, "urls"));
	bool good = true;

	(void)i;
	for (unsigned k = 0; good && k < urls->len * stage->bank_count; k++) {
		const rg_play_bank *bank = &stage->banks[k % stage->bank_count];
		g_autofree char *url = rg_ask_url(rg_part_str(bank->vendors, "url"),
			"/webrisk-lookup/list", "uri", urls->pdata[k / stage->bank_count], NULL);
		good = rg_ask_post(stage->ask, url, "X-Goog-Api-Key: range-secret", NULL, error);
	}
	return good;
}

static bool
tell_fault(
	rg_stage *stage, const rg_part *part, const char *base, const char *fault, GError **error)
{
	return rg_act_post(stage,
		rg_ask_url(rg_part_str(part, base), "/control", "fault", fault, NULL), NULL, error);
}

bool
rg_act_smtp(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return tell_fault(stage, stage->mail, "control", rg_play_arg(line, "fault"), error);
}

bool
rg_act_tsa(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return tell_fault(stage, stage->tsa, "url", rg_play_arg(line, "fault"), error);
}

bool
rg_act_dns(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	(void)error;
	rg_part_freeze(stage->registry, strcmp(rg_play_arg(line, "what"), "down") == 0);
	return true;
}

/* ---- When it is over ---- */

static bool
over_c2(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return tell_c2(stage, line, "none", error);
}

static bool
over_vendor(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return each_bank(stage, line, true, tell_vendor, error);
}

static bool
over_chat(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	return each_bank(stage, line, true, tell_chat, error);
}

static bool
over_smtp(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)line;
	(void)i;
	return tell_fault(stage, stage->mail, "control", "none", error);
}

static bool
over_tsa(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)line;
	(void)i;
	return tell_fault(stage, stage->tsa, "url", "none", error);
}

static bool
over_ct(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	const char *fault = rg_play_arg(line, "fault");
	g_autofree char *name = g_strndup(fault, strcspn(fault, "@:"));
	g_autofree char *url = rg_ask_url(rg_part_str(stage->log, "url"), "/control/clear", NULL);

	(void)i;
	return rg_ask_post(stage->ask, url, stage->log_auth, name, error);
}

static bool
over_dns(rg_stage *stage, const rg_play_line *line, unsigned i, GError **error)
{
	(void)i;
	(void)error;
	rg_part_freeze(stage->registry, strcmp(rg_play_arg(line, "what"), "down") != 0);
	return true;
}

bool
rg_act_over(rg_stage *stage, const rg_play_line *line, GError **error)
{
	static const rg_act_fn overs[RG_PLAY_VERBS] = {
		[RG_PLAY_C2] = over_c2,
		[RG_PLAY_VENDOR] = over_vendor,
		[RG_PLAY_CHAT] = over_chat,
		[RG_PLAY_SMTP] = over_smtp,
		[RG_PLAY_TSA] = over_tsa,
		[RG_PLAY_CT] = over_ct,
		[RG_PLAY_DNS] = over_dns,
	};

	return !overs[line->verb] || overs[line->verb](stage, line, 0, error);
}
