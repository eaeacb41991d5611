#!/bin/sh
# A machine with systemd as process 1, on which the packages are installed as docs/install.md says: the roles behind their wall, the
# browser behind its own, backup, verification, an upgrade that migrates while the roles run, the way back, removal. What is asked stands in
# tests/packages/machine, which runs there.
. "$(dirname -- "$0")/common.sh"
bare_begin "$bare"
root=$bare/root-machine.$$
bare_root "$root"
[ -n "${HK_PACKAGES_KEEP:-}" ] || trap 'bare_end; tap_cleanup; rm -rf --one-file-system "$root"' EXIT
mkdir -p "$root/srv/this" "$root/srv/next" "$root/srv/tests/packages" "$root/var/log/journal"
for release in this next; do find "$packages/$release" -name '*.deb' ! -name '*-dbgsym_*' -exec cp -t "$root/srv/$release" {} +; done
cp "$HK_SRC/tests/tap.sh" "$root/srv/tests/"
cp "$HK_SRC/tests/packages/machine" "$root/srv/tests/packages/"
# shellcheck disable=SC2016 # expanded inside
bare_inside "$root" root / sh -ec '
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	apt-get install -y -q --no-install-recommends systemd systemd-sysv dbus curl sqlite3 perl
	apt-get install -y -q /srv/this/*.deb' >"$work/install" 2>&1 || {
	diag "$(tail -n 20 "$work/install")"
	echo "Bail out! the packages cannot be installed"
	exit 1
}
bare_keep "$root"
bare_boot "$root" /srv/tests/packages sh ./machine
status=$?
cat "$root/bare.out" || echo "Bail out! the machine did not come up"
exit "$status"
