#!/usr/bin/env python3
"""letters.py DIR: reads what tests/report_letters wrote with Python's email package, a reader that shares no code with GMime, and compares it with what
the writer says. Prints what differs, and last how many letters were right."""
import email
import email.policy
import json
import pathlib
import re
import sys

HEADERS = {"date", "from", "reply-to", "to", "subject", "message-id", "in-reply-to", "references", "mime-version", "content-type", "x-xarf"}
FORMS = {"xarf": ["xarf.json"], "xarf3": ["xarf.json"], "xarf2": ["report.txt"], "arf": [], "plain": []}


def form_of(want):
    form = want["form"]
    if form == "auto":
        form = {"bank": "plain", "mail": "arf"}.get(want["kind"], "xarf")
    if (form == "arf" and not want["lure"]) or (form == "xarf3" and want["trademark"]):
        form = "xarf"
    return form


def lines_are_good(raw):
    """A lure may hold ESC (ISO-2022-JP); nothing holds 8 bit, NUL, or CR and LF apart."""
    bare = raw.replace(b"\r\n", b"")
    if not raw.endswith(b"\r\n") or bare.translate(None, bytes(range(1, 128))) or b"\r" in bare or b"\n" in bare:
        return False
    return max(len(line) for line in raw.split(b"\r\n")) <= 998


def check(raw, want):
    if not lines_are_good(raw):
        yield "a line or byte that servers refuse"
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if message.defects:
        yield f"defects: {message.defects}"
    names = [name.lower() for name in message.keys()]
    if set(names) - HEADERS or len(names) != len(set(names)):
        yield f"headers: {names}"
    if str(message["subject"]) != want["subject"]:
        yield f"subject: {str(message['subject'])!r} for {want['subject']!r}"
    for word in re.findall(rb"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=", raw.split(b"\r\n\r\n")[0]):
        if len(word) > 75:
            yield f"an encoded word of {len(word)} bytes"
    if [a.addr_spec for a in message["to"].addresses] != [want["to"]]:
        yield f"to: {message['to']}"
    if [a.addr_spec for a in message["reply-to"].addresses] != [want["sender"]]:
        yield f"reply-to: {message['reply-to']}"
    if len(message["from"].addresses) != 1 or message["message-id"].strip() != want["id"]:
        yield f"from or message-id: {message['from']} {message['message-id']}"
    if "nonsense" in str(message["references"]):
        yield "a reference that is none"
    if want["signed"]:
        if message.get_content_type() != "multipart/signed" or len(message.get_payload()) != 2:
            yield "not signed"
            return
        message = message.get_payload()[0]
    yield from check_parts(message, want)


def check_parts(message, want):
    form = form_of(want)
    parts = message.get_payload()
    if form == "arf":
        types = [part.get_content_type() for part in parts]
        if message.get_content_type() != "multipart/report" or message.get_param("report-type") != "feedback-report":
            yield f"no report: {message.get_content_type()}"
        if types[:2] != ["text/plain", "message/feedback-report"] or types[2] not in ("message/rfc822", "text/rfc822-headers") or len(types) != 3:
            yield f"parts of ARF: {types}"
    else:
        names = [part.get_filename() for part in parts[1:]]
        if names[: len(FORMS[form])] != FORMS[form] or len(names) != len(FORMS[form]) + want["files"]:
            yield f"files: {names} for {form} and {want['files']}"
    text = parts[0].get_content()
    if "HK-" not in text or "{{" in text.replace("{{url}}", "").replace("{{{", ""):
        yield "the text is not filled"
    if form in ("xarf", "xarf3"):
        report = json.loads(parts[1].get_payload(decode=True))
        url = report["url"] if form == "xarf" else report["Report"]["SourceUrl"]
        if url.split("/")[2] != want["url"].split("/")[2]:
            yield f"the URL: {url}"
    if form == "xarf2" and not parts[1].get_content().replace("\r\n", "\n").startswith("---\nReported-From: "):
        yield "no X-ARF"


def main():
    right = wrong = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
        want = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        told = list(check(path.read_bytes(), want))
        for line in told:
            print(f"{path.name}: {line}")
        right += not told
        wrong += bool(told)
    print(f"right {right} wrong {wrong}")


main()
