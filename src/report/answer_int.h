/* report/answer_int: what the parts of report/answer share. Layer: stage (report). */
#ifndef HK_REPORT_ANSWER_INT_H
#define HK_REPORT_ANSWER_INT_H

/* hk_answer_fold(text): NFKC, lower case; blanks and line ends as one blank, none beside characters of East Asia. text is UTF-8. Caller frees. */
char *hk_answer_fold(const char *text);

#endif
