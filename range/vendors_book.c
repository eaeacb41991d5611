#include <string.h>

#include "sys/clock.h"
#include "vendors_int.h"

int64_t
rg_vendors_now(const rg_vendors *v)
{
	return hk_clock_wall_ms() + v->ahead_ms;
}

rg_desk *
rg_vendors_desk(rg_vendors *v, const char *vendor)
{
	for (size_t i = 0; vendor && i < rg_vendor_count; i++) {
		if (strcmp(v->desks[i].vendor->name, vendor) == 0) {
			return &v->desks[i];
		}
	}
	return NULL;
}

static void
report_free(void *data)
{
	rg_report *report = data;

	g_free(report->id);
	g_free(report->what);
	g_free(report->token);
	g_free(report->state);
	json_decref(report->body);
	g_free(report);
}

void
rg_desk_reset(rg_desk *desk)
{
	const rg_vendor *vendor = desk->vendor;

	g_clear_pointer(&desk->reports, g_ptr_array_unref);
	g_free(desk->trouble.op);
	*desk = (rg_desk){.vendor = vendor, .reports = g_ptr_array_new_with_free_func(report_free)};
}

/* ---- What the vendors write into it; the lock is held by their caller ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
what_of(const char *const *texts, size_t count)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < count; i++) {
		g_ptr_array_add(sorted, (void *)(uintptr_t)texts[i]);
	}
	g_ptr_array_sort(sorted, by_text);
	for (unsigned i = 0; i < sorted->len; i++) {
		bool again = i > 0 && strcmp(sorted->pdata[i], sorted->pdata[i - 1]) == 0;
		if (!again) {
			g_string_append_printf(
				out, "%s%s", out->len > 0 ? " " : "", (char *)sorted->pdata[i]);
		}
	}
	return g_string_free(out, FALSE);
}

rg_report *
rg_call_take(
	rg_call *call, const char *const *what, size_t count, const char *token, bool *ret_known)
{
	rg_desk *desk = rg_vendors_desk(call->vendors, call->vendor->name);
	rg_report *report;

	for (unsigned i = 0; call->vendor->tokens && token && i < desk->reports->len; i++) {
		report = desk->reports->pdata[i];
		if (report->token && strcmp(report->token, token) == 0) {
			if (ret_known) {
				*ret_known = true;
			}
			return report;
		}
	}
	report = g_new0(rg_report, 1);
	report->number = desk->reports->len + 1;
	report->id = g_strdup_printf("00000000-0000-4000-8000-%012u", report->number);
	report->what = what_of(what, count);
	report->token = g_strdup(token);
	report->body = json_incref(call->json);
	report->at_ms = rg_vendors_now(call->vendors);
	report->real_ms = hk_clock_wall_ms();
	g_ptr_array_add(desk->reports, report);
	if (ret_known) {
		*ret_known = false;
	}
	return report;
}

rg_report *
rg_call_take_list(rg_call *call, const json_t *list, const char *member, const char *token)
{
	g_autoptr(GPtrArray) what = g_ptr_array_new();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *text = json_string_value(member ? json_object_get(item, member) : item);
		if (text) {
			g_ptr_array_add(what, (void *)(uintptr_t)text);
		}
	}
	return rg_call_take(call, (const char *const *)what->pdata, what->len, token, NULL);
}

const GPtrArray *
rg_call_reports(rg_call *call)
{
	return rg_vendors_desk(call->vendors, call->vendor->name)->reports;
}

rg_report *
rg_call_report(rg_call *call, const char *id)
{
	const GPtrArray *reports = rg_call_reports(call);

	for (unsigned i = 0; id && i < reports->len; i++) {
		rg_report *report = reports->pdata[i];
		if (strcmp(report->id, id) == 0) {
			report->polls++;
			return report;
		}
	}
	return NULL;
}

rg_report *
rg_call_report_of(rg_call *call, const char *url)
{
	const GPtrArray *reports = rg_call_reports(call);

	for (unsigned i = 0; url && i < reports->len; i++) {
		rg_report *report = reports->pdata[i];
		g_auto(GStrv) urls = g_strsplit(report->what, " ", -1);
		if (g_strv_contains((const char *const *)urls, url)) {
			return report;
		}
	}
	return NULL;
}

const char *
rg_call_state(const rg_report *report, const char *first)
{
	return report->state ? report->state : first;
}

/* ---- What is read off it ---- */

static rg_counts
count(const rg_desk *desk)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	rg_counts counts = desk->counts;

	for (unsigned i = 0; i < desk->reports->len; i++) {
		rg_report *report = desk->reports->pdata[i];
		if (g_hash_table_add(seen, report->what)) {
			counts.distinct++;
		} else {
			counts.doubles++;
		}
	}
	return counts;
}

bool
rg_vendors_counts(rg_vendors *v, const char *vendor, rg_counts *ret)
{
	g_mutex_lock(&v->lock);
	const rg_desk *desk = rg_vendors_desk(v, vendor);
	if (desk) {
		*ret = count(desk);
	}
	g_mutex_unlock(&v->lock);
	return desk != NULL;
}

static json_t *
page_of(const rg_desk *desk)
{
	rg_counts n = count(desk);
	json_t *reports = json_array();

	for (unsigned i = 0; i < desk->reports->len; i++) {
		const rg_report *report = desk->reports->pdata[i];
		json_array_append_new(
			reports, json_pack("{s:s,s:s,s:s?,s:i,s:s?}", "id", report->id, "what",
					 report->what, "token", report->token, "polls",
					 (int)report->polls, "state", report->state));
	}
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "requests",
		(json_int_t)n.requests, "whole", (json_int_t)n.whole, "denied",
		(json_int_t)n.denied, "early", (json_int_t)n.early, "over", (json_int_t)n.over,
		"polls", (json_int_t)n.polls, "distinct", (json_int_t)n.distinct, "doubles",
		(json_int_t)n.doubles, "reports", reports);
}

char *
rg_vendors_book(rg_vendors *v, const char *vendor)
{
	json_t *pages = json_object();

	g_mutex_lock(&v->lock);
	for (size_t i = 0; i < rg_vendor_count; i++) {
		const rg_desk *desk = &v->desks[i];
		if (!vendor || strcmp(desk->vendor->name, vendor) == 0) {
			json_object_set_new(pages, desk->vendor->name, page_of(desk));
		}
	}
	g_mutex_unlock(&v->lock);
	json_t *root = json_pack("{s:o}", "vendors", pages);
	char *text = json_dumps(root, JSON_COMPACT);
	char *copy = g_strdup(text);
	free(text);
	json_decref(root);
	return copy;
}

void
rg_vendors_reset(rg_vendors *v)
{
	g_mutex_lock(&v->lock);
	for (size_t i = 0; i < rg_vendor_count; i++) {
		rg_desk_reset(&v->desks[i]);
	}
	v->resets++;
	g_cond_broadcast(&v->stop_or_reset);
	g_mutex_unlock(&v->lock);
}

void
rg_vendors_advance(rg_vendors *v, int64_t ms)
{
	g_mutex_lock(&v->lock);
	v->ahead_ms += ms;
	g_mutex_unlock(&v->lock);
}

bool
rg_vendors_state(rg_vendors *v, const char *vendor, const char *id, const char *state)
{
	bool found = false;

	g_mutex_lock(&v->lock);
	const rg_desk *desk = rg_vendors_desk(v, vendor);
	for (unsigned i = 0; desk && i < desk->reports->len; i++) {
		rg_report *report = desk->reports->pdata[i];
		if (!id || strcmp(report->id, id) == 0) {
			g_free(report->state);
			report->state = g_strdup(state);
			found = true;
		}
	}
	g_mutex_unlock(&v->lock);
	return found;
}
