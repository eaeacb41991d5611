/* The file with the key: profiles, what is refused, who may read it. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "sys/gerr.h"
#include "sys/s3key.h"
#include "tap.h"

static char *path;

static hk_err
read_text(const char *text, const char *profile, hk_s3key *ret, char **ret_why)
{
	g_autoptr(GError) error = NULL;

	g_file_set_contents(path, text, -1, NULL);
	g_chmod(path, 0600);
	hk_s3key_read(path, profile, ret, &error);
	if (ret_why) {
		*ret_why = error ? g_strdup(error->message) : NULL;
	}
	return hk_error_code(error);
}

static const char good[] =
	"# a comment\n; another\n\n[other]\naws_access_key_id = OTHER\naws_secret_access_key=x\n"
	"region = nowhere\n[default]\r\n  aws_access_key_id=AKIDEXAMPLE \r\n"
	"aws_secret_access_key = wJalr/+=KEY\naws_session_token\t=\ttoken==\nregion = eu-west-1\n"
	"[ third ]\naws_access_key_id = THIRD\naws_secret_access_key = y";

static void
profiles(void)
{
	hk_s3key key = {NULL, NULL, NULL};

	is_int(read_text(good, NULL, &key, NULL), HK_OK, "read");
	is_str(key.id, "AKIDEXAMPLE", "the key");
	is_str(key.secret, "wJalr/+=KEY", "the secret");
	is_str(key.token, "token==", "the token");
	hk_s3key_clear(&key);
	ok(!key.id && !key.secret && !key.token, "wiped");
	is_int(read_text(good, "other", &key, NULL), HK_OK, "another profile");
	is_str(key.id, "OTHER", "its key");
	ok(!key.token, "it has no token");
	hk_s3key_clear(&key);
	is_int(read_text(good, "third", &key, NULL), HK_OK, "the last one, without a line end");
	is_str(key.secret, "y", "its secret");
	hk_s3key_clear(&key);
}

static void
wrong(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "there is no profile [default]"},
		{"[other]\naws_access_key_id = A\naws_secret_access_key = s3cret\n",
			"there is no profile [default]"},
		{"[default]\naws_secret_access_key = s3cret\n", "has no aws_access_key_id"},
		{"[default]\naws_access_key_id = A\n", "has no aws_secret_access_key"},
		{"[default]\naws_access_key_id = A\naws_access_key_id = B\n",
			":3: the key stands twice"},
		{"[default]\naws_access_key_id =\n", ":2: the value must be"},
		{"[default]\naws_access_key_id = A B\n", ":2: the value must be"},
		{"[default]\naws_secret_access_key = s3cret\x01\n", ":2: the value must be"},
		{"[default]\ns3cret\n", ":2: neither [PROFILE] nor KEY = VALUE"},
		{"[default\n", ":1: a profile is written [PROFILE]"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		hk_s3key key = {NULL, NULL, NULL};
		g_autofree char *why = NULL;
		is_int(read_text(rows[i].text, NULL, &key, &why), HK_ECONFIG, "row %zu is refused",
			i);
		ok(why && strstr(why, rows[i].says), "row %zu says %s: %s", i, rows[i].says, why);
		ok(why && !strstr(why, "s3cret"), "row %zu: no secret in the text", i);
		ok(!key.id, "row %zu: nothing is handed out", i);
	}
}

static void
who_may_read(void)
{
	hk_s3key key = {NULL, NULL, NULL};
	static const int modes[] = {0640, 0604, 0660, 0601};

	for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_autoptr(GError) error = NULL;
		g_file_set_contents(path, good, -1, NULL);
		g_chmod(path, modes[i]);
		ok(!hk_s3key_read(path, NULL, &key, &error), "mode %o", (unsigned)modes[i]);
		is_int(hk_error_code(error), HK_EPOLICY, "others may read it");
	}
	g_autoptr(GError) error = NULL;
	g_unlink(path);
	ok(!hk_s3key_read(path, NULL, &key, &error), "no file");
	is_int(hk_error_code(error), HK_ENOENT, "says so");
}

int
main(void)
{
	g_autofree char *dir = g_dir_make_tmp("hk-s3key-XXXXXX", NULL);

	path = g_build_filename(dir, "credentials", NULL);
	profiles();
	wrong();
	who_may_read();
	g_rmdir(dir);
	g_free(path);
	return tap_done();
}
