/* range/sites_int: between sites.c and sites_control.c. Part of hikeshi-range. */
#ifndef RG_SITES_INT_H
#define RG_SITES_INT_H

#include <microhttpd.h>

#include "sitedress.h"
#include "sitestate.h"

/* The path of the control; it is looked at for Host 127.0.0.1 and localhost alone. */
#define RG_SITES_CONTROL "/-/sites"
#define RG_LIVES_CONTROL "/-/lives"
#define RG_DRESS_CONTROL "/-/dress"

/* rg_sites_control(states, data, connection, method): GET: all that were told; POST with host, state and maybe path in the query: from now on that site,
 * or that page of it, is in that state; data (or NULL): the registry's file, which is told, too. 400 with a line of text for what is neither. */
enum MHD_Result rg_sites_control(
	rg_states *states, const char *data, struct MHD_Connection *c, const char *method);

/* rg_lives_control(seconds, connection, method): POST with at=SECONDS in the query: all lives (range/lives) are that old from now on. Answers with their age. seconds is
 * changed atomically. */
enum MHD_Result rg_lives_control(gint *seconds, struct MHD_Connection *c, const char *method);

/* rg_dress_control(dresses, connection, method): POST with host ("*.NAME": all below it), kit or page, gate, else, ja, en in the query: that site is there from now on. 400
 * with a line of text for what is not known. */
enum MHD_Result rg_dress_control(rg_dresses *dresses, struct MHD_Connection *c, const char *method);

#endif
