/* sys/smtp: hands one mail to our own submission server (RFC 6409, RFC 5321). Layer: sys. The server is ours, yet its answers are checked.
 *
 * libcurl connects through sys/egress, starts TLS (implicit, or STARTTLS, which is demanded unless the server is this machine and no authority is named) and logs in (AUTH PLAIN or
 * LOGIN); the envelope and the mail are spoken here, so that it is always known how far it came: all that can go wrong before the dot that ends
 * the mail means "surely not taken"; behind it only an answer counts, and no answer means "nobody knows".
 *
 *     hk_smtp_message mail = {.from = "csirt+4f...@bank.example", .to = (const char *[]){"abuse@host.example", copy, NULL}, .bytes = bytes,
 *             .last = commit_it, .user = report};
 *     g_auto(hk_smtp_answer) answer = {0};
 *     hk_smtp_send(config, &mail, &answer);
 *     switch (answer.how) ...
 *
 * One thread; blocks, at most for the times of the configuration. */
#ifndef HK_SYS_SMTP_H
#define HK_SYS_SMTP_H

#include "sys/options.h"
#include "sys/stream.h"

#define HK_SMTP_RECIPIENTS_MAX 100u
#define HK_SMTP_BYTES_MAX      (40u << 20) /* of a mail, whatever the server says */
#define HK_SMTP_TEXT_MAX       1000u       /* bytes kept of an answer's text */

/* The server; options smtp-*. Strings owned. */
typedef struct hk_smtp_config {
	char *host;
	unsigned port;
	bool tls;            /* smtps: from the first byte */
	char *user;          /* NULL: no login */
	char *password_file; /* its first line; nobody else may read it; NULL: no login */
	char *ca_file;       /* PEM, or NULL: the system's */
	char *copy; /* our own mailbox, which gets a copy of each mail (Bcc by the envelope), or NULL */
	unsigned connect_ms; /* connecting, TLS and login */
	unsigned
		idle_ms; /* longest wait for an answer; behind the dot ten times that (RFC 5321, 4.5.3.2.6) */
} hk_smtp_config;

void hk_smtp_config_free(hk_smtp_config *config); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_smtp_config, hk_smtp_config_free)

/* hk_smtp_config_of(opts, error): options smtp, smtp-user, smtp-password-file, smtp-ca, smtp-copy. NULL with HK_ENOENT: option smtp is not
 * given (mail cannot be sent; the caller decides what that means); HK_ECONFIG: it is wrong, and what. The password is read when a mail is sent. */
hk_smtp_config *hk_smtp_config_of(const hk_opts *opts, GError **error);

/* hk_smtp_config_new(url, error): smtp://HOST[:PORT] or smtps://HOST[:PORT] (587, 465); everything else empty, time-outs as usual. HK_ECONFIG. */
hk_smtp_config *hk_smtp_config_new(const char *url, GError **error);

/* A mail. Borrowed. */
typedef struct hk_smtp_message {
	const char *from; /* envelope: local@domain; bounces go there. "": the null sender */
	const char *const *
		to; /* envelope: local@domain each, NULL at the end; whoever gets a copy stands here too, it has no header */
	hk_span bytes; /* RFC 5322 message, lines ended by CRLF, the last one too; it arrives exactly so */
	bool (*last)(
		void *user); /* called once, when everything but the dot that ends the mail has left; false: the mail is given up, and the server
				   * surely does not take it. Not called when it comes to nothing before. NULL: none */
	void *user;
	int stop_fd; /* readable: give up (never once `last` was called); -1: none. 0 is a file as any other: set it */
} hk_smtp_message;

typedef enum hk_smtp_how {
	HK_SMTP_TAKEN, /* all recipients, with the answer to prove it */
	HK_SMTP_LATER, /* surely not taken; may be tried again: no connection, a 4xx, asked to stop */
	HK_SMTP_REFUSED, /* surely not taken, and never will be: a 5xx for the recipient or the mail, a mail that cannot be sent so */
	HK_SMTP_CLOSED, /* surely not taken: our own access is not right (login, certificate, sender, the copy's mailbox, policy): all mail waits until somebody
			  * mends it */
	HK_SMTP_STOPPED, /* surely not taken: `last` said so */
	HK_SMTP_UNKNOWN, /* `last` was called and said yes, and no whole answer came: it may have been taken */
} hk_smtp_how;

typedef struct hk_smtp_answer {
	hk_smtp_how how;
	int code;       /* of the answer that decided, 0: none came */
	char *enhanced; /* "5.1.1" (RFC 3463), or NULL */
	char *text; /* the answer's text, UTF-8, one line, at most HK_SMTP_TEXT_MAX; or what happened; never NULL after hk_smtp_send(); owned */
	char *recipient; /* whom it is about, or NULL: about the mail; owned */
	bool committed;  /* `last` was called and said yes */
} hk_smtp_answer;
void hk_smtp_answer_clear(hk_smtp_answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_smtp_answer, hk_smtp_answer_clear)

/* "taken", "later", "refused", "closed", "stopped", "unknown". Static storage. */
const char *hk_smtp_how_name(hk_smtp_how how);

/* hk_smtp_send(config, mail, ret): all recipients or none: when one of them is refused, nobody gets it. Never fails otherwise than by ret->how. */
void hk_smtp_send(const hk_smtp_config *config, const hk_smtp_message *mail, hk_smtp_answer *ret);

/* hk_smtp_try(config, from, ret): connects, starts TLS, logs in, says hello and goodbye; no mail is begun. from: whose domain greets. ret->how: HK_SMTP_TAKEN: all of it went well, else as above. */
void hk_smtp_try(const hk_smtp_config *config, const char *from, hk_smtp_answer *ret);

#endif
