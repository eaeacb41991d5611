#include "store/rowset.h"

#include <string.h>

#include "base/err.h"
#include "store/db_int.h"

/* PostgreSQL's binary form of an array: dimensions, whether there are NULLs, the type of the members; size and lowest index; and each member
 * behind its length (src/backend/utils/adt/arrayfuncs.c, array_recv). */
enum { COLUMNS_MAX = 64, HEAD = 20, EMPTY_HEAD = 12 };

typedef struct column {
	char type;
	GByteArray *bytes;
	bool nulls;
} column;

struct hk_rowset {
	size_t columns, rows;
	column of[COLUMNS_MAX];
};

static void
put_be(GByteArray *out, uint64_t value, unsigned len)
{
	uint8_t wire[8];

	for (unsigned i = 0; i < len; i++) {
		wire[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	}
	g_byte_array_append(out, wire, len);
}

static void
set_be32(GByteArray *out, unsigned at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++) {
		out->data[at + i] = (uint8_t)(value >> (24 - 8 * i));
	}
}

hk_rowset *
hk_rowset_new(const char *types)
{
	hk_rowset *set = g_new0(hk_rowset, 1);

	set->columns = strlen(types);
	if (set->columns > COLUMNS_MAX) {
		HK_BUG("more columns than a set of rows has");
	}
	for (size_t i = 0; i < set->columns; i++) {
		set->of[i] = (column){.type = types[i], .bytes = g_byte_array_new()};
		g_byte_array_set_size(set->of[i].bytes, HEAD);
	}
	return set;
}

void
hk_rowset_free(hk_rowset *set)
{
	if (set) {
		for (size_t i = 0; i < set->columns; i++) {
			g_byte_array_unref(set->of[i].bytes);
		}
		g_free(set);
	}
}

static void
add_value(column *c, const hk_value *value)
{
	uint64_t bits = (uint64_t)value->i;

	switch (value->kind) {
	case HK_VALUE_REAL:
		memcpy(&bits, &value->d, sizeof bits);
		/* fall through */
	case HK_VALUE_INT:
		put_be(c->bytes, 8, 4);
		put_be(c->bytes, bits, 8);
		return;
	case HK_VALUE_TEXT:
	case HK_VALUE_BLOB:
		put_be(c->bytes, value->s.len, 4);
		if (value->s.len > 0) {
			g_byte_array_append(c->bytes, value->s.data, (unsigned)value->s.len);
		}
		return;
	case HK_VALUE_NULL:
	default:
		c->nulls = true;
		put_be(c->bytes, UINT32_MAX, 4);
	}
}

void
hk_rowset_add(hk_rowset *set, const hk_value *values)
{
	for (size_t i = 0; i < set->columns; i++) {
		if (values[i].kind != HK_VALUE_NULL && "nirtb"[values[i].kind] != set->of[i].type) {
			HK_BUG("a value of another type than its column");
		}
		add_value(&set->of[i], &values[i]);
	}
	set->rows++;
}

size_t
hk_rowset_count(const hk_rowset *set)
{
	return set->rows;
}

/* The head is written last: it holds the number of rows. */
static void
arrays_of(const hk_rowset *set, hk_value *ret)
{
	for (size_t i = 0; i < set->columns; i++) {
		const column *c = &set->of[i];
		set_be32(c->bytes, 0, set->rows > 0);
		set_be32(c->bytes, 4, c->nulls);
		set_be32(c->bytes, 8, hk_db_member_oid(c->type));
		set_be32(c->bytes, 12, (uint32_t)set->rows);
		set_be32(c->bytes, 16, 1);
		ret[i] = hk_v_array(c->type,
			hk_span_of(c->bytes->data, set->rows > 0 ? c->bytes->len : EMPTY_HEAD));
	}
}

static void
empty(hk_rowset *set)
{
	set->rows = 0;
	for (size_t i = 0; i < set->columns; i++) {
		g_byte_array_set_size(set->of[i].bytes, HEAD);
		set->of[i].nulls = false;
	}
}

bool
hk_rowset_exec(hk_rowset *set, hk_db *db, hk_sql sql, int64_t *ret_changed, GError **error)
{
	hk_value values[COLUMNS_MAX];

	if (ret_changed) {
		*ret_changed = 0;
	}
	if (set->rows == 0) {
		return true;
	}
	arrays_of(set, values);
	bool good = hk_db_exec(db, sql, values, set->columns, ret_changed, error);
	empty(set);
	return good;
}

hk_rows *
hk_rowset_query(const hk_rowset *set, hk_db *db, hk_sql sql, GError **error)
{
	hk_value values[COLUMNS_MAX];

	arrays_of(set, values);
	return hk_db_query(db, sql, values, set->columns, error);
}
