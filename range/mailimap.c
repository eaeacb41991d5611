#include <string.h>

#include "base/num.h"
#include "mailhouse.h"

/* One client of the IMAP server: as much of RFC 3501 (and MOVE, UIDPLUS) as readers of one folder use. A login is a mailbox: user name or address. */
typedef struct session {
	rg_mailhouse *house;
	rg_mailconn *conn;
	char *user, *box, *folder;
	bool gone;
} session;

static bool
starts(const char *line, const char *word)
{
	return g_ascii_strncasecmp(line, word, strlen(word)) == 0;
}

/* The next word of *at, quoted or not; caller frees; NULL: no more. */
static char *
next_word(const char **at)
{
	GString *out = g_string_new(NULL);
	const char *p = *at + strspn(*at, " ");

	if (!*p) {
		g_string_free(out, TRUE);
		return NULL;
	}
	if (*p == '"') {
		for (p++; *p && *p != '"'; p++) {
			if (*p == '\\' && p[1]) {
				p++;
			}
			g_string_append_c(out, *p);
		}
		p += *p == '"';
	} else {
		size_t n = strcspn(p, " ");

		g_string_append_len(out, p, (gssize)n);
		p += n;
	}
	*at = p;
	return g_string_free(out, FALSE);
}

static uint32_t
number(const char *text)
{
	uint64_t n = 0;
	size_t digits = strspn(text, "0123456789");

	return hk_parse_u64(hk_span_of(text, digits), UINT32_MAX, &n) == HK_OK ? (uint32_t)n : 0;
}

static void
done(session *s, const char *tag, bool good, const char *text)
{
	rg_mailconn_say(s->conn, "%s %s %s", tag, good ? "OK" : "NO", text);
}

static void
enter(session *s, const char *tag, bool good, const char *user)
{
	if (good) {
		g_free(s->user);
		s->user = g_strdup(user);
	}
	done(s, tag, good, good ? "logged in" : "[AUTHENTICATIONFAILED] no");
}

/* "\0user\0password" */
static char *
user_of(const char *base64)
{
	gsize len = 0;
	g_autofree unsigned char *bytes =
		g_base64_decode(base64, &len); /* nocheck: the range reads only what is ours */
	const unsigned char *first = len > 0 ? memchr(bytes, '\0', len) : NULL;

	return first ? g_strndup((const char *)first + 1, len - (size_t)(first + 1 - bytes))
		     : g_strdup("");
}

static void
login(session *s, const char *tag, const char *rest, bool plain)
{
	if (plain) {
		rg_mailconn_say(s->conn, "+ ");
		g_autofree char *line = rg_mailconn_line(s->conn);
		g_autofree char *user = user_of(line ? line : "");

		enter(s, tag, line && rg_mailhouse_login(s->house, line), user);
		return;
	}
	g_autofree char *user = next_word(&rest);
	g_autofree char *password = next_word(&rest);

	enter(s, tag, user && password && rg_mailhouse_login_as(s->house, user, password), user);
}

static void
open_folder(session *s, const char *tag, const char *rest)
{
	g_autofree char *folder = next_word(&rest);

	if (!s->user || !folder) {
		done(s, tag, false, "log in first");
		return;
	}
	g_free(s->box);
	s->box = rg_mailstore_of(rg_mailhouse_store(s->house), s->user);
	g_free(s->folder);
	s->folder = g_steal_pointer(&folder);
	g_autoptr(GArray) uids =
		rg_mailstore_list(rg_mailhouse_store(s->house), s->box, s->folder, 0, NULL);

	rg_mailconn_say(s->conn, "* %u EXISTS", uids->len);
	rg_mailconn_say(s->conn, "* OK [UIDVALIDITY 7] always");
	done(s, tag, true, "[READ-WRITE] open");
}

static void
search(session *s, const char *tag, const char *rest)
{
	g_autofree char *id = NULL;
	uint32_t above = 0;

	if (starts(rest, "UID ")) {
		above = number(rest + 4);
		above -= above > 0;
	} else if (starts(rest, "HEADER Message-ID ")) {
		rest += 18;
		id = next_word(&rest);
	}
	g_autoptr(GArray) uids =
		rg_mailstore_list(rg_mailhouse_store(s->house), s->box, s->folder, above, id);
	g_autoptr(GString) line = g_string_new("* SEARCH");

	for (unsigned i = 0; i < uids->len; i++) {
		g_string_append_printf(line, " %u", g_array_index(uids, uint32_t, i));
	}
	rg_mailconn_say(s->conn, "%s", line->str);
	done(s, tag, true, "searched");
}

static void
fetch(session *s, const char *tag, const char *rest)
{
	uint32_t uid = number(rest);
	g_autoptr(GBytes) mail =
		rg_mailstore_get(rg_mailhouse_store(s->house), s->box, s->folder, uid);

	if (mail) {
		size_t size = g_bytes_get_size(mail);
		const char *part = strstr(rest, "<0.");
		size_t len = part ? MIN(size, number(part + 3)) : size;
		g_autofree char *head = g_strdup_printf(
			"* 1 FETCH (UID %u RFC822.SIZE %zu BODY[]<0> {%zu}\r\n", uid, size, len);

		rg_mailconn_write(s->conn, head, strlen(head));
		rg_mailconn_write(s->conn, g_bytes_get_data(mail, NULL), len);
		rg_mailconn_say(s->conn, ")");
	}
	done(s, tag, true, "fetched");
}

static void
change(session *s, const char *tag, const char *verb, const char *rest)
{
	rg_mailstore *store = rg_mailhouse_store(s->house);
	uint32_t uid = number(rest);

	if (starts(verb, "STORE")) {
		rg_mailstore_flag(store, s->box, s->folder, uid, strstr(rest, "\\Seen") != NULL,
			strstr(rest, "\\Deleted") != NULL);
	} else if (starts(verb, "EXPUNGE")) {
		rg_mailstore_expunge(store, s->box, s->folder, uid);
	} else {
		rest += strcspn(rest, " ");
		g_autofree char *to = next_word(&rest);

		if (to) {
			rg_mailstore_copy(store, s->box, s->folder, uid, to, starts(verb, "MOVE"));
		}
	}
	done(s, tag, true, "done");
}

static void
uid_command(session *s, const char *tag, const char *rest)
{
	g_autofree char *verb = next_word(&rest);

	rest += strspn(rest, " ");
	if (!s->folder || !verb) {
		done(s, tag, false, "no folder is open");
	} else if (starts(verb, "SEARCH")) {
		search(s, tag, rest);
	} else if (starts(verb, "FETCH")) {
		fetch(s, tag, rest);
	} else {
		change(s, tag, verb, rest);
	}
}

static void
command(session *s, const char *tag, const char *rest)
{
	rest += strspn(rest, " ");
	if (starts(rest, "CAPABILITY")) {
		rg_mailconn_say(s->conn, "* CAPABILITY IMAP4rev1 AUTH=PLAIN MOVE UIDPLUS");
		done(s, tag, true, "told");
	} else if (starts(rest, "LOGIN ")) {
		login(s, tag, rest + 6, false);
	} else if (starts(rest, "AUTHENTICATE PLAIN")) {
		login(s, tag, rest, true);
	} else if (starts(rest, "SELECT ") || starts(rest, "EXAMINE ")) {
		open_folder(s, tag, strchr(rest, ' '));
	} else if (starts(rest, "UID ")) {
		uid_command(s, tag, rest + 4);
	} else if (starts(rest, "NOOP")) {
		done(s, tag, true, "nothing");
	} else if (starts(rest, "LOGOUT")) {
		rg_mailconn_say(s->conn, "* BYE");
		done(s, tag, true, "bye");
		s->gone = true;
	} else {
		rg_mailconn_say(s->conn, "%s BAD not known here", tag);
	}
}

void
rg_mailimap(rg_mailhouse *house, rg_mailconn *conn)
{
	session s = {.house = house, .conn = conn};
	char *line;

	rg_mailconn_say(conn, "* OK range");
	while (!s.gone && (line = rg_mailconn_line(conn))) {
		const char *rest = line;
		g_autofree char *tag = next_word(&rest);

		if (tag) {
			command(&s, tag, rest);
		}
		g_free(line);
	}
	g_free(s.user);
	g_free(s.box);
	g_free(s.folder);
}
