#include "mailstore.h"

#include <string.h>

#include "parse/mailhead.h"
#include "sys/jsonw.h"

typedef struct box {
	GPtrArray *mails; /* of rg_mail, in order of arrival in their folders */
	GHashTable *next; /* folder -> next UID */
} box;

struct rg_mailstore {
	GMutex lock;
	GHashTable *boxes;
	GHashTable *counts; /* "message-id\nrecipient" -> count */
	GPtrArray *order;   /* the keys of counts as they came; borrowed */
};

static void
mail_free(void *data)
{
	rg_mail *m = data;

	g_bytes_unref(m->bytes);
	g_free(m->folder);
	g_free(m);
}

static void
box_free(void *data)
{
	box *b = data;

	g_ptr_array_unref(b->mails);
	g_hash_table_unref(b->next);
	g_free(b);
}

rg_mailstore *
rg_mailstore_new(void)
{
	rg_mailstore *s = g_new0(rg_mailstore, 1);

	g_mutex_init(&s->lock);
	s->boxes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, box_free);
	s->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->order = g_ptr_array_new();
	return s;
}

void
rg_mailstore_free(rg_mailstore *s)
{
	if (s) {
		g_hash_table_unref(s->boxes);
		g_hash_table_unref(s->counts);
		g_ptr_array_unref(s->order);
		g_mutex_clear(&s->lock);
		g_free(s);
	}
}

char *
rg_mailstore_box(const char *address)
{
	char *name = g_utf8_strdown(address, -1);
	char *at = strrchr(name, '@');
	char *plus = strchr(name, '+');

	if (at && plus && plus < at) {
		memmove(plus, at, strlen(at) + 1);
	}
	return name;
}

char *
rg_mailstore_field(hk_span bytes, const char *name)
{
	hk_span value;

	if (!hk_mailhead_find(bytes, name, &value)) {
		return NULL;
	}
	g_autofree char *text = g_strndup((const char *)value.data, value.len);
	GString *out = g_string_new(NULL);

	for (const char *p = text; *p; p++) {
		if (*p != '\r' && *p != '\n') {
			g_string_append_c(out, *p);
		}
	}
	return g_strstrip(g_string_free(out, FALSE));
}

static box *
box_at(rg_mailstore *s, const char *name)
{
	box *b = g_hash_table_lookup(s->boxes, name);

	if (!b) {
		b = g_new0(box, 1);
		b->mails = g_ptr_array_new_with_free_func(mail_free);
		b->next = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_insert(s->boxes, g_strdup(name), b);
	}
	return b;
}

static void
add(box *b, const char *folder, GBytes *bytes, bool seen)
{
	rg_mail *m = g_new0(rg_mail, 1);
	unsigned next = GPOINTER_TO_UINT(g_hash_table_lookup(b->next, folder)) + 1;

	m->bytes = g_bytes_ref(bytes);
	m->folder = g_strdup(folder);
	m->uid = next;
	m->seen = seen;
	g_hash_table_insert(b->next, g_strdup(folder), GUINT_TO_POINTER(next));
	g_ptr_array_add(b->mails, m);
}

static void
count(rg_mailstore *s, const char *recipient, hk_span bytes)
{
	g_autofree char *id = rg_mailstore_field(bytes, "Message-ID");
	char *key = g_strdup_printf("%s\n%s", id ? id : "", recipient);
	void *old = NULL, *n = NULL;

	if (g_hash_table_lookup_extended(s->counts, key, &old, &n)) {
		g_hash_table_insert(s->counts, key, GUINT_TO_POINTER(GPOINTER_TO_UINT(n) + 1));
	} else {
		g_hash_table_insert(s->counts, key, GUINT_TO_POINTER(1));
		g_ptr_array_add(s->order, key);
	}
}

char *
rg_mailstore_of(rg_mailstore *s, const char *user)
{
	char *name = rg_mailstore_box(user);
	g_autofree char *begin = g_strconcat(name, "@", NULL);
	GHashTableIter iter;
	gpointer key;

	g_mutex_lock(&s->lock);
	g_hash_table_iter_init(&iter, s->boxes);
	while (!strchr(name, '@') && g_hash_table_iter_next(&iter, &key, NULL)) {
		if (g_str_has_prefix(key, begin)) {
			g_free(name);
			name = g_strdup(key);
		}
	}
	g_mutex_unlock(&s->lock);
	return name;
}

void
rg_mailstore_deliver(rg_mailstore *s, const char *recipient, hk_span bytes)
{
	g_autofree char *name = rg_mailstore_box(recipient);
	GString *whole = g_string_new("Delivered-To: ");

	g_string_append(whole, recipient);
	g_string_append(whole, "\r\n");
	g_string_append_len(whole, (const char *)bytes.data, (gssize)bytes.len);
	g_autoptr(GBytes) mail = g_string_free_to_bytes(whole);

	g_mutex_lock(&s->lock);
	add(box_at(s, name), "INBOX", mail, false);
	count(s, recipient, bytes);
	g_mutex_unlock(&s->lock);
}

static hk_span
span_of(GBytes *bytes)
{
	return hk_span_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static bool
is_in(const rg_mail *m, const char *folder)
{
	return g_ascii_strcasecmp(folder, "INBOX") == 0 ? g_str_equal(m->folder, "INBOX")
							: g_str_equal(m->folder, folder);
}

/* HEADER searches are for a part of the value (RFC 3501, 6.4.4). */
static bool
has_id(const rg_mail *m, const char *message_id)
{
	g_autofree char *id = rg_mailstore_field(span_of(m->bytes), "Message-ID");

	return id && strstr(id, message_id);
}

GArray *
rg_mailstore_list(rg_mailstore *s, const char *name, const char *folder, uint32_t above,
	const char *message_id)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	g_mutex_lock(&s->lock);
	box *b = box_at(s, name);
	for (unsigned i = 0; i < b->mails->len; i++) {
		const rg_mail *m = b->mails->pdata[i];

		if (is_in(m, folder) && m->uid > above && (!message_id || has_id(m, message_id))) {
			g_array_append_val(uids, m->uid);
		}
	}
	g_mutex_unlock(&s->lock);
	return uids;
}

/* With the lock. */
static rg_mail *
find(rg_mailstore *s, const char *name, const char *folder, uint32_t uid)
{
	box *b = box_at(s, name);

	for (unsigned i = 0; i < b->mails->len; i++) {
		rg_mail *m = b->mails->pdata[i];

		if (m->uid == uid && is_in(m, folder)) {
			return m;
		}
	}
	return NULL;
}

GBytes *
rg_mailstore_get(rg_mailstore *s, const char *name, const char *folder, uint32_t uid)
{
	g_mutex_lock(&s->lock);
	rg_mail *m = find(s, name, folder, uid);
	GBytes *bytes = m ? g_bytes_ref(m->bytes) : NULL;
	g_mutex_unlock(&s->lock);
	return bytes;
}

bool
rg_mailstore_flag(rg_mailstore *s, const char *name, const char *folder, uint32_t uid, bool seen,
	bool deleted)
{
	g_mutex_lock(&s->lock);
	rg_mail *m = find(s, name, folder, uid);
	if (m) {
		m->seen = m->seen || seen;
		m->deleted = m->deleted || deleted;
	}
	g_mutex_unlock(&s->lock);
	return m != NULL;
}

bool
rg_mailstore_copy(rg_mailstore *s, const char *name, const char *folder, uint32_t uid,
	const char *to, bool move)
{
	g_mutex_lock(&s->lock);
	box *b = box_at(s, name);
	rg_mail *m = find(s, name, folder, uid);
	if (m) {
		add(b, to, m->bytes, m->seen);
		if (move) {
			g_ptr_array_remove(b->mails, m);
		}
	}
	g_mutex_unlock(&s->lock);
	return m != NULL;
}

void
rg_mailstore_expunge(rg_mailstore *s, const char *name, const char *folder, uint32_t uid)
{
	g_mutex_lock(&s->lock);
	rg_mail *m = find(s, name, folder, uid);
	if (m && m->deleted) {
		g_ptr_array_remove(box_at(s, name)->mails, m);
	}
	g_mutex_unlock(&s->lock);
}

char *
rg_mailstore_delivered(rg_mailstore *s)
{
	GString *out = g_string_new("{");
	unsigned mails = 0, doubles = 0;

	g_mutex_lock(&s->lock);
	hk_jsonw_key(out, "delivered");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < s->order->len; i++) {
		const char *key = s->order->pdata[i];
		const char *end = strchr(key, '\n');
		unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(s->counts, key));

		mails += n;
		doubles += n - 1;
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "message_id");
		hk_jsonw_text(out, hk_span_of(key, (size_t)(end - key)));
		hk_jsonw_member_str(out, "recipient", end + 1);
		hk_jsonw_member_int(out, "count", n);
		hk_jsonw_close(out, '}');
	}
	g_mutex_unlock(&s->lock);
	hk_jsonw_close(out, ']');
	hk_jsonw_member_int(out, "mails", mails);
	hk_jsonw_member_int(out, "doubles", doubles);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}
