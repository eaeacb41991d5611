/* nocheck: tested in tests/scenario/mail-imap.t and smtp.t against real servers */
#include "sys/imap.h"

#include <inttypes.h>
#include <string.h>

#include "sys/gerr.h"

/* Names of folders, users and passwords as they go over the line. */
enum { QUOTED_MAX = 1024 };

struct hk_imap {
	const hk_imap_config *config;
	hk_stream *stream;
	GByteArray *in; /* what has come and is not read */
	size_t used;    /* bytes of in that are */
	unsigned tag;
	uint64_t validity;
	bool can_plain, can_move, can_uidplus, broken;
	char move_to[QUOTED_MAX];
};

/* Called for every untagged response of a command. */
typedef bool (*on_response)(hk_imap *imap, const hk_imap_response *r, void *user, GError **error);

static bool
send_text(hk_imap *imap, const char *text, GError **error)
{
	imap->broken = !hk_stream_write(imap->stream, hk_span_str(text), error);
	return !imap->broken;
}

/* The next whole response; spans live until the next call. */
static bool
next_response(hk_imap *imap, hk_imap_response *ret, GError **error)
{
	size_t max = imap->config->max_bytes + HK_IMAP_LINE_MAX;

	if (imap->used > 0) {
		g_byte_array_remove_range(imap->in, 0, (unsigned)imap->used);
		imap->used = 0;
	}
	for (;;) {
		size_t len = 0;
		hk_err err = hk_imap_frame(hk_span_of(imap->in->data, imap->in->len), max, &len);

		if (err == HK_OK) {
			imap->used = len;
			err = hk_imap_read(hk_span_of(imap->in->data, len), ret);
		}
		if (err == HK_OK) {
			return true;
		}
		imap->broken = true;
		if (err != HK_ETRUNC) {
			return hk_error_set(error, HK_EREMOTE,
				"the server's answer makes no sense (%s)", hk_err_code(err));
		}
		uint8_t piece[65536];
		ssize_t n = hk_stream_read(imap->stream, piece, sizeof piece, error);

		if (n < 0) {
			return false;
		}
		if (n == 0) {
			return hk_error_set(error, HK_EREMOTE, "the server hung up");
		}
		g_byte_array_append(imap->in, piece, (unsigned)n);
		imap->broken = false;
	}
}

static bool
refused(const hk_imap_response *r, const char *what, GError **error)
{
	g_autofree char *said = g_strndup((const char *)r->rest.data, MIN(r->rest.len, 200));
	g_autofree char *valid = g_utf8_make_valid(said, -1);

	return hk_error_set(error, HK_ECONFIG, "the server refuses %s: %s", what, valid);
}

static bool
take_greeting(hk_imap *imap, GError **error)
{
	hk_imap_response r;

	if (!next_response(imap, &r, error)) {
		return false;
	}
	if (r.kind != HK_IMAP_UNTAGGED || !hk_imap_is(r.word, "OK")) {
		return refused(&r, "the connection", error);
	}
	return true;
}

/* Reads up to the tagged response of the command last sent. */
static bool
await(hk_imap *imap, const char *what, on_response on, void *user, GError **error)
{
	g_autofree char *tag = g_strdup_printf("h%u", imap->tag);
	hk_imap_response r;

	while (next_response(imap, &r, error)) {
		if (r.kind == HK_IMAP_TAGGED && hk_imap_is(r.tag, tag)) {
			return hk_imap_is(r.word, "OK") || refused(&r, what, error);
		}
		if (r.kind == HK_IMAP_UNTAGGED && on && !on(imap, &r, user, error)) {
			imap->broken = true;
			return false;
		}
	}
	return false;
}

/* text: the command without its tag. */
static bool
command(hk_imap *imap, const char *text, const char *what, on_response on, void *user,
	GError **error)
{
	g_autofree char *line = g_strdup_printf("h%u %s\r\n", ++imap->tag, text);

	return send_text(imap, line, error) && await(imap, what, on, user, error);
}

static bool
on_capability(hk_imap *imap, const hk_imap_response *r, void *user, GError **error)
{
	(void)user;
	(void)error;
	if (hk_imap_is(r->word, "CAPABILITY")) {
		imap->can_plain = hk_imap_has(r->rest, "AUTH=PLAIN");
		imap->can_move = hk_imap_has(r->rest, "MOVE");
		imap->can_uidplus = hk_imap_has(r->rest, "UIDPLUS");
	}
	return true;
}

static bool
on_select(hk_imap *imap, const hk_imap_response *r, void *user, GError **error)
{
	(void)user;
	(void)error;
	if (hk_imap_is(r->word, "OK")) {
		hk_imap_code(r->rest, "UIDVALIDITY", &imap->validity);
	}
	return true;
}

/* AUTHENTICATE PLAIN takes every byte; LOGIN only what a quoted string holds. */
static bool
login(hk_imap *imap, GError **error)
{
	const char *user = imap->config->user;
	const char *password = imap->config->password;
	char quoted_user[QUOTED_MAX], quoted_password[QUOTED_MAX];
	bool good;

	if (!imap->can_plain) {
		if (hk_imap_quote(hk_span_str(user), quoted_user, sizeof quoted_user) != HK_OK ||
			hk_imap_quote(hk_span_str(password), quoted_password,
				sizeof quoted_password) != HK_OK) {
			return hk_error_set(error, HK_ECONFIG,
				"user or password hold characters that this server's LOGIN does "
				"not take");
		}
		g_autofree char *text =
			g_strdup_printf("LOGIN %s %s", quoted_user, quoted_password);

		good = command(imap, text, "the login", NULL, NULL, error);
		explicit_bzero(text, strlen(text));
		explicit_bzero(quoted_password, sizeof quoted_password);
		return good;
	}
	hk_imap_response r;
	g_autofree char *line = g_strdup_printf("h%u AUTHENTICATE PLAIN\r\n", ++imap->tag);

	if (!send_text(imap, line, error) || !next_response(imap, &r, error)) {
		return false;
	}
	if (r.kind != HK_IMAP_CONTINUE) {
		return refused(&r, "the login", error);
	}
	g_autoptr(GByteArray) plain = g_byte_array_new();

	g_byte_array_append(plain, (const uint8_t *)"", 1);
	g_byte_array_append(plain, (const uint8_t *)user, (unsigned)strlen(user) + 1);
	g_byte_array_append(plain, (const uint8_t *)password, (unsigned)strlen(password));
	g_autofree char *encoded = g_base64_encode(plain->data, plain->len);
	g_autofree char *answer = g_strconcat(encoded, "\r\n", NULL);

	good = send_text(imap, answer, error) && await(imap, "the login", NULL, NULL, error);
	explicit_bzero(plain->data, plain->len);
	explicit_bzero(encoded, strlen(encoded));
	explicit_bzero(answer, strlen(answer));
	return good;
}

static bool
open_folder(hk_imap *imap, GError **error)
{
	const hk_imap_config *config = imap->config;
	char folder[QUOTED_MAX];

	if (hk_imap_folder(hk_span_str(config->folder), folder, sizeof folder) != HK_OK ||
		(config->after == HK_IMAP_MOVE &&
			hk_imap_folder(hk_span_str(config->move_to), imap->move_to,
				sizeof imap->move_to) != HK_OK)) {
		return hk_error_set(
			error, HK_ECONFIG, "the folder's name holds control characters");
	}
	if (config->after == HK_IMAP_MOVE && !imap->can_move && !imap->can_uidplus) {
		return hk_error_set(error, HK_ECONFIG,
			"the server cannot move single mails (neither MOVE nor UIDPLUS): after = "
			"seen");
	}
	g_autofree char *text = g_strdup_printf(
		"%s %s", config->after == HK_IMAP_KEEP ? "EXAMINE" : "SELECT", folder);

	if (!command(imap, text, "the folder", on_select, NULL, error)) {
		return false;
	}
	return imap->validity != 0 ||
	       hk_error_set(error, HK_EREMOTE,
		       "the server gives no UIDVALIDITY: mails have no lasting numbers");
}

hk_imap *
hk_imap_open(const hk_imap_config *config, GError **error)
{
	g_autoptr(hk_imap) imap = g_new0(hk_imap, 1);

	imap->config = config;
	imap->in = g_byte_array_new();
	imap->stream = hk_stream_open(&config->stream, error);
	if (!imap->stream) {
		return NULL;
	}
	/* Capabilities may change with the login. */
	if (!take_greeting(imap, error) ||
		!command(imap, "CAPABILITY", "CAPABILITY", on_capability, NULL, error) ||
		!login(imap, error) ||
		!command(imap, "CAPABILITY", "CAPABILITY", on_capability, NULL, error) ||
		!open_folder(imap, error)) {
		return NULL;
	}
	return g_steal_pointer(&imap);
}

void
hk_imap_close(hk_imap *imap)
{
	if (imap) {
		if (imap->stream && !imap->broken) {
			send_text(imap, "bye LOGOUT\r\n", NULL);
		}
		hk_stream_close(imap->stream);
		g_byte_array_unref(imap->in);
		g_free(imap);
	}
}

uint64_t
hk_imap_validity(const hk_imap *imap)
{
	return imap->validity;
}

/* ---- mails ---- */

typedef struct listing {
	uint64_t above;
	GArray *uids;
} listing;

static bool
on_search(hk_imap *imap, const hk_imap_response *r, void *user, GError **error)
{
	listing *l = user;
	size_t pos = 0;
	uint64_t uid;

	(void)imap;
	if (!hk_imap_is(r->word, "SEARCH")) {
		return true;
	}
	while (hk_imap_next_number(r->rest, &pos, &uid)) {
		/* "n:*" always matches the last mail, even below n. */
		if (uid > l->above && uid <= UINT32_MAX) {
			g_array_append_val(l->uids, uid);
		}
		if (l->uids->len > 1000000) {
			return hk_error_set(
				error, HK_ELIMIT, "the folder holds more than a million new mails");
		}
	}
	return true;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool
hk_imap_list(hk_imap *imap, uint64_t above, GArray *ret, GError **error)
{
	listing l = {.above = above, .uids = ret};
	g_autofree char *text = g_strdup_printf("UID SEARCH UID %" PRIu64 ":*", above + 1);

	g_array_set_size(ret, 0);
	if (!command(imap, text, "a search", on_search, &l, error)) {
		return false;
	}
	g_array_sort(ret, by_number);
	if (ret->len > HK_IMAP_BATCH_MAX) {
		g_array_set_size(ret, HK_IMAP_BATCH_MAX);
	}
	return true;
}

typedef struct getting {
	uint64_t uid, size;
	GByteArray *body;
} getting;

static bool
on_fetch(hk_imap *imap, const hk_imap_response *r, void *user, GError **error)
{
	getting *g = user;
	hk_imap_fetch f;

	(void)imap;
	if (!hk_imap_is(r->word, "FETCH")) {
		return true;
	}
	if (hk_imap_fetched(r->rest, &f) != HK_OK) {
		return hk_error_set(error, HK_EREMOTE, "the server's FETCH makes no sense");
	}
	if (f.uid == g->uid && f.body.data && !g->body) {
		g->size = f.size;
		g->body = g_byte_array_new();
		g_byte_array_append(g->body, f.body.data, (unsigned)f.body.len);
	}
	return true;
}

GByteArray *
hk_imap_get(hk_imap *imap, uint64_t uid, uint64_t *ret_size, GError **error)
{
	getting g = {.uid = uid};
	g_autofree char *text =
		g_strdup_printf("UID FETCH %" PRIu64 " (UID RFC822.SIZE BODY.PEEK[]<0.%zu>)", uid,
			imap->config->max_bytes + 1);

	if (!command(imap, text, "a mail", on_fetch, &g, error)) {
		g_clear_pointer(&g.body, g_byte_array_unref);
		return NULL;
	}
	*ret_size = g.size;
	return g.body;
}

bool
hk_imap_find(hk_imap *imap, const char *message_id, bool *ret, GError **error)
{
	char quoted[QUOTED_MAX];
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	listing l = {.above = 0, .uids = uids};

	if (hk_imap_quote(hk_span_str(message_id), quoted, sizeof quoted) != HK_OK) {
		return hk_error_set(error, HK_EFORM, "a Message-ID that cannot be searched for");
	}
	g_autofree char *text = g_strdup_printf("UID SEARCH HEADER Message-ID %s", quoted);

	if (!command(imap, text, "a search", on_search, &l, error)) {
		return false;
	}
	*ret = uids->len > 0;
	return true;
}

bool
hk_imap_done(hk_imap *imap, uint64_t uid, GError **error)
{
	g_autofree char *text = NULL;
	g_autofree char *flags = NULL;

	if (imap->config->after == HK_IMAP_KEEP) {
		return true;
	}
	if (imap->config->after == HK_IMAP_SEEN) {
		text = g_strdup_printf("UID STORE %" PRIu64 " +FLAGS.SILENT (\\Seen)", uid);
		return command(imap, text, "to mark a mail", NULL, NULL, error);
	}
	if (imap->can_move) {
		text = g_strdup_printf("UID MOVE %" PRIu64 " %s", uid, imap->move_to);
		return command(imap, text, "to move a mail", NULL, NULL, error);
	}
	text = g_strdup_printf("UID COPY %" PRIu64 " %s", uid, imap->move_to);
	flags = g_strdup_printf("UID STORE %" PRIu64 " +FLAGS.SILENT (\\Deleted)", uid);
	if (!command(imap, text, "to copy a mail", NULL, NULL, error) ||
		!command(imap, flags, "to mark a mail", NULL, NULL, error)) {
		return false;
	}
	g_autofree char *expunge = g_strdup_printf("UID EXPUNGE %" PRIu64, uid);

	return command(imap, expunge, "to delete a mail", NULL, NULL, error);
}
