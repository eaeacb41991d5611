/* tests/fuzz/fuzz: what every fuzz target shares. */
#ifndef HK_TESTS_FUZZ_H
#define HK_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The one entry point of libFuzzer, AFL++ and replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* need(cond): a property that must hold whatever the input. */
static inline void
need(bool cond)
{
	if (!cond) {
		abort();
	}
}

#endif
