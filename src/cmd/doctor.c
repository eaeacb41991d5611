/* nocheck: tested in tests/scenario/doctor.t. hikeshi doctor: the table of checks, run and printed. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/doctor_int.h"
#include "cmd/speech.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"

static const struct {
	hk_doctor_how (*run)(hk_doctor *d);
	const char *name;
	const char *what[2], *mend[2];
} checks[] = {
#define DOCTOR(check, name, en, mend_en, ja, mend_ja)                                              \
	{hk_doctor_##check, name, {en, ja}, {mend_en, mend_ja}},
#include "cmd/doctor.def"
#undef DOCTOR
};

static const char *const hows[] = {[HK_DOCTOR_OK] = "ok",
	[HK_DOCTOR_SKIP] = "skip",
	[HK_DOCTOR_WARN] = "warn",
	[HK_DOCTOR_FAIL] = "fail"};

hk_doctor_how
hk_doctor_saw(hk_doctor *d, hk_doctor_how how, const char *en, const char *ja, ...)
{
	va_list args;

	if (d->seen->len > 0) {
		g_string_append(d->seen, d->ja ? "、" : "; ");
	}
	va_start(args, ja);
	if (d->ja) {
		g_string_append_vprintf(d->seen, ja, args);
	} else {
		g_string_append_vprintf(d->seen, en, args);
	}
	va_end(args);
	return how;
}

hk_doctor_how
hk_doctor_trouble(hk_doctor *d, hk_doctor_how how, const GError *error)
{
	return hk_doctor_saw(d, how, "%s", "%s", error->message);
}

hk_doctor_how
hk_doctor_worse(hk_doctor_how a, hk_doctor_how b)
{
	return MAX(a, b);
}

void
hk_doctor_advise(hk_doctor *d, const char *en, const char *ja)
{
	g_free(d->mend);
	d->mend = g_strdup(d->ja ? ja : en);
}

static void
print_json(const hk_doctor *d, size_t i, hk_doctor_how how, const char *mend)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "name", checks[i].name);
	hk_jsonw_member_str(out, "how", hows[how]);
	hk_jsonw_member_str(out, "what", checks[i].what[d->ja]);
	hk_jsonw_member_str(out, "seen", d->seen->str);
	hk_jsonw_key(out, "mend");
	if (mend) {
		hk_jsonw_str(out, mend);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_close(out, '}');
	puts(out->str);
}

static void
print(const hk_doctor *d, size_t i, hk_doctor_how how)
{
	bool bad = how == HK_DOCTOR_WARN || how == HK_DOCTOR_FAIL;
	const char *mend = !bad ? NULL : d->mend ? d->mend : checks[i].mend[d->ja];
	/* Words of servers and files may be in it. */
	g_autofree char *seen = hk_log_printable(d->seen->str);

	if (hk_opts_bool(d->opts, HK_OPT_JSON)) {
		print_json(d, i, how, mend);
	} else {
		printf("%-4s %s - %s%s%s\n", hows[how], checks[i].name, seen,
			!mend   ? ""
			: d->ja ? "; 対処: "
				: "; mend: ",
			mend ? mend : "");
	}
	fflush(stdout);
}

bool
hk_cmd_doctor(const hk_opts *opts, GError **error)
{
	hk_doctor d = {.opts = opts,
		.online = hk_opts_bool(opts, HK_OPT_ONLINE),
		.say = hk_opts_bool(opts, HK_OPT_DOCTOR_SAY),
		.fonts = -1};
	unsigned counts[G_N_ELEMENTS(hows)] = {0};

	if (!hk_speech_of(opts, &d.ja, error)) {
		return false;
	}
	if (d.say && !d.online) {
		return hk_error_set(error, HK_EUSAGE,
			"--say posts to the outside: it needs --online beside it");
	}
	d.seen = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		g_string_truncate(d.seen, 0);
		g_clear_pointer(&d.mend, g_free);
		hk_doctor_how how = checks[i].run(&d);
		counts[how]++;
		print(&d, i, how);
	}
	g_free(d.mend);
	g_string_free(d.seen, TRUE);
	hk_db_close(d.db);
	hk_egress_unref(d.egress);
	return counts[HK_DOCTOR_FAIL] == 0 ||
	       hk_error_set(error, HK_ECHECK, "%u of %zu checks fail", counts[HK_DOCTOR_FAIL],
		       G_N_ELEMENTS(checks));
}
