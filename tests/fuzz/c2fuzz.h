/* tests/fuzz/c2fuzz: a family's file made of the fuzzer's bytes. */
#ifndef HK_TESTS_FUZZ_C2FUZZ_H
#define HK_TESTS_FUZZ_C2FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/c2/family.h"

/* The family that the text describes, or NULL and error. */
static inline hk_family *
family_of(const void *text, size_t len, GError **error)
{
	char path[64];
	int fd = memfd_create("family", 0);

	need(fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	hk_family *family = hk_family_read(path, error);
	close(fd);
	return family;
}

#endif
