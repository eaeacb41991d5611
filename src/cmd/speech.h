/* cmd/speech: in which language a command speaks with a person. Layer: cmd. */
#ifndef HK_CMD_SPEECH_H
#define HK_CMD_SPEECH_H

#include "sys/options.h"

/* hk_speech_of(opts, ret_ja, error): option lang, else the first of LC_ALL, LC_MESSAGES and LANG that is set: Japanese if it begins with "ja", else English. HK_EUSAGE: neither en nor ja
 * was asked for. */
bool hk_speech_of(const hk_opts *opts, bool *ret_ja, GError **error);

#endif
