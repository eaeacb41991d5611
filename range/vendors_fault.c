#include <inttypes.h>
#include <string.h>

#include "sys/clock.h"
#include "vendors_int.h"

enum { SLOW_STEP_MS = 200 };

static const struct {
	const char *name;
	unsigned status;
	bool taken;
} modes[] = {
#define MODE(id, name, status, taken, what) {name, status, taken},
#define STYLE(id, name, what)
#include "vendorfaults.def"
#undef MODE
#undef STYLE
};

static const char *const styles[] = {
#define MODE(id, name, status, taken, what)
#define STYLE(id, name, what) name,
#include "vendorfaults.def"
#undef MODE
#undef STYLE
};

bool
rg_vendors_fault(rg_vendors *v, const char *vendor, const char *op, const char *mode,
	const char *style, int seconds, int times)
{
	rg_trouble t = {.op = g_strdup(op), .seconds = seconds, .left = times > 0 ? times : -1};
	bool good = false;

	while (t.mode < RG_MODE_COUNT && strcmp(modes[t.mode].name, mode) != 0) {
		t.mode++;
	}
	while (style && t.style < RG_STYLE_COUNT && strcmp(styles[t.style], style) != 0) {
		t.style++;
	}
	g_mutex_lock(&v->lock);
	rg_desk *desk = rg_vendors_desk(v, vendor);
	if (desk && t.mode < RG_MODE_COUNT && t.style < RG_STYLE_COUNT) {
		g_free(desk->trouble.op);
		desk->trouble = t;
		t.op = NULL;
		good = true;
	}
	g_mutex_unlock(&v->lock);
	g_free(t.op);
	return good;
}

/* ---- When to come back ---- */

/* Dates have whole seconds: the next one, so that nobody comes early who believes them. */
static char *
date_of(int64_t at_ms, const char *format)
{
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc((at_ms + 999) / 1000);

	return g_date_time_format(at, format);
}

static void
say_when(rg_call *call, rg_style style, int seconds)
{
	int64_t at_ms = hk_clock_wall_ms() + (int64_t)seconds * 1000;
	g_autofree char *text = g_strdup_printf("%d", seconds);
	g_autofree char *date = date_of(at_ms, "%a, %d %b %Y %H:%M:%S GMT");
	g_autofree char *iso = date_of(at_ms, "%Y-%m-%dT%H:%M:%S.000Z");
	g_autofree char *unix_s = g_strdup_printf("%" PRId64, (at_ms + 999) / 1000);
	g_autofree char *interval = g_strdup_printf("%d Seconds", seconds);
	g_autofree char *list = g_strdup_printf("limit=10, remaining=0, reset=%d", seconds);
	const struct {
		rg_style style;
		const char *name, *value;
	} rows[] = {
		{RG_STYLE_SECONDS, "Retry-After", text},
		{RG_STYLE_DATE, "Retry-After", date},
		{RG_STYLE_RESET_AFTER, "X-Rate-Limit-Scope", "user"},
		{RG_STYLE_RESET_AFTER, "X-Rate-Limit-Window", "minute"},
		{RG_STYLE_RESET_AFTER, "X-Rate-Limit-Limit", "60"},
		{RG_STYLE_RESET_AFTER, "X-Rate-Limit-Remaining", "0"},
		{RG_STYLE_RESET_AFTER, "X-Rate-Limit-Reset-After", text},
		{RG_STYLE_RESET, "X-Rate-Limit-Remaining", "0"},
		{RG_STYLE_RESET, "X-Rate-Limit-Reset", iso},
		{RG_STYLE_UNIX, "X-RateLimit-Remaining", "0"},
		{RG_STYLE_UNIX, "X-RateLimit-Reset", unix_s},
		{RG_STYLE_RATELIMIT, "RateLimit-Remaining", "0"},
		{RG_STYLE_RATELIMIT, "RateLimit-Reset", text},
		{RG_STYLE_RATELIMIT_LIST, "RateLimit", list},
		{RG_STYLE_INTERVAL, "X-Request-Limit-Interval", interval},
		{RG_STYLE_INTERVAL, "X-Request-Limit", "10"},
		{RG_STYLE_INTERVAL, "X-Request-Count", "10"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].style == style) {
			rg_call_header(call, rows[i].name, rows[i].value);
		}
	}
}

/* A date may be up to a second later than the time it stands for. */
static void
close_for(rg_vendors *v, rg_desk *desk, const rg_trouble *t)
{
	if (t->style != RG_STYLE_NONE) {
		desk->closed_until_ms =
			MAX(desk->closed_until_ms, rg_vendors_now(v) + (int64_t)t->seconds * 1000);
	}
}

static bool
is_submission(const rg_call *call)
{
	return strcmp(call->route->op, "submit") == 0;
}

/* Its quota of submissions. */
static bool
over_quota(rg_vendors *v, rg_desk *desk, rg_call *call)
{
	int64_t minute = rg_vendors_now(v) / 60000;

	if (desk->vendor->per_minute == 0 || !is_submission(call)) {
		return false;
	}
	if (minute != desk->minute) {
		desk->minute = minute;
		desk->in_minute = 0;
	}
	return ++desk->in_minute > desk->vendor->per_minute;
}

bool
rg_fault_before(rg_vendors *v, rg_desk *desk, rg_call *call, rg_mode *ret_mode)
{
	rg_trouble *t = &desk->trouble;
	bool hit = t->mode != RG_MODE_NONE && t->left != 0 &&
		   (!t->op || strcmp(t->op, call->route->op) == 0);

	*ret_mode = RG_MODE_NONE;
	if (rg_vendors_now(v) < desk->closed_until_ms) {
		desk->counts.early++;
	}
	if (over_quota(v, desk, call)) {
		desk->counts.over++;
		rg_call_error(call, 429, "over the quota");
		return true;
	}
	if (!hit) {
		return false;
	}
	t->left -= t->left > 0;
	*ret_mode = t->mode;
	if (modes[t->mode].taken) {
		return false;
	}
	unsigned status = modes[t->mode].status;
	if (status == 0) {
		return true;
	}
	if (status == 429 || status == 503) {
		close_for(v, desk, t);
		say_when(call, t->style, t->seconds);
		status = t->style == RG_STYLE_INTERVAL ? 509 : status;
	}
	rg_call_error(call, status, "trouble of the range");
	return true;
}

/* ---- Answers that go wrong ---- */

/* A body that comes in pieces; owned by its response. */
typedef struct piecemeal {
	rg_vendors *v;
	rg_mode mode;
	GString *text;
	unsigned resets;
} piecemeal;

/* Waits, but not longer than the server lives or the fault lasts. */
static bool
wait_ms(rg_vendors *v, unsigned resets, int64_t ms)
{
	int64_t until = g_get_monotonic_time() + ms * 1000;
	bool on = true;

	g_mutex_lock(&v->lock);
	while (on && !v->stopping && v->resets == resets) {
		on = g_cond_wait_until(&v->stop_or_reset, &v->lock, until);
	}
	bool stay = !v->stopping && v->resets == resets;
	g_mutex_unlock(&v->lock);
	return stay;
}

static ssize_t
read_piece(void *cls, uint64_t pos, char *buf, size_t max)
{
	piecemeal *p = cls;

	(void)max;
	if (p->mode == RG_MODE_SLOW && pos < p->text->len &&
		wait_ms(p->v, p->resets, SLOW_STEP_MS)) {
		buf[0] = p->text->str[pos];
		return 1;
	}
	if (p->mode == RG_MODE_TRUNCATED && pos < p->text->len / 2) {
		size_t n = MIN(max, p->text->len / 2 - (size_t)pos);
		memcpy(buf, p->text->str + pos, n);
		return (ssize_t)n;
	}
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
free_piece(void *cls)
{
	piecemeal *p = cls;

	g_string_free(p->text, TRUE);
	g_free(p);
}

static enum MHD_Result
reply_piecemeal(rg_call *call, rg_mode mode)
{
	piecemeal *p = g_new0(piecemeal, 1);

	*p = (piecemeal){
		call->vendors, mode, g_string_new(call->reply->str), call->vendors->resets};
	struct MHD_Response *r = MHD_create_response_from_callback(
		MAX(p->text->len, 1), 1024, read_piece, p, free_piece);
	MHD_add_response_header(r, "Content-Type", call->type);
	enum MHD_Result result = MHD_queue_response(call->c, call->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
reply_whole(rg_call *call)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		call->reply->len, call->reply->str, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", call->type);
	for (unsigned i = 0; i < call->headers->len; i++) {
		g_auto(GStrv) parts = g_strsplit(call->headers->pdata[i], ": ", 2);
		MHD_add_response_header(r, parts[0], parts[1]);
	}
	enum MHD_Result result = MHD_queue_response(call->c, call->status, r);
	MHD_destroy_response(r);
	return result;
}

enum MHD_Result
rg_fault_after(rg_call *call, rg_mode mode)
{
	if (mode == RG_MODE_TIMEOUT) {
		wait_ms(call->vendors, call->vendors->resets, 60000);
		return MHD_NO;
	}
	if (mode == RG_MODE_RESET || mode == RG_MODE_LOST) {
		return MHD_NO;
	}
	if (mode == RG_MODE_SLOW || mode == RG_MODE_TRUNCATED) {
		return reply_piecemeal(call, mode);
	}
	if (mode == RG_MODE_CUT_JSON) {
		g_string_truncate(call->reply, call->reply->len / 2);
	} else if (mode == RG_MODE_TYPE) {
		g_string_assign(call->reply, "<!doctype html><title>Welcome</title><p>It works!");
		call->type = "text/html";
	} else if (mode == RG_MODE_EMPTY) {
		g_string_truncate(call->reply, 0);
	} else if (modes[mode].taken && modes[mode].status) {
		rg_call_error(call, modes[mode].status, "trouble of the range");
	}
	return reply_whole(call);
}
