#!/usr/bin/python3
"""OpenStack Swift with its S3 interface on loopback, as small as it gets, for tests/scenario/blobs-swift.t (Debian's python3-swift).

    swift_store.py DIR ACCOUNT:USER SECRET REGION BUCKET

One account server, one container server, one object server (in memory) and one proxy, each a process; tempauth knows the one key. The bucket is made. Prints
{"port": N} when the proxy answers. Ends, with all of them, when its standard input does.
"""
import json
import os
import signal
import socket
import sys
import time

root, key_id, secret, region, bucket = sys.argv[1:6]
os.makedirs(os.path.join(root, "devices", "d1"), exist_ok=True)
main_conf = os.path.join(root, "swift.conf")
with open(main_conf, "w", encoding="utf-8") as out:
    out.write("[swift-hash]\nswift_hash_path_prefix = test\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = one\ndefault = yes\n")

from swift.common import utils  # noqa: E402

utils.SWIFT_CONF_FILE = main_conf
utils.HASH_PATH_PREFIX = utils.HASH_PATH_SUFFIX = b"test"
from swift.common.internal_client import InternalClient  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import run_wsgi  # noqa: E402


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


ports = {kind: free_port() for kind in ("account", "container", "object", "proxy")}
COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {root}
devices = {root}/devices
mount_check = false
workers = 0
log_facility = LOG_LOCAL0
log_level = ERROR
user =
"""
SERVER = COMMON + """[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{app}
"""
PROXY = COMMON + """[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = {region}
s3_acl = false
allow_multipart_uploads = false
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret} .admin
"""
# The same proxy without anybody who asks who one is: the way in which an administrator makes a bucket.
INSIDE = """[DEFAULT]
swift_dir = {root}
[pipeline:main]
pipeline = catch_errors proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
"""
account, user = key_id.split(":")
children = []
for kind in ("account", "container", "object", "proxy"):
    if kind != "proxy":
        builder = RingBuilder(0, 1, 0)
        builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": ports[kind], "device": "d1", "weight": 1.0})
        builder.rebalance()
        builder.get_ring().save(os.path.join(root, kind + ".ring.gz"))
    conf = os.path.join(root, kind + ".conf")
    with open(conf, "w", encoding="utf-8") as out:
        out.write((PROXY if kind == "proxy" else SERVER).format(port=ports[kind], root=root, kind=kind, region=region, account=account, user=user,
                                                                secret=secret, app="mem_object" if kind == "object" else kind))
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        log = os.open(os.path.join(root, kind + ".log"), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.exit(run_wsgi(conf, kind + "-server"))
    children.append(pid)


def ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


deadline = time.monotonic() + 60
while not all(ready(port) for port in ports.values()) and time.monotonic() < deadline:
    time.sleep(0.05)
inside = os.path.join(root, "inside.conf")
with open(inside, "w", encoding="utf-8") as out:
    out.write(INSIDE.format(root=root))
InternalClient(inside, "test", 3).create_container("AUTH_" + account, bucket)
print(json.dumps({"port": ports["proxy"]}), flush=True)
sys.stdin.read()
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
