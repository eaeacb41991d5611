#include <string.h>

#include "mailhouse.h"

/* One client of the SMTP server. */
typedef struct session {
	rg_mailhouse *house;
	rg_mailconn *conn;
	bool tls, logged_in, gone;
	char *from; /* NULL: no mail begun */
	GPtrArray *to;
} session;

static void
reset(session *s)
{
	g_clear_pointer(&s->from, g_free);
	g_ptr_array_set_size(s->to, 0);
}

static bool
starts(const char *line, const char *word)
{
	return g_ascii_strncasecmp(line, word, strlen(word)) == 0;
}

/* "<address> PARAMETERS": the address, or NULL. */
static char *
path_of(const char *text)
{
	const char *open = strchr(text, '<');
	const char *close = open ? strchr(open, '>') : NULL;

	return close ? g_strndup(open + 1, (size_t)(close - open) - 1) : NULL;
}

static void
ehlo(session *s)
{
	const rg_mailhouse_config *config = rg_mailhouse_config_of(s->house);

	rg_mailconn_say(s->conn, "250-mail.range.example");
	rg_mailconn_say(s->conn, "250-SIZE %u", RG_MAIL_BYTES_MAX);
	if (!s->tls && !config->no_starttls) {
		rg_mailconn_say(s->conn, "250-STARTTLS");
	}
	if (config->user) {
		rg_mailconn_say(s->conn, "250-AUTH PLAIN LOGIN");
	}
	rg_mailconn_say(s->conn, "250-8BITMIME");
	rg_mailconn_say(s->conn, "250 SMTPUTF8");
	reset(s);
}

/* The word in base64, decoded as text without its last line; caller frees. */
static char *
plain_of(const char *base64)
{
	gsize len = 0;
	g_autofree unsigned char *bytes =
		g_base64_decode(base64, &len); /* nocheck: the range reads only what is ours */

	return g_strndup((const char *)bytes, len);
}

static void
auth(session *s, const char *rest)
{
	bool good = false;

	if (rg_mailhouse_fault(s->house, RG_MAILFAULT_AUTH, NULL)) {
		rg_mailconn_say(s->conn, "535 5.7.8 Authentication credentials invalid");
		return;
	}
	if (starts(rest, "PLAIN")) {
		g_autofree char *later = NULL;
		const char *word = g_strchug((char *)(uintptr_t)rest + 5);

		if (!*word) {
			rg_mailconn_say(s->conn, "334 ");
			word = later = rg_mailconn_line(s->conn);
		}
		good = word && rg_mailhouse_login(s->house, word);
	} else if (starts(rest, "LOGIN")) {
		g_autofree char *given = g_strstrip(g_strdup(rest + 5));
		if (!*given) {
			rg_mailconn_say(s->conn, "334 VXNlcm5hbWU6");
			g_free(g_steal_pointer(&given));
			given = rg_mailconn_line(s->conn);
		}
		rg_mailconn_say(s->conn, "334 UGFzc3dvcmQ6");
		g_autofree char *second = rg_mailconn_line(s->conn);
		g_autofree char *user = plain_of(given ? given : "");
		g_autofree char *password = plain_of(second ? second : "");

		good = rg_mailhouse_login_as(s->house, user, password);
	}
	s->logged_in = s->logged_in || good;
	rg_mailconn_say(s->conn, "%s",
		good ? "235 2.7.0 Accepted" : "535 5.7.8 Authentication credentials invalid");
}

static void
mail(session *s, const char *line)
{
	if (rg_mailhouse_config_of(s->house)->user && !s->logged_in) {
		rg_mailconn_say(s->conn, "530 5.7.0 Authentication required");
	} else if (rg_mailhouse_fault(s->house, RG_MAILFAULT_SENDER, NULL)) {
		rg_mailconn_say(s->conn, "550 5.7.1 Sender address rejected");
	} else {
		reset(s);
		s->from = path_of(line);
		rg_mailconn_say(s->conn, "%s", s->from ? "250 2.1.0 Ok" : "501 5.1.7 Bad address");
	}
}

static void
rcpt(session *s, const char *line)
{
	g_autofree char *to = path_of(line);
	g_autofree char *pair = to && s->from ? g_strdup_printf("%s %s", s->from, to) : NULL;

	if (!pair) {
		rg_mailconn_say(s->conn, "503 5.5.1 MAIL first, and an address");
	} else if (rg_mailhouse_fault(s->house, RG_MAILFAULT_NOBODY, to)) {
		rg_mailconn_say(
			s->conn, "550 5.1.1 <%s>: Recipient address rejected: User unknown", to);
	} else if (rg_mailhouse_fault(s->house, RG_MAILFAULT_QUOTA, to)) {
		rg_mailconn_say(s->conn, "452 4.2.2 <%s>: Mailbox full", to);
	} else if (rg_mailhouse_fault(s->house, RG_MAILFAULT_GREYLIST, to) &&
		   !rg_mailhouse_met(s->house, pair)) {
		rg_mailconn_say(s->conn, "450 4.7.1 <%s>: Greylisted, come back later", to);
	} else {
		g_ptr_array_add(s->to, g_steal_pointer(&to));
		rg_mailconn_say(s->conn, "250 2.1.5 Ok");
	}
}

/* The mail up to its dot, dots unstuffed. NULL: the connection ended first. */
static GByteArray *
read_mail(session *s)
{
	g_autoptr(GByteArray) mail = g_byte_array_new();
	char *line;

	while ((line = rg_mailconn_line(s->conn))) {
		bool last = g_str_equal(line, ".");

		if (!last && mail->len < RG_MAIL_BYTES_MAX) {
			const char *text = line[0] == '.' ? line + 1 : line;

			g_byte_array_append(mail, (const uint8_t *)text, (unsigned)strlen(text));
			g_byte_array_append(mail, (const uint8_t *)"\r\n", 2);
		}
		g_free(line);
		if (last) {
			return g_steal_pointer(&mail);
		}
	}
	return NULL;
}

/* Takes it: into the mailboxes, and to who answers. */
static void
take(session *s, const GByteArray *mail)
{
	hk_span bytes = hk_span_of(mail->data, mail->len);

	for (unsigned i = 0; i < s->to->len; i++) {
		rg_mailstore_deliver(rg_mailhouse_store(s->house), s->to->pdata[i], bytes);
		rg_parties_got(rg_mailhouse_parties(s->house), s->from, s->to->pdata[i], bytes);
	}
}

static bool
strikes(session *s, rg_mailfault fault)
{
	return rg_mailhouse_fault(s->house, fault, s->to->pdata[0]);
}

static void
data(session *s)
{
	if (s->to->len == 0) {
		rg_mailconn_say(s->conn, "503 5.5.1 RCPT first");
		return;
	}
	if (strikes(s, RG_MAILFAULT_DATA)) {
		rg_mailconn_say(s->conn, "451 4.3.0 Temporary failure");
		return;
	}
	rg_mailconn_say(s->conn, "354 End data with <CR><LF>.<CR><LF>");
	if (strikes(s, RG_MAILFAULT_CUT)) {
		g_free(rg_mailconn_line(s->conn));
		s->gone = true;
		return;
	}
	g_autoptr(GByteArray) mail = read_mail(s);

	if (!mail || strikes(s, RG_MAILFAULT_LOST)) {
		s->gone = true;
	} else if (strikes(s, RG_MAILFAULT_LATER)) {
		rg_mailconn_say(s->conn, "451 4.3.0 Queue is full, later");
	} else if (strikes(s, RG_MAILFAULT_SPAM)) {
		rg_mailconn_say(s->conn, "554 5.7.1 Message rejected as phishing");
	} else {
		take(s, mail);
		s->gone = strikes(s, RG_MAILFAULT_DROP);
		if (!s->gone && strikes(s, RG_MAILFAULT_MUTE)) {
			g_free(rg_mailconn_line(s->conn));
			s->gone = true;
		}
		if (!s->gone) {
			rg_mailconn_say(s->conn, "250 2.0.0 Ok: queued as R%08X", g_random_int());
		}
	}
	reset(s);
}

static void
command(session *s, const char *line)
{
	if (starts(line, "EHLO") || starts(line, "HELO")) {
		ehlo(s);
	} else if (starts(line, "STARTTLS") && !s->tls) {
		rg_mailconn_say(s->conn, "220 2.0.0 Ready");
		s->tls = true;
		s->gone = !rg_mailconn_tls(s->conn, rg_mailhouse_tls(s->house));
	} else if (starts(line, "AUTH ")) {
		auth(s, line + 5);
	} else if (starts(line, "MAIL FROM:")) {
		mail(s, line);
	} else if (starts(line, "RCPT TO:")) {
		rcpt(s, line);
	} else if (starts(line, "DATA")) {
		data(s);
	} else if (starts(line, "RSET")) {
		reset(s);
		rg_mailconn_say(s->conn, "250 2.0.0 Ok");
	} else if (starts(line, "NOOP")) {
		rg_mailconn_say(s->conn, "250 2.0.0 Ok");
	} else if (starts(line, "QUIT")) {
		rg_mailconn_say(s->conn, "221 2.0.0 Bye");
		s->gone = true;
	} else {
		rg_mailconn_say(s->conn, "502 5.5.2 Not known here");
	}
}

void
rg_mailsmtp(rg_mailhouse *house, rg_mailconn *conn, bool tls)
{
	session s = {.house = house, .conn = conn, .tls = tls};
	char *line;

	if (rg_mailhouse_fault(house, RG_MAILFAULT_GREETING, NULL)) {
		rg_mailconn_say(conn, "421 4.3.2 Not now");
		return;
	}
	s.to = g_ptr_array_new_with_free_func(g_free);
	rg_mailconn_say(conn, "220 mail.range.example ESMTP");
	while (!s.gone && (line = rg_mailconn_line(conn))) {
		command(&s, line);
		g_free(line);
	}
	g_free(s.from);
	g_ptr_array_unref(s.to);
}
