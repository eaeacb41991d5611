/* range/rng: pseudo-random numbers that a seed decides. Part of librange. Not for keys.
 *
 * splitmix64 (public domain, S. Vigna): 64 bits of state, good enough to invent names. Whatever is
 * invented gets a stream of its own, made from (seed, label, number), so that it does not depend on
 * the order of calls. */
#ifndef RG_RNG_H
#define RG_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rg_rng {
	uint64_t state;
} rg_rng;

/* rg_rng_next(rng): 64 bits. */
static inline uint64_t
rg_rng_next(rg_rng *rng)
{
	uint64_t z = rng->state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* rg_rng_of(seed, label, number): the stream of the number-th thing of that label. */
static inline rg_rng
rg_rng_of(uint64_t seed, const char *label, uint64_t number)
{
	rg_rng rng = {seed};
	uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */

	for (; *label; label++) {
		hash = (hash ^ (uint8_t)*label) * 0x100000001B3u;
	}
	rng.state = rg_rng_next(&rng) ^ hash;
	rng.state = rg_rng_next(&rng) ^ number * 0x9E3779B97F4A7C15u;
	return rng;
}

/* rg_rng_below(rng, n): 0..n-1, n > 0. */
static inline uint32_t
rg_rng_below(rg_rng *rng, uint32_t n)
{
	return (uint32_t)((rg_rng_next(rng) >> 32) * n >> 32);
}

/* rg_rng_real(rng): 0 <= x < 1. */
static inline double
rg_rng_real(rg_rng *rng)
{
	return (double)(rg_rng_next(rng) >> 11) * 0x1p-53;
}

static inline bool
rg_rng_chance(rg_rng *rng, double p)
{
	return rg_rng_real(rng) < p;
}

/* rg_rng_fill(rng, at, n): n bytes. */
static inline void
rg_rng_fill(rg_rng *rng, void *at, size_t n)
{
	uint8_t *to = at;

	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = rg_rng_next(rng);

		for (size_t k = i; k < n && k < i + 8; k++, word >>= 8) {
			to[k] = (uint8_t)word;
		}
	}
}

#endif
