#!/bin/sh
# The rules of the house hold, and the tools that say so can fail.
. "$(dirname -- "$0")/../tap.sh"
cd "$HK_SRC" || exit 1

for tool in check-layers check-source check-headers check-format check-scripts; do
	run "tools/$tool"
	is "$status" 0 "tools/$tool finds nothing" || diag "$out$err"
done

# check-source
cat >"$work/bad.c" <<'C'
/* strcpy( in a comment, "sprintf(" in a string: fine */
static const char *fine = "sscanf(";
int f(char *a, const char *b) { strcpy(a, b); return 0; }
int g(const char *b) { return atoi(b); } /* nocheck: a test of the tool */
C
run tools/check-source "$work/bad.c"
is "$status" 1 "check-source fails on a banned function"
like "$out" 'bad.c:3: strcpy is not used here: take snprintf' "it names the line and the replacement"
unlike "$out" 'sscanf|sprintf is not|atoi' "not what stands in a comment or a string, or has its reason"
printf 'int a;\n/* TO%s: b */\n' DO >"$work/todo.c"
run tools/check-source "$work/todo.c"
like "$out" 'todo.c:2: TO''DO' "an unfinished place is refused"
mkdir -p "$work/src/source/ct" "$work/src/sys"
printf 'int f(void) { return socket(1, 2, 3); }\nint g(int c) { return hk_egress_socket(c, CURLOPT_URL); }\n' >"$work/src/source/ct/out.c"
cp "$work/src/source/ct/out.c" "$work/src/sys/egress_x.c"
run sh -c 'cd "$0" && "$HK_SRC/tools/check-source" src/source/ct/out.c' "$work"
like "$out" 'ct/out.c:1: a connection outward' "a socket outside sys/egress is refused"
like "$out" 'ct/out.c:2: a connection outward' "and a URL that is given to curl"
run sh -c 'cd "$0" && "$HK_SRC/tools/check-source" src/sys/egress_x.c' "$work"
unlike "$out" 'a connection outward' "sys/egress may"
rm -rf "$work/src"
seq 900 | sed 's/.*/int a&;/' >"$work/long.c"
run tools/check-source "$work/long.c"
like "$out" 'more than 800 lines' "a long file is refused"

mkdir -p "$work/src/store" "$work/src/web" "$work/tests"
printf 'bool f(hk_db *db) { return hk_db_exec(db, HK_SQL("DELETE FROM jobs"), HK_NO_ARGS, NULL, NULL); }\n' >"$work/src/web/f.c"
printf '/* HK_SQL */ bool b(hk_db *db) { return hk_db_begin(db, true, NULL); }\n' >"$work/src/web/b.c"
cp "$work/src/web/f.c" "$work/src/store/"
cp "$work/src/web/f.c" "$work/tests/"
run tools/check-source "$work/src/web/f.c" "$work/src/web/b.c" "$work/src/store/f.c" "$work/tests/f.c"
is "$status" 1 "check-source fails on SQL outside of src/store"
like "$out" 'src/web/f.c:1: hk_db_exec outside of src/store' "it names the place"
unlike "$out" 'web/b.c|store/f.c|tests/f.c' "transactions are everybody's, SQL is store's, and tests may"
rm -r "$work/src" "$work/tests"

# check-layers
mkdir -p "$work/src/base" "$work/src/sys" "$work/src/source/ct" "$work/src/score"
cp src/LAYERS "$work/src/"
printf '#include "sys/b.h"\n#include <stdio.h>\nvoid *p(void) { return malloc(1); }\n' >"$work/src/base/a.c"
printf '#include "base/a.h"\n' >"$work/src/sys/b.c"
printf '#include "score/d.h"\n' >"$work/src/source/ct/c.c"
touch "$work/src/score/d.h"
run tools/check-layers "$work/src"
is "$status" 1 "check-layers fails on a wrong include"
like "$out" 'base/a.c:1: layer base may not include layer sys' "core may not look up"
like "$out" 'base/a.c:2: core may not include <stdio.h>' "core has no stdio"
like "$out" 'base/a.c:3: core never allocates' "core has no malloc"
like "$out" 'source/ct/c.c:1: source/ct may not include score' "stages stand apart"
unlike "$out" 'sys/b.c' "sys may include base"
done_testing
