#include "ctlog.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctstate.h"
#include "namegen.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* The mapping is made once, larger than the file will grow: pages past its end are never touched.
 */
static const size_t map_sizes[] = {(size_t)1 << 37, (size_t)1 << 33, (size_t)1 << 30};

enum { BUFFER_BYTES = 1 << 20, CERT_LAG = 3 };

struct rg_log {
	rg_certgen *gen;
	rg_ctkey *key;
	rg_tree *tree;
	char *origin;
	char *dir; /* NULL: in memory */
	uint64_t seed;
	uint32_t phish_every;
	uint32_t odd_every;
	bool leaf_index;
	int lock_fd;  /* -1: none */
	int fd;       /* DIR/entries or a memfd */
	int truth_fd; /* -1: none */
	const uint8_t *map;
	size_t map_size;
	GByteArray *buffer; /* not yet written to fd */
	GArray *ends;       /* uint64_t: where entry i ends in the file */
	rg_state state;
	GQueue *waiting;   /* rg_order *: precertificates whose certificate is to come */
	GPtrArray *truths; /* char *: rest of the truth line of each entry not yet published */
	rg_head heads[RG_HEADS_KEPT];
	size_t head_count; /* published since the start; heads[(head_count - 1) % RG_HEADS_KEPT] is
			      the last */
};

static bool
flush(rg_log *log, GError **error)
{
	bool good = hk_file_write_all(
		log->fd, hk_span_of(log->buffer->data, log->buffer->len), NULL, error);

	g_byte_array_set_size(log->buffer, 0);
	return good;
}

static uint64_t
bytes_of(const rg_log *log, uint64_t index)
{
	return index == 0 ? 0 : g_array_index(log->ends, uint64_t, index - 1);
}

static void
put_uint(GByteArray *to, uint64_t value, unsigned bytes)
{
	uint8_t text[8];

	for (unsigned i = bytes; i-- > 0; value >>= 8) {
		text[i] = (uint8_t)value;
	}
	g_byte_array_append(to, text, bytes);
}

static void
put_span(GByteArray *to, hk_span span, unsigned length_bytes)
{
	put_uint(to, span.len, length_bytes);
	g_byte_array_append(to, span.data, (guint)span.len);
}

static void
hash_leaf(rg_log *log, hk_span timestamped)
{
	static const uint8_t merkle_leaf[] = {0, 0}; /* v1, timestamped_entry */
	uint8_t hash[RG_HASH_SIZE];

	rg_tree_leaf_hash(
		log->tree, hk_span_of(merkle_leaf, sizeof merkle_leaf), timestamped, hash);
	rg_tree_append(log->tree, hash);
}

static void
note_truth(
	rg_log *log, const rg_order *order, const rg_cert *cert, uint64_t index, uint64_t when_ms)
{
	static const char *const phish[] = {
		"typo", "confusable", "combo", "chain", "dyndns", "subdomain"};
	GString *out = g_string_new(NULL);

	hk_jsonw_key(out, "index");
	hk_jsonw_int(out, (int64_t)index);
	hk_jsonw_key(out, "timestamp");
	hk_jsonw_int(out, (int64_t)when_ms);
	hk_jsonw_key(out, "type");
	hk_jsonw_str(out, cert->precert ? "precert" : "x509");
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, rg_kind_name(order->kind));
	if (order->kind == RG_ODD) {
		hk_jsonw_key(out, "odd");
		hk_jsonw_str(out, rg_odd_get((rg_odd)(order->variant % RG_ODD_COUNT))->name);
	} else if (order->kind == RG_PHISH && !order->names) {
		hk_jsonw_key(out, "shape");
		hk_jsonw_str(out, phish[order->variant % RG_PHISH_SHAPES]);
	}
	hk_jsonw_key(out, "issuance");
	hk_jsonw_int(out, (int64_t)order->number);
	hk_jsonw_key(out, "issuer_cn");
	hk_jsonw_str(out, cert->issuer->cn);
	hk_jsonw_key(out, "tbs_sha256");
	hk_jsonw_hex(out, hk_span_of(cert->tbs_sha256, sizeof cert->tbs_sha256));
	hk_jsonw_key(out, "names");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < rg_names_count(cert->names); i++) {
		hk_jsonw_text(out, rg_names_at(cert->names, i));
	}
	hk_jsonw_close(out, ']');
	g_string_append(out, "}\n");
	g_ptr_array_add(log->truths, g_string_free(out, FALSE));
}

static bool
append(rg_log *log, const rg_order *order, bool precert, uint64_t when_ms, GError **error)
{
	GByteArray *to = log->buffer;
	guint from = to->len;
	uint64_t index = log->ends->len;
	rg_cert cert;

	rg_certgen_make(log->gen, order, precert, &cert);
	put_uint(to, when_ms, 8);
	put_uint(to, precert ? 1 : 0, 2);
	if (precert) {
		g_byte_array_append(to, cert.issuer->key.spki_sha256, 32);
	}
	put_span(to, precert ? cert.tbs : cert.der, 3);
	if (log->leaf_index) {
		put_uint(to, 8, 2);
		put_uint(to, 0, 1); /* extension type leaf_index */
		put_uint(to, 5, 2);
		put_uint(to, index, 5);
	} else {
		put_uint(to, 0, 2);
	}
	hash_leaf(log, hk_span_of(to->data + from, to->len - from));
	if (precert) {
		put_span(to, cert.der, 3);
	}
	put_uint(to, 64, 2);
	g_byte_array_append(to, cert.issuer->chain[0].sha256, 32);
	g_byte_array_append(to, cert.issuer->chain[1].sha256, 32);
	uint64_t end = bytes_of(log, index) + to->len - from;
	g_array_append_val(log->ends, end);
	if (log->truth_fd >= 0) {
		note_truth(log, order, &cert, index, when_ms);
	}
	if (end > log->map_size) {
		return hk_error_set(error, HK_ELIMIT, "the log is full: %zu bytes", log->map_size);
	}
	return to->len < BUFFER_BYTES || flush(log, error);
}

static void
next_order(rg_log *log, uint64_t when_ms, rg_order *ret)
{
	uint64_t number = log->state.issued++;

	*ret = (rg_order){.number = number, .when_s = (int64_t)(when_ms / 1000)};
	if (log->odd_every > 0 && number % log->odd_every == log->odd_every - 1) {
		ret->kind = RG_ODD;
		ret->variant = (uint32_t)(number / log->odd_every);
	} else if (log->phish_every > 0 && number % log->phish_every == log->phish_every - 1) {
		ret->kind = RG_PHISH;
		ret->variant = (uint32_t)(number / log->phish_every);
	}
}

bool
rg_log_grow(rg_log *log, uint64_t count, uint64_t when_ms, GError **error)
{
	for (uint64_t i = 0; i < count; i++) {
		if (g_queue_get_length(log->waiting) > CERT_LAG) {
			g_autofree rg_order *order = g_queue_pop_head(log->waiting);
			if (!append(log, order, false, when_ms, error)) {
				return false;
			}
			continue;
		}
		rg_order *order = g_new(rg_order, 1);
		next_order(log, when_ms, order);
		g_queue_push_tail(log->waiting, order);
		if (!append(log, order, true, when_ms, error)) {
			return false;
		}
	}
	return flush(log, error);
}

static rg_kind
kind_of(const rg_names *names)
{
	for (size_t i = 0; i < rg_names_count(names); i++) {
		hk_span name = rg_names_at(names, i);
		if (memmem(name.data, name.len, "mihon", 5)) {
			return RG_PHISH;
		}
	}
	return RG_BENIGN;
}

bool
rg_log_issue(rg_log *log, const rg_names *names, rg_issue issue, uint64_t when_ms,
	uint64_t *ret_first, GError **error)
{
	/* Numbers from the top, so that they never meet those of the invented ones. */
	rg_order order = {.number = UINT64_MAX - log->state.named++,
		.kind = kind_of(names),
		.names = names,
		.when_s = (int64_t)(when_ms / 1000)};
	uint64_t first = log->ends->len;

	if ((issue != RG_ISSUE_CERT && !append(log, &order, true, when_ms, error)) ||
		(issue != RG_ISSUE_PRECERT && !append(log, &order, false, when_ms, error)) ||
		!flush(log, error)) {
		return false;
	}
	if (ret_first) {
		*ret_first = first;
	}
	return true;
}

static bool
write_truths(rg_log *log, uint64_t now_ms, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (log->truth_fd < 0) {
		return true;
	}
	for (guint i = 0; i < log->truths->len; i++) {
		g_string_append_printf(out, "{\"published_ms\":%" G_GUINT64_FORMAT ",%s", now_ms,
			(const char *)log->truths->pdata[i]);
	}
	g_ptr_array_set_size(log->truths, 0);
	log->state.truth_bytes += out->len;
	return hk_file_write_all(log->truth_fd, hk_span_of(out->str, out->len), NULL, error);
}

static void
sign(rg_log *log, uint64_t size, uint64_t timestamp_ms)
{
	rg_head *head = &log->heads[log->head_count % RG_HEADS_KEPT];

	head->size = size;
	head->timestamp_ms = timestamp_ms;
	rg_tree_root(log->tree, NULL, size, head->root);
	head->signed_len =
		rg_ctkey_sign_head(log->key, timestamp_ms, size, head->root, head->signed_head);
	log->head_count++;
}

bool
rg_log_publish(rg_log *log, uint64_t now_ms, GError **error)
{
	uint64_t size = log->ends->len;

	/* Timestamps of heads never stand still (RFC 6962, section 3.5: each later than the one
	 * before). */
	if (now_ms <= log->state.timestamp_ms) {
		now_ms = log->state.timestamp_ms + 1;
	}
	if (!write_truths(log, now_ms, error)) {
		return false;
	}
	log->state.size = size;
	log->state.timestamp_ms = now_ms;
	log->state.entries_bytes = bytes_of(log, size);
	rg_tree_root(log->tree, NULL, size, log->state.root);
	if (log->dir && !rg_state_write(log->dir, &log->state, error)) {
		return false;
	}
	sign(log, size, now_ms);
	return true;
}

/* Reads the entries of an earlier run and hashes them again. */
static bool
load(rg_log *log, GError **error)
{
	uint8_t root[RG_HASH_SIZE];
	hk_span left = hk_span_of(log->map, log->state.entries_bytes);
	uint64_t end = 0;

	for (uint64_t i = 0; i < log->state.size; i++) {
		rg_leaf leaf;
		size_t used;
		if (rg_leaf_of(left, &leaf, &used) != HK_OK) {
			return hk_error_set(error, HK_EFORM,
				"%s/entries: entry %" G_GUINT64_FORMAT " is damaged", log->dir, i);
		}
		hash_leaf(log, leaf.timestamped);
		end += used;
		g_array_append_val(log->ends, end);
		left = hk_span_of(left.data + used, left.len - used);
	}
	rg_tree_root(log->tree, NULL, log->state.size, root);
	if (memcmp(root, log->state.root, sizeof root) != 0) {
		return hk_error_set(error, HK_ECHECK,
			"%s: the entries do not hash to the root of state.json", log->dir);
	}
	return true;
}

/* What a killed run wrote after its last head was never shown to anyone. */
static bool
cut_back(int fd, uint64_t bytes, const char *what, GError **error)
{
	struct stat st;

	if (fstat(fd, &st) < 0 ||
		((uint64_t)st.st_size > bytes && ftruncate(fd, (off_t)bytes) < 0)) {
		return hk_error_errno(error, errno, "%s: cannot cut back", what);
	}
	return lseek(fd, 0, SEEK_END) >= 0 || hk_error_errno(error, errno, "%s", what);
}

static bool
open_files(rg_log *log, const rg_log_config *config, GError **error)
{
	g_autofree char *path = config->dir ? g_build_filename(config->dir, "entries", NULL) : NULL;

	log->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)
		       : memfd_create("entries", MFD_CLOEXEC);
	if (log->fd < 0) {
		return hk_error_errno(error, errno, "%s: cannot open", path ? path : "memory");
	}
	if (!cut_back(log->fd, log->state.entries_bytes, path, error)) {
		return false;
	}
	if (lseek(log->fd, 0, SEEK_END) < (off_t)log->state.entries_bytes) {
		return hk_error_set(error, HK_ETRUNC, "%s: shorter than state.json says", path);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(map_sizes) && !log->map; i++) {
		void *at =
			mmap(NULL, map_sizes[i], PROT_READ, MAP_SHARED | MAP_NORESERVE, log->fd, 0);
		if (at != MAP_FAILED) {
			log->map = at;
			log->map_size = map_sizes[i];
		}
	}
	if (!log->map) {
		return hk_error_errno(error, errno, "cannot map the entries");
	}
	if (config->truth) {
		log->truth_fd = open(config->truth, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (log->truth_fd < 0) {
			return hk_error_errno(error, errno, "%s: cannot open", config->truth);
		}
		return cut_back(log->truth_fd, log->state.truth_bytes, config->truth, error);
	}
	return true;
}

static bool
open_dir(rg_log *log, const rg_log_config *config, GError **error)
{
	if (!config->dir) {
		log->key = rg_ctkey_open(NULL, error);
		return log->key != NULL;
	}
	g_autofree char *lock = g_build_filename(config->dir, "lock", NULL);
	g_autofree char *key = g_build_filename(config->dir, "key.pem", NULL);

	if (!hk_file_mkdirs(config->dir, error)) {
		return false;
	}
	log->lock_fd = hk_file_lock(lock, "this log", error);
	if (log->lock_fd < 0 || !(log->key = rg_ctkey_open(key, error))) {
		return false;
	}
	rg_state fresh = log->state;
	if (!rg_state_read(config->dir, &log->state, error)) {
		return false;
	}
	if (log->state.seed != fresh.seed || log->state.leaf_index != fresh.leaf_index) {
		return hk_error_set(error, HK_EUSAGE,
			"%s holds a log made with --seed %" G_GUINT64_FORMAT
			" and %s leaf_index extension; use the same --seed and --api, or another "
			"--dir",
			config->dir, log->state.seed, log->state.leaf_index ? "a" : "no");
	}
	return true;
}

rg_log *
rg_log_open(const rg_log_config *config, GError **error)
{
	g_autoptr(rg_log) log = g_new0(rg_log, 1);

	log->lock_fd = log->fd = log->truth_fd = -1;
	log->seed = config->seed;
	log->phish_every = config->phish_every;
	log->odd_every = config->odd_every;
	log->leaf_index = config->leaf_index;
	log->origin = g_strdup(config->origin ? config->origin : "ct.range.example");
	log->dir = g_strdup(config->dir);
	log->state = (rg_state){.seed = config->seed, .leaf_index = config->leaf_index};
	log->tree = rg_tree_new();
	rg_tree_root(log->tree, NULL, 0, log->state.root);
	log->gen = rg_certgen_new(config->seed);
	log->buffer = g_byte_array_new();
	log->ends = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	log->waiting = g_queue_new();
	log->truths = g_ptr_array_new_with_free_func(g_free);
	if (!open_dir(log, config, error) || !open_files(log, config, error) || !load(log, error)) {
		return NULL;
	}
	/* Also a head of size 0: a log has a head before it has an entry. */
	sign(log, log->state.size, log->state.timestamp_ms);
	return g_steal_pointer(&log);
}

void
rg_log_free(rg_log *log)
{
	if (!log) {
		return;
	}
	if (log->map) {
		munmap((void *)log->map, log->map_size);
	}
	int fds[] = {log->fd, log->truth_fd, log->lock_fd};
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	rg_certgen_free(log->gen);
	rg_ctkey_free(log->key);
	rg_tree_free(log->tree);
	g_byte_array_unref(log->buffer);
	g_array_unref(log->ends);
	g_queue_free_full(log->waiting, g_free);
	g_ptr_array_unref(log->truths);
	g_free(log->origin);
	g_free(log->dir);
	g_free(log);
}

const rg_head *
rg_log_head(const rg_log *log, size_t back)
{
	size_t kept = MIN(log->head_count, RG_HEADS_KEPT);

	return &log->heads[(log->head_count - 1 - MIN(back, kept - 1)) % RG_HEADS_KEPT];
}

uint64_t
rg_log_appended(const rg_log *log)
{
	return log->ends->len;
}

hk_span
rg_log_entries(const rg_log *log, uint64_t start, uint64_t end)
{
	if (start > end || end > log->state.size) {
		HK_BUG("entries were asked for that are not published");
	}
	return hk_span_of(
		log->map + bytes_of(log, start), bytes_of(log, end) - bytes_of(log, start));
}

hk_span
rg_log_entry(const rg_log *log, uint64_t index)
{
	return rg_log_entries(log, index, index + 1);
}

const rg_tree *
rg_log_tree(const rg_log *log)
{
	return log->tree;
}

const rg_ctkey *
rg_log_key(const rg_log *log)
{
	return log->key;
}

const rg_issuers *
rg_log_issuers(const rg_log *log)
{
	return rg_certgen_issuers(log->gen);
}

const char *
rg_log_origin(const rg_log *log)
{
	return log->origin;
}
