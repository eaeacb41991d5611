#!/bin/sh
# The packages are built, lintian is content, and what is in them is what is to be in them. The next release, too: the same tree with a
# higher version and one more migration.
. "$(dirname -- "$0")/common.sh"
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$HK_SRC/debian/changelog")
arch=$(dpkg --print-architecture)

run "$HK_SRC/tools/build-packages" "$packages/this"
is "$status" 0 "dpkg-buildpackage, and lintian says neither error nor warning" || diag "$err"
is "$(printf '%s\n' "$out" | grep -v dbgsym)" "hikeshi-doc_${version}_all.deb
hikeshi-range_${version}_$arch.deb
hikeshi_${version}_$arch.deb" "three packages"
is "v$version" "v$(sed -n "s/^  version: '\(.*\)',/\1/p" "$HK_SRC/meson.build")" "the version of the program"

# shellcheck disable=SC2016 # expanded in the copied tree
run "$HK_SRC/tools/build-packages" "$packages/next" "$version+next1" '
	last=$(ls schema | tail -n 1)
	new=$(printf "%04d_next.sql" "$(($(echo "$last" | sed "s/^0*\([0-9]*\)_.*/\1/") + 1))")
	printf "%s\n" "-- The next release." "CREATE TABLE next_release (" "	id @ID@" ");" >"schema/$new"
	sed -i "s|^  .*/schema/$last.,|&\n  '\''../../schema/$new'\'',|" src/store/meson.build'
is "$status" 0 "the next release is built" || diag "$err"
run dpkg-deb -f "$packages/next/hikeshi_${version}+next1_$arch.deb" Version
is "$out" "$version+next1" "with its version"

deb=$packages/this/hikeshi_${version}_$arch.deb
mkdir "$work/files"
for file in "$packages"/this/*_"$version"_*.deb; do dpkg-deb -x "$file" "$work/files"; done
contents=$(cd "$work/files" && find . -type f -o -type l | sed 's/^\.//' | sort)
for file in /usr/bin/hikeshi /usr/bin/hikeshi-range /usr/libexec/hikeshi/migrate /lib/systemd/system/hikeshi.service \
	/usr/share/man/man1/hikeshi.1.gz /usr/share/man/man1/hikeshi-range.1.gz /usr/share/bash-completion/completions/hikeshi \
	/usr/lib/sysusers.d/hikeshi.conf /usr/share/hikeshi/conf/model/jp.hkmodel /usr/share/hikeshi/rules/bp1.yar \
	/usr/share/hikeshi/range/scenarios/wave.txt /usr/share/doc/hikeshi/install.md /etc/hikeshi/c2/keepspy.conf; do
	printf '%s\n' "$contents" | grep -qFx "$file"
	ok $? "$file"
done
unlike "$contents" "^/etc/hikeshi/hikeshi.conf$" "no hikeshi.conf: it is the bank's, written by hikeshi init"
dpkg-deb -e "$deb" "$work/control"
is "$(sort "$work/control/conffiles")" "$(printf '%s\n' "$contents" | grep '^/etc/')" "what lies in /etc is a conffile"
run dpkg-deb -f "$deb" Depends
for library in libhyperscan5 libyara9 libmicrohttpd12 libpq5 libsqlite3-0 libcurl4 libgmime-3.0-0 libloc1 publicsuffix libloc-database ca-certificates; do
	like "$out" "(^|, )$library" "depends on $library"
done
run dpkg-deb -f "$packages/this/hikeshi-range_${version}_$arch.deb" Depends
like "$out" "(^|, )hikeshi \\(= $version\\)" "the range depends on the conf/ and rules/ of its own version"

# Units as systemd reads them, at the paths of the package, among its own.
mkdir -p "$work/files/bin"
cp /bin/sh "$work/files/bin/"
cp -r -n /lib/systemd/system/. "$work/files/lib/systemd/system/"
for unit in hikeshi.service hikeshi-watch.service hikeshi-web.service hikeshi-work@work.service hikeshi-work@capture.service hikeshi-roles.target \
	hikeshi-migrate.service hikeshi-backup.timer hikeshi-backup.service hikeshi-verify.timer hikeshi-verify.service; do
	run env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --root="$work/files" --man=no --generators=no "$unit"
	is "$status/$(printf '%s\n' "$err" | grep hikeshi)" "0/" "systemd-analyze verify $unit"
done
done_testing
