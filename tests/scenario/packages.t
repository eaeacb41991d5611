#!/bin/sh
# The quick part of the tests of units and packages: what can be seen without building a package. The rest is `make packages`.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1

# As they are installed.
run env DESTDIR="$work/dest" meson install -C "$HK_BUILD" --no-rebuild
is "$status" 0 "meson install" || diag "$out$err"
units=$(find "$work/dest" -name hikeshi.service -exec dirname {} \;)
ok "$([ -d "$units" ]; echo $?)" "installs units"
# Among systemd's own.
mkdir -p "$work/dest/bin" "$work/dest/lib/systemd"
cp /bin/sh "$work/dest/bin/"
cp -r /lib/systemd/system "$work/dest/lib/systemd/"
unlike "$(cat "$units"/*.service "$units"/*.target)" '@[A-Z]+@' "with the paths of the prefix"
pools=$(sed -n 's/^STAGE([A-Z_0-9]*, "[^"]*", "\([a-z]*\)".*/\1/p' src/flow/stages.def | sort -u)
like "$pools" '^capture$' "the pools of stages.def are known"
is "$(grep -o 'hikeshi-work@[a-z]*' "$units/hikeshi-roles.target" | sort -u)" "$(printf '%s\n' "$pools" | sed 's/^/hikeshi-work@/')" \
	"hikeshi-roles.target has a unit for each of them"
for unit in hikeshi.service hikeshi-watch.service hikeshi-web.service $(printf '%s\n' "$pools" | sed 's/.*/hikeshi-work@&.service/') \
	hikeshi-migrate.service hikeshi-backup.service hikeshi-verify.service hikeshi-roles.target hikeshi-backup.timer hikeshi-verify.timer; do
	run env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --root="$work/dest" --man=no --generators=no "$unit"
	is "$status/$(printf '%s\n' "$err" | grep -i hikeshi)" 0/ "systemd-analyze verify $unit"
	case $unit in *.service) ;; *) continue ;; esac
	case $unit in hikeshi.service | hikeshi-work@capture.service) most=2.8 ;; *) most=1.5 ;; esac
	run systemd-analyze security --offline=true --root="$work/dest" --threshold="${most%.*}${most#*.}" "$unit"
	is "$status" 0 "$unit: exposure is at most $most" || diag "$(printf '%s\n' "$out" | grep -v '✓')"
done
# A test that cannot fail is none.
printf '[Service]\nPrivateDevices=no\nSystemCallFilter=\nCapabilityBoundingSet=~\n' >"$units/hikeshi-.service.d/90-hole.conf"
run systemd-analyze security --offline=true --root="$work/dest" --threshold=15 hikeshi-web.service
is "$status" 1 "a hole in the wall is seen"
rm "$units/hikeshi-.service.d/90-hole.conf"
walls=$(sed -n 's/^\([A-Za-z]*\)=.*/\1/p' systemd/hikeshi-.service.d/10-wall.conf | sort -u)
is "$(sed -n 's/^\([A-Za-z]*\)=.*/\1/p' systemd/*.service | sort -u | grep -Fx -- "$walls")" "" "no unit opens by itself what the wall closes"
is "$(sed -n 's/^\([A-Za-z]*\)=.*/\1/p' systemd/hikeshi.service.d/20-browser.conf | sort -u | tr '\n' ' ')" \
	"MemoryDenyWriteExecute ProcSubset ProtectKernelLogs ProtectKernelTunables ProtectProc RestrictNamespaces SystemCallFilter " "the browser opens no more than these"

# What the units' helpers do, on a database.
mkdir "$work/bin" "$work/backups"
printf '#!/bin/sh\nexec "%s/src/hikeshi" "$@" --config "%s/hikeshi.conf"\n' "$HK_BUILD" "$work" >"$work/bin/hikeshi"
chmod +x "$work/bin/hikeshi"
printf 'database = "%s/h.db"\naudit-key = "%s/audit.key"\nblobs = "%s/blobs"\n' "$work" "$work" "$work" >"$work/hikeshi.conf"
helper() { # helper NAME [VARIABLE=VALUE...]
	helper_name=$1
	shift
	run env PATH="$work/bin:$PATH" HIKESHI_BACKUPS="$work/backups" "$@" "systemd/$helper_name"
}
helper migrate
is "$status/$out" 0/ "migrate: no database yet, nothing to do"
"$work/bin/hikeshi" db init >"$work/init" 2>&1
helper migrate
is "$status/$(ls "$work/backups")" 0/ "migrate: it is up to date: no backup, nothing done"
helper verify
is "$status" 0 "verify: an empty house is whole" || diag "$out$err"
sqlite3 "$work/h.db" "DELETE FROM schema_log WHERE number = (SELECT max(number) FROM schema_log)"
helper migrate
unlike "$status" '^0$' "migrate: a migration that fails fails the unit"
like "$(ls "$work/backups")" '^before-upgrade-[0-9TZ]*\.backup$' "and a backup was made before"
for age in 1 2 3; do echo old >"$work/backups/daily-2026010${age}T000000Z.backup"; done
"$work/bin/hikeshi" db restore --force "$work"/backups/before-upgrade-*.backup >"$work/restored" 2>&1
helper backup HIKESHI_BACKUPS_KEPT=2
is "$status" 0 "backup" || diag "$err"
is "$(find "$work/backups" -name 'daily-*' | wc -l)" 2 "keeps as many as it is told"
like "$(ls "$work/backups")" '^daily-20260103T000000Z.backup$' "the newest ones"
unlike "$(ls "$work/backups")" '^daily-2026010[12]' "removes the oldest"
like "$(ls "$work/backups")" '^before-upgrade-' "and leaves others alone"
sqlite3 "$work/h.db" "UPDATE events SET actor = 'somebody else' WHERE id = (SELECT min(id) FROM events)" 2>"$work/sql"
printf 'database = "postgresql://hikeshi@127.0.0.1:1/none"\n' >"$work/hikeshi.conf"
helper migrate
unlike "$status" '^0$' "migrate: a PostgreSQL that does not answer is an error"

# debian/ and the rest of the tree agree.
field() { # field NAME PACKAGE: the packages of a field, without versions
	awk -v field="$1:" -v package="$2" '
		/^(Source|Package):/ { here = $2 == package }
		/^[^ ]/ { inside = here && $1 == field; sub(/^[^ ]* */, "") }
		inside { gsub(/[(\[][^])]*[])]/, ""); gsub(/,/, " "); print }' debian/control | tr ' ' '\n' | grep . | sort
}
purpose() { awk -v want="$1" '/^[^#]/ { for (i = 2; i <= NF; i++) if ($i == want) { sub(/\?.*/, "", $1); print $1 } }' tools/packages | sort; }
is "$(field Build-Depends hikeshi | grep -vx 'debhelper-compat\|perl')" "$(purpose build | grep -vx 'gcc\|libc6-dev\|make\|npm')" \
	"Build-Depends are the packages of purpose build, but for those that every Debian builder has, and npm"
is "$({ field Depends hikeshi; field Recommends hikeshi; } | grep -v '^\$' | sort)" "$(purpose run)" "what it runs with are those of purpose run"
is "$(sed -n '1s/^hikeshi (\(.*\)) .*/\1/p' debian/changelog)" "$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)" "one version"
is "$(cat conf/c2/*.conf conf/feeds/*.conf | grep -c '^enabled *= *\(false\|no\)')" "$(find conf/c2 conf/feeds -name '*.conf' | wc -l)" \
	"everything that is put into /etc/hikeshi is switched off"
done_testing
