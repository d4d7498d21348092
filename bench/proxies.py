"""The servers under test: how each is configured, started, found ready, and stopped."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))

NGINX_CONFIG = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
{user}
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 120s;
    upstream model {{
        server 127.0.0.1:{upstream};
        keepalive 1024;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://model;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""

SWITCHBOARD_CONFIG = """\
listen: 127.0.0.1:{port}
database: sqlite:{folder}/bench.db
threads: 1
log: {{ level: info, format: text }}
http: {{ connections_max: 20000 }}
providers:
  up: {{ api: {api}, url: "http://127.0.0.1:{upstream}{path}", key: x }}
bots:
"""

# Limits far above what the bench sends, so that each message is counted and none refused.
SWITCHBOARD_BOT = """\
  {model}:
    models: [up/{model}]
    access: {{ anonymous: false }}
    limits: {{ messages_per_minute: 100000000, messages_per_day: 1000000000 }}
"""


class Unready(Exception):
    """The proxy cannot be measured on this machine; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Proxy:
    """One running server. `headers` are what a request to it needs, `pids` what is to be measured."""

    name = ""

    def __init__(self, folder, upstream, models, spawn):
        self.folder, self.upstream, self.models = folder, upstream, models
        self.port = free_port()
        self.headers = []
        os.makedirs(folder)
        self.log = open(os.path.join(folder, "output.log"), "wb")
        self.process = spawn(self.command(), stdout=self.log, stderr=self.log)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def tail(self):
        with open(self.log.name, errors="replace") as file:
            return file.read()[-2000:].strip()

    def ready(self):
        return accepts(self.port)

    def wait_ready(self):
        deadline = time.monotonic() + 20
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Unready(f"{self.name} does not start: {self.tail()}")
            time.sleep(0.02)

    @property
    def pids(self):
        return [self.process.pid] + children(self.process.pid)

    def stop(self):
        """Ends it as its manual says; says so if it must be forced."""
        forced = False
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                break
            forced = number == signal.SIGKILL
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        self.log.close()
        return f"{self.name} had to be killed" if forced else ""


class Nginx(Proxy):
    name = "nginx"

    def command(self):
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(binary):
            raise Unready("nginx is not installed; script/bootstrap --dev installs it")
        text = NGINX_CONFIG.format(
            folder=self.folder, port=self.port, upstream=self.upstream, files=20000,
            user="user root;" if os.geteuid() == 0 else "")
        path = self.write("nginx.conf", text)
        return [binary, "-p", self.folder, "-e", os.path.join(self.folder, "error.log"), "-c", path]

    def ready(self):
        return super().ready() and children(self.process.pid)

    def stop(self):
        super().stop()
        with open(os.path.join(self.folder, "error.log"), errors="replace") as file:
            text = file.read().strip()
        return f"nginx wrote to its error log: {text[:300]}" if text else ""


class Node(Proxy):
    name = "node"

    def command(self):
        if not os.path.isdir(os.path.join(HERE, "node_modules", "openai")):
            raise Unready("bench/node_modules is missing; script/bootstrap --dev installs it")
        return ["node", os.path.join(HERE, "node", "server.mjs"), str(self.port),
                f"http://127.0.0.1:{self.upstream}/v1"]


class Switchboard(Proxy):
    name = "switchboard"
    binary = None  # set by run.py
    api, path = "openai", "/v1"

    def command(self):
        if not os.path.exists(self.binary):
            raise Unready(f"{self.binary} is not built")
        text = SWITCHBOARD_CONFIG.format(folder=self.folder, port=self.port, upstream=self.upstream,
                                         api=self.api, path=self.path)
        text += "".join(SWITCHBOARD_BOT.format(model=model) for model in self.models)
        path = self.write("switchboard.yaml", text)
        made = subprocess.run([self.binary, "key", "create", "-c", path, "--name", "bench"],
                              capture_output=True, text=True)
        if made.returncode != 0 or not made.stdout.strip():
            raise Unready(f"switchboard key create failed: {made.stdout}{made.stderr}")
        self.headers = [f"Authorization: Bearer {made.stdout.split()[0]}"]
        return [self.binary, "serve", "-c", path]

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1) as reply:
                return reply.status == 200
        except OSError:
            return False


class SwitchboardAnthropic(Switchboard):
    name = "switchboard-anthropic"
    api = "anthropic"


class SwitchboardGemini(Switchboard):
    name = "switchboard-gemini"
    api, path = "gemini", ""


# What Switchboard alone is measured with: upstreams of other vendors.
VENDORS = (SwitchboardAnthropic, SwitchboardGemini)
KINDS = {kind.name: kind for kind in (Switchboard, Nginx, Node)}
