#!/bin/sh
# Installed, upgraded, removed, installed anew and purged on a bare machine that was not booted: no step fails, and nothing is left but what
# is to be left.
. "$(dirname -- "$0")/common.sh"
bare_begin "$bare" || { echo "Bail out! no bare machine in $bare"; exit 1; }
root=$bare/root-life.$$
bare_root "$root"
trap 'bare_end; tap_cleanup; rm -rf --one-file-system "$root"' EXIT
mkdir "$root/srv/this" "$root/srv/next"
for release in this next; do find "$packages/$release" -name '*.deb' ! -name '*-dbgsym_*' -exec cp -t "$root/srv/$release" {} +; done
cp "$HK_SRC/tests/packages/life" "$root/srv/life"
bare_inside "$root" root /srv sh /srv/life >"$work/out" 2>&1
status=$?
bare_keep "$root"
said() { sed -n "s/^== $1: //p" "$work/out"; }
is "$status" 0 "every step of apt and dpkg" || diag "$(tail -n 30 "$work/out")"
is "$(said user)" "hikeshi:/var/lib/hikeshi:/usr/sbin/nologin" "a system user, who cannot log in"
is "$(said modes)" "750 root:hikeshi /etc/hikeshi 700 hikeshi:hikeshi /var/lib/hikeshi" "who may look in"
like "$(said version)" "^hikeshi [0-9]" "the program runs: all libraries are there"
like "$(said range)" "^usage: hikeshi-range" "hikeshi-range, too"
is "$(said enabled)" "" "no unit is enabled by the installation"
is "$(said "kept conffile")" "mine" "an upgrade keeps an edited file of /etc"
is "$(said "kept data")" "made by the old one" "and the data"
is "$(said "after remove")" "conffile data" "a removal keeps both"
is "$(said "after purge")" "/var/lib/hikeshi/house" "a purge leaves the data, and nothing else"
done_testing
