# tests/packages/there.sh: for the scripts that run in a booted machine, as root.
# shellcheck shell=sh
. "$(dirname -- "$0")/../tap.sh"
unset -f hikeshi hikeshi_range
export DEBIAN_FRONTEND=noninteractive
roles='hikeshi-watch hikeshi-web hikeshi-work@work hikeshi-work@capture hikeshi-work@look hikeshi-work@hops hikeshi-work@send hikeshi-work@monitor hikeshi-work@chat'
as_hikeshi() { setpriv --reuid hikeshi --regid hikeshi --init-groups env HOME=/var/lib/hikeshi "$@"; }
hk() { run as_hikeshi "$@"; }
# The last lines of a unit. By unit, not by invocation: of a process that has just ended journald knows only the former.
journal() {
	journalctl --sync
	journalctl -o cat --no-pager -n "${2:-15}" -u "$1" 2>&1
}
# until_true TRIES COMMAND...: asks again after a second.
until_true() {
	tries=$1
	shift
	while [ "$tries" -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		tries=$((tries - 1))
		sleep 1
	done
	return 1
}
active() { [ "$(systemctl is-active "$1")" = active ]; }
board() { curl -sf http://127.0.0.1:8080/ >/dev/null; }
