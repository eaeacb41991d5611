#include "evidence/manifest.h"

#include "base/codec.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

#define FORMAT "hikeshi-manifest-1"

struct hk_manifest_file {
	hk_json_doc *doc;
	hk_manifest m;
	hk_manifest_variant *variants;
};

char *
hk_manifest_visit(const hk_manifest_variant *v, size_t index)
{
	char *name = g_strdup_printf("%02zu-%s-%s-%d", index, v->profile, v->referrer, v->visit);

	return g_strcanon(
		name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", '-');
}

/* In all three: members in byte order of their names. */
static void
write_artefact(GString *out, const hk_manifest_artefact *a, const char *visit)
{
	g_autofree char *path = g_strconcat(visit, "/", a->name, NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "bytes", a->bytes);
	hk_jsonw_member_str(out, "kind", a->kind);
	hk_jsonw_member_str(out, "name", a->name);
	hk_jsonw_member_str(out, "path", path);
	hk_jsonw_key(out, "sha256");
	hk_jsonw_hex(out, hk_span_of(a->sha256, sizeof a->sha256));
	hk_jsonw_member_str(out, "type", a->type);
	hk_jsonw_close(out, '}');
}

static void
write_variant(GString *out, const hk_manifest_variant *v, size_t index)
{
	g_autofree char *visit = hk_manifest_visit(v, index);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "address", v->address);
	hk_jsonw_key(out, "artefacts");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < v->artefact_count; i++) {
		write_artefact(out, &v->artefacts[i], visit);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_str(out, "end", v->end);
	hk_jsonw_member_str(out, "exit", v->exit);
	hk_jsonw_member_str(out, "final_url", v->final_url);
	hk_jsonw_member_str(out, "profile", v->profile);
	hk_jsonw_member_str(out, "referrer", v->referrer);
	hk_jsonw_member_int(out, "start_ms", v->start_ms);
	hk_jsonw_member_int(out, "took_ms", v->took_ms);
	hk_jsonw_member_int(out, "visit", v->visit);
	hk_jsonw_close(out, '}');
}

char *
hk_manifest_write(const hk_manifest *m)
{
	GString *out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "browser", m->browser);
	hk_jsonw_member_int(out, "case", m->case_id);
	hk_jsonw_member_str(out, "clock", m->clock ? m->clock : "system clock");
	hk_jsonw_member_int(out, "done_ms", m->done_ms);
	hk_jsonw_member_str(out, "exit_address", m->exit_address);
	hk_jsonw_member_str(out, "format", FORMAT);
	hk_jsonw_member_str(out, "hikeshi", HK_VERSION);
	hk_jsonw_member_str(out, "operator", m->operator_name);
	hk_jsonw_member_str(out, "plan", m->plan);
	hk_jsonw_member_int(out, "run", m->run_id);
	hk_jsonw_member_int(out, "started_ms", m->started_ms);
	hk_jsonw_member_str(out, "url", m->url);
	hk_jsonw_key(out, "variants");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < m->variant_count; i++) {
		write_variant(out, &m->variants[i], i);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	return g_string_free(out, FALSE);
}

/* A name becomes a file's: nothing that leads elsewhere. */
static bool
name_ok(const char *name)
{
	return *name && *name != '.' && strlen(name) <= 100 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       strlen(name);
}

static bool
opt_str(const hk_json *obj, const char *key, const char **ret, GError **error)
{
	*ret = NULL;
	return !hk_json_has(obj, key) || hk_json_str(obj, key, ret, error);
}

static bool
read_artefact(const hk_json *obj, hk_manifest_artefact *a, GError **error)
{
	const char *hex;

	if (!hk_json_i64(obj, "bytes", &a->bytes, error) ||
		!hk_json_str(obj, "kind", &a->kind, error) ||
		!hk_json_str(obj, "name", &a->name, error) ||
		!hk_json_str(obj, "sha256", &hex, error) ||
		!hk_json_str(obj, "type", &a->type, error)) {
		return false;
	}
	if (!name_ok(a->name)) {
		return hk_json_fail(obj, HK_EFORM, error, "no file may be called that");
	}
	return hk_hex_decode(hk_span_str(hex), a->sha256, sizeof a->sha256) == HK_OK ||
	       hk_json_fail(obj, HK_EFORM, error, "sha256 is no hash");
}

/* The list of files; owned by the variant. */
static bool
read_artefacts(const hk_json *list, hk_manifest_variant *v, GError **error)
{
	size_t count = hk_json_len(list);

	if (count > HK_MANIFEST_ARTEFACTS_MAX) {
		return hk_json_fail(
			list, HK_EFORM, error, "over %d files", HK_MANIFEST_ARTEFACTS_MAX);
	}
	hk_manifest_artefact *files = g_new0(hk_manifest_artefact, count + 1);
	v->artefacts = files;
	v->artefact_count = count;
	for (size_t i = 0; i < count; i++) {
		hk_json one = hk_json_at(list, i);
		if (!read_artefact(&one, &files[i], error)) {
			return false;
		}
	}
	return true;
}

static bool
read_variant(const hk_json *obj, hk_manifest_variant *v, GError **error)
{
	hk_json files;
	int64_t visit;

	if (!opt_str(obj, "address", &v->address, error) ||
		!hk_json_str(obj, "end", &v->end, error) ||
		!opt_str(obj, "exit", &v->exit, error) ||
		!opt_str(obj, "final_url", &v->final_url, error) ||
		!hk_json_str(obj, "profile", &v->profile, error) ||
		!hk_json_str(obj, "referrer", &v->referrer, error) ||
		!hk_json_i64(obj, "start_ms", &v->start_ms, error) ||
		!hk_json_i64(obj, "took_ms", &v->took_ms, error) ||
		!hk_json_i64(obj, "visit", &visit, error) ||
		!hk_json_array(obj, "artefacts", &files, error)) {
		return false;
	}
	v->visit = visit == 2 ? 2 : 1;
	return read_artefacts(&files, v, error);
}

static bool
read_run(const hk_json *root, hk_manifest *m, GError **error)
{
	const char *format;

	if (!hk_json_str(root, "format", &format, error)) {
		return false;
	}
	if (strcmp(format, FORMAT) != 0) {
		return hk_json_fail(root, HK_EFORM, error, "not of format " FORMAT);
	}
	return opt_str(root, "browser", &m->browser, error) &&
	       hk_json_i64(root, "case", &m->case_id, error) &&
	       hk_json_str(root, "clock", &m->clock, error) &&
	       hk_json_i64(root, "done_ms", &m->done_ms, error) &&
	       opt_str(root, "exit_address", &m->exit_address, error) &&
	       hk_json_str(root, "operator", &m->operator_name, error) &&
	       hk_json_str(root, "plan", &m->plan, error) &&
	       hk_json_i64(root, "run", &m->run_id, error) &&
	       hk_json_i64(root, "started_ms", &m->started_ms, error) &&
	       hk_json_str(root, "url", &m->url, error);
}

static bool
read_variants(const hk_json *root, hk_manifest_file *f, GError **error)
{
	hk_json list;

	if (!hk_json_array(root, "variants", &list, error)) {
		return false;
	}
	size_t count = hk_json_len(&list);
	if (count > HK_MANIFEST_VARIANTS_MAX) {
		return hk_json_fail(
			&list, HK_EFORM, error, "over %d visits", HK_MANIFEST_VARIANTS_MAX);
	}
	f->variants = g_new0(hk_manifest_variant, count + 1);
	f->m.variants = f->variants;
	f->m.variant_count = count;
	for (size_t i = 0; i < count; i++) {
		hk_json one = hk_json_at(&list, i);
		if (!read_variant(&one, &f->variants[i], error)) {
			return false;
		}
	}
	return true;
}

hk_manifest_file *
hk_manifest_read(hk_span text, GError **error)
{
	g_autoptr(hk_manifest_file) f = g_new0(hk_manifest_file, 1);
	GError *inner = NULL;

	f->doc = hk_json_load(text, HK_MANIFEST_BYTES_MAX, &inner);
	if (!f->doc) {
		hk_error_set(error, HK_EFORM, "%s", inner->message);
		g_error_free(inner);
		return NULL;
	}
	hk_json root = hk_json_root(f->doc);
	if (!read_run(&root, &f->m, error) || !read_variants(&root, f, error)) {
		return NULL;
	}
	return g_steal_pointer(&f);
}

const hk_manifest *
hk_manifest_of(const hk_manifest_file *f)
{
	return &f->m;
}

void
hk_manifest_file_free(hk_manifest_file *f)
{
	if (f) {
		for (size_t i = 0; f->variants && i < f->m.variant_count; i++) {
			g_free((hk_manifest_artefact *)(uintptr_t)f->variants[i].artefacts);
		}
		g_free(f->variants);
		hk_json_doc_free(f->doc);
		g_free(f);
	}
}
