#!/bin/sh
# A machine with systemd as process 1, on which the packages are installed as docs/install.md says: the roles behind their wall, the
# browser behind its own, backup, verification, an upgrade that migrates while the roles run, the way back, removal. What is asked stands in
# tests/packages/machine, which runs there.
. "$(dirname -- "$0")/common.sh"
on_machine machine sqlite3 perl chromium-headless-shell fonts-noto-cjk
