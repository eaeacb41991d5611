#include "source/c2/show.h"

#include "base/codec.h"
#include "base/jpholiday.h"
#include "sys/defang.h"
#include "sys/jsonw.h"
#include "sys/log.h"

/* Masked, for all that is shown. */
static char *
masked(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_number_mask_text(hk_span_str(text), out);
	return g_string_free(out, FALSE);
}

const char *
hk_command_when(int64_t local_s, char ret[HK_COMMAND_WHEN_SIZE])
{
	int64_t days = local_s / 86400 - (local_s % 86400 < 0), s = local_s - days * 86400;
	int year, month, day;

	hk_date_of(days, &year, &month, &day);
	g_snprintf(ret, HK_COMMAND_WHEN_SIZE, "%04d-%02d-%02d %02d:%02d:%02d", year % 10000, month,
		day, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	return ret;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many numbers each block of 10,000 has. */
static void
regions_json(const hk_command *command, GString *out)
{
	g_autoptr(GPtrArray) regions = g_ptr_array_new_with_free_func(g_free);
	char region[8];

	for (unsigned i = 0; i < command->numbers->len; i++) {
		g_ptr_array_add(
			regions, g_strdup(hk_number_region(command->numbers->pdata[i], region)));
	}
	g_ptr_array_sort(regions, by_text);
	hk_jsonw_key(out, "regions");
	hk_jsonw_open(out, '{');
	for (unsigned i = 0, n; i < regions->len; i += n) {
		for (n = 1; i + n < regions->len &&
			    g_str_equal(regions->pdata[i], regions->pdata[i + n]);
			n++) {
		}
		hk_jsonw_member_int(out, regions->pdata[i], n);
	}
	hk_jsonw_close(out, '}');
}

static void
numbers_json(const hk_command *command, GString *out)
{
	char shown[HK_TELNO_MASK_SIZE];

	hk_jsonw_key(out, "numbers");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < MIN(command->numbers->len, HK_COMMAND_SHOWN_MAX); i++) {
		hk_jsonw_str(out, hk_number_mask(command->numbers->pdata[i], shown));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_int(out, "count", (int64_t)command->numbers->len + command->beyond);
	regions_json(command, out);
	hk_jsonw_member_int(out, "masked", command->masked);
	hk_jsonw_member_int(out, "odd", command->odd);
	hk_jsonw_member_int(out, "doubles", command->doubles);
	hk_jsonw_member_bool(out, "elided", command->elided);
}

static void
masked_member(GString *out, const char *key, const char *text)
{
	g_autofree char *shown = text ? masked(text) : NULL;

	hk_jsonw_member_str(out, key, shown);
}

static void
masked_list(GString *out, const char *key, const GPtrArray *list)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < list->len; i++) {
		g_autofree char *shown = masked(list->pdata[i]);
		hk_jsonw_str(out, shown);
	}
	hk_jsonw_close(out, ']');
}

void
hk_command_json(const hk_command *command, const hk_command_seen *seen, GString *out)
{
	const hk_verb *verb = command->verb;
	char when[HK_COMMAND_WHEN_SIZE];

	hk_jsonw_open(out, '{');
	if (seen && seen->local_s) {
		hk_jsonw_member_str(out, "time", hk_command_when(seen->local_s, when));
	}
	if (seen && seen->port) {
		hk_jsonw_member_int(out, "port", seen->port);
	}
	hk_jsonw_member_str(out, "verb", verb ? verb->name : NULL);
	masked_member(out, "word", command->word);
	hk_jsonw_member_str(out, "meaning", verb ? verb->en : NULL);
	hk_jsonw_member_str(out, "meaning_ja", verb ? verb->ja : NULL);
	hk_jsonw_member_bool(out, "send", command->send);
	if (!command->send) {
		masked_member(out, "argument", command->argument);
	} else {
		numbers_json(command, out);
		masked_member(out, "text", command->text);
		hk_jsonw_member_str(out, "folded", command->folded);
		hk_jsonw_key(out, "key");
		hk_jsonw_hex(out, hk_span_of(command->key, sizeof command->key));
		masked_list(out, "urls", command->urls);
		masked_list(out, "brands", command->brands);
	}
	hk_jsonw_close(out, '}');
}

/* For people --------------------------------------------------------------------------------------------------------- */

static void
line(GString *out, const char *label, const char *text)
{
	g_autofree char *shown = masked(text);
	g_autofree char *printable = hk_log_printable(shown);

	g_string_append_printf(out, "  %-9s %s\n", label, printable);
}

static void
show_numbers(const hk_command *command, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char shown[HK_TELNO_MASK_SIZE];
	const struct {
		unsigned count;
		const char *what;
	} others[] = {{command->masked, "blotted"}, {command->odd, "no mobile number"},
		{command->doubles, "double"}};

	g_string_append_printf(text, "%u", command->numbers->len + command->beyond);
	for (unsigned i = 0; i < MIN(command->numbers->len, HK_COMMAND_SHOWN_MAX); i++) {
		g_string_append_printf(text, "%s%s", i ? ", " : ": ",
			hk_number_mask(command->numbers->pdata[i], shown));
	}
	if (command->numbers->len > HK_COMMAND_SHOWN_MAX) {
		g_string_append(text, ", ...");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		if (others[i].count > 0) {
			g_string_append_printf(text, "; %u %s", others[i].count, others[i].what);
		}
	}
	g_string_append(text, command->elided ? "; the list was cut" : "");
	g_string_append_printf(out, "  %-9s %s\n", "numbers", text->str);
}

/* The text with its links made harmless, as it may be pasted into a chat. */
static void
show_text(const hk_command *command, bool exact, GString *out)
{
	g_autofree char *text = masked(command->text ? command->text : "");
	g_autofree char *shown = exact ? hk_log_printable(text) : hk_defang(text);

	g_string_append_printf(out, "  %-9s %s\n", "text", shown);
}

static void
show_send(const hk_command *command, bool exact, GString *out)
{
	char key[HK_SHA256_SIZE * 2 + 1];

	show_numbers(command, out);
	show_text(command, exact, out);
	for (unsigned i = 0; i < command->urls->len; i++) {
		g_autofree char *text = masked(command->urls->pdata[i]);
		g_autofree char *shown = exact ? hk_log_printable(text) : hk_defang(text);
		g_string_append_printf(out, "  %-9s %s\n", "link", shown);
	}
	for (unsigned i = 0; i < command->brands->len; i++) {
		line(out, "brand", command->brands->pdata[i]);
	}
	hk_hex_encode(hk_span_of(command->key, sizeof command->key), key);
	g_string_append_printf(out, "  %-9s %.16s\n", "wave", key);
}

void
hk_command_show(const hk_command *command, const hk_command_seen *seen, bool exact, GString *out)
{
	const hk_verb *verb = command->verb;
	g_autofree char *word = masked(command->word);
	g_autofree char *printable = hk_log_printable(word);
	char when[HK_COMMAND_WHEN_SIZE];

	g_string_append_printf(out, "%s (%s): %s\n", verb ? verb->name : "unknown", printable,
		verb ? verb->en : "no command of this family; kept as it came");
	if (seen && seen->local_s) {
		g_string_append_printf(out, "  %-9s %s, port %u\n", "seen",
			hk_command_when(seen->local_s, when), seen->port);
	}
	if (command->send) {
		show_send(command, exact, out);
	} else if (command->argument) {
		line(out, "argument", command->argument);
	}
}
