#!/usr/bin/env python3
"""Kaplan-Meier, written apart from src/: compares an answer of /stats/survival with the cases that it was made of.

survival.py FILE: {"by", "start", "end", "cases": [...], "answer", "now"}. Ends with 1 and says where they differ."""
import json
import math
import sys

question = json.load(open(sys.argv[1], encoding="utf-8"))
troubles = []


def groups_of(case):
    if question["by"] == "channel":
        return ["mail"] if case["sent"] else []
    if question["by"] == "all":
        return [""]
    return [case[question["by"]]]


def begin_of(case):
    if question["by"] == "channel" and question["start"] == "reported":
        return case["sent"]
    return case["confirmed"] if question["start"] == "confirmed" else case["detected"]


def end_of(case):
    if question["end"] == "listed":
        return 0
    both = [t for t in ([case["gone"]] if question["end"] == "gone" else []) + [case["down"]] if t]
    return min(both) if both else 0


def samples(cases):
    """(time in ms, ended) of each, and how many were over before they began."""
    out, before = [], 0
    for case in cases:
        if case["deleted"] or case["kind"] == "investment_scam" or case["state"] not in ("confirmed", "reported", "down", "closed", "resurrected"):
            continue
        begin, end = begin_of(case), end_of(case)
        if not begin:
            continue
        if end and end < begin:
            before += 1
        elif end:
            out.append((end - begin, True))
        else:
            out.append((max(0, (case["closed"] or question["now"]) - begin), False))
    return out, before


def curve(list_):
    """By the definition: for each time at which something ended, who was at risk: all whose time is not smaller."""
    out, share, variance = [], 1.0, 0.0
    for time in sorted({t for t, ended in list_ if ended}):
        at_risk = sum(1 for t, _ in list_ if t >= time)
        over = sum(1 for t, ended in list_ if ended and t == time)
        share *= (at_risk - over) / at_risk
        if at_risk > over:
            variance += over / (at_risk * (at_risk - over))
        out.append((time / 1000, share, variance, at_risk))
    return out


def close(a, b, within):
    return (a is None and b is None) or (a is not None and b is not None and abs(a - b) <= within)


def quantile(steps, share):
    return next((t for t, s, _, _ in steps if s <= share + 1e-9), None)


def share_over(steps, hours):
    last = [s for t, s, _, _ in steps if t <= hours * 3600]
    return 1 - (last[-1] if last else 1)


def compare(name, cases, said):
    list_, before = samples(cases)
    steps = curve(list_)
    want = {"cases": len(list_), "events": sum(e for _, e in list_), "censored": sum(not e for _, e in list_), "before": before}
    for key, value in want.items():
        if said[key] != value:
            troubles.append(f"{name}: {key} is {said[key]}, not {value}")
    for key, value in (("median", quantile(steps, 0.5)), ("p90", quantile(steps, 0.1))):
        if not close(said[key], value, 0.51):
            troubles.append(f"{name}: {key} is {said[key]}, not {value}")
    for key, hours in (("within_1h", 1), ("within_4h", 4), ("within_24h", 24)):
        if list_ and not close(said[key], share_over(steps, hours), 0.00006):
            troubles.append(f"{name}: {key} is {said[key]}, not {share_over(steps, hours)}")
    if "curve" not in said:
        return
    if len(said["curve"]) != len(steps):
        troubles.append(f"{name}: {len(said['curve'])} steps, not {len(steps)}")
        return
    for (time, share, low, high, at_risk), (t, s, v, n) in zip(said["curve"], steps):
        if not close(time, t, 0.001) or not close(share, s, 1e-6) or at_risk != n:
            troubles.append(f"{name}: {time} s: {share} of {at_risk}, not {t} s: {s} of {n}")
        if 0 < s < 1:
            # log(-log S) has the standard error sqrt(v) / |log S|.
            middle, spread = math.log(-math.log(s)), 1.959963984540054 * math.sqrt(v) / abs(math.log(s))
            edges = (math.exp(-math.exp(middle + spread)), math.exp(-math.exp(middle - spread)))
            if not close(low, edges[0], 2e-6) or not close(high, edges[1], 2e-6):
                troubles.append(f"{name}: at {time} s the band is {low} to {high}, not {edges}")
        elif low is not None:
            troubles.append(f"{name}: a band where there is none")


answer, cases = question["answer"], question["cases"]
by_key = {}
for one in cases:
    for key in groups_of(one):
        by_key.setdefault(key, []).append(one)
by_key = {k: v for k, v in by_key.items() if samples(v)[0] or samples(v)[1]}
if question["by"] == "all":
    by_key.setdefault("", [])
if {g["key"] for g in answer["groups"]} != set(by_key):
    troubles.append(f"groups are {sorted(g['key'] for g in answer['groups'])}, not {sorted(by_key)}")
else:
    for group in answer["groups"]:
        compare(group["key"] or "none", by_key[group["key"]], group)
if question["start"] != "reported":
    compare("all", cases, answer["all"])
print("\n".join(troubles) if troubles else f"{len(by_key)} groups, {answer['all']['cases']} cases, {len(answer['all']['curve'])} steps agree")
sys.exit(1 if troubles else 0)
