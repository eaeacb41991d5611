#!/bin/sh
# tests/soak/kill9.sh [N]: N (1,000) random kill -9 of the follower for each case of tests/scenario/ct-follow-crash.t, on a
# growing log with faults. HK_BUILD: the build folder (build-asan); HK_SEED: repeat a run.
set -eu
cd -- "$(dirname -- "$0")/../.."
HK_BUILD=${HK_BUILD:-$PWD/build-asan}
HK_SOAK=${1:-1000}
export HK_BUILD HK_SOAK
exec prove -v tests/scenario/ct-follow-crash.t
