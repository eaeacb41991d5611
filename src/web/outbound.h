/* web/outbound: what the web has to ask the stage report about, which it may not include: role/web fills it (hk_web_config.outbound). Layer: web. Any of the pointers may
 * be NULL: the stage is not there. All are called from many threads at once, and with hostile text. */
#ifndef HK_WEB_OUTBOUND_H
#define HK_WEB_OUTBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* A channel as its file says. Strings borrowed until the call returns. */
typedef struct hk_web_channel {
	const char *name;    /* of the file, as reports.channel has it */
	const char *en, *ja; /* as shown */
	const char *way;     /* mail | http | assisted | lookup */
	const char *url;     /* base, form or mailbox; or NULL */
	const char *why;     /* the file is not in order; or NULL */
	bool enabled, test;
	int64_t per_minute, per_day, batch; /* 0: no limit */
} hk_web_channel;

/* What is wrong with a template, or with what was filled in. */
typedef struct hk_web_fault {
	char field[16];        /* subject | body */
	unsigned line, column; /* from 1; 0: not known */
	char text[300];
} hk_web_fault;
enum { HK_WEB_FAULTS_MAX = 20 };

typedef struct hk_web_outbound {
	void *user;
	/* each(data, channel) for all files, in their order; and for mail, which has none. */
	void (*channels)(
		void *user, void (*each)(void *data, const hk_web_channel *channel), void *data);
	/* each(data, kind, lang, subject, body) for all templates that hikeshi brings. */
	void (*templates)(void *user,
		void (*each)(void *data, const char *kind, const char *lang, const char *subject,
			const char *body),
		void *data);
	/* each(data, scope, name, kind, en, ja) for all names that a template may hold: scope "" for a letter's own, else the list that it belongs to; kind "filter" for what may
	 * stand behind a name. */
	void (*names)(void *user,
		void (*each)(void *data, const char *scope, const char *name, const char *kind,
			const char *en, const char *ja),
		void *data);
	/* A template filled in for an invented site, appended to the two strings. Returns the number of faults (at most HK_WEB_FAULTS_MAX) that it wrote; with a
	 * fault there may be no text. 0: the template is in order. */
	unsigned (*preview)(void *user, const char *kind, const char *lang, const char *subject,
		const char *body, GString *ret_subject, GString *ret_body,
		hk_web_fault faults[HK_WEB_FAULTS_MAX]);
} hk_web_outbound;

#endif
