#include "source/ct/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"
#include "sys/file.h"
#include "sys/gerr.h"

#define MAGIC 0x31304f4b48u /* "HKO01" */

/* The mapped file. done is stored last, after its place: a kill between two stores leaves the
 * older, whole pair. */
typedef struct counter {
	_Atomic uint64_t magic;
	_Atomic uint64_t started; /* number of the line whose write(2) began */
	_Atomic uint64_t done;    /* number of the line whose write(2) returned */
	struct {
		_Atomic uint64_t seq;
		_Atomic uint64_t offset; /* in the journal, behind line seq */
	} place[2];                      /* of line seq: place[seq % 2] */
	/* The regular file that we print to, and the number of the line before the first that it
	 * got from us. */
	_Atomic uint64_t dev, ino, base;
} counter;

struct hk_out {
	int fd;
	int journal_fd;
	counter *c;
	bool ready;       /* where to go on is known */
	uint64_t seq;     /* last line that went out */
	uint64_t offset;  /* in the journal, behind it */
	uint64_t doubt;   /* number of the line that may or may not have gone out; 0: none */
	GByteArray *torn; /* the beginning of a line at the end of a regular file */
	char *buf;        /* of the journal */
	size_t room;
	size_t len;
};

hk_out *
hk_out_open(const char *folder, int fd, int journal_fd, GError **error)
{
	g_autoptr(hk_out) out = g_new0(hk_out, 1);
	g_autofree char *path = g_build_filename(folder, "printed", NULL);

	out->fd = fd;
	out->journal_fd = journal_fd;
	out->torn = g_byte_array_new();
	int map_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (map_fd < 0) {
		hk_error_errno(error, errno, "%s: cannot open", path);
		return NULL;
	}
	/* posix_fallocate, not ftruncate: a store into a hole of a full disk would be SIGBUS. */
	int number = posix_fallocate(map_fd, 0, sizeof(counter));
	void *at = number == 0 ? mmap(NULL, sizeof(counter), PROT_READ | PROT_WRITE, MAP_SHARED,
					 map_fd, 0)
			       : MAP_FAILED;
	if (number == 0 && at == MAP_FAILED) {
		number = errno;
	}
	close(map_fd);
	if (number) {
		hk_error_errno(error, number, "%s: cannot map", path);
		return NULL;
	}
	out->c = at;
	if (out->c->magic != MAGIC) {
		memset(at, 0, sizeof(counter));
		out->c->magic = MAGIC;
	}
	return g_steal_pointer(&out);
}

void
hk_out_free(hk_out *out)
{
	if (!out) {
		return;
	}
	if (out->c) {
		munmap(out->c, sizeof(counter));
	}
	g_byte_array_unref(out->torn);
	g_free(out->buf);
	g_free(out);
}

uint64_t
hk_out_printed(const hk_out *out)
{
	return out->c->done;
}

/* line_at(out, offset, end, ret_len): the journal's line at offset, with its line feed, in
 * out->buf. */
static bool
line_at(hk_out *out, uint64_t offset, uint64_t end, size_t *ret_len, GError **error)
{
	out->len = 0;
	for (;;) {
		if (out->len == out->room) {
			if (out->room >= HK_OUT_LINE_MAX) {
				return hk_error_set(error, HK_ELIMIT,
					"sightings.jsonl: a line is longer than %u bytes",
					HK_OUT_LINE_MAX);
			}
			out->room = MAX(out->room * 2, 65536);
			out->buf = g_realloc(out->buf, out->room);
		}
		size_t want = (size_t)MIN(out->room - out->len, end - offset - out->len);
		ssize_t n = want ? pread(out->journal_fd, out->buf + out->len, want,
					   (off_t)(offset + out->len))
				 : 0;
		if (n <= 0) {
			return hk_error_errno(
				error, n < 0 ? errno : EIO, "sightings.jsonl: cannot read");
		}
		char *lf = memchr(out->buf + out->len, '\n', (size_t)n);
		out->len += (size_t)n;
		if (lf) {
			*ret_len = (size_t)(lf - out->buf) + 1;
			return true;
		}
	}
}

static bool
seq_of(const char *line, size_t len, uint64_t *ret)
{
	static const char head[] = "{\"seq\":";
	uint64_t seq = 0;
	size_t i = sizeof head - 1;

	if (len <= i || memcmp(line, head, i) != 0 || !g_ascii_isdigit(line[i])) {
		return false;
	}
	for (; i < len && g_ascii_isdigit(line[i]); i++) {
		seq = seq * 10 + (uint64_t)(line[i] - '0');
	}
	*ret = seq;
	return i < len;
}

/* The offset in the journal behind line seq; looks on from the counter's place where that helps. */
static bool
place_of(hk_out *out, uint64_t seq, uint64_t end, uint64_t *ret_offset, GError **error)
{
	uint64_t at = 0;
	uint64_t have = 0;
	size_t len;

	for (int i = 0; i < 2; i++) {
		uint64_t known = out->c->place[i].seq;
		if (known <= seq && known > have && out->c->place[i].offset <= end &&
			known <= out->c->done) {
			have = known;
			at = out->c->place[i].offset;
		}
	}
	while (have < seq) {
		if (!line_at(out, at, end, &len, error)) {
			return false;
		}
		at += len;
		have++;
	}
	*ret_offset = at;
	return true;
}

/* The bytes of the regular file behind fd after its last line feed but one: its last whole line and
 * what is torn. */
static GByteArray *
tail_of(int fd)
{
	struct stat st;
	g_autoptr(GByteArray) tail = NULL;

	int reader = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
	if (fd != STDOUT_FILENO) {
		g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
		if (reader >= 0) {
			close(reader);
		}
		reader = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (reader < 0) {
		return NULL;
	}
	if (fstat(reader, &st) < 0) {
		close(reader);
		return NULL;
	}
	size_t want = 65536;
	for (;;) {
		size_t n = (size_t)MIN((off_t)want, st.st_size);
		tail = g_byte_array_sized_new((unsigned)n);
		g_byte_array_set_size(tail, (unsigned)n);
		if (pread(reader, tail->data, n, st.st_size - (off_t)n) != (ssize_t)n) {
			close(reader);
			return NULL;
		}
		uint8_t *last = n ? memrchr(tail->data, '\n', n) : NULL;
		uint8_t *before =
			last ? memrchr(tail->data, '\n', (size_t)(last - tail->data)) : NULL;
		if (before || (off_t)n == st.st_size || want >= HK_OUT_LINE_MAX) {
			if (before) {
				g_byte_array_remove_range(
					tail, 0, (unsigned)(before + 1 - tail->data));
			}
			close(reader);
			return g_steal_pointer(&tail);
		}
		want *= 4;
		g_clear_pointer(&tail, g_byte_array_unref);
	}
}

/* Sets out->seq and out->torn from what a regular file ends with; false when it does not end with
 * our journal. */
static bool
believe_file(hk_out *out, uint64_t base, uint64_t end, uint64_t last_seq)
{
	g_autoptr(GByteArray) tail = tail_of(out->fd);
	uint64_t seq = 0;
	uint64_t offset = 0;
	size_t len;

	if (!tail || tail->len == 0) {
		return false;
	}
	uint8_t *lf = memchr(tail->data, '\n', tail->len);
	size_t whole = lf ? (size_t)(lf + 1 - tail->data) : 0;
	if (whole > 0) {
		if (!seq_of((char *)tail->data, whole, &seq) || seq == 0 || seq > last_seq ||
			!place_of(out, seq - 1, end, &offset, NULL) ||
			!line_at(out, offset, end, &len, NULL)) {
			return false;
		}
		bool same = len == whole && memcmp(out->buf, tail->data, len) == 0;
		g_autofree char *repeat =
			g_strdup_printf("{\"seq\":%" PRIu64 ",\"repeat\":true,", seq);
		if (!same && !(whole > strlen(repeat) &&
				     memcmp(tail->data, repeat, strlen(repeat)) == 0)) {
			return false;
		}
		offset += len;
	} else {
		/* Torn inside its first line: too short to hold the number, or not. */
		seq = seq_of((char *)tail->data, tail->len, &seq) && seq > 0 ? seq - 1 : base;
		if (seq > last_seq || !place_of(out, seq, end, &offset, NULL)) {
			return false;
		}
	}
	out->seq = seq;
	out->offset = offset;
	g_byte_array_append(out->torn, tail->data + whole, (unsigned)(tail->len - whole));
	return true;
}

/* Where to go on, once per run. */
static bool
find_place(hk_out *out, uint64_t end, uint64_t last_seq, GError **error)
{
	struct stat st;

	if (out->c->done > last_seq) {
		/* The state was set back, or the folder is new and the counter is not. */
		out->c->done = out->c->started = last_seq;
		out->c->place[0].seq = out->c->place[1].seq = 0;
	}
	bool regular = out->fd >= 0 && fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode);
	bool same =
		regular && out->c->dev == (uint64_t)st.st_dev && out->c->ino == (uint64_t)st.st_ino;
	if (regular && (!same || st.st_size == 0)) {
		out->c->dev = (uint64_t)st.st_dev;
		out->c->ino = (uint64_t)st.st_ino;
		out->c->base = out->c->done;
	}
	if (!regular || !believe_file(out, out->c->base, end, last_seq)) {
		out->seq = out->c->done;
		if (!place_of(out, out->seq, end, &out->offset, error)) {
			return false;
		}
		/* An empty file shows by itself that the line in doubt is not in it. */
		bool empty = regular && st.st_size == 0;
		out->doubt = !empty && out->c->started > out->c->done ? out->c->started : 0;
	}
	if (!out->doubt) {
		out->c->place[out->seq % 2].offset = out->offset;
		out->c->place[out->seq % 2].seq = out->seq;
		out->c->done = out->c->started = out->seq;
	}
	out->ready = true;
	return true;
}

/* One line in one write(2) wherever the kernel allows it. */
static bool
write_line(hk_out *out, uint64_t seq, const char *line, size_t len, GError **error)
{
	size_t written = 0;
	g_autoptr(GString) text = NULL;

	if (seq == out->doubt) {
		static const char head[] = "{\"seq\":";
		const char *comma = memchr(line, ',', len);
		size_t cut = comma && memcmp(line, head, sizeof head - 1) == 0
				     ? (size_t)(comma - line)
				     : 0;
		text = g_string_new(len > PIPE_BUF ? "\n" : "");
		if (cut) {
			g_string_append_len(text, line, (gssize)cut);
			g_string_append(text, ",\"repeat\":true");
		}
		g_string_append_len(text, line + cut, (gssize)(len - cut));
		line = text->str;
		len = text->len;
	} else if (out->torn->len > 0) {
		if (out->torn->len < len && memcmp(line, out->torn->data, out->torn->len) == 0) {
			line += out->torn->len;
			len -= out->torn->len;
		} else {
			/* Not ours: leave it as it is, on a line of its own. */
			text = g_string_new("\n");
			g_string_append_len(text, line, (gssize)len);
			line = text->str;
			len = text->len;
		}
	}
	out->c->started = seq;
	if (!hk_file_write_all(out->fd, hk_span_of(line, len), &written, error)) {
		if (written == 0) {
			/* Known not to have gone out. */
			out->c->started = out->c->done;
		}
		out->ready = false;
		g_byte_array_set_size(out->torn, 0);
		g_prefix_error(error, "standard output: ");
		return false;
	}
	g_byte_array_set_size(out->torn, 0);
	out->doubt = 0;
	return true;
}

bool
hk_out_print(hk_out *out, uint64_t journal_len, uint64_t journal_seq, GError **error)
{
	size_t at = 0; /* of the next line in out->buf */

	if (!out->ready && !find_place(out, journal_len, journal_seq, error)) {
		return false;
	}
	out->len = 0;
	while (out->seq < journal_seq) {
		char *lf = out->len > at ? memchr(out->buf + at, '\n', out->len - at) : NULL;
		size_t len = lf ? (size_t)(lf - (out->buf + at)) + 1 : 0;
		if (!lf) {
			if (!line_at(out, out->offset, journal_len, &len, error)) {
				return false;
			}
			at = 0;
		}
		uint64_t seq = out->seq + 1;
		if (out->fd >= 0 && !write_line(out, seq, out->buf + at, len, error)) {
			return false;
		}
		at += len;
		out->seq = seq;
		out->offset += len;
		out->c->place[seq % 2].offset = out->offset;
		out->c->place[seq % 2].seq = seq;
		out->c->started = seq;
		out->c->done = seq;
	}
	return true;
}
