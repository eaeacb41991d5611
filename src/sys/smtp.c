#include "sys/smtp.h"

#include <string.h>

#include "base/num.h"
#include "parse/smtpreply.h"
#include "sys/file.h"
#include "sys/gerr.h"

/* Time-outs of options smtp-*; the answer to the dot may take ten times IDLE_MS (RFC 5321, 4.5.3.2.6: ten minutes). */
enum { CONNECT_MS = 30000, IDLE_MS = 60000, PATIENCE = 10 };
/* Longest address in an envelope (RFC 5321, 4.5.3.1.3), and longest line of a mail without its end (4.5.3.1.6). */
enum { ADDRESS_MAX = 254, LINE_MAX_BYTES = 998 };
/* Bytes that leave in one write, before dots are doubled. */
enum { PIECE = 32768 };

const char *
hk_smtp_how_name(hk_smtp_how how)
{
	static const char *const names[] = {
		[HK_SMTP_TAKEN] = "taken",
		[HK_SMTP_LATER] = "later",
		[HK_SMTP_REFUSED] = "refused",
		[HK_SMTP_CLOSED] = "closed",
		[HK_SMTP_STOPPED] = "stopped",
		[HK_SMTP_UNKNOWN] = "unknown",
	};

	return names[how];
}

void
hk_smtp_answer_clear(hk_smtp_answer *answer)
{
	g_free(answer->enhanced);
	g_free(answer->text);
	g_free(answer->recipient);
	memset(answer, 0, sizeof *answer);
}

/* ---- configuration ---- */

void
hk_smtp_config_free(hk_smtp_config *config)
{
	if (config) {
		g_free(config->host);
		g_free(config->user);
		g_free(config->password_file);
		g_free(config->ca_file);
		g_free(config->copy);
		g_free(config);
	}
}

/* "host", "host:port", "[v6]:port" */
static bool
split_host(const char *text, hk_smtp_config *config)
{
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = close ? close + 1 : text + strcspn(text, ":");
	uint64_t port;

	if (text[0] == '[' && !close) {
		return false;
	}
	config->host = close ? g_strndup(text + 1, (size_t)(close - text) - 1)
			     : g_strndup(text, (size_t)(colon - text));
	if (*colon == '\0') {
		return *config->host;
	}
	if (*colon != ':' || hk_parse_u64(hk_span_str(colon + 1), 65535, &port) != HK_OK ||
		port == 0) {
		return false;
	}
	config->port = (unsigned)port;
	return *config->host;
}

hk_smtp_config *
hk_smtp_config_new(const char *url, GError **error)
{
	g_autoptr(hk_smtp_config) config = g_new0(hk_smtp_config, 1);
	g_autofree char *rest = NULL;

	config->tls = g_str_has_prefix(url, "smtps://");
	config->port = config->tls ? 465 : 587;
	config->connect_ms = CONNECT_MS;
	config->idle_ms = IDLE_MS;
	if (config->tls || g_str_has_prefix(url, "smtp://")) {
		rest = g_strdup(strstr(url, "://") + 3);
		if (g_str_has_suffix(rest, "/")) {
			rest[strlen(rest) - 1] = '\0';
		}
	}
	if (!rest || !split_host(rest, config) || strpbrk(config->host, "@/?# ")) {
		hk_error_set(error, HK_ECONFIG,
			"'%s' is no submission server: smtps://HOST, smtp://HOST:587 (STARTTLS)",
			url);
		return NULL;
	}
	return g_steal_pointer(&config);
}

/* local@domain that can stand between '<' and '>': no blanks, controls, brackets. 8 bits are UTF-8 for SMTPUTF8. */
static bool
is_address(const char *text)
{
	const char *at = strrchr(text, '@');
	size_t n = strlen(text);

	if (!at || at == text || !at[1] || n > ADDRESS_MAX || !g_utf8_validate(text, -1, NULL)) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>') {
			return false;
		}
	}
	return true;
}

hk_smtp_config *
hk_smtp_config_of(const hk_opts *opts, GError **error)
{
	const char *url = hk_opts_str(opts, HK_OPT_SMTP);
	const char *copy = hk_opts_str(opts, HK_OPT_SMTP_COPY);

	if (!url) {
		hk_error_set(error, HK_ENOENT, "no mail server to send by: option smtp");
		return NULL;
	}
	g_autoptr(hk_smtp_config) config = hk_smtp_config_new(url, error);

	if (!config) {
		g_prefix_error(error, "option smtp: ");
		return NULL;
	}
	config->user = g_strdup(hk_opts_str(opts, HK_OPT_SMTP_USER));
	config->password_file = g_strdup(hk_opts_str(opts, HK_OPT_SMTP_PASSWORD_FILE));
	config->ca_file = g_strdup(hk_opts_str(opts, HK_OPT_SMTP_CA));
	config->copy = g_strdup(copy);
	if (!config->user != !config->password_file) {
		hk_error_set(error, HK_ECONFIG,
			"options smtp-user and smtp-password-file belong together: one is missing");
		return NULL;
	}
	if (copy && !is_address(copy)) {
		hk_error_set(error, HK_ECONFIG, "option smtp-copy: '%s' is no mail address", copy);
		return NULL;
	}
	return g_steal_pointer(&config);
}

/* First line of the file; caller wipes and frees. */
static char *
read_password(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read_secret(path, 4096, error);

	if (!bytes) {
		g_prefix_error(error, "option smtp-password-file: ");
		return NULL;
	}
	size_t size;
	const char *data = g_bytes_get_data(bytes, &size);
	size_t len = 0;

	while (len < size && data[len] && data[len] != '\n' && data[len] != '\r') {
		len++;
	}
	if (len == 0) {
		hk_error_set(error, HK_ECONFIG, "option smtp-password-file: %s is empty", path);
		return NULL;
	}
	return g_strndup(data, len);
}

/* ---- one mail ---- */

typedef struct sending {
	const hk_smtp_config *config;
	const hk_smtp_message *mail;
	hk_smtp_answer *ret;
	hk_stream *stream;
	GByteArray *in; /* what has come; the answer last read is its first `used` bytes */
	size_t used;
	bool wide;        /* the mail has bytes over 127 */
	bool wide_header; /* its header or the envelope has */
} sending;

/* Decides. text is taken. Returns false, so that `return settle(...)` reads well. */
static bool
settle(sending *s, hk_smtp_how how, char *text)
{
	g_free(s->ret->text);
	s->ret->how = how;
	s->ret->text = text;
	return false;
}

static bool
settle_error(sending *s, hk_smtp_how how, const GError *error)
{
	return settle(s, how, g_strdup(error->message));
}

/* The lines of an answer as one, without what could harm a reader. */
static char *
text_of(const hk_smtpreply *reply)
{
	g_autoptr(GString) out = g_string_new(NULL);
	hk_span line;

	for (unsigned i = 0; hk_smtpreply_line(reply, i, &line) && out->len < HK_SMTP_TEXT_MAX;
		i++) {
		if (out->len > 0 && line.len > 0) {
			g_string_append_c(out, ' ');
		}
		g_string_append_len(out, (const char *)line.data,
			(gssize)MIN(line.len, HK_SMTP_TEXT_MAX - out->len));
	}
	for (size_t i = 0; i < out->len; i++) {
		if ((unsigned char)out->str[i] < ' ' || out->str[i] == 0x7f) {
			out->str[i] = ' ';
		}
	}
	return g_utf8_make_valid(out->str, (gssize)out->len);
}

/* settle() by an answer. */
static bool
settle_reply(sending *s, hk_smtp_how how, const hk_smtpreply *reply, const char *recipient)
{
	s->ret->code = reply->code;
	g_free(s->ret->enhanced);
	s->ret->enhanced = reply->enhanced.len > 0 ? g_strndup((const char *)reply->enhanced.data,
							     reply->enhanced.len)
						   : NULL;
	g_free(s->ret->recipient);
	s->ret->recipient = g_strdup(recipient);
	return settle(s, how, text_of(reply));
}

/* The next answer; its spans live until the next call. */
static bool
read_reply(sending *s, hk_smtpreply *ret, GError **error)
{
	if (s->used > 0) {
		g_byte_array_remove_range(s->in, 0, (unsigned)s->used);
		s->used = 0;
	}
	for (;;) {
		uint8_t piece[4096];
		hk_err err = hk_smtpreply_read(hk_span_of(s->in->data, s->in->len), ret, &s->used);

		if (err == HK_OK) {
			return true;
		}
		if (err != HK_ETRUNC) {
			return hk_error_set(error, HK_EREMOTE,
				"the server's answer makes no sense (%s)", hk_err_code(err));
		}
		ssize_t n = hk_stream_read(s->stream, piece, sizeof piece, error);

		if (n == 0) {
			hk_error_set(error, HK_EREMOTE, "the server hung up");
		}
		if (n <= 0) {
			return false;
		}
		g_byte_array_append(s->in, piece, (unsigned)n);
	}
}

/* One command and its answer; when the connection breaks, nothing was taken. */
static bool
command(sending *s, const char *line, hk_smtpreply *ret)
{
	g_autoptr(GError) why = NULL;

	if (!hk_stream_write(s->stream, hk_span_str(line), &why) || !read_reply(s, ret, &why)) {
		return settle_error(s, HK_SMTP_LATER, why);
	}
	return true;
}

/* What a refusal means; bad: of a 5xx. Who has not logged in is told so at any command. */
static hk_smtp_how
refusal(const hk_smtpreply *reply, hk_smtp_how bad)
{
	if (reply->code < 500) {
		return HK_SMTP_LATER;
	}
	return reply->code == 530 || reply->code == 535 || reply->code == 538 ? HK_SMTP_CLOSED
									      : bad;
}

/* ---- before anything is said ---- */

static bool
is_ascii(const char *text)
{
	while (*text) {
		if (*text++ & 0x80) {
			return false;
		}
	}
	return true;
}

/* Lines end with CRLF and are short enough. What stands alone could be taken for a line end by the next server (a "smuggled" second mail). */
static bool
check_lines(sending *s)
{
	hk_span all = s->mail->bytes;
	size_t column = 0;
	bool header = true;

	for (size_t i = 0; i < all.len; i++) {
		uint8_t c = all.data[i];
		bool ends = c == '\r' && i + 1 < all.len && all.data[i + 1] == '\n';

		if (c == '\0' || (!ends && (c == '\r' || c == '\n')) || column > LINE_MAX_BYTES) {
			return settle(s, HK_SMTP_REFUSED,
				g_strdup_printf("the mail cannot be sent so: byte %zu is %s", i,
					column > LINE_MAX_BYTES ? "in a line of over 998 bytes"
								: "a NUL, or half a line end"));
		}
		if (ends) {
			header = header && column > 0;
			column = 0;
			i++;
			continue;
		}
		column++;
		s->wide = s->wide || c >= 0x80;
		s->wide_header = s->wide_header || (header && c >= 0x80);
	}
	return (all.len > 0 && column == 0) ||
	       settle(s, HK_SMTP_REFUSED, g_strdup("the mail does not end with a line end"));
}

static bool
check_mail(sending *s)
{
	const hk_smtp_message *mail = s->mail;
	size_t count = 0;

	if (*mail->from && !is_address(mail->from)) {
		return settle(s, HK_SMTP_CLOSED,
			g_strdup_printf("'%s' is no address of a sender", mail->from));
	}
	s->wide_header = !is_ascii(mail->from);
	for (; mail->to[count]; count++) {
		if (!is_address(mail->to[count])) {
			s->ret->recipient = g_strdup(mail->to[count]);
			return settle(s, HK_SMTP_REFUSED,
				g_strdup_printf("'%s' is no mail address", mail->to[count]));
		}
		s->wide_header = s->wide_header || !is_ascii(mail->to[count]);
	}
	if (count == 0 || count > HK_SMTP_RECIPIENTS_MAX) {
		return settle(
			s, HK_SMTP_REFUSED, g_strdup_printf("a mail to %zu recipients", count));
	}
	if (mail->bytes.len > HK_SMTP_BYTES_MAX) {
		return settle(s, HK_SMTP_REFUSED,
			g_strdup_printf("a mail of %zu bytes: at most %u are sent", mail->bytes.len,
				HK_SMTP_BYTES_MAX));
	}
	return check_lines(s);
}

static bool
connect_to(sending *s)
{
	g_autoptr(GError) why = NULL;
	const char *at = strrchr(s->mail->from, '@');
	/* The name by which we greet; servers of submission care for the login instead. */
	const char *hello =
		at && at[1] &&
				strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789.-") ==
					strlen(at + 1)
			? at + 1
			: "localhost";
	hk_stream_config stream = {.host = s->config->host,
		.port = s->config->port,
		.tls = s->config->tls,
		.ca_file = s->config->ca_file,
		.connect_ms = s->config->connect_ms,
		.idle_ms = s->config->idle_ms,
		.stop_fd = s->mail->stop_fd};
	hk_stream_login login = {.hello = hello, .user = s->config->user};
	char *password = NULL;

	if (s->config->password_file) {
		password = read_password(s->config->password_file, &why);
		if (!password) {
			return settle_error(s, HK_SMTP_CLOSED, why);
		}
		login.password = password;
	}
	s->stream = hk_stream_open_smtp(&stream, &login, &why);
	if (password) {
		explicit_bzero(password, strlen(password));
		g_free(password);
	}
	if (!s->stream) {
		hk_err code = hk_error_code(why);
		return settle_error(s,
			code == HK_ECONFIG || code == HK_EPOLICY ? HK_SMTP_CLOSED : HK_SMTP_LATER,
			why);
	}
	g_autofree char *line = g_strdup_printf("EHLO %s\r\n", hello);
	hk_smtpreply reply;

	/* libcurl keeps what it was told to itself: it is asked once more. */
	if (!command(s, line, &reply)) {
		return false;
	}
	return reply.code == 250 || settle_reply(s, refusal(&reply, HK_SMTP_CLOSED), &reply, NULL);
}

/* ---- the envelope ---- */

/* MAIL FROM with what the mail needs and the server offers, by the answer to EHLO. */
static char *
mail_from(sending *s)
{
	g_autoptr(GString) line = g_string_new(NULL);
	hk_smtpreply ehlo;
	hk_span size;
	size_t len;
	uint64_t most;

	if (hk_smtpreply_read(hk_span_of(s->in->data, s->used), &ehlo, &len) != HK_OK) {
		HK_BUG("the answer to EHLO was read a moment ago");
	}
	g_string_append_printf(line, "MAIL FROM:<%s>", s->mail->from);
	if (hk_smtpreply_offers(&ehlo, "SIZE", &size)) {
		if (hk_parse_u64(size, UINT64_MAX, &most) == HK_OK && most > 0 &&
			s->mail->bytes.len > most) {
			settle(s, HK_SMTP_REFUSED,
				g_strdup_printf(
					"a mail of %zu bytes: the server takes at most %llu",
					s->mail->bytes.len, (unsigned long long)most));
			return NULL;
		}
		g_string_append_printf(line, " SIZE=%zu", s->mail->bytes.len);
	}
	if (s->wide || s->wide_header) {
		if (!hk_smtpreply_offers(&ehlo, "8BITMIME", NULL)) {
			settle(s, HK_SMTP_REFUSED,
				g_strdup("the mail has bytes over 127, and the server does not "
					 "offer 8BITMIME"));
			return NULL;
		}
		g_string_append(line, " BODY=8BITMIME");
	}
	if (s->wide_header) {
		if (!hk_smtpreply_offers(&ehlo, "SMTPUTF8", NULL)) {
			settle(s, HK_SMTP_REFUSED,
				g_strdup("an address or the header is not ASCII, and the server "
					 "does not offer SMTPUTF8"));
			return NULL;
		}
		g_string_append(line, " SMTPUTF8");
	}
	g_string_append(line, "\r\n");
	return g_string_free(g_steal_pointer(&line), FALSE);
}

static bool
envelope(sending *s)
{
	g_autofree char *from = mail_from(s);
	hk_smtpreply reply;

	if (!from || !command(s, from, &reply)) {
		return false;
	}
	if (reply.code / 100 != 2) {
		hk_smtp_how bad = reply.code == 552 ? HK_SMTP_REFUSED : HK_SMTP_CLOSED;
		return settle_reply(s, refusal(&reply, bad), &reply, NULL);
	}
	for (const char *const *to = s->mail->to; *to; to++) {
		g_autofree char *line = g_strdup_printf("RCPT TO:<%s>\r\n", *to);
		bool copy =
			s->config->copy && to > s->mail->to && strcmp(*to, s->config->copy) == 0;

		if (!command(s, line, &reply)) {
			return false;
		}
		if (reply.code / 100 != 2) {
			return settle_reply(s,
				refusal(&reply, copy ? HK_SMTP_CLOSED : HK_SMTP_REFUSED), &reply,
				*to);
		}
	}
	if (!command(s, "DATA\r\n", &reply)) {
		return false;
	}
	return reply.code == 354 || settle_reply(s, refusal(&reply, HK_SMTP_REFUSED), &reply, NULL);
}

/* ---- the mail ---- */

/* RFC 5321, 4.5.2: a line that begins with a dot gets one more. */
static bool
body(sending *s)
{
	hk_span all = s->mail->bytes;
	g_autoptr(GByteArray) out = g_byte_array_sized_new(PIECE + PIECE / 4);
	g_autoptr(GError) why = NULL;
	bool fresh = true; /* at the beginning of a line */

	for (size_t i = 0; i < all.len; i++) {
		if (fresh && all.data[i] == '.') {
			g_byte_array_append(out, (const uint8_t *)".", 1);
		}
		g_byte_array_append(out, all.data + i, 1);
		fresh = all.data[i] == '\n';
		if (out->len < PIECE && i + 1 < all.len) {
			continue;
		}
		if (!hk_stream_write(s->stream, hk_span_of(out->data, out->len), &why)) {
			return settle_error(s, HK_SMTP_LATER, why);
		}
		g_byte_array_set_size(out, 0);
	}
	return true;
}

/* From here on the mail may have been taken. */
static void
finish(sending *s)
{
	g_autoptr(GError) why = NULL;
	hk_smtpreply reply;

	s->ret->committed = s->mail->last != NULL;
	hk_stream_stoppable(s->stream, -1);
	hk_stream_patience(s->stream, s->config->idle_ms * PATIENCE);
	if (!hk_stream_write(s->stream, HK_SPAN_LIT(".\r\n"), &why) ||
		!read_reply(s, &reply, &why)) {
		settle_error(s, HK_SMTP_UNKNOWN, why);
	} else if (reply.code / 100 == 2) {
		settle_reply(s, HK_SMTP_TAKEN, &reply, NULL);
	} else if (reply.code / 100 == 3) {
		settle_reply(s, HK_SMTP_UNKNOWN, &reply, NULL);
	} else {
		settle_reply(s, refusal(&reply, HK_SMTP_REFUSED), &reply, NULL);
	}
}

void
hk_smtp_send(const hk_smtp_config *config, const hk_smtp_message *mail, hk_smtp_answer *ret)
{
	sending s = {.config = config, .mail = mail, .ret = ret};
	bool goes;

	memset(ret, 0, sizeof *ret);
	s.in = g_byte_array_new();
	goes = check_mail(&s) && connect_to(&s) && envelope(&s) && body(&s);
	if (goes && mail->last && !mail->last(mail->user)) {
		/* The connection is closed inside the mail: a mail without its dot is none. */
		goes = settle(&s, HK_SMTP_STOPPED, g_strdup("given up before its last byte"));
	}
	if (goes) {
		finish(&s);
	}
	if (s.stream && ret->how == HK_SMTP_TAKEN) {
		hk_stream_patience(s.stream, 1000);
		hk_stream_write(s.stream, HK_SPAN_LIT("QUIT\r\n"), NULL);
	}
	hk_stream_close(s.stream);
	g_byte_array_unref(s.in);
}

void
hk_smtp_try(const hk_smtp_config *config, const char *from, hk_smtp_answer *ret)
{
	const hk_smtp_message mail = {.from = from, .stop_fd = -1};
	sending s = {.config = config, .mail = &mail, .ret = ret};

	memset(ret, 0, sizeof *ret);
	s.in = g_byte_array_new();
	if (connect_to(&s)) {
		settle(&s, HK_SMTP_TAKEN, g_strdup("logged in"));
		hk_stream_patience(s.stream, 1000);
		hk_stream_write(s.stream, HK_SPAN_LIT("QUIT\r\n"), NULL);
	}
	hk_stream_close(s.stream);
	g_byte_array_unref(s.in);
}
