#!/bin/sh
# The board's words are complete in both languages and agree with the tables; its source keeps the rules of the house.
HK_SRC=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
export HK_SRC
exec node "$HK_SRC/tests/lint/ui.mjs"
