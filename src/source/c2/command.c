#include "source/c2/command.h"

#include <string.h>

#include "parse/c2cmd.h"
#include "parse/url.h"
#include "sys/textfold.h"
#include "sys/uts46.h"

void
hk_command_free(hk_command *command)
{
	if (!command) {
		return;
	}
	g_free(command->word);
	g_free(command->argument);
	g_free(command->text);
	g_free(command->folded);
	g_ptr_array_unref(command->numbers);
	g_ptr_array_unref(command->urls);
	g_ptr_array_unref(command->brands);
	g_free(command);
}

const char *
hk_number_mask(const char *e164, char ret[HK_TELNO_MASK_SIZE])
{
	return hk_telno_mask(e164, ret);
}

const char *
hk_number_region(const char *e164, char ret[8])
{
	return hk_telno_region(e164, ret);
}

static void
append(GString *out, const uint8_t *from, const uint8_t *end)
{
	g_string_append_len(out, (const char *)from, end - from);
}

void
hk_number_mask_text(hk_span text, GString *out)
{
	size_t pos = 0, from = 0;
	hk_telno telno;
	char shown[HK_TELNO_MASK_SIZE];

	while (hk_telno_find(text, &pos, &telno)) {
		append(out, text.data + from, telno.text.data);
		g_string_append(out, hk_telno_mask(telno.e164, shown));
		from = pos;
	}
	if (text.len > from) {
		append(out, text.data + from, text.data + text.len);
	}
}

/* Whether nothing in the text is written as a link: then bare names are looked for. */
static bool
is_bare(hk_span text)
{
	size_t pos = 0;
	hk_span link;

	return !hk_url_find(text, false, &pos, &link);
}

/* The text without its links: each is a blank. */
static void
without_links(hk_span text, GString *out)
{
	bool bare = is_bare(text);
	size_t pos = 0, from = 0;
	hk_span link;

	while (hk_url_find(text, bare, &pos, &link)) {
		append(out, text.data + from, link.data);
		g_string_append_c(out, ' ');
		from = (size_t)(link.data - text.data) + link.len;
	}
	if (text.len > from) {
		append(out, text.data + from, text.data + text.len);
	}
}

void
hk_command_fold(hk_span text, GString *out)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	g_autoptr(GString) folded = g_string_new(NULL);
	size_t from = out->len;

	without_links(text, plain);
	hk_textfold(hk_span_of(plain->str, plain->len), folded);
	for (const char *at = folded->str; at < folded->str + folded->len;
		at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		char last = out->len > from ? out->str[out->len - 1] : ' ';
		if (g_unichar_isdigit(c)) {
			if (last != '#') {
				g_string_append_c(out, '#');
			}
		} else if (c <= ' ') {
			/* Blanks that bots sprinkle between characters of Japanese go; words of ASCII stay words. */
			if ((unsigned char)last < 0x80 && last != ' ') {
				g_string_append_c(out, ' ');
			}
		} else {
			if (last == ' ' && c >= 0x80 && out->len > from) {
				g_string_truncate(out, out->len - 1);
			}
			g_string_append_unichar(out, c);
		}
	}
	while (out->len > from && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
}

static void
take_urls(hk_command *command, hk_span text)
{
	g_autofree hk_url *url = g_new(hk_url, 1);
	bool bare = is_bare(text);
	size_t pos = 0;
	hk_span link;

	while (command->urls->len < HK_COMMAND_URLS_MAX && hk_url_find(text, bare, &pos, &link)) {
		if (hk_url_read(link, hk_uts46_to_ascii, NULL, url, NULL) == HK_OK &&
			!g_ptr_array_find_with_equal_func(
				command->urls, url->text, g_str_equal, NULL)) {
			g_ptr_array_add(command->urls, g_strdup(url->text));
		}
	}
}

/* The rows of notbrand.def, folded; made once, kept for good. */
static GHashTable *
nobodies(void)
{
	static const char *const rows[] = {
#define NOT(text) text,
#include "source/c2/notbrand.def"
#undef NOT
	};
	static GHashTable *set;

	if (g_once_init_enter(&set)) {
		GHashTable *made = g_hash_table_new(g_str_hash, g_str_equal);
		for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
			GString *folded = g_string_new(NULL);
			hk_textfold(hk_span_str(rows[i]), folded);
			g_hash_table_add(made, g_string_free(folded, FALSE));
		}
		g_once_init_leave(&set, made);
	}
	return set;
}

static bool
names_somebody(const char *text)
{
	g_autoptr(GString) folded = g_string_new(NULL);

	hk_textfold(hk_span_str(text), folded);
	return !g_hash_table_contains(nobodies(), folded->str);
}

static void
take_brands(hk_command *command, hk_span text)
{
	size_t pos = 0;
	hk_span inside;

	while (command->brands->len < HK_COMMAND_BRANDS_MAX &&
		hk_c2cmd_bracket(text, &pos, &inside)) {
		g_autofree char *brand = g_strndup((const char *)inside.data, inside.len);
		if (names_somebody(brand) && !g_ptr_array_find_with_equal_func(
						     command->brands, brand, g_str_equal, NULL)) {
			g_ptr_array_add(command->brands, g_steal_pointer(&brand));
		}
	}
}

/* One entry of the list; seen: the numbers so far. */
static void
take_number(hk_command *command, const hk_telno *telno, GHashTable *seen)
{
	if (telno->kind == HK_TELNO_MASKED) {
		command->masked++;
	} else if (telno->kind != HK_TELNO_MOBILE) {
		command->odd++;
	} else if (g_hash_table_contains(seen, telno->e164)) {
		command->doubles++;
	} else if (command->numbers->len >= HK_COMMAND_NUMBERS_MAX) {
		command->beyond++;
	} else {
		char *number = g_strdup(telno->e164);
		g_hash_table_add(seen, number);
		g_ptr_array_add(command->numbers, number);
	}
}

/* What stands before and behind the sign between numbers and text. */
static bool
split_at(const hk_family *family, hk_span argument, hk_span *ret_numbers, hk_span *ret_text)
{
	bool text_first = family->order == HK_ORDER_TEXT_NUMBERS;
	const uint8_t *sign = !family->split || argument.len == 0 ? NULL
			      : text_first ? memrchr(argument.data, family->split, argument.len)
					   : memchr(argument.data, family->split, argument.len);

	if (!sign) {
		return false;
	}
	hk_span before = hk_span_of(argument.data, (size_t)(sign - argument.data));
	hk_span behind = hk_span_of(sign + 1, argument.len - before.len - 1);
	*ret_numbers = text_first ? behind : before;
	*ret_text = text_first ? before : behind;
	return true;
}

static void
take_send(hk_command *command, const hk_family *family, hk_span argument)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	hk_span numbers = argument, text = {NULL, 0};
	bool split = split_at(family, argument, &numbers, &text);
	hk_c2cmd_list list = hk_c2cmd_list_begin(numbers, hk_span_str(family->separators));
	hk_telno telno;

	while (hk_c2cmd_number(&list, &telno)) {
		take_number(command, &telno, seen);
	}
	command->elided = list.elided;
	text = split ? hk_span_trim(text) : hk_c2cmd_text(&list);
	if (text.len > 0) {
		command->text = g_strndup((const char *)text.data, text.len);
		take_urls(command, text);
		take_brands(command, text);
	}
}

hk_command *
hk_command_read(const hk_family *family, hk_span frame)
{
	hk_c2cmd cmd;
	g_autofree char *plain = NULL;

	/* A NUL is a character of UTF-8, and would end our strings. */
	if (frame.len > 0 && frame.len <= HK_C2CMD_MAX && memchr(frame.data, 0, frame.len)) {
		plain = g_memdup2(frame.data, frame.len);
		for (size_t i = 0; i < frame.len; i++) {
			plain[i] = plain[i] ? plain[i] : ' ';
		}
		frame = hk_span_of(plain, frame.len);
	}

	if (hk_c2cmd_split(frame, family->words, family->verbs->len, family->mark, &cmd) != HK_OK) {
		return NULL;
	}
	hk_command *command = g_new0(hk_command, 1);
	g_autoptr(GString) folded = g_string_new(NULL);

	command->verb = cmd.known < family->verbs->len ? family->verbs->pdata[cmd.known] : NULL;
	command->send = command->verb && command->verb->send;
	command->word = g_strndup((const char *)cmd.word.data, cmd.word.len);
	command->argument = cmd.argument.len > 0
				    ? g_strndup((const char *)cmd.argument.data, cmd.argument.len)
				    : NULL;
	command->numbers = g_ptr_array_new_with_free_func(g_free);
	command->urls = g_ptr_array_new_with_free_func(g_free);
	command->brands = g_ptr_array_new_with_free_func(g_free);
	if (command->send) {
		take_send(command, family, cmd.argument);
	}
	if (command->text) {
		hk_command_fold(hk_span_str(command->text), folded);
	}
	hk_sha256(hk_span_of(folded->str, folded->len), command->key);
	command->folded = g_string_free(g_steal_pointer(&folded), FALSE);
	return command;
}
