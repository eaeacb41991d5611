#!/usr/bin/python3
"""The load of bench_ws with python3-websockets: the same server, sessions, beats; prints the same five figures.

ws_peer.py PORT SESSIONS SECONDS"""
import asyncio
import resource
import sys
import time

import websockets

PORT, COUNT, SECONDS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
BEAT, EVERY, FLAT_OUT = "心跳&ping", 10.0, 5.0
beats = pongs = 0
flat_out = False


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def read(ws):
    global pongs, beats
    async for message in ws:
        if message == "pong":
            pongs += 1
            if flat_out:
                beats += 1
                await ws.send(BEAT)


async def beat(ws, wait):
    global beats
    await asyncio.sleep(wait)
    while not flat_out:
        beats += 1
        await ws.send(BEAT)
        await asyncio.sleep(EVERY)


async def main():
    global flat_out, beats
    start, sockets = cpu(), []
    for at in range(0, COUNT, 50):
        sockets += await asyncio.gather(*(websockets.connect("ws://127.0.0.1:%d/" % PORT, compression=None, ping_interval=None) for _ in range(min(50, COUNT - at))))
    opening = cpu() - start
    readers = [asyncio.ensure_future(read(ws)) for ws in sockets]
    beaters = [asyncio.ensure_future(beat(ws, i * EVERY / COUNT)) for i, ws in enumerate(sockets)]
    start, wall = cpu(), time.monotonic()
    await asyncio.sleep(SECONDS)
    beating = (cpu() - start) / (time.monotonic() - wall)
    answered, kib = beats, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for task in beaters:
        task.cancel()
    while pongs < beats:
        await asyncio.sleep(0.01)
    flat_out, before, start = True, pongs, cpu()
    for ws in sockets:
        await ws.send(BEAT)
    await asyncio.sleep(FLAT_OUT)
    flat = (pongs - before) / (cpu() - start)
    print("%.4f %.4f %d %d %.0f" % (opening * 1000 / COUNT, beating * 100, answered, kib, flat), flush=True)
    for task in readers:
        task.cancel()


hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384) if hard > 0 else 16384, hard))
asyncio.run(main())
