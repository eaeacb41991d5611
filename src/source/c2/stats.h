/* source/c2/stats: what a log of commands comes to: when messages are sent, by which port, to how many, in which waves. Layer: stage.
 *
 * The statistics of the Mizuho talk (hours on working days and days off; ports side by side; whether their numbers overlap). Numbers are counted and compared; none is ever
 * shown. Times are local ones, as the log has them. */
#ifndef HK_SOURCE_C2_STATS_H
#define HK_SOURCE_C2_STATS_H

#include "source/c2/command.h"
#include "source/c2/show.h"

/* Send commands with the same key are one wave while no more than so many seconds lie between one and the next, on any port. */
#define HK_C2_WAVE_GAP_S 300

#define HK_C2_STATS_EVENTS_MAX  2000000  /* send commands */
#define HK_C2_STATS_NUMBERS_MAX 50000000 /* entries of their lists */
#define HK_C2_STATS_PORTS_MAX   256

typedef struct hk_c2_port {
	unsigned port;
	uint64_t commands; /* of every kind */
	uint64_t sends;
	uint64_t numbers;      /* mobile numbers of its lists */
	uint64_t distinct;     /* of them, different ones */
	uint64_t waves;        /* that it took part in */
	unsigned days;         /* on which it sent */
	unsigned busiest;      /* most send commands of a day */
	uint64_t hours[2][24]; /* send commands, as in hk_c2_hours */
} hk_c2_port;

typedef struct hk_c2_wave {
	int64_t start_s, end_s; /* local */
	unsigned *ports;        /* in order of number; owned */
	unsigned port_count;
	uint64_t commands, numbers;
	uint64_t shared; /* numbers that two of its commands have */
	uint8_t key[HK_SHA256_SIZE];
	char *text;        /* of its first command, masked; NULL: none; owned */
	GPtrArray *urls;   /* char *, without doubles; owned */
	GPtrArray *brands; /* the same */
} hk_c2_wave;

/* Figures of one kind of day: [0] working days of Japan, [1] Saturdays, Sundays and holidays. */
typedef struct hk_c2_hours {
	uint64_t sends[24];
	uint64_t waves[24]; /* by their start */
	unsigned days;      /* on which there was a send command */
} hk_c2_hours;

typedef struct hk_c2_stats hk_c2_stats;

hk_c2_stats *hk_c2_stats_new(void);
void hk_c2_stats_free(hk_c2_stats *stats); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_c2_stats, hk_c2_stats_free)

/* hk_c2_stats_add(stats, seen, command, error): one command, in any order of time. HK_ELIMIT over a cap. */
bool hk_c2_stats_add(
	hk_c2_stats *stats, const hk_command_seen *seen, const hk_command *command, GError **error);

/* hk_c2_stats_bad(stats): a line that is none was passed over. */
void hk_c2_stats_bad(hk_c2_stats *stats);

/* What was found. */
typedef struct hk_c2_summary {
	uint64_t commands, sends, unknown, bad;
	int64_t first_s, last_s; /* of the send commands; 0: none */
	hk_c2_hours hours[2];
	hk_c2_port *ports; /* in order of number */
	size_t port_count;
	hk_c2_wave *waves; /* in order of time */
	size_t wave_count;
	uint64_t numbers, distinct;
	uint64_t shared;      /* different numbers that more than one port was sent */
	uint64_t masked, odd; /* entries that could not be compared */
	unsigned china_days,
		china_off; /* days with a send command whose year is in the table of China's holidays, and of them days off there (weekends, too) */
} hk_c2_summary;

/* hk_c2_stats_done(stats): reckons; nothing more can be added. Borrowed until hk_c2_stats_free. */
const hk_c2_summary *hk_c2_stats_done(hk_c2_stats *stats);

/* The three ways to print it, appended. text: tables and bars; json: one object; csv: section, item, measure, value. */
void hk_c2_stats_text(const hk_c2_summary *summary, bool exact, GString *out);
void hk_c2_stats_json(const hk_c2_summary *summary, GString *out);
void hk_c2_stats_csv(const hk_c2_summary *summary, GString *out);

#endif
