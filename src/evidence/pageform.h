/* evidence/pageform: what a captured page asks for (sys/formtokens). Layer: stage. Input is hostile. */
#ifndef HK_EVIDENCE_PAGEFORM_H
#define HK_EVIDENCE_PAGEFORM_H

#include "evidence/capture.h"
#include "sys/formtokens.h"

/* hk_pageform_tokens(page, ret): of its visible fields, and of its text. */
void hk_pageform_tokens(const hk_capture_page *page, hk_form_tokens *ret);

#endif
