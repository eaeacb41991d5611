#!/bin/sh
# The same with PostgreSQL, as docs/install.md and docs/upgrade.md say it for several machines: tests/packages/postgresql, in a booted machine.
. "$(dirname -- "$0")/common.sh"
on_machine postgresql postgresql ssl-cert openssl
