/* evidence/way: what the gate knows of a visit and the browser does not: the servers' addresses, and what was refused. Layer: stage. Hosts are hostile. */
#ifndef HK_EVIDENCE_WAY_H
#define HK_EVIDENCE_WAY_H

#include "evidence/capture.h"

/* hk_way_addresses(gate, slot, capture): for hk_page_job.addresses, user being the hk_gate: exchanges get the address that their host and port were
 * connected to last; each refusal becomes an event; egress's records are kept as capture->egress. */
void hk_way_addresses(void *gate, unsigned slot, hk_capture *capture);

#endif
