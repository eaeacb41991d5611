#include "sys/suffixes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "tap.h"

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_suffixes) suffixes = hk_suffixes_load("/nonexistent/list.dat", &error);
	char path[] = "/tmp/hikeshi-suffixes-XXXXXX";
	int fd = mkstemp(path);
	hk_suffix_split split;

	ok(suffixes == NULL && hk_error_code(error) == HK_ENOENT, "a missing list is an error");
	g_clear_error(&error);
	suffixes = hk_suffixes_load(path, &error);
	ok(suffixes == NULL && hk_error_code(error) == HK_EFORM, "an empty one too");
	g_clear_error(&error);
	ok(fd >= 0 && write(fd, "com\nco.jp\n", 10) == 10, "a small list is written");
	suffixes = hk_suffixes_load(path, &error);
	ok(suffixes != NULL, "and read");
	hk_suffix_split_name(hk_suffixes_table(suffixes), "a.mihon.co.jp", 13, &split);
	is_int(split.suffix_off, 8, "and used");
	unlink(path);
	close(fd);
	return tap_done();
}
