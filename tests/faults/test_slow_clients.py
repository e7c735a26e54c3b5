"""Clients that send or read slowly, or stop half-way, take nothing from anybody else."""

import hashlib
import http.client
import os
import select
import socket
import time
from contextlib import ExitStack
from itertools import cycle

import pytest

from portal.runtime.web_worker import GRACE_SECONDS, HEAD_SECONDS, LARGE_BODIES
from tests.faults.conftest import wait_until
from tests.faults.web_process import WebProcess

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
LARGE = 4 * 1024 * 1024  # more than the kernel holds for a client


@pytest.fixture(scope="module")
def web(django_db_setup, tmp_path_factory):
    web = WebProcess(tmp_path_factory.mktemp("web"))
    web.collect_static()
    (web.folder / "static" / "large.bin").write_bytes(os.urandom(LARGE))
    (web.folder / "static" / "small.bin").write_bytes(b"small")
    web.start()
    yield web
    web.kill()


def answers_beside(web, clients=()):
    """Whether a small file comes ten times, while most of these clients still hold what they hold:
    nobody waited for their end. The pages of health would prove nothing: they have threads of
    their own.
    """
    statuses = {web.get("/static/small.bin", timeout=30)[0] for _ in range(10)}
    poller = select.poll()
    for client in clients:
        poller.register(client, select.POLLIN)
    return statuses == {200} and len(poller.poll(0)) <= len(clients) / 2


HALF_SENT = {
    "nothing": b"",
    "half a line": HEAD[:20],
    "half the headers": HEAD + b"X-Slow: ",
    "half a form": FORM + b"Content-Length: 1000\r\n\r\nusername=",
    "half a file": FORM + b"Content-Length: 5000000\r\n\r\n" + b"x" * 100_000,
    "half a chunk": FORM + b"Transfer-Encoding: chunked\r\n\r\n400\r\nusername=",
    "one request and half of another": HEAD + b"\r\n" + HEAD,
}


@pytest.mark.parametrize("n", [10, 100])
def test_half_sent_requests_do_not_stop_the_site(web, n):
    with ExitStack() as stack:
        clients = [stack.enter_context(web.dial()) for _ in range(n * len(HALF_SENT))]
        for client, sent in zip(clients, cycle(HALF_SENT.values()), strict=False):
            client.sendall(sent)
        assert answers_beside(web, clients)


@pytest.mark.parametrize("n", [10, 40])
def test_clients_that_do_not_read_do_not_stop_the_site(web, n):
    with ExitStack() as clients:
        for _ in range(n):
            client = clients.enter_context(web.dial(takes=4096))
            client.sendall(b"GET /static/large.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answers_beside(web)


def test_a_client_that_drips_is_closed_in_time(web):
    began = time.monotonic()
    with web.dial() as client:
        client.sendall(HEAD)
        client.settimeout(0.25)
        answer = b""
        while not answer and time.monotonic() - began < 6 * HEAD_SECONDS:
            client.sendall(b"X-Slow: 1\r\n")
            try:
                answer = client.recv(4096)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 3 * HEAD_SECONDS  # it would drip for ever


def test_a_request_in_pieces_is_answered_like_any_other(web):
    with web.dial() as client:
        for piece in (HEAD[:9], HEAD[9:], b"\r", b"\n" + HEAD, b"Connection: close\r\n\r\n"):
            client.sendall(piece)
            time.sleep(0.05)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_a_large_answer_arrives_whole_at_a_slow_reader(web):
    expected = (web.folder / "static" / "large.bin").read_bytes()
    with web.dial(takes=32_768) as client:
        client.sendall(b"GET /static/large.bin HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(0.5)
        answer = b"".join(iter(lambda: client.recv(262_144), b""))
    _, _, body = answer.partition(b"\r\n\r\n")
    assert hashlib.sha256(body).digest() == hashlib.sha256(expected).digest()


def test_a_form_is_asked_for_and_read_to_its_end(web):
    body = b"x=" + b"y" * 300_000
    form = FORM.replace(b"text/plain", b"application/x-www-form-urlencoded")
    with web.dial() as client:
        client.sendall(form + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for start in range(0, len(body), 50_000):
            client.sendall(body[start : start + 50_000])
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 403  # no CSRF token
        answer.read()
        client.sendall(HEAD + b"\r\n")  # the connection stays good
        assert client.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (FORM + b"Content-Length: 900000000\r\n\r\n" + b"x" * 100_000, b"413"),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"411"),
        (HEAD + b"X-Long: " + b"x" * 70_000, b"431"),
        (FORM + b"Content-Length: 12, 12\r\n\r\n", b"400"),
    ],
)
def test_what_is_refused_is_told_before_it_was_sent(web, sent, status):
    with web.dial() as client:
        client.sendall(sent)
        assert client.recv(100).split()[1] == status


LENGTHS = {
    "more digits than fit": b"Content-Length: 0000000000000000000045\r\n",
    "two lengths": b"Content-Length: 45\r\nContent-Length: 0\r\n",
    "the same length twice": b"Content-Length: 45\r\nContent-Length: 45\r\n",
    "a sign": b"Content-Length: +45\r\n",
    "no number": b"Content-Length: x\r\n",
    "nothing": b"Content-Length:\r\n",
    "a broken line": b"X-Name: a\nContent-Length: 45\r\n",
    "a space": b"Content-Length : 45\r\n",
    "a fold": b"Content-Length:\r\n 45\r\n",
}


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_a_length_that_two_readers_may_read_otherwise_brings_no_second_request(web, length):
    hidden = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: 1\r\n\r\n"
    with web.dial() as client:
        client.settimeout(30)
        client.sendall(FORM + length + b"\r\n" + hidden)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_large_forms_under_way_are_few_and_small_ones_do_not_mind(web):
    with ExitStack() as clients:
        large = [clients.enter_context(web.dial()) for _ in range(10)]
        for client in large:
            client.sendall(FORM + b"Content-Length: 27000000\r\n\r\nx")
        with web.dial() as client:
            client.sendall(FORM + b"Content-Length: 3\r\n\r\nxyz")
            assert client.recv(100).split()[1] == b"403"
        answered = []

        def are_few_under_way():
            answered[:] = select.select(large, [], [], 0)[0]
            return len(answered) >= 10 - 2 * LARGE_BODIES

        wait_until(are_few_under_way, seconds=60, what="the others are refused")
        assert {client.recv(100).split()[1] for client in answered} == {b"503"}


def test_who_goes_away_leaves_nothing_behind(web):
    for sent in HALF_SENT.values():
        with web.dial() as client:
            client.sendall(sent)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert answers_beside(web)
    levels = {line["level"] for line in web.lines() if line["logger"] == "gunicorn.error"}
    assert levels <= {"INFO", "WARNING"}


def test_a_stop_ends_requests_that_are_here_and_does_not_wait_for_others(web):
    """The last test of this file: web is gone afterwards."""
    with ExitStack() as clients:
        for sent in HALF_SENT.values():
            clients.enter_context(web.dial()).sendall(sent)
        whole = clients.enter_context(web.dial())
        whole.sendall(HEAD + b"Connection: close\r\n\r\n")
        time.sleep(0.3)
        code, seconds = web.stop()
        assert whole.recv(15) == b"HTTP/1.1 200 OK"
    assert code == 0
    assert seconds < 0.75 * GRACE_SECONDS  # in which what was half sent may still come
