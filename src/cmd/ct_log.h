/* cmd/ct_log: reading one log once, for `ct verify` and `ct scan --log`. Layer: cmd. */
#ifndef HK_CMD_CT_LOG_H
#define HK_CMD_CT_LOG_H

#include "source/ct/follow.h"
#include "sys/options.h"

/* hk_ct_log_once(opts, config, error): reads the log of --log and --key, verified against its head, in a temporary state folder
 * that is removed afterwards (the evidence of a contradiction stays; the error says where). --contact, --ca-file, --rate and
 * --in-flight hold. The caller sets from, from_index, until_index, out_fd, sink, progress and user; the rest is set here. True
 * also when SIGTERM or SIGINT ended it early: progress tells how far it came. Errors: HK_EUSAGE (log, key, contact), those of
 * hk_follow_run. */
bool hk_ct_log_once(const hk_opts *opts, hk_follow_config *config, GError **error);

#endif
