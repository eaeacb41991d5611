#!/bin/sh
# The quickstart shows sightings, and leaves no process and no file behind.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1
mkdir "$work/tmp"
TMPDIR="$work/tmp" QUICKSTART_BUILD=$HK_BUILD run ./quickstart --headless
is "$status" 0 "quickstart --headless" || diag "$err"
like "$out" '^[0-9:]{8}  [01]\.[0-9]+  .*\[\.\].*-> ' "a sighting against a brand, defanged"
like "$out" '^ +why: ' "with its reasons"
like "$out" '^\{"seq":' "one line as programs see it"
is "$(ls -A "$work/tmp")" "" "no file is left"
run ./quickstart --nonsense
is "$status" 64 "an unknown option"
done_testing
