/* nocheck: tested in tests/unit/sys/test_egress.c
 * Part of sys/egress: how many connections, how fast. Token buckets for each host and each address; caps on open connections. */
#include "sys/clock.h"
#include "sys/egress_int.h"

/* Hosts and addresses that are remembered; idle ones are forgotten first. */
enum { BUCKETS_MAX = 1 << 16, LOOK_AGAIN_MS = 20 };

typedef struct bucket {
	double tokens;
	int64_t at_us; /* when tokens was right */
	unsigned open;
} bucket;

typedef struct rule {
	double rate;
	unsigned burst, open;
} rule;

static void
refill(bucket *b, rule r, int64_t now_us)
{
	b->tokens = MIN(r.burst, b->tokens + (double)(now_us - b->at_us) / 1e6 * r.rate);
	b->at_us = now_us;
}

/* A bucket that is full again and that nobody uses is as good as a new one. */
static gboolean
is_idle(gpointer key, gpointer value, gpointer user)
{
	const hk_egress *egress = user;
	bool is_host = *(const char *)key == 'h';
	rule r = {is_host ? egress->host_rate : egress->address_rate,
		is_host ? egress->host_burst : egress->address_burst, 0};
	bucket *b = value;

	refill(b, r, hk_clock_mono_us());
	return b->open == 0 && b->tokens >= r.burst;
}

static bucket *
bucket_get(hk_egress *egress, const char *key, rule r, int64_t now_us)
{
	bucket *b = g_hash_table_lookup(egress->buckets, key);

	if (!b) {
		b = g_new0(bucket, 1);
		b->tokens = r.burst;
		b->at_us = now_us;
		g_hash_table_insert(egress->buckets, g_strdup(key), b);
	}
	refill(b, r, now_us);
	return b;
}

/* 0: now; else so many milliseconds from now. */
static unsigned
wait_of(const bucket *b, rule r)
{
	if (b->open >= r.open) {
		return LOOK_AGAIN_MS;
	}
	return b->tokens >= 1 ? 0 : (unsigned)((1 - b->tokens) / r.rate * 1000) + 1;
}

unsigned
hk_egress_pace_take(hk_egress *egress, const char *host, const char *address)
{
	rule host_rule = {egress->host_rate, egress->host_burst, egress->host_open};
	rule address_rule = {egress->address_rate, egress->address_burst, G_MAXUINT};
	g_autofree char *host_key = g_strconcat("h:", host, NULL);
	g_autofree char *address_key = g_strconcat("a:", address, NULL);
	int64_t now_us = hk_clock_mono_us();
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new(&egress->mutex);

	if (egress->open >= egress->open_max) {
		return LOOK_AGAIN_MS;
	}
	if (g_hash_table_size(egress->buckets) >= BUCKETS_MAX) {
		g_hash_table_foreach_remove(egress->buckets, is_idle, egress);
		if (g_hash_table_size(egress->buckets) >= BUCKETS_MAX) {
			return LOOK_AGAIN_MS * 10;
		}
	}
	bucket *h = bucket_get(egress, host_key, host_rule, now_us);
	bucket *a = bucket_get(egress, address_key, address_rule, now_us);
	unsigned wait_ms = MAX(wait_of(h, host_rule), wait_of(a, address_rule));
	if (wait_ms == 0) {
		h->tokens -= 1;
		a->tokens -= 1;
		h->open++;
		a->open++;
		egress->open++;
	}
	return wait_ms;
}

void
hk_egress_pace_give(hk_egress *egress, const char *host, const char *address)
{
	g_autofree char *host_key = g_strconcat("h:", host, NULL);
	g_autofree char *address_key = g_strconcat("a:", address, NULL);
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new(&egress->mutex);
	bucket *h = g_hash_table_lookup(egress->buckets, host_key);
	bucket *a = g_hash_table_lookup(egress->buckets, address_key);

	if (!h || !a || h->open == 0 || a->open == 0 || egress->open == 0) {
		HK_BUG("a place given back twice");
	}
	h->open--;
	a->open--;
	egress->open--;
}
