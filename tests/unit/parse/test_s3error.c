/* Error documents as AWS, MinIO, Ceph, Swift and s3rver write them, and what is none. */
#include "parse/s3error.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static const struct {
	const char *body, *code, *region; /* code NULL: none */
} rows[] = {
	/* AWS */
	{HEAD "<Error><Code>NoSuchKey</Code><Message>The specified key does not "
	      "exist.</Message><Key>a/b</Key>"
	      "<RequestId>4442587FB7D0A2F9</RequestId><HostId>x=</HostId></Error>",
		"NoSuchKey", ""},
	{HEAD "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header "
	      "is malformed; the region "
	      "'us-east-1' is wrong; expecting "
	      "'eu-west-1'</Message><Region>eu-west-1</Region><RequestId>1</RequestId></Error>",
		"AuthorizationHeaderMalformed", "eu-west-1"},
	/* MinIO */
	{HEAD "<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its "
	      "minimum free drive threshold."
	      "</Message><Key>k</Key><BucketName>b</BucketName><Resource>/b/k</"
	      "Resource><Region>tokyo-1</Region>"
	      "<RequestId>17</RequestId><HostId>d</HostId></Error>",
		"XMinioStorageFull", "tokyo-1"},
	/* Ceph: no message */
	{HEAD "<Error><Code>InvalidAccessKeyId</Code><RequestId>tx1-default</"
	      "RequestId><HostId>1-default-default</HostId></Error>",
		"InvalidAccessKeyId", ""},
	/* Swift: single quotes, an attribute is nobody's */
	{"<?xml version='1.0' encoding='UTF-8'?>\n<Error>\n  <Code>SignatureDoesNotMatch</Code>\n  "
	 "<Message>m</Message>\n</Error>",
		"SignatureDoesNotMatch", ""},
	{"<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Code>SlowDown</Code></Error>",
		"SlowDown", ""},
	/* What a text says is no element. */
	{"<Error><Message>&lt;Code&gt;No&lt;/Code&gt;</Message><Code>Yes</Code></Error>", "Yes",
		""},
	/* A region that is none is as if it were not there. */
	{"<Error><Code>A</Code><Region>eu west</Region></Error>", "A", ""},
	{"<Error><Code>A</Code><Region></Region></Error>", "A", ""},
	{"<Error><Code>A</Code><Region>eu", "A", ""},
	{"", NULL, NULL},
	{"<Code>NoSuchKey</Code>", NULL, NULL},
	{"<Code>NoSuchKey</Code><Error/>", NULL, NULL},
	{"<Error><Code></Code></Error>", NULL, NULL},
	{"<Error><Code>No Such</Code></Error>", NULL, NULL},
	{"<Error><Code>NoSuchKey", NULL, NULL},
	{"<Error><Code>\x1b[2J</Code></Error>", NULL, NULL},
	{"<html><body>502 Bad Gateway</body></html>", NULL, NULL},
	{"<Error", NULL, NULL},
};

static void
lengths(void)
{
	static char body[HK_S3ERROR_BYTES_MAX + 100];
	hk_s3error error = {.code = "untouched"};

	for (int len = 62; len <= 65; len++) {
		int n = snprintf(body, sizeof body, "<Error><Code>%.*s</Code>", len,
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"x");
		hk_err err = hk_s3error_parse(hk_span_of(body, (size_t)n), &error);
		is_int(err, len < HK_S3ERROR_WORD_SIZE ? HK_OK : HK_EFORM, "a code of %d letters",
			len);
	}
	is_int(strlen(error.code), 63, "what failed has left the result as it was");
	memset(body, ' ', sizeof body);
	memcpy(body, "<Error>", 7);
	memcpy(body + HK_S3ERROR_BYTES_MAX - 14, "<Code>A</Code>", 14);
	ok(hk_s3error_parse(hk_span_of(body, sizeof body), &error) == HK_OK,
		"within the first 64 KiB");
	memset(body + HK_S3ERROR_BYTES_MAX - 14, ' ', 14);
	memcpy(body + HK_S3ERROR_BYTES_MAX - 7, "<Code>A</Code>", 14);
	ok(hk_s3error_parse(hk_span_of(body, sizeof body), &error) == HK_EFORM,
		"behind them nobody looks");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hk_s3error error = {.code = "untouched"};
		hk_err err = hk_s3error_parse(hk_span_str(rows[i].body), &error);
		is_int(err, rows[i].code ? HK_OK : HK_EFORM, "row %zu", i);
		is_str(error.code, rows[i].code ? rows[i].code : "untouched", "row %zu: code", i);
		is_str(error.region, rows[i].code ? rows[i].region : "", "row %zu: region", i);
	}
	lengths();
	return tap_done();
}
