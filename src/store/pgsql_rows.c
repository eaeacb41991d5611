#include "store/pgsql_int.h"

#include <string.h>

#include "base/err.h"

typedef struct pgsql_rows {
	hk_rows base;
	PGresult *result;
	int row;
} pgsql_rows;

uint64_t
hk_db_pgsql_be(const uint8_t *from, int len)
{
	uint64_t v = 0;

	for (int i = 0; i < len; i++) {
		v = v << 8 | from[i];
	}
	return v;
}

hk_rows *
hk_db_pgsql_rows(hk_db *db, PGresult *result)
{
	pgsql_rows *rows = g_new0(pgsql_rows, 1);

	rows->base.db = db;
	rows->base.finished = PQntuples(result) == 0;
	rows->result = result;
	return &rows->base;
}

static const pgsql_rows *
rows_of(const hk_rows *rows)
{
	return (const pgsql_rows *)(const void *)rows;
}

hk_rows *
hk_db_pgsql_fetch(hk_db *db, const char *text, GError **error)
{
	PGresult *result = PQexecParams(hk_db_pgsql_conn(db), text, 0, NULL, NULL, NULL, NULL, 1);

	if (!hk_db_pgsql_good(result)) {
		hk_db_pgsql_fail(db, result, error);
		PQclear(result);
		db->failed = true;
		return NULL;
	}
	return hk_db_pgsql_rows(db, result);
}

bool
hk_db_pgsql_next(hk_rows *base, GError **error)
{
	pgsql_rows *rows = (pgsql_rows *)(void *)base;

	(void)error; /* the rows are here */
	return ++rows->row < PQntuples(rows->result);
}

void
hk_db_pgsql_rows_free(hk_rows *base)
{
	PQclear(rows_of(base)->result);
	g_free(base);
}

unsigned
hk_db_pgsql_columns(const hk_rows *rows)
{
	return (unsigned)PQnfields(rows_of(rows)->result);
}

const char *
hk_db_pgsql_column_name(const hk_rows *rows, unsigned column)
{
	return PQfname(rows_of(rows)->result, (int)column);
}

bool
hk_db_pgsql_is_null(const hk_rows *rows, unsigned column)
{
	return PQgetisnull(rows_of(rows)->result, rows_of(rows)->row, (int)column);
}

static Oid
type_of(const hk_rows *rows, unsigned column)
{
	return PQftype(rows_of(rows)->result, (int)column);
}

static hk_span
bytes_of(const hk_rows *rows, unsigned column)
{
	const pgsql_rows *r = rows_of(rows);

	return hk_span_of(PQgetvalue(r->result, r->row, (int)column),
		(size_t)PQgetlength(r->result, r->row, (int)column));
}

/* sum() of a BIGINT is a NUMERIC: digits of base 10000, the first one weighs 10000^weight. */
static double
numeric(hk_span s, int64_t *ret_int)
{
	int digits = (int)hk_db_pgsql_be(s.data, 2),
	    weight = (int16_t)hk_db_pgsql_be(s.data + 2, 2);
	bool minus = hk_db_pgsql_be(s.data + 4, 2) == 0x4000;
	__int128 whole = 0;
	double real = 0, unit = 1;

	for (int i = 0; i <= MIN(weight, 8); i++) {
		whole = whole * 10000 +
			(i < digits ? (int)hk_db_pgsql_be(s.data + 8 + 2 * i, 2) : 0);
	}
	for (int i = 0; i < weight; i++) {
		unit *= 10000;
	}
	for (int i = weight; i < 0; i++) {
		unit /= 10000;
	}
	for (int i = 0; i < digits; i++, unit /= 10000) {
		real += unit * (double)hk_db_pgsql_be(s.data + 8 + 2 * i, 2);
	}
	whole = minus ? -whole : whole;
	*ret_int = weight > 4 || whole > INT64_MAX ? (minus ? INT64_MIN : INT64_MAX)
		   : whole < INT64_MIN             ? INT64_MIN
						   : (int64_t)whole;
	return minus ? -real : real;
}

/* Any number as both; what is none is our mistake. */
static double
number(const hk_rows *rows, unsigned column, int64_t *ret_int)
{
	hk_span s = bytes_of(rows, column);
	uint64_t bits = s.len <= 8 ? hk_db_pgsql_be(s.data, (int)s.len) : 0;
	double real;
	float small;

	switch (type_of(rows, column)) {
	case PG_BOOL:
		*ret_int = (int64_t)bits;
		return (double)bits;
	case PG_INT2:
		*ret_int = (int16_t)bits;
		return (double)*ret_int;
	case PG_INT4:
		*ret_int = (int32_t)bits;
		return (double)*ret_int;
	case PG_INT8:
		*ret_int = (int64_t)bits;
		return (double)*ret_int;
	case PG_FLOAT4: {
		uint32_t half = (uint32_t)bits;
		memcpy(&small, &half, sizeof(small));
		real = (double)small;
		break;
	}
	case PG_FLOAT8:
		memcpy(&real, &bits, sizeof(real));
		break;
	case PG_NUMERIC:
		return numeric(s, ret_int);
	default:
		HK_BUG("a column that is no number is read as one");
	}
	*ret_int = real >= 0x1p63 ? INT64_MAX : real >= -0x1p63 ? (int64_t)real : INT64_MIN;
	return real;
}

int64_t
hk_db_pgsql_int(const hk_rows *rows, unsigned column)
{
	int64_t ret;

	number(rows, column, &ret);
	return ret;
}

double
hk_db_pgsql_real(const hk_rows *rows, unsigned column)
{
	int64_t whole;

	return number(rows, column, &whole);
}

static bool
is_text(Oid type)
{
	return type == PG_TEXT || type == PG_VARCHAR || type == PG_BPCHAR || type == PG_NAME ||
	       type == PG_UNKNOWN;
}

const char *
hk_db_pgsql_str(const hk_rows *rows, unsigned column)
{
	if (!is_text(type_of(rows, column))) {
		HK_BUG("a column that is no text is read as text");
	}
	return (const char *)bytes_of(rows, column).data;
}

hk_span
hk_db_pgsql_blob(const hk_rows *rows, unsigned column)
{
	if (type_of(rows, column) != PG_BYTEA && !is_text(type_of(rows, column))) {
		HK_BUG("a column that is no blob is read as one");
	}
	return bytes_of(rows, column);
}

hk_value_kind
hk_db_pgsql_kind(const hk_rows *rows, unsigned column)
{
	switch (type_of(rows, column)) {
	case PG_BOOL:
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
		return HK_VALUE_INT;
	case PG_FLOAT4:
	case PG_FLOAT8:
	case PG_NUMERIC:
		return HK_VALUE_REAL;
	case PG_BYTEA:
		return HK_VALUE_BLOB;
	default:
		if (!is_text(type_of(rows, column))) {
			HK_BUG("a column of a type that the store does not know");
		}
		return HK_VALUE_TEXT;
	}
}
