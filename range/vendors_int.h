/* range/vendors_int: between vendors.c (the server), vendors_book.c (what arrived) and vendors_fault.c (how it goes wrong). */
#ifndef RG_VENDORS_INT_H
#define RG_VENDORS_INT_H

#include "httpd.h"
#include "vendors.h"

typedef enum rg_mode {
#define MODE(id, name, status, taken, what) RG_MODE_##id,
#define STYLE(id, name, what)
#include "vendorfaults.def"
#undef MODE
#undef STYLE
	RG_MODE_COUNT
} rg_mode;

typedef enum rg_style {
#define MODE(id, name, status, taken, what)
#define STYLE(id, name, what) RG_STYLE_##id,
#include "vendorfaults.def"
#undef MODE
#undef STYLE
	RG_STYLE_COUNT
} rg_style;

/* What is wrong with a vendor from now on. */
typedef struct rg_trouble {
	char *op; /* NULL: all */
	rg_mode mode;
	rg_style style;
	int seconds;
	int left; /* requests; -1: for ever */
} rg_trouble;

/* What a vendor knows. */
typedef struct rg_desk {
	const rg_vendor *vendor;
	GPtrArray *reports; /* of rg_report */
	rg_trouble trouble;
	rg_counts counts;
	int64_t closed_until_ms; /* by a 429 */
	int64_t minute;          /* of the quota */
	int in_minute;
} rg_desk;

struct rg_vendors {
	rg_httpd *http;
	GMutex lock; /* of all below */
	GCond stop_or_reset;
	bool stopping;
	unsigned resets;
	int64_t ahead_ms; /* of the vendors' clock */
	rg_desk *desks;   /* rg_vendor_count */
};

/* Every function below is called with the lock held. */
int64_t rg_vendors_now(const rg_vendors *v);
rg_desk *rg_vendors_desk(rg_vendors *v, const char *vendor);
void rg_desk_reset(rg_desk *desk);

/* rg_fault_before(v, desk, call, ret_mode): the trouble that this request meets (RG_MODE_NONE: none), once less from now on. True: it has been answered and
 * nothing is kept. */
bool rg_fault_before(rg_vendors *v, rg_desk *desk, rg_call *call, rg_mode *ret_mode);

/* rg_fault_after(call, mode): what becomes of the answer that the vendor has given; without the lock: it may wait. */
enum MHD_Result rg_fault_after(rg_call *call, rg_mode mode);

/* rg_call_may(call): whether it says rightly who asks. */
bool rg_call_may(const rg_call *call);

#endif
