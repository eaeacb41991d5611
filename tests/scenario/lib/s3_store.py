#!/usr/bin/python3
"""A store on loopback that speaks as much S3 as hikeshi asks for, for tests/scenario/blobs-s3.t.

    s3_store.py DIR KEY-ID SECRET REGION [CERT KEY]

Every request's signature is verified anew, from AWS's public description of Signature Version 4 and with Python's own hmac alone: nothing of it
comes from src/sys/sigv4.c. Buckets are the folders below DIR, objects the files below them. Prints {"port": N}; POST /_control takes a JSON
object: fail (list of [METHOD, STATUS, CODE], used up one by one; STATUS 0 hangs up), delay_ms, conditions (knows, refuses, ignores),
checksums, skew_s (its clock is ahead of ours), and answers with what was counted.
"""
import base64
import datetime
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse

root, key_id, secret, region = sys.argv[1:5]
state = {"fail": [], "delay_ms": 0, "conditions": "knows", "checksums": True, "skew_s": 0}
counts = {}
lock = threading.Lock()
ORDER = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})")


class Refused(Exception):
    def __init__(self, status, code, more=""):
        super().__init__(code)
        self.status, self.code, self.more = status, code, more


def now():
    return time.time() + state["skew_s"]


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def check_signature(method, target, headers):
    """Refuses what a store must refuse."""
    found = ORDER.fullmatch(headers.get("authorization", ""))
    if not found:
        raise Refused(403, "AccessDenied")
    who, day, where, service, names, signature = found.groups()
    if who != key_id:
        raise Refused(403, "InvalidAccessKeyId")
    if where != region or service != "s3":
        raise Refused(400, "AuthorizationHeaderMalformed", f"<Region>{region}</Region>")
    stamp = headers.get("x-amz-date", "")
    when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
    if abs(when - now()) > 900:
        raise Refused(403, "RequestTimeTooSkewed")
    signed = names.split(";")
    # What must be signed, is: the host and everything that is Amazon's own.
    must = {"host"} | {name for name in headers if name.startswith("x-amz-") or name == "content-type"}
    if signed != sorted(signed) or not must <= set(signed) or day != stamp[:8]:
        raise Refused(403, "SignatureDoesNotMatch")
    path, _, query = target.partition("?")
    # Encoded anew from what was decoded: an address that is encoded otherwise than the rule says has another signature.
    path = urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")
    pairs = sorted((urllib.parse.quote(urllib.parse.unquote(k), safe="-_.~"), urllib.parse.quote(urllib.parse.unquote(v), safe="-_.~"))
                   for k, _, v in (part.partition("=") for part in query.split("&") if part))
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
    hashed = headers.get("x-amz-content-sha256", "")
    if not re.fullmatch("[0-9a-f]{64}", hashed):
        raise Refused(400, "InvalidRequest")
    canonical = "\n".join([method, path, "&".join(f"{k}={v}" for k, v in pairs), lines, names, hashed])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{day}/{where}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    key = mac(mac(mac(mac(("AWS4" + secret).encode(), day), where), service), "aws4_request")
    if not hmac.compare_digest(mac(key, text).hex(), signature):
        raise Refused(403, "SignatureDoesNotMatch")
    return hashed


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(now() if timestamp is None else timestamp, usegmt=True)

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, error):
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{error.code}</Code><Message>m</Message>{error.more}</Error>'.encode()
        self.reply(error.status, body, [("Content-Type", "application/xml")])

    def body(self):
        size = int(self.headers.get("Content-Length", "0"))
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError
        return data

    def fault(self):
        with lock:
            counts[self.command] = counts.get(self.command, 0) + 1
            for at, (method, status, code) in enumerate(state["fail"]):
                if method == self.command:
                    del state["fail"][at]
                    return status, code
        return None

    def place(self):
        """The file of the object."""
        path = urllib.parse.unquote(self.path.partition("?")[0])
        bucket, _, key = path[1:].partition("/")
        if ".." in path.split("/") or not os.path.isdir(os.path.join(root, bucket)):
            raise Refused(404, "NoSuchBucket")
        return os.path.join(root, bucket, key)

    def get(self):
        check_signature(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
        place = self.place()
        try:
            with open(place, "rb") as file:
                data = file.read()
        except OSError:
            raise Refused(404, "NoSuchKey") from None
        headers = [("Content-Length", str(len(data))), ("Content-Type", "application/octet-stream")]
        if state["checksums"] and self.headers.get("x-amz-checksum-mode") == "ENABLED" and os.path.exists(place + ".sum"):
            with open(place + ".sum", encoding="ascii") as file:
                headers.append(("x-amz-checksum-sha256", file.read()))
        self.reply(200, data, headers)

    def put(self, data):
        headers = {k.lower(): v for k, v in self.headers.items()}
        hashed = check_signature("PUT", self.path, headers)
        digest = hashlib.sha256(data)
        place = self.place()
        if digest.hexdigest() != hashed:
            raise Refused(400, "XAmzContentSHA256Mismatch")
        wanted = headers.get("x-amz-checksum-sha256")
        if wanted and base64.b64decode(wanted) != digest.digest():
            raise Refused(400, "BadDigest")
        once = headers.get("if-none-match") == "*"
        if once and state["conditions"] == "refuses":
            raise Refused(501, "NotImplemented")
        with lock:
            if once and state["conditions"] == "knows" and os.path.exists(place):
                raise Refused(412, "PreconditionFailed")
            counts["written"] = counts.get("written", 0) + 1
            os.makedirs(os.path.dirname(place), exist_ok=True)
            # Whole or not at all, as a store keeps it.
            with tempfile.NamedTemporaryFile(dir=root, prefix=".new", delete=False) as file:
                file.write(data)
            os.rename(file.name, place)
            with open(place + ".sum", "w", encoding="ascii") as file:
                file.write(wanted or "")
        self.reply(200)

    def answer(self):
        # What is sent is read in any case, so that the connection can go on.
        data = self.body()
        if self.path == "/_control":
            state.update(json.loads(data or b"{}"))
            with lock:
                text = json.dumps(counts).encode()
            return self.reply(200, text)
        time.sleep(state["delay_ms"] / 1000)
        fault = self.fault()
        if fault and fault[0] == 0:
            self.close_connection = True
            return None
        try:
            if fault:
                raise Refused(*fault)
            return self.put(data) if self.command == "PUT" else self.get()
        except Refused as error:
            return self.refuse(error)

    do_GET = do_HEAD = do_PUT = do_POST = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that was killed is no news."""


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 6:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[5], sys.argv[6])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
