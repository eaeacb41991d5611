#!/bin/sh
# Our WebSocket codec beside Debian's python3-websockets: the same bytes to both, our client at its server, its client at ours.
. "$(dirname -- "$0")/../tap.sh"
if ! /usr/bin/python3 -c 'import websockets' 2>/dev/null; then
	echo "1..0 # SKIP no python3-websockets (apt-get install python3-websockets)"
	exit 0
fi
/usr/bin/python3 "$HK_SRC/tests/scenario/websocket.py" "$HK_BUILD/tests/ws_rig" "$HK_SRC/tests/vectors/ws.tsv"
