/* A verdict for files, rows and the board. */
#include "evidence/cloak.h"
#include "sys/jsonw.h"

/* A row of one of the two tables. */
typedef struct bit_name {
	unsigned bit;
	const char *code;
} bit_name;

static const bit_name dimension_names[] = {
#define CLOAKDIM(id, code, bit, meaning) {bit, code},
#include "evidence/cloakdims.def"
#undef CLOAKDIM
};

static const bit_name what_names[] = {
#define CLOAKWHAT(id, code, bit, meaning) {bit, code},
#include "evidence/cloakwhat.def"
#undef CLOAKWHAT
};

const char *
hk_cloak_verdict_code(hk_cloak_verdict verdict)
{
	static const char *const codes[] = {"unknown", "same", "cloaked", "dead"};

	return codes[verdict];
}

char *
hk_cloak_dimensions_text(unsigned dimensions)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(dimension_names); i++) {
		if (dimensions & dimension_names[i].bit) {
			g_string_append_printf(
				out, "%s%s", out->len ? "," : "", dimension_names[i].code);
		}
	}
	return g_string_free(out, FALSE);
}

static void
write_bits(GString *out, const char *key, unsigned bits, const bit_name *names, size_t count)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (bits & names[i].bit) {
			hk_jsonw_str(out, names[i].code);
		}
	}
	hk_jsonw_close(out, ']');
}

static void
write_side(GString *out, const char *key, const hk_cloak_side *side)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "variant");
	hk_jsonw_int(out, (int64_t)side->variant);
	hk_jsonw_key(out, "visit");
	hk_jsonw_str(out, side->name);
	hk_jsonw_key(out, "status");
	hk_jsonw_int(out, side->status);
	hk_jsonw_key(out, "host");
	hk_jsonw_str(out, side->host);
	hk_jsonw_key(out, "title");
	hk_jsonw_str(out, side->title);
	hk_jsonw_key(out, "form");
	hk_jsonw_str(out, side->form);
	hk_jsonw_close(out, '}');
}

static void
write_diff(GString *out, const hk_cloak_diff *d)
{
	hk_jsonw_open(out, '{');
	write_bits(
		out, "dimensions", d->dimensions, dimension_names, G_N_ELEMENTS(dimension_names));
	write_bits(out, "what", d->what, what_names, G_N_ELEMENTS(what_names));
	hk_jsonw_key(out, "text");
	hk_jsonw_real(out, d->text, 2);
	hk_jsonw_key(out, "structure");
	hk_jsonw_real(out, d->structure, 2);
	hk_jsonw_key(out, "picture");
	if (d->picture >= 0) {
		hk_jsonw_int(out, d->picture);
	} else {
		hk_jsonw_null(out);
	}
	write_side(out, "a", &d->a);
	write_side(out, "b", &d->b);
	hk_jsonw_close(out, '}');
}

void
hk_cloak_json(const hk_cloak *cloak, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "verdict");
	hk_jsonw_str(out, hk_cloak_verdict_code(cloak->verdict));
	write_bits(out, "dimensions", cloak->dimensions, dimension_names,
		G_N_ELEMENTS(dimension_names));
	hk_jsonw_key(out, "certain");
	hk_jsonw_bool(out, cloak->certain);
	hk_jsonw_key(out, "compared");
	hk_jsonw_int(out, (int64_t)cloak->compared);
	hk_jsonw_key(out, "diffs");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < cloak->diffs->len; i++) {
		write_diff(out, g_ptr_array_index(cloak->diffs, i));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
}
