/* nocheck: tested in tests/unit/source/test_mailbox.c, tests/scenario/mail-imap.t */
#include "source/mail/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "flow/sighting.h"
#include "store/lookup.h"
#include "store/sighting_files.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "sys/jsonw.h"

/* Mails of one look at a maildir or file; bytes of a position. */
enum { BATCH_MAX = 500, POSITION_MAX = 65536, PAUSE_MIN_MS = 30000 };

static const hk_who who = {.user_id = 0, .login = "auto", .via = "watch", .address = ""};

struct hk_mailbox {
	hk_mailbox_config *config;
	const hk_mail_house *house;
	hk_flow *flow; /* during a poll */
	uint64_t fresh;
	int64_t mails, unread, total, last_ok_ms, next_at_ms;
	unsigned failures;
	bool more;  /* mails wait that this look did not take */
	bool known; /* total and failures have been read after a start */
};

hk_mailbox *
hk_mailbox_open(hk_mailbox_config *config, const hk_mail_house *house)
{
	hk_mailbox *box = g_new0(hk_mailbox, 1);

	box->config = config;
	box->house = house;
	return box;
}

void
hk_mailbox_close(hk_mailbox *box)
{
	if (box) {
		hk_mailbox_config_free(box->config);
		g_free(box);
	}
}

const hk_mailbox_config *
hk_mailbox_config_of(const hk_mailbox *box)
{
	return box->config;
}

static bool
stopping(const hk_mailbox *box)
{
	struct pollfd fd = {.fd = box->house->stop_fd, .events = POLLIN};

	return fd.fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* ---- one mail ---- */

typedef struct keeping {
	hk_mailbox *box;
	GPtrArray *sightings; /* of hk_mail_sighting; NULL: only the position and the health */
	const uint8_t *sha256;
	int64_t bytes;
	const char *position, *health; /* JSON, or NULL: as it is */
	uint64_t fresh;
} keeping;

static bool
keep_one(
	hk_flow *flow, const keeping *k, const hk_mail_sighting *s, int64_t *ret_id, GError **error)
{
	hk_observation seen = {.source = k->box->config->source,
		.kind = s->kind,
		.seen_ms = s->seen_ms,
		.host = s->host,
		.url = s->url,
		.title = s->title,
		.score = s->score,
		.target = s->target,
		.data = s->data};

	memcpy(seen.key, s->key, sizeof seen.key);
	if (!hk_sighting_take(flow, &seen, ret_id, error)) {
		return false;
	}
	return *ret_id == 0 ||
	       hk_sighting_file_add(hk_flow_db(flow), *ret_id, "mail.eml", "message/rfc822",
		       k->bytes, k->sha256, hk_flow_now(flow), error);
}

/* The transaction; may be done again from its beginning. */
static bool
act(hk_flow *flow, void *user, GError **error)
{
	keeping *k = user;
	const hk_mailbox_config *config = k->box->config;

	k->fresh = 0;
	for (unsigned i = 0; k->sightings && i < k->sightings->len; i++) {
		int64_t id = 0;

		if (!keep_one(flow, k, k->sightings->pdata[i], &id, error)) {
			return false;
		}
		k->fresh += id != 0;
	}
	if (!hk_source_mark(flow, config->source, k->position, k->health, error)) {
		return false;
	}
	return hk_source_trust(hk_flow_db(flow), config->source, config->trust, error);
}

static bool
mark(hk_mailbox *box, const char *position, const char *health, GError **error)
{
	keeping k = {.box = box, .position = position, .health = health};

	return hk_flow_do(box->flow, &who, act, &k, error);
}

/* To who takes it instead of us; the position only when it is taken. */
static bool
hand_over(hk_mailbox *box, hk_span raw, uint64_t size, const char *position, GError **error)
{
	const hk_mail_house *house = box->house;
	bool fresh = false;

	if (!house->take(house->user, box->config, box->flow, raw, size, &fresh, error) ||
		(position && !mark(box, position, NULL, error))) {
		return false;
	}
	box->fresh += fresh;
	box->total += fresh;
	box->mails++;
	return true;
}

/* Reads, keeps and stores one mail. size: on the server, when more than raw. */
static bool
take_mail(hk_mailbox *box, hk_span raw, uint64_t size, const char *where, const char *position,
	GError **error)
{
	if (box->house->take) {
		return hand_over(box, raw, size, position, error);
	}
	const char *const own[] = {box->config->authserv_id, NULL};
	const hk_mail_taking config = {.rules = box->house->rules,
		.servers = own[0] ? own : box->house->servers,
		.trust = box->config->trust,
		.official = box->house->official,
		.user = box->house->user,
		.now_ms = hk_clock_wall_ms(),
		.where = where};
	keeping k = {.box = box, .bytes = (int64_t)raw.len, .position = position};
	uint8_t sha256[32];
	g_autoptr(hk_mail) mail = hk_mail_read(raw, error);

	if (!mail || !hk_blobs_put(box->house->blobs, raw, sha256, error)) {
		return false;
	}
	if (size > raw.len && !mail->failure) {
		mail->failure = g_strdup_printf(
			"the mail has %" PRIu64 " bytes, the first %zu were read", size, raw.len);
	}
	k.sha256 = sha256;
	k.sightings = hk_mail_take(mail, &config, NULL);

	bool good = hk_flow_do(box->flow, &who, act, &k, error);

	g_ptr_array_unref(k.sightings);
	if (good) {
		box->fresh += k.fresh;
		box->total += (int64_t)k.fresh;
		box->mails++;
		box->unread += mail->failure != NULL;
	}
	return good;
}

/* ---- what a position is a position of ---- */

/* Numbers of one folder mean other mails in another: of a source whose configuration names another place now, all is read anew. */
static char *
place_of(const hk_mailbox_config *c)
{
	g_autofree char *port = g_strdup_printf("%d %u", (int)c->kind, c->port);
	const char *const texts[] = {port, c->host, c->user, c->folder, c->place};
	hk_span pieces[2 * G_N_ELEMENTS(texts)];
	uint8_t sha256[32];
	char hex[17];

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		pieces[2 * i] = hk_span_str(texts[i] ? texts[i] : "");
		pieces[2 * i + 1] = hk_span_of("", 1);
	}
	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), sha256);
	hk_hex_encode(hk_span_of(sha256, 8), hex);
	return g_strndup(hex, 16);
}

/* Positions of before this was written down are believed. */
static bool
is_of(const char *position, const char *place)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(position), POSITION_MAX, NULL);
	const char *said;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);

	return !hk_json_has(&root, "of") ||
	       (hk_json_str(&root, "of", &said, NULL) && strcmp(said, place) == 0);
}

/* ---- IMAP ---- */

typedef struct imap_place {
	const char *of;               /* place_of() */
	uint64_t validity, uid, done; /* done: the last mail that was also marked or moved */
} imap_place;

static char *
print_place(const imap_place *p)
{
	return g_strdup_printf("{\"of\":\"%s\",\"uidvalidity\":%" PRIu64 ",\"uid\":%" PRIu64
			       ",\"done\":%" PRIu64 "}",
		p->of, p->validity, p->uid, p->done);
}

/* A member of the position; 0 when it is not there. */
static uint64_t
position_number(const char *position, const char *key)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(position), POSITION_MAX, NULL);
	uint64_t value = 0;

	if (doc) {
		hk_json root = hk_json_root(doc);

		if (hk_json_has(&root, key)) {
			(void)hk_json_u64(&root, key, &value, NULL);
		}
	}
	return value;
}

static bool
take_uid(hk_mailbox *box, hk_imap *imap, uint64_t uid, imap_place *place, GError **error)
{
	uint64_t size = 0;
	g_autoptr(GError) why = NULL;
	g_autoptr(GByteArray) raw = hk_imap_get(imap, uid, &size, &why);

	if (why) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	place->uid = uid;
	if (raw) {
		size_t len = MIN(raw->len, box->config->max_bytes);
		g_autofree char *position = print_place(place);
		g_autofree char *where = g_strdup_printf(
			"{\"uidvalidity\":%" PRIu64 ",\"uid\":%" PRIu64 "}", place->validity, uid);

		if (!take_mail(box, hk_span_of(raw->data, len), size, where, position, error) ||
			!hk_imap_done(imap, uid, error)) {
			return false;
		}
	}
	place->done = uid;
	return true;
}

/* What a crash between storing and marking left undone; both may be done twice. */
static bool
catch_up(hk_imap *imap, imap_place *place, GError **error)
{
	if (place->done < place->uid && !hk_imap_done(imap, place->uid, error)) {
		return false;
	}
	place->done = place->uid;
	return true;
}

static bool
poll_imap(hk_mailbox *box, const char *position, GError **error)
{
	const hk_mailbox_config *c = box->config;
	g_autofree char *password = hk_mailbox_password(c, error);

	if (!password) {
		return false;
	}
	hk_imap_config config;

	hk_mailbox_imap(c, password, box->house->stop_fd, &config);
	g_autofree char *of = place_of(c);
	imap_place place = {of, position_number(position, "uidvalidity"),
		position_number(position, "uid"), position_number(position, "done")};
	g_autoptr(hk_imap) imap = hk_imap_open(&config, error);
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	explicit_bzero(password, strlen(password));
	if (!imap) {
		return false;
	}
	if (place.validity != hk_imap_validity(imap) || !is_of(position, of)) {
		/* numbers mean other mails now: all anew */
		place = (imap_place){.of = of, .validity = hk_imap_validity(imap)};
	}
	if (!catch_up(imap, &place, error) || !hk_imap_list(imap, place.uid, uids, error)) {
		return false;
	}
	for (unsigned i = 0; i < uids->len && !stopping(box); i++) {
		if (!take_uid(box, imap, g_array_index(uids, uint64_t, i), &place, error)) {
			return false;
		}
	}
	box->more = uids->len == HK_IMAP_BATCH_MAX;

	g_autofree char *text = print_place(&place);

	return mark(box, text, NULL, error);
}

/* ---- maildir ---- */

/* Whether nobody appends to the file: those who do hold a lock meanwhile. Where there are no locks, nobody can tell. */
static bool
is_settled(int fd)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

/* A file of ours to read: no link, no pipe. At most max bytes; *ret_size: all of it. shared: others append to it. */
static GByteArray *
read_some(const char *path, bool shared, size_t max, uint64_t *ret_size, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	struct stat st;
	uint8_t piece[65536];
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0) {
		hk_error_errno(error, errno, "%s: cannot read the mail", path);
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		hk_error_set(error, HK_EPOLICY, "%s: no plain file", path);
		return NULL;
	}
	if (shared && !is_settled(fd)) {
		close(fd);
		hk_error_set(error, HK_EAGAIN, "%s: a mail is just being written to it", path);
		return NULL;
	}
	while (bytes->len < max &&
		((n = read(fd, piece, MIN(sizeof piece, max - bytes->len))) > 0 ||
			(n < 0 && errno == EINTR))) {
		g_byte_array_append(bytes, piece, (unsigned)MAX(n, 0));
	}
	if (n < 0) {
		/* Half a mail is not a mail. */
		hk_error_errno(error, errno, "%s: cannot read the mail", path);
		close(fd);
		return NULL;
	}
	close(fd);
	*ret_size = (uint64_t)st.st_size;
	return g_steal_pointer(&bytes);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
list_new(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	GDir *dir = g_dir_open(folder, 0, &why);
	const char *name;

	if (!dir) {
		hk_error_set(error, why->code == G_FILE_ERROR_NOENT ? HK_ENOENT : HK_EPOLICY, "%s",
			why->message);
		return NULL;
	}
	while ((name = g_dir_read_name(dir))) {
		if (name[0] != '.') {
			g_ptr_array_add(names, g_strdup(name));
		}
	}
	g_dir_close(dir);
	g_ptr_array_sort(names, by_text);
	return g_steal_pointer(&names);
}

/* From new to cur, as the maildir's own readers do. Not synced: a mail that comes back is known by its sightings. */
static bool
move_to_cur(const hk_mailbox *box, const char *name, GError **error)
{
	const char *colon = strrchr(name, ':');
	g_autofree char *stem = g_strndup(name, colon ? (size_t)(colon - name) : strlen(name));
	g_autofree char *cur_name =
		g_strconcat(stem, ":2,", box->config->after == HK_IMAP_SEEN ? "S" : "", NULL);
	g_autofree char *from = g_build_filename(box->config->place, "new", name, NULL);
	g_autofree char *to = g_build_filename(box->config->place, "cur", cur_name, NULL);

	return rename(from, to) == 0 || errno == ENOENT ||
	       hk_error_errno(error, errno, "%s: cannot move to cur", from);
}

static bool
poll_maildir(hk_mailbox *box, GError **error)
{
	g_autofree char *folder = g_build_filename(box->config->place, "new", NULL);
	g_autoptr(GPtrArray) names = list_new(folder, error);
	g_autoptr(GError) first = NULL;

	if (!names) {
		return false;
	}
	for (unsigned i = 0; i < names->len && i < BATCH_MAX && !stopping(box); i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autoptr(GString) where = g_string_new("{");
		g_autoptr(GError) why = NULL;
		uint64_t size = 0;
		g_autoptr(GByteArray) raw =
			read_some(path, false, box->config->max_bytes, &size, &why);

		if (!raw) {
			/* Taken away meanwhile, or not ours to read: the others are. */
			if (hk_error_code(why) != HK_ENOENT && !first) {
				first = g_steal_pointer(&why);
			}
			continue;
		}
		hk_jsonw_key(where, "file");
		hk_jsonw_text(where, hk_span_of(name, MIN(strlen(name), 200)));
		hk_jsonw_close(where, '}');
		if (!take_mail(
			    box, hk_span_of(raw->data, raw->len), size, where->str, NULL, error) ||
			!move_to_cur(box, name, error)) {
			return false;
		}
	}
	box->more = names->len > BATCH_MAX;
	if (first) {
		g_propagate_error(error, g_steal_pointer(&first));
		return false;
	}
	return true;
}

/* ---- file ---- */

/* The length of the first mail of an mbox at text: up to the next line "From " behind an empty one. */
static size_t
mbox_mail(hk_span text)
{
	for (size_t i = 1; i + 6 <= text.len; i++) {
		const uint8_t *at = memchr(text.data + i, 'F', text.len - i);

		if (!at) {
			break;
		}
		i = (size_t)(at - text.data);
		bool blank = at[-1] == '\n' && i >= 2 &&
			     (at[-2] == '\n' || (at[-2] == '\r' && i >= 3 && at[-3] == '\n'));

		if (blank && text.len - i >= 5 && memcmp(at, "From ", 5) == 0) {
			return i;
		}
	}
	return text.len;
}

static bool
poll_file(hk_mailbox *box, const char *position, GError **error)
{
	uint64_t size = 0;
	g_autofree char *of = place_of(box->config);
	uint64_t offset = is_of(position, of) ? position_number(position, "offset") : 0;
	unsigned count = 0;
	g_autoptr(GByteArray) all =
		read_some(box->config->place, true, HK_MAILBOX_FILE_MAX, &size, error);

	if (!all) {
		return false;
	}
	if (size > HK_MAILBOX_FILE_MAX) {
		return hk_error_set(error, HK_ELIMIT, "%s: more than %u bytes: part the file",
			box->config->place, HK_MAILBOX_FILE_MAX);
	}
	bool mbox = all->len > 5 && memcmp(all->data, "From ", 5) == 0;

	/* A file that is shorter than before is another one. */
	offset = offset > all->len || (!mbox && offset != all->len) ? 0 : offset;
	for (; offset < all->len && count < BATCH_MAX && !stopping(box); count++) {
		hk_span rest = hk_span_of(all->data + offset, all->len - (size_t)offset);
		size_t len = mbox ? mbox_mail(rest) : rest.len;
		g_autofree char *where = g_strdup_printf("{\"offset\":%" PRIu64 "}", offset);
		g_autofree char *after =
			g_strdup_printf("{\"of\":\"%s\",\"offset\":%" PRIu64 "}", of, offset + len);

		if (!take_mail(box, hk_span_of(rest.data, MIN(len, box->config->max_bytes)), len,
			    where, after, error)) {
			return false;
		}
		offset += len;
	}
	box->more = offset < all->len;
	return true;
}

/* ---- the look ---- */

static char *
print_health(const hk_mailbox *box, int64_t now_ms, int64_t pause_ms, const GError *failed)
{
	const struct {
		const char *key;
		int64_t value;
	} numbers[] = {{"failures", box->failures}, {"next_ms", now_ms + pause_ms},
		{"last_ok_ms", box->last_ok_ms}, {"mails", box->mails}, {"unread", box->unread},
		{"total", box->total}};
	GString *out = g_string_new("{");

	hk_jsonw_key(out, "last_try_ms");
	hk_jsonw_int(out, now_ms);
	hk_jsonw_key(out, "last_error");
	if (failed) {
		hk_jsonw_str(out, failed->message);
		hk_jsonw_key(out, "error");
		hk_jsonw_str(out, hk_err_code(hk_error_code(failed)));
	} else {
		hk_jsonw_null(out);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		hk_jsonw_key(out, numbers[i].key);
		hk_jsonw_int(out, numbers[i].value);
	}
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* After a restart: how long it has been failing, what it has brought. */
static bool
recall(hk_mailbox *box, GError **error)
{
	g_autofree char *health = NULL;

	if (!hk_source_read_health(hk_flow_db(box->flow), box->config->source, &health, error)) {
		return false;
	}
	if (health) {
		box->failures = (unsigned)MIN(position_number(health, "failures"), 1000);
		box->last_ok_ms = (int64_t)position_number(health, "last_ok_ms");
		box->mails = (int64_t)position_number(health, "mails");
		box->unread = (int64_t)position_number(health, "unread");
		box->total = (int64_t)position_number(health, "total");
	}
	box->known = true;
	return true;
}

static bool
look(hk_mailbox *box, GError **error)
{
	g_autofree char *position = NULL;

	box->more = false;
	if ((!box->known && !recall(box, error)) ||
		!hk_source_position(hk_flow_db(box->flow), box->config->source, &position, error)) {
		return false;
	}
	switch (box->config->kind) {
	case HK_MAILBOX_IMAP:
		return poll_imap(box, position, error);
	case HK_MAILBOX_MAILDIR:
		return poll_maildir(box, error);
	case HK_MAILBOX_FILE:
		break;
	}
	return poll_file(box, position, error);
}

static int64_t
pause_of(const hk_mailbox *box)
{
	double random = g_random_double();

	if (box->failures == 0) {
		return box->more ? 0
				 : (int64_t)((double)box->config->poll_ms * (0.9 + 0.2 * random));
	}
	int64_t longest = (int64_t)PAUSE_MIN_MS << MIN(box->failures, 7);

	longest = MIN(longest, HK_MAILBOX_PAUSE_MAX_MS);
	return (int64_t)((double)longest * (0.5 + 0.5 * random));
}

bool
hk_mailbox_poll(hk_mailbox *box, hk_flow *flow, uint64_t *ret_new, GError **error)
{
	g_autoptr(GError) failed = NULL;
	g_autoptr(GError) unmarked = NULL;

	box->flow = flow;
	box->fresh = 0;

	bool good = look(box, &failed);
	int64_t now_ms = hk_clock_wall_ms();

	/* Being asked to stop is no failure. */
	if (!good && hk_error_code(failed) == HK_EAGAIN && stopping(box)) {
		g_clear_error(&failed);
		good = true;
	}
	box->failures = good ? 0 : MIN(box->failures + 1, 1000);
	box->last_ok_ms = good ? now_ms : box->last_ok_ms;

	int64_t pause = pause_of(box);
	g_autofree char *health = print_health(box, now_ms, pause, failed);

	box->next_at_ms = hk_clock_mono_ms() + pause;
	*ret_new = box->fresh;
	if (!mark(box, NULL, health, &unmarked) && good) {
		failed = g_steal_pointer(&unmarked);
		good = false;
	}
	box->flow = NULL;
	if (!good) {
		g_propagate_error(error, g_steal_pointer(&failed));
		g_prefix_error(error, "%s: ", box->config->source);
	}
	return good;
}

int64_t
hk_mailbox_next_ms(const hk_mailbox *box)
{
	int64_t left = box->next_at_ms - hk_clock_mono_ms();

	return box->next_at_ms == 0 ? 0 : MAX(left, 0);
}
