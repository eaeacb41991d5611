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
