"""The question that a container's health check asks."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from portal.runtime.probe import MAX_AGE, trouble_at, trouble_of


class Page(BaseHTTPRequestHandler):
    """Answers 200 at two addresses, 503 elsewhere, and keeps by which name it was asked."""

    asked_as = ""

    def do_GET(self):
        Page.asked_as = self.headers["Host"]
        self.send_response(200 if self.path in ("/readyz", "/readyz?pages") else 503)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def page():
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_200_is_well_and_anything_else_a_sentence(page):
    assert trouble_at(f"{page}/readyz") == ""
    assert trouble_at(f"{page}/readyz?pages") == ""
    assert trouble_at(f"{page}/readyz?other") == f"{page}/readyz?other answered 503."
    assert trouble_at(f"{page}/other") == f"{page}/other answered 503."


def test_a_worker_is_well_for_two_minutes_after_it_touched_its_file(tmp_path):
    file = tmp_path / "alive"
    assert trouble_of(str(file)) == f"The worker has done no work yet: there is no {file}."
    file.touch()
    assert trouble_of(str(file)) == ""
    os.utime(file, (0, time.time() - MAX_AGE - 10))
    assert trouble_of(str(file)) == "The worker has done no work for 130 s."


def test_nobody_there_is_a_sentence():
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        free = server.server_port
    assert "does not answer" in trouble_at(f"http://127.0.0.1:{free}/readyz")


@pytest.mark.parametrize(
    ("allowed", "name"),
    [
        ("tagout.example,localhost", "tagout.example"),
        (".plant.example", "plant.example"),
        ("*", "localhost"),
    ],
)
def test_it_asks_by_a_name_that_is_served_and_no_proxy(page, monkeypatch, allowed, name):
    monkeypatch.setenv("ALLOWED_HOSTS", allowed)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert trouble_at(f"{page}/readyz") == ""
    assert Page.asked_as == name
