#!/bin/sh
# tools/bare.sh takes nothing out of a folder that somebody else could have filled: what lies there is unpacked and run as root.
. "$(dirname -- "$0")/../tap.sh"
BARE_UP=../..
. "$HK_SRC/tools/bare.sh"
refused() {
	run bare_folder "$1"
	is "$status" 77 "$2: refused"
	like "$err" "$3.*PROVE_BARE_DIR" "and told which, and what to do"
}
run bare_folder "$work/bare"
is "$status/$err" "0/" "a new folder is made"
is "$(stat -c %a "$work/bare")" 755 "which only its owner may write"
mkdir "$work/bare/archives" "$work/bare/logs"
: >"$work/bare/base.tar"
run bare_folder "$work/bare"
is "$status/$err" "0/" "and taken again"
chmod 664 "$work/bare/base.tar"
refused "$work/bare" "a base that the group may write" "base.tar is not"
chmod 644 "$work/bare/base.tar"
chmod 1777 "$work/bare"
refused "$work/bare" "a folder that all may write" "bare is not"
chmod 755 "$work/bare"
ln -s "$work/bare" "$work/link"
refused "$work/link" "a link" "link is not"
rm -r "$work/bare/archives"
ln -s "$work" "$work/bare/archives"
refused "$work/bare" "a link in it" "archives is not"
rm "$work/bare/archives"
if [ "$(id -u)" -eq 0 ] && chown 65534 "$work/bare" 2>/dev/null; then
	refused "$work/bare" "somebody else's folder" "bare is not"
else
	skip "files cannot be given away" "somebody else's folder"
	skip "so, too" "and told which"
fi
done_testing
