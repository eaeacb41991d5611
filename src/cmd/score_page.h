/* cmd/score_page: `hikeshi score --page`: a page from a file, judged as the looks are. Layer: cmd. */
#ifndef HK_CMD_SCORE_PAGE_H
#define HK_CMD_SCORE_PAGE_H

#include "sys/options.h"

/* hk_score_page(opts, error): prints one line of JSON. HK_EUSAGE: not exactly one NAME or URL says where the page was. */
bool hk_score_page(const hk_opts *opts, GError **error);

#endif
