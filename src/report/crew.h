/* report/crew: what the handlers of stages "draft", "send" and "poll" work with, made once for a process; and what they may not do. Layer: stage (report). */
#ifndef HK_REPORT_CREW_H
#define HK_REPORT_CREW_H

#include "flow/jobs.h"
#include "flow/report.h"
#include "flow/sites.h"
#include "report/channel.h"
#include "report/route.h"
#include "sys/blob.h"
#include "sys/egress.h"
#include "sys/mailbox_config.h"
#include "sys/smtp.h"

typedef enum hk_crew_known { HK_KNOWN_NOT, HK_KNOWN_OFFICIAL, HK_KNOWN_ALLOWED } hk_crew_known;

/* Strings and pointers are borrowed, and outlive the crew. */
typedef struct hk_crew_config {
	const hk_sites *sites;
	const hk_blobs_config *blobs;
	const char *channels;  /* folder of channel files; NULL: none */
	hk_brief_reporter who; /* who reports; org, domain and contact NULL: nothing is drafted */
	const char *from;      /* mailbox that letters come from; NULL: who.contact */
	const char *sign_cert, *sign_key; /* S/MIME, PEM files; NULL: letters are not signed */
	const hk_smtp_config *smtp;       /* NULL: mail waits */
	const hk_mailbox_config *
		copies; /* where copies of our mails come to; NULL: an unfinished mail is for a person to judge */
	/* known(user, host): what the target packs say of it (score/targets, which a stage may not include). NULL: nothing. */
	hk_crew_known (*known)(void *user, const char *host);
	void *user;
} hk_crew_config;

typedef struct hk_crew hk_crew;
/* hk_crew_new(config, error): reads the files of the channels. HK_ECONFIG names file and line. */
hk_crew *hk_crew_new(const hk_crew_config *config, GError **error);
void hk_crew_free(hk_crew *crew); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_crew, hk_crew_free)

/* The handlers (flow/jobs.h); user: hk_crew *.
 * draft: key "CASE": the reports of a case; "report:ID": a draft whose words a person changed; "chase:ID": nobody answered: a follow-up, then the next party.
 * send: key is the report's number. poll: likewise. lookup: one job, for all watched sites and all channels that are only asked. */
bool hk_draft_run(hk_flow *flow, const hk_job *job, void *user, GError **error);
bool hk_send_run(hk_flow *flow, const hk_job *job, void *user, GError **error);
bool hk_poll_run(hk_flow *flow, const hk_job *job, void *user, GError **error);
bool hk_lookup_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
