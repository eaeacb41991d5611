/* tests/fuzz/replay: runs one fuzz target over its stored inputs, as a TAP test for any compiler.
 *
 * Reads corpus/<name>/ and regress/<name>/ (every crash ever found) below tests/fuzz, or the files named on the command
 * line. Passing means that the target returned: it aborts by itself when one of its properties does not hold. Each
 * input is also run cut short at 16 places, which finds most reads over the end without a fuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tap.h"

static void
run(const uint8_t *data, size_t size)
{
	/* An exact allocation, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
replay_file(const char *path)
{
	size_t size;
	uint8_t *data = tap_file(path, &size);

	run(data, size);
	for (size_t i = 0; i < 16; i++) {
		run(data, size * i / 16);
	}
	free(data);
	ok(true, "%s (%zu bytes)", path, size);
}

static unsigned
replay_dir(const char *kind)
{
	char full[4096];
	char path[4096];
	struct dirent **found;
	unsigned n = 0;

	snprintf(path, sizeof path, "tests/fuzz/%s/" HK_FUZZ_NAME, kind);
	snprintf(full, sizeof full, HK_SOURCE_DIR "/%s", path);
	int count = scandir(full, &found, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (found[i]->d_name[0] != '.') {
			char file[4096 + 256];
			snprintf(file, sizeof file, "%s/%s", path, found[i]->d_name);
			replay_file(file);
			n++;
		}
		free(found[i]);
	}
	if (count >= 0) {
		free(found);
	}
	return n;
}

int
main(void)
{
	unsigned seeds = replay_dir("corpus");

	replay_dir("regress");
	ok(seeds > 0, "there are seeds in corpus/" HK_FUZZ_NAME);
	run((const uint8_t *)"", 0);
	return tap_done();
}
