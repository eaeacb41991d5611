#!/usr/bin/python3
"""Our WebSocket codec (tests/ws_rig) beside Debian's python3-websockets. Prints TAP.

websocket.py WS_RIG VECTORS

Three comparisons: frames, well-formed and not, read by both; our client at its server; its client at a server of ours. Where the two differ by design the
difference is named and counted: python3-websockets takes lengths in a longer form than they need, looks at a frame when it is whole, and takes a
close frame between two fragments of a message for an error (RFC 6455, section 5.4, lets control frames stand there)."""
import asyncio
import codecs
import random
import subprocess
import sys

import websockets
from websockets.connection import Connection, Side
from websockets.frames import Frame, Opcode

RIG, VECTORS = sys.argv[1:]
count = failed = 0


def ok(good, what, *details):
    global count, failed
    count += 1
    failed += not good
    print(("ok" if good else "not ok"), count, "-", what, flush=True)
    for detail in () if good else details:
        print("#", repr(detail)[:300], flush=True)


# ---- The same bytes to both ----

# Our fault -> the code that it is told with.
CODES = {"frame-limit": 1009, "message-limit": 1009, "frames-limit": 1009, "utf8": 1007}


def theirs(role, data):
    """What python3-websockets makes of the bytes, as ws_rig writes it: events, then "more" or a close code."""
    peer = Connection(Side.SERVER if role == "server" else Side.CLIENT, max_size=1 << 20)
    peer.receive_data(data)
    out, kind, message, text = [], None, b"", None
    for frame in peer.events_received():
        if frame.opcode is Opcode.CLOSE:
            code = int.from_bytes(frame.data[:2], "big") if frame.data else 1005
            out.append("close %d %s" % (code, bytes(frame.data[2:]).hex()))
        elif frame.opcode in (Opcode.PING, Opcode.PONG):
            out.append("%s %s" % (frame.opcode.name.lower(), bytes(frame.data).hex()))
        else:
            if frame.opcode is not Opcode.CONT:
                kind, message = frame.opcode, b""
                text = codecs.getincrementaldecoder("utf-8")()
            message += frame.data
            if kind is Opcode.TEXT:
                try:
                    text.decode(bytes(frame.data), frame.fin)
                except UnicodeDecodeError:
                    return out, 1007
            if frame.fin:
                out.append("%s %s" % (kind.name.lower(), bytes(message).hex()))
    exc = peer.parser_exc
    if exc is None or isinstance(exc, EOFError):
        return out, "more"
    if "incomplete fragmented message" in str(exc):
        return out, "incomplete"
    code = {"PayloadTooBig": 1009, "UnicodeDecodeError": 1007}.get(type(exc).__name__, 1002)
    return out, code


def compare(cases, what):
    """cases: (name, role, bytes). One run of ws_rig for all, in pieces of several sizes."""
    rng = random.Random(1)
    lines = "".join("%s %d %s\n" % (role, rng.choice((1, 2, 7, 100, 1 << 30)), data.hex()) for _, role, data in cases)
    run = subprocess.run([RIG, "read"], input=lines, capture_output=True, text=True)
    ours = run.stdout.splitlines()
    ok(run.returncode == 0 and len(ours) == len(cases), "%s: %d cases are read" % (what, len(cases)), run.stderr)
    differ, early, forms, within, ends = [], 0, 0, 0, {}
    for (name, role, data), line in zip(cases, ours):
        *events, end = line.split("; ")
        end = end.strip()
        got = [event.strip() for event in events]
        want, code = theirs(role, data)
        want = [event.strip() for event in want]
        mine = "more" if end == "more" else CODES.get(end, 1002)
        ends[end] = ends.get(end, 0) + 1
        if end == "length-form" or end == "control-long":
            forms += 1
            good = got == want[: len(got)]
        elif code == "more" and mine != "more":
            # What we refuse before the frame is whole, they have not looked at.
            early += 1
            good = got == want
        elif code == "incomplete" and got and got[-1].startswith("close"):
            within += 1
            good = got[:-1] == want
        else:
            # A close frame whose code and reason are both wrong is told by the one or the other.
            good = got == want and (mine == code or (end == "close-code" and code == 1007))
        if not good:
            differ.append((name, role, end, code, [e[:40] for e in got], [e[:40] for e in want]))
    ok(not differ, "%s: both say the same" % what, *differ[:5])
    print("# %s: %d by us before the frame is whole, %d longer lengths, %d closes within a message; ends: %s" % (what, early, forms, within, ends))
    return ends


def unfold(text):
    out = b""
    for part in text.split():
        out += bytes.fromhex(part[:2]) * int(part[3:]) if "*" in part else bytes.fromhex(part)
    return out


def vector_cases():
    for line in open(VECTORS, encoding="utf-8"):
        if not line.startswith("#"):
            name, role, limits, data, _ = line.rstrip("\n").split("\t")
            # Their limit is one for frames, messages and control frames.
            if limits == "-":
                yield name, role, unfold(data)


WORDS = ["", "a", "hello", "心跳&ping", "発信", "🔥" * 40, "x" * 125, "y" * 126, "ß" * 200, "z" * 70000]


def random_frame(rng, role, state):
    """Mostly right; now and then one thing is wrong."""
    opcode = rng.choice(((0, 0, 0, 9) if state["open"] else (1, 1, 2, 9, 10, 8)) if rng.random() > 0.04 else range(16))
    payload = rng.choice(WORDS).encode() if rng.random() < 0.9 else rng.randbytes(rng.randrange(40))
    if opcode >= 8 and rng.random() < 0.95:
        payload = payload[:125]
    if opcode == 8 and rng.random() < 0.9:
        code = rng.choice((1000, 1001, 1005, 1011, 1014, 1015, 2999, 3000, 4999, 5000, rng.randrange(65536)))
        payload = code.to_bytes(2, "big") + rng.choice(WORDS[:5]).encode() if rng.random() < 0.8 else b""
    if opcode == 1 and rng.random() < 0.2:
        payload = payload[: rng.randrange(len(payload) + 1)]
    fin = rng.random() < (0.55 if opcode < 8 else 0.98)
    state["open"] = state["open"] if opcode >= 8 else not fin
    first = opcode | (0x80 if fin else 0) | (rng.choice((0x10, 0x20, 0x40)) if rng.random() < 0.02 else 0)
    masked = (role == "server") != (rng.random() < 0.02)
    n = len(payload)
    form = rng.choice((2, 8)) if rng.random() < 0.01 else 0 if n < 126 else 2 if n < 65536 else 8
    if form == 2 and n > 65535:
        form = 8
    head = bytes([first, (0x80 if masked else 0) | (n if form == 0 and n < 126 else 126 if form == 2 else 127)])
    head += n.to_bytes(form, "big") if form else b""
    if masked:
        mask = rng.randbytes(4)
        key = int.from_bytes((mask * (n // 4 + 1))[:n], "big")
        payload = (int.from_bytes(payload, "big") ^ key).to_bytes(n, "big")
        head += mask
    return head + payload


def random_cases(n):
    rng = random.Random(4711)
    for i in range(n):
        role = rng.choice(("client", "server"))
        state = {"open": False}
        data = b"".join(random_frame(rng, role, state) for _ in range(rng.randrange(1, 9)))
        if rng.random() < 0.1 and data:
            data = data[: rng.randrange(len(data))]
        yield "random %d" % i, role, data


ends = compare(list(vector_cases()), "vectors")
ends = compare(list(random_cases(4000)), "random frames")
ok(len(ends) >= 12 and ends.get("more", 0) > 400, "of many kinds", ends)


# ---- Our client at their server ----


async def echo(ws):
    if ws.path == "/close":
        await ws.close(1001, "gone")
    elif ws.path == "/big":
        await ws.send(b"x" * 2_000_000)
        await ws.wait_closed()
    elif ws.path == "/ping":
        for payload in (b"", b"p", b"\xff" * 125):
            await (await ws.ping(payload))
        async for message in ws:
            await ws.send(message)
    else:
        async for message in ws:
            pieces = [message[i : i + 1000] for i in range(0, len(message), 1000)]
            await ws.send(pieces if ws.path == "/fragments" and pieces else message)
    seen[ws.path] = (ws.close_code, ws.close_reason)


async def talk(port, path, n):
    rig = await asyncio.create_subprocess_exec(RIG, "talk", str(port), path, str(n), stdout=subprocess.PIPE)
    out, _ = await rig.communicate()
    return out.decode().strip()


seen = {}


async def our_client():
    async with websockets.serve(echo, "127.0.0.1", 0, compression="deflate") as server:
        port = server.sockets[0].getsockname()[1]
        want = "sent 44, echoed 44, wrong 0, pings %d, pongs 1, ours 1000 (1000: the purpose is fulfilled)"
        for path, pings in (("/", 0), ("/fragments", 0), ("/ping", 3)):
            said = await talk(port, path, 44)
            ok(said == want % pings, "our client at their server, %s" % path, said)
            while said and path not in seen:
                await asyncio.sleep(0)
            ok(seen.get(path) == (1000, ""), "they saw it close, %s" % path, seen.get(path))
        said = await talk(port, "/close", 0)
        ok("closed 1001 (1001: going away: gone)" in said, "they close", said)
        said = await talk(port, "/big", 0)
        ok("limit 1009" in said, "a message that is too big for us", said)
        while said and "/big" not in seen:
            await asyncio.sleep(0)
        ok(seen["/big"][0] in (1009, 1006), "they hear of it, or of the end", seen["/big"])


# ---- Their client at a server of ours ----


async def bad(port, data, want):
    async with websockets.connect("ws://127.0.0.1:%d/" % port) as ws:
        ws.transport.write(data)
        try:
            await ws.recv()
        except websockets.ConnectionClosed:
            pass
        ok(ws.close_code == want, "our server closes with %d" % want, ws.close_code, ws.close_reason)


async def their_client():
    rig = await asyncio.create_subprocess_exec(RIG, "serve", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = int(await rig.stdout.readline())
    for path in ("/", "/fragments"):
        async with websockets.connect("ws://127.0.0.1:%d%s" % (port, path), max_size=None) as ws:
            ok(ws.response_headers["Server"] == "200 HP Http Server OK", "a banner in the answer")
            wrong = 0
            for word in WORDS + [w.encode() for w in WORDS] + [random.Random(7).randbytes(200_000)]:
                await ws.send(word)
                wrong += await ws.recv() != word
            await ws.send(["in ", "three ", "pieces"])
            wrong += await ws.recv() != "in three pieces"
            ok(wrong == 0, "their messages come back, %s" % path, wrong)
            await (await ws.ping(b"ping"))
            ok(True, "their ping is answered")
            await ws.close(4000, "enough")
            ok((ws.close_code, ws.close_reason) == (4000, "echo"), "their close is answered", ws.close_code)
    masked = lambda first, payload: Frame(Opcode(first & 15), payload, fin=first > 127).serialize(mask=True)
    await bad(port, b"\xc1\x80\0\0\0\0", 1002)
    await bad(port, b"\x81\x01a", 1002)
    await bad(port, masked(0x81, b"\xed\xa0\x80"), 1007)
    await bad(port, b"\x82\xff\x00\x00\x00\x02\x00\x00\x00\x00" + b"\0\0\0\0", 1009)
    await bad(port, masked(0x80, b"nothing is open"), 1002)
    rig.stdin.close()
    ok(await rig.wait() == 0, "our server ends in good order")


async def main():
    await asyncio.wait_for(our_client(), 500)
    await asyncio.wait_for(their_client(), 500)


asyncio.run(main())
print("1..%d" % count)
sys.exit(failed > 0)
