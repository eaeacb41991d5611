/* Tasks of a case, and the templates that bring them. */
#include <string.h>

#include "flow/case_int.h"
#include "flow/check.h"
#include "store/case_rows.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { FIELDS_BYTES_MAX = 65536, STEPS_BYTES_MAX = 1 << 20, MS_PER_MINUTE = 60000 };

static void
note_task(hk_flow *flow, const char *act, int64_t task_id, int64_t case_id, const char *data)
{
	hk_flow_note(flow, act, "task", task_id, case_id, data);
}

static bool
add(hk_flow *flow, int64_t case_id, const char *title, int64_t due_ms, int64_t *ret_id,
	GError **error)
{
	g_autoptr(GString) data = g_string_new(NULL);
	int64_t id;

	if (!hk_tasks_add(flow->db, case_id, title, due_ms, &id, error)) {
		return false;
	}
	hk_jsonw_open(data, '{');
	hk_jsonw_key(data, "title");
	hk_jsonw_str(data, title);
	hk_jsonw_close(data, '}');
	note_task(flow, "task.new", id, case_id, data->str);
	if (ret_id) {
		*ret_id = id;
	}
	return true;
}

bool
hk_task_add(hk_flow *flow, int64_t case_id, const char *title, int64_t due_ms, int64_t *ret_id,
	GError **error)
{
	g_auto(hk_case_work) work = {0};

	if (!hk_check_line("title", title, HK_NAME_MAX, error) ||
		(due_ms != 0 && !hk_check_ms("due", due_ms, error)) ||
		!hk_case_open(flow, case_id, 0, &work, error)) {
		return false;
	}
	return add(flow, case_id, title, due_ms, ret_id, error) &&
	       hk_case_save(flow, &work, HK_CASE_SEEN, false, error);
}

/* The steps of a template: checked when it was kept (flow/meta). */
static bool
add_steps(hk_flow *flow, int64_t case_id, const hk_template_row *template, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_str(template->steps), STEPS_BYTES_MAX, error);

	if (!doc) {
		g_prefix_error(error, "task template %s: ", template->key);
		return false;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root); i++) {
		hk_json step = hk_json_at(&root, i);
		const char *title;
		int64_t due_min = 0;
		if (!hk_json_str(&step, "title", &title, error) ||
			(hk_json_has(&step, "due_min") &&
				!hk_json_i64(&step, "due_min", &due_min, error)) ||
			!add(flow, case_id, title,
				due_min ? flow->now_ms + due_min * MS_PER_MINUTE : 0, NULL,
				error)) {
			return false;
		}
	}
	return true;
}

bool
hk_task_add_template(hk_flow *flow, int64_t case_id, const char *template_key, GError **error)
{
	g_auto(hk_case_work) work = {0};
	hk_template_row *template = NULL;

	if (!hk_case_open(flow, case_id, 0, &work, error) ||
		!hk_lookup_template(flow->db, template_key, &template, error)) {
		return false;
	}
	if (!template) {
		return hk_error_set(
			error, HK_ENOENT, "template: there is no active one of that key");
	}
	bool good = add_steps(flow, case_id, template, error);
	hk_template_row_free(template);
	return good && hk_case_save(flow, &work, HK_CASE_SEEN, false, error);
}

static bool
comes_with(const hk_template_row *template, const char *kind)
{
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_str(template->kinds), STEPS_BYTES_MAX, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};

	for (size_t i = 0; doc && i < hk_json_len(&root); i++) {
		hk_json at = hk_json_at(&root, i);
		if (g_strcmp0(hk_json_text(&at), kind) == 0) {
			return true;
		}
	}
	return false;
}

bool
hk_case_tasks(hk_flow *flow, int64_t case_id, const char *kind, GError **error)
{
	if (!flow->templates && !hk_lookup_templates(flow->db, &flow->templates, error)) {
		return false;
	}
	for (unsigned i = 0; i < flow->templates->len; i++) {
		const hk_template_row *template = flow->templates->pdata[i];
		if (comes_with(template, kind) && !add_steps(flow, case_id, template, error)) {
			return false;
		}
	}
	return true;
}

static bool
open_task(hk_flow *flow, int64_t id, hk_task_row *task, hk_case_work *work, GError **error)
{
	/* The case is locked first, as everywhere. */
	if (!hk_tasks_get(flow->db, id, task, error)) {
		return false;
	}
	int64_t case_id = task->case_id;
	hk_task_row_clear(task);
	if (!hk_case_open(flow, case_id, 0, work, error) ||
		!hk_tasks_get(flow->db, id, task, error)) {
		return false;
	}
	return task->case_id == case_id ||
	       hk_error_set(error, HK_EAGAIN, "the task was moved just now");
}

bool
hk_task_move(hk_flow *flow, int64_t task_id, const char *act, GError **error)
{
	g_auto(hk_task_row) task = {0};
	g_auto(hk_case_work) work = {0};

	if (!open_task(flow, task_id, &task, &work, error)) {
		return false;
	}
	const hk_move *move = hk_move_find(HK_MACHINE_TASK, task.state, act);
	if (!move) {
		return hk_error_set(error, HK_EPOLICY,
			"task %" G_GINT64_FORMAT " is %s: there is no move \"%s\" from there",
			task_id, task.state, act);
	}
	g_autofree char *name = g_strconcat("task.", move->act, NULL);
	task.state = move->to;
	task.done_ms = strcmp(move->clock, "done_ms") == 0 ? flow->now_ms : 0;
	note_task(flow, name, task_id, task.case_id, NULL);
	return hk_tasks_set(flow->db, &task, error) &&
	       hk_case_save(flow, &work, HK_CASE_SEEN, false, error);
}

static bool
edit_field(hk_flow *flow, hk_task_row *task, const hk_json *root, const char *key,
	const hk_json *value, GError **error)
{
	bool null = hk_json_kind_of(value) == HK_JSON_NULL;
	const char *text = NULL;
	bool due = strcmp(key, "due") == 0, assignee = strcmp(key, "assignee") == 0;

	if (!due && !assignee && strcmp(key, "title") != 0) {
		return hk_error_set(
			error, HK_EFORM, "%s: is no field of a task that can be changed", key);
	}
	if (!(null && (due || assignee)) && !hk_json_str(root, key, &text, error)) {
		return false;
	}
	if (due) {
		task->due_ms = 0;
		return null || hk_check_time("due", text, &task->due_ms, error);
	}
	if (assignee) {
		task->assignee_id = 0;
		if (text && !hk_lookup_user(flow->db, text, &task->assignee_id, error)) {
			return false;
		}
		return !text || task->assignee_id != 0 ||
		       hk_error_set(
			       error, HK_ENOENT, "assignee: there is no active user of that login");
	}
	if (!hk_check_line("title", text, HK_NAME_MAX, error)) {
		return false;
	}
	g_free(task->title);
	task->title = g_strdup(text);
	return true;
}

bool
hk_task_edit(hk_flow *flow, int64_t task_id, const char *fields, GError **error)
{
	g_autoptr(hk_json_doc) doc =
		hk_check_doc("fields", fields, FIELDS_BYTES_MAX, HK_JSON_OBJECT, error);
	g_auto(hk_task_row) task = {0};
	g_auto(hk_case_work) work = {0};
	const char *key;
	void *pos = NULL;
	hk_json value;

	if (!doc || !open_task(flow, task_id, &task, &work, error)) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	while (hk_json_each(&root, &pos, &key, &value)) {
		if (!edit_field(flow, &task, &root, key, &value, error)) {
			return false;
		}
	}
	note_task(flow, "task.edit", task_id, task.case_id, fields);
	return hk_tasks_set(flow->db, &task, error) &&
	       hk_case_save(flow, &work, HK_CASE_SEEN, false, error);
}
