"""F45, what people and load balancers see of it: the way to the database loses every packet, so
nothing is refused and nothing is reset.
"""

import http.client
import threading
import time

import pytest
from django.conf import settings
from django.db import connection

from tests.faults.conftest import wait_until
from tests.faults.proxy import FaultProxy
from tests.faults.web_process import WebProcess

READERS = 12  # more than both processes have threads
PATIENCE = 60


class Reader:
    """Somebody who opens a page again and again, and notes what came and after how many seconds."""

    def __init__(self, web):
        self.web, self.answers = web, []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                status = self._open()
            except OSError:
                status = 0
            self.answers.append((began, status, time.monotonic() - began))

    def _open(self):
        """Status of a page, for which web must ask the database whose session this is."""
        link = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=PATIENCE)
        try:
            cookie = f"tagout_session_{self.web.port}={'x' * 32}"
            link.request("GET", "/incidents/", headers={"Cookie": cookie})
            return link.getresponse().status
        finally:
            link.close()

    def stop(self):
        self._stop.set()
        self._thread.join(PATIENCE)


@pytest.fixture
def proxy(db):
    database = settings.DATABASES["default"]
    proxy = FaultProxy(f"unix:{database['HOST']}/.s.PGSQL.5432")
    yield proxy
    proxy.close()


@pytest.fixture
def web(proxy, tmp_path):
    user, name = settings.DATABASES["default"]["USER"], connection.settings_dict["NAME"]
    url = f"postgresql://{user}@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
    web = WebProcess(tmp_path, DATABASE_URL=url)
    web.collect_static()
    web.start()
    yield web
    web.kill()


@pytest.fixture
def readers(web):
    readers = [Reader(web) for _ in range(READERS)]
    yield readers
    for reader in readers:
        reader.stop()


def timed(web, path):
    """Status of a page, and after how many seconds it came."""
    began = time.monotonic()
    status, _ = web.get(path, timeout=PATIENCE)
    return status, time.monotonic() - began


@pytest.mark.fault("F45")
def test_f45_web_says_in_time_that_the_database_cannot_be_reached(
    web, proxy, readers, measure, long
):
    """All threads have a connection and wait on it. The long form goes on for a minute."""
    wait_until(lambda: all(reader.answers for reader in readers), seconds=60, what="all read")
    assert web.get("/readyz")[0] == 200
    proxy.lose_packets()
    lost_at, asked = time.monotonic(), []
    while time.monotonic() - lost_at < (60 if long else 8):
        asked += [timed(web, "/readyz") for _ in range(2)]
        status, seconds = timed(web, "/healthz")
        assert status == 200
        asked_alive = seconds
    proxy.pass_packets()
    passed_at = time.monotonic()
    wait_until(lambda: web.get("/readyz")[0] == 200, seconds=30, what="web is ready again")
    measure("answers of /readyz that were not 503", sum(s != 503 for s, _ in asked), at_most=0)
    measure("slowest 503 of /readyz", max(t for _, t in asked), unit="s", at_most=6)
    measure("/healthz meanwhile", asked_alive, unit="s", at_most=2)
    measure("ready again after", time.monotonic() - passed_at, unit="s", at_most=30)
    wait_until(
        lambda: all(reader.answers[-1][0] > passed_at for reader in readers),
        seconds=PATIENCE,
        what="everybody got an answer",
    )
    answers = [answer for reader in readers for answer in reader.answers]
    measure(
        "pages neither served nor refused with 503",
        sum(status not in (302, 503) for _, status, _ in answers),
        at_most=0,
    )
    waited = [seconds for *_, seconds in answers]
    measure("slowest page", max(waited), unit="s", at_least=5, at_most=40)
