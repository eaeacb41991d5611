/* nocheck: tested in tests/scenario/init.t. Root asks; what is made belongs to the user that hikeshi runs as, and is made by a process that is that user. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/init_int.h"

/* Only root can become somebody else. NULL: we are who hikeshi runs as; no such user: NULL, too, with error. */
static const struct passwd *
other(const char *name, GError **error)
{
	const struct passwd *user = *name && geteuid() == 0 ? getpwnam(name) : NULL;

	if (*name && geteuid() == 0 && !user) {
		hk_error_set(error, HK_EUSAGE, "there is no user '%s'", name);
	}
	return user;
}

/* From its first step on a child is that user: no file of root's is left in their folders, and peer logins are theirs. */
static bool
become(const struct passwd *user, GError **error)
{
	bool good = initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
		    setuid(user->pw_uid) == 0;

	g_setenv("HOME", user->pw_dir, TRUE);
	return good || hk_error_errno(error, errno, "to become %s", user->pw_name);
}

static void
work_as(const hk_init *init, const struct passwd *user, hk_init_work *work)
{
	g_autoptr(GError) error = NULL;
	bool good = become(user, &error) && work(init, &error);

	if (!good) {
		fprintf(stderr, "hikeshi: %s\n", error->message);
	}
	fflush(stdout);
	_exit(good ? EX_OK : hk_err_exit(hk_error_code(error)));
}

bool
hk_init_as_user(const hk_init *init, hk_init_work *work, GError **error)
{
	const char *name = hk_init_answer(init, HK_ASK_USER);
	g_autoptr(GError) unknown = NULL;
	const struct passwd *user = other(name, &unknown);
	int status;

	if (unknown) {
		g_propagate_error(error, g_steal_pointer(&unknown));
		return false;
	}
	if (!user) {
		return work(init, error);
	}
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		work_as(init, user, work);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		return hk_error_errno(error, errno, "fork");
	}
	return (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK) ||
	       hk_error_set(error, HK_EIO, "as %s: its message is above", name);
}

bool
hk_init_may(const char *name, const char *path, int how)
{
	const struct passwd *user = other(name, NULL);
	int status;

	if (!user) {
		return access(path, how) == 0;
	}
	/* Groups, access lists, mounts: the kernel knows, so it is asked. */
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		_exit(become(user, NULL) && access(path, how) == 0 ? EX_OK : EX_NOPERM);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == EX_OK;
}
