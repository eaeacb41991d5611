# tests/packages/common.sh: for the tests of the Debian packages, which `make packages` runs as root. They are no part of ./check: they
# build twice, need the archives, and boot a machine.
# shellcheck shell=sh
. "$(dirname -- "$0")/../tap.sh"
BARE_UP=../..
. "$HK_SRC/tools/bare.sh"
packages=${HK_PACKAGES:-$HK_SRC/build-packages}
bare=${PROVE_BARE_DIR:-/var/tmp/hikeshi-bare}
BUILD_PACKAGES_TREE=$packages/tree
export BUILD_PACKAGES_TREE
bare_pids=
bare_sockets=$work/none
trap 'bare_end; tap_cleanup' EXIT

# on_machine SCRIPT [PACKAGE...]: boots a machine of its own with these packages and runs tests/packages/SCRIPT there, whose TAP is this
# test's. Both releases lie in /srv/this and /srv/next.
on_machine() {
	bare_begin "$bare" || { echo "Bail out! no bare machine in $bare"; exit 1; }
	root=$bare/root-$1.$$
	bare_root "$root"
	[ -n "${HK_PACKAGES_KEEP:-}" ] || trap 'bare_end; tap_cleanup; rm -rf --one-file-system "$root"' EXIT
	mkdir -p "$root/srv/this" "$root/srv/next" "$root/srv/tests/packages" "$root/var/log/journal"
	for release in this next; do find "$packages/$release" -name '*.deb' ! -name '*-dbgsym_*' -exec cp -t "$root/srv/$release" {} +; done
	cp "$HK_SRC/tests/tap.sh" "$root/srv/tests/"
	cp "$HK_SRC/tests/packages/$1" "$HK_SRC/tests/packages/there.sh" "$root/srv/tests/packages/"
	script=$1
	shift
	# shellcheck disable=SC2016 # expanded inside
	bare_inside "$root" root / sh -ec '
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -q
		apt-get install -y -q --no-install-recommends systemd systemd-sysv dbus curl "$@"' sh "$@" >"$work/install" 2>&1 || {
		diag "$(tail -n 20 "$work/install")"
		echo "Bail out! packages of Debian cannot be installed"
		exit 1
	}
	bare_keep "$root"
	bare_boot "$root" /srv/tests/packages sh "./$script"
	status=$?
	cat "$root/bare.out" || echo "Bail out! the machine did not come up"
	exit "$status"
}
