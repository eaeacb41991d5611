/* sys/browser_gate: the gate as the way out of a browser's tabs. Layer: sys. */
#ifndef HK_SYS_BROWSER_GATE_H
#define HK_SYS_BROWSER_GATE_H

#include "sys/browser.h"
#include "sys/gate.h"

/* hk_browser_gate(gate): slot n of the browser is slot n of the gate, which is used for this browser only and outlives it. A tab may move
 * what hk_gate_caps allows by default; between two tabs a slot carries nothing. */
hk_browser_way hk_browser_gate(hk_gate *gate);

#endif
