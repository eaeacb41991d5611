# tools/bare.sh: bare Debian 12 machines to try things on: roots from a base that debootstrap makes (minbase: what is essential, and
# apt), each in namespaces of its own, with no network but the package archives. For tools/prove-bare and tests/packages.
#
#   bare_begin DIR [refresh]                base, kept packages and logs lie in DIR, which is ours alone. Needs root, debootstrap and socat
#   bare_root ROOT                          unpacks one
#   bare_inside ROOT AS FOLDER COMMAND...   runs it there as root, as user (akari, who may sudo), or as init (it is process 1)
#   bare_boot ROOT FOLDER COMMAND...        boots systemd there, and runs the command when it is up
#   bare_keep ROOT                          keeps the packages that were downloaded there for the next root
#   bare_end                                closes the doors
#
# The doors: of the network inside only loopback is there, and on it an address for each host of the archives, forwarded to that host and
# to no other. The hosts are those of this machine's apt (Debian's part of it, or its proxy) and the npm registry.
# shellcheck shell=sh
bare_tools=$(CDPATH='' cd -- "$(dirname -- "$0")/${BARE_UP:-..}/tools" && pwd)

# Debian's part of what apt of this machine reads: "URI suite component".
bare_archives() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sed -n 's/^Debian //p' | sort -u
}

# "HOST PORT" of a URL.
bare_host() {
	echo "$1" | sed -n 's|^\(https*\)://\([^/:]*\):*\([0-9]*\).*|\2 \3 \1|p' |
		awk '{ if (NF == 3) print $1, $2; else print $1, $2 == "https" ? 443 : 80 }'
}

# bare_folder DIR: makes it, or finds it ours and nobody else's to write: what lies there is unpacked and run as root, and the folder above
# may be everybody's (/var/tmp).
bare_folder() {
	(umask 022 && mkdir -p "$1") || return 77
	for bare_path in "$1" "$1/base.tar" "$1/archives" "$1/logs"; do
		[ -e "$bare_path" ] || [ -L "$bare_path" ] || continue
		# shellcheck disable=SC2012 # one name, and only its first columns
		bare_whose=$(ls -ldn -- "$bare_path" | awk '{ print substr($1, 1, 1) (substr($1, 6, 1) substr($1, 9, 1) == "--" ? "" : "w"), $3 }')
		case $bare_whose in "d $(id -u)" | "- $(id -u)") continue ;; esac
		echo "$bare_path is not $(id -un)'s alone (a link, another's, or others may write there), and what lies there is run as root: remove it, or name another folder with PROVE_BARE_DIR" >&2
		return 77
	done
}

bare_begin() {
	bare_dir=$1
	bare_sockets=$bare_dir/sockets.$$
	bare_pids=
	bare_folder "$bare_dir" || return
	mkdir -p "$bare_dir/archives" "$bare_dir/logs"
	bare_archives >"$bare_dir/archives.list"
	if [ ! -s "$bare_dir/archives.list" ]; then
		apt-get update -q >"$bare_dir/logs/apt" 2>&1 || true
		bare_archives >"$bare_dir/archives.list"
	fi
	bare_mirror=$(awk '$2 == "bookworm" && $3 == "main" { print $1; exit }' "$bare_dir/archives.list")
	[ -n "$bare_mirror" ] || {
		echo "apt of this machine knows no archive with bookworm main" >&2
		return 69
	}
	proxy=
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	bare_proxy=$proxy
	{
		if [ -n "$bare_proxy" ]; then bare_host "$bare_proxy"; else
			while read -r uri suite component; do bare_host "$uri"; done <"$bare_dir/archives.list"
		fi
		bare_host "$(npm config get registry 2>/dev/null || echo https://registry.npmjs.org/)"
	} | sort -u >"$bare_dir/doors"
	if [ "${2:-}" = refresh ] || [ ! -f "$bare_dir/base.tar" ]; then
		echo "debootstrap from $bare_mirror"
		rm -rf "$bare_dir/base"
		debootstrap --variant=minbase bookworm "$bare_dir/base" "$bare_mirror" >"$bare_dir/logs/debootstrap" 2>&1 || {
			tail -n 20 "$bare_dir/logs/debootstrap" >&2
			return 69
		}
		rm -f "$bare_dir"/base/var/cache/apt/archives/*.deb
		tar -C "$bare_dir/base" -cf "$bare_dir/base.tar.new" .
		mv "$bare_dir/base.tar.new" "$bare_dir/base.tar"
		rm -rf "$bare_dir/base"
	fi
	# The doors, seen from outside: sockets in a folder of root's.
	rm -rf "$bare_sockets"
	(umask 077 && mkdir "$bare_sockets")
	while read -r host port; do
		socat "UNIX-LISTEN:$bare_sockets/$host-$port,fork" "TCP:$host:$port" 2>>"$bare_dir/logs/doors" &
		bare_pids="$bare_pids $!"
	done <"$bare_dir/doors"
}

bare_end() {
	for bare_pid in $bare_pids; do { kill "$bare_pid" && wait "$bare_pid"; } 2>/dev/null || true; done
	rm -rf "$bare_sockets"
}

bare_root() {
	rm -rf --one-file-system "$1"
	mkdir -p "$1"
	tar -C "$1" -xf "$bare_dir/base.tar"
	awk '{ print "deb", $1, $2, $3 }' "$bare_dir/archives.list" >"$1/etc/apt/sources.list"
	[ -z "$bare_proxy" ] || echo "Acquire::http::Proxy \"$bare_proxy\";" >"$1/etc/apt/apt.conf.d/90proxy"
	{
		printf '127.0.0.1 localhost bare\n::1 localhost\n'
		awk '!($1 in n) { n[$1] = ++i } END { for (h in n) print "127.99.0." n[h], h }' "$bare_dir/doors"
	} >"$1/etc/hosts"
	echo 'nameserver 127.99.0.253' >"$1/etc/resolv.conf" # nobody is there
	echo bare >"$1/etc/hostname"
	# Nobody needs these roots after a power cut: a sync for each file of each package is half of the time on a busy disk.
	echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/bare"
	# Who opens https on the way (a proxy of the house) is believed by npm there because this machine believes it.
	cp /etc/ssl/certs/ca-certificates.crt "$1/etc/bare.pem"
	chroot "$1" useradd -m -s /bin/bash akari
	# apt of two roots cannot share a folder; links cost nothing.
	find "$bare_dir/archives" -maxdepth 1 -name '*.deb' -exec cp -l -t "$1/var/cache/apt/archives" {} +
}

bare_keep() { find "$1/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec cp -ln -t "$bare_dir/archives" {} +; }

bare_inside() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin BARE_DOORS="$bare_dir/doors" BARE_SOCKETS="$bare_sockets" \
		unshare -n "$bare_tools/bare-inside" net "$@" </dev/null
}

# bare_boot ROOT FOLDER COMMAND...: boots systemd there (which must be installed), runs the command when it is up, as root in FOLDER, and
# ends the machine. The command's exit code; what it said is ROOT/bare.out.
bare_boot() {
	bare_booted=$1
	bare_name=hikeshi-bare.$$
	mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
	{
		printf '#!/bin/sh\ncd %s && ' "$2"
		shift 2
		for bare_word in "$@"; do printf "'%s' " "$(printf '%s' "$bare_word" | sed "s/'/'\\\\''/g")"; done
		printf '>/bare.out 2>&1\nsystemctl --no-block exit $?\n'
	} >"$bare_booted/bare.run"
	cat >"$bare_booted/etc/systemd/system/bare.service" <<-'END'
		[Unit]
		Description=what this machine is for
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		Environment=HOME=/root LANG=C.UTF-8
		ExecStart=/bin/sh /bare.run
	END
	ln -sf ../bare.service "$bare_booted/etc/systemd/system/multi-user.target.wants/bare.service"
	# Its own part of the tree of control groups, and nothing of the others'.
	cat >"$bare_booted/bare.init" <<-'END'
		set -e
		mkdir -p /tmp/groups
		mount -t cgroup2 none /tmp/groups
		mkdir "/tmp/groups/$1"
		echo $$ >"/tmp/groups/$1/cgroup.procs"
		export container=bare
		exec unshare -C sh -ec '
			umount /tmp/groups
			mount -t cgroup2 -o nosuid,nodev,noexec none /sys/fs/cgroup
			mount -t tmpfs -o nosuid,nodev,mode=755 run /run
			exec /lib/systemd/systemd --system --log-target=journal'
	END
	rm -f "$bare_booted/bare.out"
	bare_status=0
	bare_inside "$bare_booted" init / sh /bare.init "$bare_name" || bare_status=$?
	# shellcheck disable=SC2016 # expanded inside
	unshare -m sh -c 'mount -t cgroup2 none /mnt && find "/mnt/$1" -depth -type d -exec rmdir {} +' sh "$bare_name" || true
	[ -f "$bare_booted/bare.out" ] || bare_status=70
	return "$bare_status"
}
