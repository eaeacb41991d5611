"""Checks `hikeshi audit export` by the words of src/flow/audit.h alone: audit_check.py KEY EXPORT."""
import hashlib
import hmac
import json
import struct
import sys

key = open(sys.argv[1], "rb").read()
before = bytes(32)
count = 0
for line in open(sys.argv[2], encoding="utf-8"):
    row = json.loads(line)
    record = struct.pack(">qq", row["seq"], row["at_ms"])
    for name in ("who", "via", "address", "act", "object"):
        text = row[name].encode()
        record += struct.pack(">I", len(text)) + text
    data = row["data"].encode()
    record += struct.pack(">qqI", row["object_id"], row["case_id"], len(data)) + data
    before = hmac.new(key, before + record, hashlib.sha256).digest()
    if before.hex() != row["mac"]:
        sys.exit(f"row {row['seq']} differs")
    count += 1
print("good", count)
