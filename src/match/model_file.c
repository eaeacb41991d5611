/* nocheck: tested in tests/unit/match/test_model.c
 *
 * model_file.c: the bytes of a model file. All integers and floats little-endian, sections in this
 * order, each starting at a multiple of 64:
 *
 *   0    magic "HKMODEL\n", u32 version, u32 features version, u64 checksum of all that follows it
 *   24   u64 file length, u32 bits, dim, pools, hidden, first month, last month, phish, feed,
 * benign, held out, facts, knots, u64 seed, f32 thresholds, base rate, bias, scales, knots
 *   ...  f32 hidden layer: weights by input, biases, output weights
 *   ...  i8 rows
 *   ...  facts: u32 key, phish, benign */
#include <math.h>
#include <string.h>

#include "match/model.h"

#define HEAD_SIZE   512u
#define HIDDEN_SIZE (((HK_MODEL_WIDTH + 2u) * HK_MODEL_HIDDEN * 4u + 63u) / 64u * 64u)
#define FACT_SIZE   12u
#define SUM_FROM    24u /* first byte under the checksum */
#define FLOAT_MAX   1e6f

static const uint8_t magic[8] = {'H', 'K', 'M', 'O', 'D', 'E', 'L', '\n'};

const double hk_model_budget[HK_MODEL_BUDGETS] = {0.01, 0.003, 0.001, 0.0001};

/* One description of the header serves reading and writing: io moves a value one way or the other.
 */
typedef struct io {
	uint8_t *out;      /* writing */
	const uint8_t *in; /* reading */
	size_t at;
	bool bad; /* a float that is not finite, or over FLOAT_MAX */
} io;

static void
io_u32(io *s, uint32_t *v)
{
	if (s->out) {
		for (unsigned i = 0; i < 4; i++) {
			s->out[s->at + i] = (uint8_t)(*v >> (8 * i));
		}
	} else {
		*v = 0;
		for (unsigned i = 0; i < 4; i++) {
			*v |= (uint32_t)s->in[s->at + i] << (8 * i);
		}
	}
	s->at += 4;
}

static void
io_u64(io *s, uint64_t *v)
{
	uint32_t low = (uint32_t)*v, high = (uint32_t)(*v >> 32);

	io_u32(s, &low);
	io_u32(s, &high);
	*v = (uint64_t)high << 32 | low;
}

static void
io_f32(io *s, float *v)
{
	uint32_t bits;

	memcpy(&bits, v, sizeof(bits));
	io_u32(s, &bits);
	memcpy(v, &bits, sizeof(bits));
	s->bad = s->bad || !isfinite(*v) || fabsf(*v) > FLOAT_MAX;
}

static void
io_floats(io *s, float *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		io_f32(s, &v[i]);
	}
}

typedef struct head {
	uint8_t magic[8];
	uint32_t version, features;
	uint64_t checksum, length;
	uint32_t dim, pools, hidden;
} head;

static void
io_head(io *s, head *h, hk_model *m)
{
	for (size_t i = 0; i < sizeof(h->magic); i++, s->at++) {
		if (s->out) {
			s->out[s->at] = h->magic[i];
		} else {
			h->magic[i] = s->in[s->at];
		}
	}
	io_u32(s, &h->version);
	io_u32(s, &h->features);
	io_u64(s, &h->checksum);
	io_u64(s, &h->length);
	io_u32(s, &m->bits);
	io_u32(s, &h->dim);
	io_u32(s, &h->pools);
	io_u32(s, &h->hidden);
	io_u32(s, &m->info.first_month);
	io_u32(s, &m->info.last_month);
	io_u32(s, &m->info.phish);
	io_u32(s, &m->info.feed);
	io_u32(s, &m->info.benign);
	io_u32(s, &m->info.held_out);
	io_u32(s, &m->fact_count);
	io_u32(s, &m->knot_count);
	io_u64(s, &m->info.seed);
	io_floats(s, m->info.threshold, HK_MODEL_BUDGETS);
	io_f32(s, &m->info.base_rate);
	io_f32(s, &m->bias);
	io_floats(s, m->scale, HK_MODEL_DIM);
	for (size_t i = 0; i < HK_MODEL_KNOTS_MAX; i++) {
		io_f32(s, &m->knots[i].logit);
		io_f32(s, &m->knots[i].log_ratio);
	}
}

static void
io_hidden(io *s, hk_model *m)
{
	s->at = HEAD_SIZE;
	for (size_t i = 0; i < HK_MODEL_WIDTH; i++) {
		io_floats(s, m->hidden[i], HK_MODEL_HIDDEN);
	}
	io_floats(s, m->hidden_bias, HK_MODEL_HIDDEN);
	io_floats(s, m->out, HK_MODEL_HIDDEN);
}

/* A check against damage and mix-ups, not against forgery: whoever can write the file is trusted.
 */
static uint64_t
checksum(const uint8_t *data, size_t len)
{
	uint64_t h = 0x9E3779B97F4A7C15u ^ len;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = 0;
		size_t n = len - i < 8 ? len - i : 8;

		for (size_t k = 0; k < n; k++) {
			word |= (uint64_t)data[i + k] << (8 * k);
		}
		h = (h ^ word) * 0xD6E8FEB86659FD93u;
		h ^= h >> 32;
	}
	return h;
}

void
hk_model_seal(uint8_t *file, size_t len)
{
	if (len >= SUM_FROM) {
		uint64_t sum = checksum(file + SUM_FROM, len - SUM_FROM);

		io_u64(&(io){.out = file, .at = SUM_FROM - sizeof(sum)}, &sum);
	}
}

static size_t
rows_size(uint32_t bits)
{
	return (size_t)HK_MODEL_DIM << bits;
}

size_t
hk_model_encoded_size(uint32_t bits, size_t facts)
{
	if (bits < HK_MODEL_BITS_MIN || bits > HK_MODEL_BITS_MAX || facts > HK_MODEL_FACTS_MAX) {
		return 0;
	}
	return HEAD_SIZE + HIDDEN_SIZE + rows_size(bits) + facts * FACT_SIZE;
}

hk_err
hk_model_encode(const hk_model *model, uint8_t *out, size_t len)
{
	hk_model copy = *model;
	head h = {.version = HK_MODEL_VERSION,
		.features = HK_FEATURES_VERSION,
		.length = len,
		.dim = HK_MODEL_DIM,
		.pools = HK_POOL_COUNT,
		.hidden = HK_MODEL_HIDDEN};
	io s = {.out = out};

	if (len == 0 || len != hk_model_encoded_size(model->bits, model->fact_count) ||
		model->knot_count == 0 || model->knot_count > HK_MODEL_KNOTS_MAX) {
		return HK_ERANGE;
	}
	memcpy(h.magic, magic, sizeof(magic));
	memset(out, 0, len);
	for (size_t i = copy.knot_count; i < HK_MODEL_KNOTS_MAX; i++) {
		copy.knots[i] = (hk_model_knot){0, 0};
	}
	io_hidden(&s, &copy);
	memcpy(out + HEAD_SIZE + HIDDEN_SIZE, model->rows, rows_size(model->bits));
	if (model->fact_count > 0) {
		memcpy(out + HEAD_SIZE + HIDDEN_SIZE + rows_size(model->bits), model->facts,
			model->fact_count * FACT_SIZE);
	}
	s.at = 0;
	io_head(&s, &h, &copy);
	hk_model_seal(out, len);
	return s.bad ? HK_ERANGE : HK_OK;
}

static uint32_t
fact_key_at(const hk_model *m, size_t i)
{
	uint32_t key = 0;
	io s = {.in = m->facts + i * FACT_SIZE};

	io_u32(&s, &key);
	return key;
}

/* What cannot be said by types: rising knots and keys, rates inside 0..1, months that are months.
 */
static bool
is_sensible(const hk_model *m)
{
	const hk_model_info *i = &m->info;

	if (!(i->base_rate > 0 && i->base_rate < 1) || i->first_month > i->last_month ||
		m->knot_count == 0 || m->knot_count > HK_MODEL_KNOTS_MAX) {
		return false;
	}
	for (size_t k = 1; k < m->knot_count; k++) {
		if (m->knots[k].logit <= m->knots[k - 1].logit ||
			m->knots[k].log_ratio < m->knots[k - 1].log_ratio) {
			return false;
		}
	}
	for (size_t k = 1; k < HK_MODEL_BUDGETS; k++) {
		if (i->threshold[k] < i->threshold[k - 1]) {
			return false;
		}
	}
	for (size_t k = 1; k < m->fact_count; k++) {
		if (fact_key_at(m, k) <= fact_key_at(m, k - 1)) {
			return false;
		}
	}
	return true;
}

static bool
has_avx2(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx2");
#else
	return false;
#endif
}

hk_err
hk_model_open(hk_span file, hk_model *ret)
{
	hk_model m;
	head h;
	io s = {.in = file.data};
	size_t want;

	if (file.len > HK_MODEL_FILE_MAX) {
		return HK_ELIMIT;
	}
	if (file.len < sizeof(magic) || memcmp(file.data, magic, sizeof(magic)) != 0) {
		return HK_EFORM;
	}
	if (file.len < HEAD_SIZE) {
		return HK_ETRUNC;
	}
	memset(&m, 0, sizeof(m));
	io_head(&s, &h, &m);
	if (h.version != HK_MODEL_VERSION || h.features != HK_FEATURES_VERSION) {
		return HK_EVERSION;
	}
	want = hk_model_encoded_size(m.bits, m.fact_count);
	if (want == 0 || h.dim != HK_MODEL_DIM || h.pools != HK_POOL_COUNT ||
		h.hidden != HK_MODEL_HIDDEN || h.length != want) {
		return HK_EFORM;
	}
	if (file.len != want) {
		return file.len < want ? HK_ETRUNC : HK_ETRAIL;
	}
	if (checksum(file.data + SUM_FROM, want - SUM_FROM) != h.checksum) {
		return HK_ECHECK;
	}
	io_hidden(&s, &m);
	m.info.checksum = h.checksum;
	m.rows = file.data + HEAD_SIZE + HIDDEN_SIZE;
	m.facts = m.rows + rows_size(m.bits);
	if (s.bad || !is_sensible(&m)) {
		return HK_EFORM;
	}
	for (size_t n = 1; n <= HK_FEATURES_MAX; n++) {
		m.root[n] = 1.0f / sqrtf((float)n);
	}
	m.wide = has_avx2();
	*ret = m;
	return HK_OK;
}

bool
hk_model_fact_find(const hk_model *model, uint32_t key, hk_model_fact *ret)
{
	size_t from = 0, to = model->fact_count;

	*ret = (hk_model_fact){.key = key};
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		uint32_t at = fact_key_at(model, mid);
		io s = {.in = model->facts, .at = mid * FACT_SIZE};

		if (at == key) {
			io_u32(&s, &ret->key);
			io_u32(&s, &ret->phish);
			io_u32(&s, &ret->benign);
			return true;
		}
		if (at < key) {
			from = mid + 1;
		} else {
			to = mid;
		}
	}
	return false;
}
