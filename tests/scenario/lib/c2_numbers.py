"""A second opinion on lists of telephone numbers: regular expressions over Unicode's NFKC, nothing shared with src/parse/telno.c.

  c2_numbers.py vectors FILE            the numbers column of tests/vectors/c2-commands.tsv, from the commands alone
  c2_numbers.py write SEED COUNT TRUTH  invents commands, one a line, on standard output; what is in them into TRUTH, as JSON lines
  c2_numbers.py compare TRUTH OUTPUT    what `hikeshi c2 parse --lines --json` made of them

Prints what differs; exit code 1 then."""
import json
import random
import re
import sys
import unicodedata

DASH = dict.fromkeys(map(ord, "‐‑‒–—―−ーｰ－"), "-")
MOBILE = re.compile(
    r"""(?:(?:\+|00|010)?[ -]?81[ -]?(?:\(0\)[ -]?|0)?|\(?0)? \(? ([6-9]0) \)?[ (-]{0,2} (\d{4}) [ )-]{0,2} (\d{4}) (?!\d)""",
    re.X,
)
# Anything else that may stand in a list: digits, blots, signs, "…".
OTHER = re.compile(r"[+(]?[\d*xX?#●○◯■□×][\d*xX?#●○◯■□×()-]*(?:…|\.{2,})?(?=[\s,、;&:|【「『〔≪《〈\[]|$)|(?:…|\.{3}|・{3})(?=[\s【「『]|$)")


def plain(text):
    """NFKC but for "…", which it would turn into three dots; every dash a hyphen; what is invisible gone."""
    text = "".join(c if c in "…‥" else unicodedata.normalize("NFKC", c) for c in text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"(?<=[\d)*x])ー(?=[\d(*x])", "-", text).translate({k: v for k, v in DASH.items() if k != 0x30FC})


def numbers(argument):
    found, at, text = [], 0, plain(argument)
    while True:
        at += len(re.match(r"[\s,、､;&]*", text[at:]).group())
        match = MOBILE.match(text, at)
        if match and not (match.group(1) == "80" and match.group(2)[0] == "0"):
            number = "0" + "".join(match.groups())
            if number not in found:
                found.append(number)
        else:
            match = OTHER.match(text, at)
            if not match or match.end() == at:
                return found
        at = match.end()


def unescape(text):
    text = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m.group(1), 16)), text)
    return text.replace(r"\n", "\n").replace(r"\t", "\t")


def vectors(path):
    wrong = count = 0
    for n, line in enumerate(open(path, encoding="utf-8"), 1):
        if line.startswith("#"):
            continue
        column = line.rstrip("\n").split("\t")
        if column[1] != "send-sms":
            continue
        frame = plain(unescape(column[0])).lstrip()
        argument = re.sub(r"^发\s*信\s*息\s*&?", "", frame)
        got = ",".join(numbers(argument))
        count += 1
        if got != column[2]:
            wrong += 1
            print(f"line {n}: {column[0]}\n  vectors {column[2]!r}\n  here    {got!r}")
    print(f"{count} lists compared, {wrong} differ")
    return wrong == 0 and count >= 300


WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789+-()"}
FORMS = [
    lambda a, b, c: f"0{a}{b}{c}",
    lambda a, b, c: f"0{a}-{b}-{c}",
    lambda a, b, c: f"0{a} {b} {c}",
    lambda a, b, c: f"(0{a}){b}-{c}",
    lambda a, b, c: f"0{a}({b}){c}",
    lambda a, b, c: f"+81{a}{b}{c}",
    lambda a, b, c: f"+81-{a}-{b}-{c}",
    lambda a, b, c: f"+81 {a} {b} {c}",
    lambda a, b, c: f"+81(0){a}-{b}-{c}",
    lambda a, b, c: f"0081{a}{b}{c}",
    lambda a, b, c: f"0081-{a}-{b}-{c}",
    lambda a, b, c: f"81{a}{b}{c}",
    lambda a, b, c: f"{a}{b}{c}",
    lambda a, b, c: f"0{a}\u200b{b}\u200b{c}",
    lambda a, b, c: f"0{a}{b[:2]}-{b[2:]}{c}",
]
BODIES = ["【みほん銀行】お客様の口座", "24時間以内にご確認ください", "3,000円のご請求", "お客様…ご確認", "「重要」みほん", "Mihon Bank: check", "※2024年12月", "口座(普通)の件"]
SEPARATORS = [",", "，", "、", ";", "；", " ", "\u3000", ", ", "、 ", "&"]
DASHES = "-‐–−－ー"


def write(seed, count, truth_path):
    rng = random.Random(seed)
    with open(truth_path, "w", encoding="utf-8") as truth:
        for _ in range(count):
            listed, text, doubles = [], "", 0
            for i in range(rng.randint(0, 8)):
                a, b, c = rng.choice(["90", "80", "70", "60"]), f"{rng.randint(0, 9999):04d}", f"{rng.randint(0, 9999):04d}"
                if a == "80" and b[0] == "0":
                    b = "1" + b[1:]
                if listed and rng.random() < 0.1:
                    a, b, c = rng.choice(listed)
                    doubles += 1
                form = rng.choice(FORMS)(a, b, c).replace("-", rng.choice(DASHES))
                form = form.translate(WIDE) if rng.random() < 0.2 else form
                if (a, b, c) not in listed:
                    listed.append((a, b, c))
                text += (rng.choice(SEPARATORS) if i else "") + form
            body = rng.choice(BODIES)
            between = rng.choice([" ", "\u3000", ", "]) if listed else ""
            print("发信息&" + text + between + body)
            json.dump({"numbers": [f"0{a}-{b}-****" for a, b, c in listed][:10], "count": len(listed), "doubles": doubles, "text": body}, truth, ensure_ascii=False)
            truth.write("\n")
    return True


def compare(truth_path, output_path):
    truth = [json.loads(line) for line in open(truth_path, encoding="utf-8")]
    output = [json.loads(line) for line in open(output_path, encoding="utf-8")]
    wrong = abs(len(truth) - len(output))
    for n, (want, got) in enumerate(zip(truth, output), 1):
        for key in want:
            if want[key] != got[key]:
                wrong += 1
                print(f"command {n}: {key}\n  put in {want[key]!r}\n  read   {got[key]!r}")
    print(f"{len(output)} commands compared, {wrong} differ")
    return wrong == 0 and truth


if __name__ == "__main__":
    mode = sys.argv[1]
    if mode == "vectors":
        good = vectors(sys.argv[2])
    elif mode == "write":
        good = write(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        good = compare(sys.argv[2], sys.argv[3])
    sys.exit(0 if good else 1)
