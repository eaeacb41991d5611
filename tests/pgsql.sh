#!/bin/sh
# tests/pgsql.sh: a PostgreSQL server for tests: Unix socket only, mode 0700, nothing on disk is waited for.
#
#   tests/pgsql.sh start DIR    makes DIR (which must not exist) and a server in it; prints its URL
#   tests/pgsql.sh stop DIR     stops it by its process id and removes DIR
#
# HK_PGSQL_CONF: lines added to its configuration. As root the server runs as user postgres, as PostgreSQL wants it. DIR is an absolute path of at most 80 bytes (a socket lies in it).
set -eu
[ $# -eq 2 ] || { echo "usage: tests/pgsql.sh start|stop DIR" >&2; exit 64; }
dir=$2
case $dir in /*) ;; *) echo "pgsql.sh: $dir: an absolute path is needed" >&2; exit 64 ;; esac

as_owner() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	else
		"$@"
	fi
}

stop() {
	[ -d "$dir" ] || return 0
	pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null || true)
	# A process of that number that is no server any more is somebody else's.
	if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = postgres ]; then
		kill -QUIT "$pid" 2>/dev/null || true
		tries=0
		while [ -d "/proc/$pid" ] && [ "$tries" -lt 200 ]; do
			sleep 0.05
			tries=$((tries + 1))
		done
	fi
	rm -rf "$dir"
}

start() {
	bin=$(for at in /usr/lib/postgresql/*/bin; do [ -x "$at/initdb" ] && echo "$at"; done | sort -V | tail -n 1)
	[ -n "$bin" ] || bin=$(pg_config --bindir 2>/dev/null || true)
	[ -x "$bin/initdb" ] || { echo "pgsql.sh: no PostgreSQL server is installed (tools/install-packages test)" >&2; exit 69; }
	mkdir -m 0700 "$dir"
	[ "$(id -u)" -ne 0 ] || chown postgres:postgres "$dir"
	# From a folder that the server may enter.
	cd /
	as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log" >&2; rm -rf "$dir"; exit 70; }
	cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$dir'
unix_socket_permissions = 0700
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 32MB
max_connections = 100
max_wal_size = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
END
	[ -z "${HK_PGSQL_CONF:-}" ] || printf '%s\n' "$HK_PGSQL_CONF" >>"$dir/data/postgresql.conf"
	# The server must not keep our output open, or who reads it would wait for ever.
	as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start >"$dir/start.log" 2>&1 </dev/null ||
		{ cat "$dir/start.log" "$dir/server.log" >&2; stop; exit 70; }
	echo "postgresql:///postgres?host=$dir&user=postgres"
}

case $1 in
start) start ;;
stop) stop ;;
*) echo "usage: tests/pgsql.sh start|stop DIR" >&2; exit 64 ;;
esac
