/* tests/chat_stage: tells the chat, and does the jobs of stage "notice" as a worker would (tests/scenario/chat.t).
 *
 *   chat_stage DATABASE AUDIT_KEY tell EVENT CASE [DATA]
 *   chat_stage DATABASE AUDIT_KEY work CHATS [BASE_URL]     until SIGTERM
 *
 * Exit code 1 when something before the jobs failed; a job that fails is said on standard error. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flow/notice.h"
#include "report/chat_send.h"
#include "store/jobs.h"
#include "sys/gerr.h"
#include "sys/stop.h"

static const hk_who who = {.login = "auto", .via = "work", .address = ""};

static bool
tell(hk_flow *flow, void *user, GError **error)
{
	char **args = user;
	int64_t case_id = (int64_t)g_ascii_strtoull(args[1], NULL, 10);

	return hk_notice_tell(flow, args[0], case_id, 0, args[2], error);
}

static void
do_job(hk_flow *flow, const hk_job *job, hk_chats *chats)
{
	g_autoptr(GError) error = NULL;

	if (hk_notice_run(flow, job, chats, &error)) {
		return;
	}
	hk_flow_rollback(flow);
	fprintf(stderr, "%s %s %s\n", job->key, hk_err_code(hk_error_code(error)), error->message);
	if (hk_error_code(error) != HK_EINCONSISTENT) {
		hk_job_failed(flow, job, error->message, false, NULL);
	}
}

/* What a worker that was killed held is free at once, as role/serve would have it: there is one at a time here. */
static bool
abandon(hk_flow *flow, void *user, GError **error)
{
	int64_t count;

	(void)user;
	return hk_jobs_abandon(hk_flow_db(flow), "chat-stage-", &count, error);
}

static bool
announce(hk_flow *flow, void *user, GError **error)
{
	return hk_chats_announce(flow, user, error);
}

static bool
work(hk_flow *flow, char **args, GError **error)
{
	static const char *const stages[] = {"notice", NULL};
	const hk_chats_config config = {.folder = args[0], .base_url = args[1]};
	g_autoptr(hk_chats) chats = hk_chats_open(&config, error);
	g_autofree char *name = g_strdup_printf("chat-stage-%d", (int)getpid());

	if (!chats || !hk_flow_do(flow, &who, abandon, NULL, error) ||
		!hk_flow_do(flow, &who, announce, chats, error) || !hk_stop_begin(error)) {
		return false;
	}
	while (!hk_stop_asked()) {
		hk_job job = {0};
		if (!hk_job_claim(flow, name, stages, &job, NULL) || job.id == 0) {
			hk_db_wait(hk_flow_db(flow), 100, hk_stop_fd(), NULL);
			hk_stop_clear();
			continue;
		}
		do_job(flow, &job, chats);
		hk_job_clear(&job);
	}
	hk_stop_end();
	return true;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_db) db = argc >= 5 ? hk_db_open(argv[1], &error) : NULL;
	g_autoptr(hk_flow) flow = db ? hk_flow_new(db, argv[2], &error) : NULL;
	bool good = false;

	if (argc < 5) {
		fputs("usage: chat_stage DATABASE AUDIT_KEY tell EVENT CASE [DATA] | work CHATS "
		      "[BASE_URL]\n",
			stderr);
		return 64;
	}
	if (flow && strcmp(argv[3], "tell") == 0 && argc >= 6) {
		good = hk_flow_do(flow, &who, tell, argv + 4, &error);
	} else if (flow && strcmp(argv[3], "work") == 0) {
		good = work(flow, argv + 4, &error);
	}
	if (!good) {
		fprintf(stderr, "chat_stage: %s\n", error ? error->message : "usage");
	}
	return !good;
}
