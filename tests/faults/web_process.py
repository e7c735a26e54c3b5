"""The web process as the image starts it, on the test's database: for clients that misbehave."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from alerts.demo.processes import hold_port, port_of
from tests.architecture.image import command_of
from tests.architecture.tree import HOME
from tests.faults.conftest import wait_until


@cache
def collected_static() -> TemporaryDirectory[str]:
    """The static files as the image collects them while it is built: once for all tests."""
    folder = TemporaryDirectory()
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"],
        cwd=HOME,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATA_DIR": folder.name},
        check=True,
    )
    return folder


class WebProcess:
    """One process group; its static files are those that the test puts into `static`."""

    def __init__(self, folder, **environment):
        # Between here and `start` the port is free again: each process of tests has its own range.
        with hold_port(57000 + 40 * (os.getpid() % 90), strict=False) as place:
            self.port = port_of(place)
        self.folder = folder
        database = settings.DATABASES["default"]
        where = quote(database["HOST"], safe="")
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "DATABASE_URL": f"postgresql://{database['USER']}@{where}/"
            f"{connection.settings_dict['NAME']}",
            "REDIS_URL": "redis://127.0.0.1:1/0",  # web does without the broker
            "SECRET_KEY": "of-this-test-alone-" * 4,
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATA_DIR": str(folder),
            **environment,
        }
        self.process = None

    def collect_static(self):
        """Have the files that the image has."""
        collected = Path(collected_static().name) / "static"
        shutil.copytree(collected, self.folder / "static", dirs_exist_ok=True)

    def start(self):
        words = command_of((HOME / "Dockerfile").read_text())
        words = [word.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}") for word in words]
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                words,
                cwd=HOME,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_until(self.is_up, seconds=120, what="web answers")
        for _ in range(20):  # so that each of its processes has answered once
            self.get("/login/")

    def is_up(self):
        try:
            self.get("/healthz")
        except OSError:
            return False
        return True

    def stop(self):
        """Ask it to stop; return its exit code and how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60), time.monotonic() - began

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def dial(self, *, takes=None):
        """A client's socket; `takes` bytes at most wait in it to be read."""
        link = socket.socket()
        if takes:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
        link.settimeout(60)
        link.connect(("127.0.0.1", self.port))
        return link

    def get(self, path, timeout=30):
        """Status and body."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()

    def lines(self):
        """The log, each line of which must be JSON."""
        return [json.loads(line) for line in (self.folder / "web.log").read_text().splitlines()]
