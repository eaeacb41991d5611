#!/usr/bin/env python3
"""A person at a terminal: runs a command on a pseudo-terminal and types answers, each when its question stands there.

usage: dialogue.py SCRIPT COMMAND...

SCRIPT: lines QUESTION<TAB>ANSWER. QUESTION is a regular expression for the end of what is on the screen; ANSWER is typed with Enter; ^M alone is Enter, ^D the end
of input, ^C the interrupt. A line that begins with # is passed over. Prints all that was on the screen; exits with the command's code, 99 when a question did not come (within 60 s of silence)."""
import os
import pty
import re
import select
import sys

SILENCE_S = 60
ESCAPES = {"^D": b"\x04", "^C": b"\x03", "^M": b"\n"}


def read_some(fd):
    """What came, b"" at the end, None when nothing came for so long."""
    if not select.select([fd], [], [], SILENCE_S)[0]:
        return None
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


def wait_for(fd, question, screen):
    """Whether the screen ends with the question before the command ends or falls silent."""
    pattern = re.compile(question + r"[^\n]*: ?$")
    while not pattern.search(screen[0].decode("utf-8", "replace")):
        came = read_some(fd)
        if not came:
            return False
        screen[0] += came
    return True


def main():
    with open(sys.argv[1], encoding="utf-8") as script:
        steps = [line.rstrip("\n").split("\t") for line in script if line.strip() and not line.startswith("#")]
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    screen = [b""]
    shown = b""
    missing = None
    for question, answer in steps:
        if not wait_for(fd, question, screen):
            missing = question
            break
        shown += screen[0]
        screen[0] = b""
        os.write(fd, ESCAPES.get(answer, answer.encode() + b"\n"))
    while missing is None:
        came = read_some(fd)
        if not came:
            break
        screen[0] += came
    shown += screen[0]
    sys.stdout.write(shown.decode("utf-8", "replace").replace("\r\n", "\n"))
    if missing is not None:
        print(f"\nDID NOT COME: {missing}")
        os.close(fd)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.exit(99 if missing is not None else code if code >= 0 else 128 - code)


main()
