/* nocheck: tested in tests/scenario/capture.t */
#include "sys/browser_gate.h"

static bool
on_listen(void *user, int fd, unsigned slot, GError **error)
{
	hk_gate_unlisten(user, slot); /* the last browser's */
	return hk_gate_listen(user, fd, slot, error);
}

static void
on_assign(void *user, unsigned slot, const struct hk_egress_who *who)
{
	hk_gate_assign(user, slot, who, NULL);
}

static void
on_release(void *user, unsigned slot)
{
	hk_gate_assign(user, slot, NULL, NULL);
}

hk_browser_way
hk_browser_gate(hk_gate *gate)
{
	return (hk_browser_way){on_listen, on_assign, on_release, gate};
}
