/* cmd/doctor_int: what the files of `hikeshi doctor` share. Layer: cmd; for doctor*.c only. Looks, and changes nothing. */
#ifndef HK_CMD_DOCTOR_INT_H
#define HK_CMD_DOCTOR_INT_H

#include "store/db.h"
#include "sys/egress.h"
#include "sys/options.h"

typedef enum hk_doctor_how {
	HK_DOCTOR_OK,
	HK_DOCTOR_SKIP, /* not configured, or not looked at */
	HK_DOCTOR_WARN,
	HK_DOCTOR_FAIL,
} hk_doctor_how;

/* The house that is looked at. What the check before has found serves those behind it. */
typedef struct hk_doctor {
	const hk_opts *opts;
	bool ja, online, say;
	bool foreign; /* another user than the one that the data belong to: nothing is written */
	hk_db *db;    /* with the right schema; NULL: there is none */
	hk_egress *
		egress; /* never NULL once `egress` has run: the built-in one if the file is wrong */
	int fonts;      /* -1: the browser did not say; 0: no Japanese ones; 1: there are */
	GString *seen;  /* of the check that runs */
	char *mend;     /* better advice than the row's, owned; or NULL */
} hk_doctor;

/* hk_doctor_saw(d, how, en, ja, ...): adds a clause to what was seen, in the language of d; both take the same arguments in the same order. Returns how. */
hk_doctor_how hk_doctor_saw(hk_doctor *d, hk_doctor_how how, const char *en, const char *ja, ...)
	__attribute__((format(printf, 3, 5), format(printf, 4, 5)));

/* hk_doctor_trouble(d, how, error): the same with an error's words. hk_doctor_worse(a, b): the worse one of the two. */
hk_doctor_how hk_doctor_trouble(hk_doctor *d, hk_doctor_how how, const GError *error);
hk_doctor_how hk_doctor_worse(hk_doctor_how a, hk_doctor_how b);

/* hk_doctor_advise(d, en, ja): better advice than that of the row. */
void hk_doctor_advise(hk_doctor *d, const char *en, const char *ja);

/* The checks. */
#define DOCTOR(check, name, en, mend_en, ja, mend_ja) hk_doctor_how hk_doctor_##check(hk_doctor *d);
#include "cmd/doctor.def"
#undef DOCTOR

#endif
