#include "sys/nearest.h"

#include "tap.h"

int
main(void)
{
	static const char *const words[] = {
		"poll", "contact", NULL, "log-level", "logs", "threshold"};
	enum { COUNT = sizeof words / sizeof words[0] };

	is_str(hk_nearest("pol", words, COUNT), "poll", "one letter less");
	is_str(hk_nearest("plol", words, COUNT), "poll", "neighbours swapped");
	is_str(hk_nearest("contcat", words, COUNT), "contact", "swapped in a long word");
	is_str(hk_nearest("thresh", words, COUNT), "threshold", "a beginning");
	is_str(hk_nearest("log", words, COUNT), "logs", "the nearer of two");
	ok(!hk_nearest("xyzzy", words, COUNT), "nothing is near");
	ok(!hk_nearest("", words, 0), "no candidates");
	ok(!hk_nearest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaa",
		   words, COUNT),
		"a word longer than any");
	return tap_done();
}
