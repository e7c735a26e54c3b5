"""F45, what people and load balancers see of it: the way to the database or to the broker loses
every packet, so nothing is refused and nothing is reset.
"""

import http.client
import json
import threading
import time

import pytest
from django.conf import settings
from django.db import connection

from tests.faults.conftest import Broker, wait_until
from tests.faults.proxy import FaultProxy
from tests.faults.web_process import WebProcess

pytestmark = pytest.mark.django_db
READERS = 12  # more than both processes have threads
MANY_READERS = 40  # of the short form: whoever waits behind them waits for half a minute
ASKERS = 20  # at a time, of whoever watches; more than both processes have threads for them
MANY_ASKERS = 40  # of the short form
PATIENCE = 60
PAUSE = 0.2  # of who has an answer: two hundred questions a second are as many as are answered


def within(seconds, long):
    """Return a bound of an answer. The short form has not the machine to itself: there it is less
    than half as long as it takes where those who ask are answered in turn.
    """
    return seconds if long else 12


class Visitor:
    """Somebody who opens a page again and again, and notes when, what came and after how many
    seconds.
    """

    def __init__(self, web, path, method="GET"):
        self.web, self.path, self.method, self.answers = web, path, method, []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                status, body = self._open()
            except OSError:
                status, body = 0, b""
            self.answers.append((began, status, time.monotonic() - began, body))
            self._stop.wait(PAUSE)

    def _open(self):
        """Status and text of a page; for one of Tagout's own web must ask the database whose
        session this is.
        """
        link = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=PATIENCE)
        try:
            cookie = f"tagout_session_{self.web.port}={'x' * 32}"
            link.request(self.method, self.path, headers={"Cookie": cookie})
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()

    def stop(self):
        self._stop.set()
        self._thread.join(PATIENCE)


@pytest.fixture
def visit(web):
    """Returns the function that has so many people open a page until the test ends."""
    visitors = []

    def visit(n, path, method="GET"):
        begun = [Visitor(web, path, method) for _ in range(n)]
        visitors.extend(begun)
        wait_until(lambda: all(v.answers for v in begun), seconds=60, what="all read")
        return begun

    yield visit
    for visitor in visitors:
        visitor.stop()


@pytest.fixture(scope="module")
def ways(django_db_setup, tmp_path_factory):
    """A proxy before the database and one before the broker; each test leaves them open."""
    broker, database = Broker(tmp_path_factory.mktemp("broker")), settings.DATABASES["default"]
    ways = {
        "database": FaultProxy(f"unix:{database['HOST']}/.s.PGSQL.5432"),
        "broker": FaultProxy(broker.url),
    }
    yield ways
    for proxy in ways.values():
        proxy.close()
    broker.stop()


@pytest.fixture(scope="module")
def web(ways, tmp_path_factory):
    user, name = settings.DATABASES["default"]["USER"], connection.settings_dict["NAME"]
    web = WebProcess(
        tmp_path_factory.mktemp("web"),
        DATABASE_URL=f"postgresql://{user}@127.0.0.1:{ways['database'].port}/{name}?sslmode=disable",
        REDIS_URL=f"redis://127.0.0.1:{ways['broker'].port}/0",
    )
    web.collect_static()
    web.start()
    yield web
    web.kill()


def timed(web, path):
    """Status of a page, and after how many seconds it came."""
    began = time.monotonic()
    status, _ = web.get(path, timeout=PATIENCE)
    return status, time.monotonic() - began


@pytest.mark.fault("F45")
def test_f45_web_says_in_time_that_the_database_cannot_be_reached(web, ways, visit, measure, long):
    """All threads have a connection and wait on it. The long form goes on for a minute, the short
    one until a reader was refused: whoever had an answer before that did not wait for the server.
    """
    n, proxy = READERS if long else MANY_READERS, ways["database"]
    readers = visit(n, "/incidents/")
    assert web.get("/readyz")[0] == 200
    proxy.lose_packets()
    lost_at, asked = time.monotonic(), []

    def is_over():
        if long:
            return time.monotonic() - lost_at > 60
        return any(status == 503 for reader in readers for _, status, *_ in reader.answers)

    while not asked or not is_over():
        assert time.monotonic() - lost_at < 90, "Nobody who reads is refused."
        asked += [timed(web, "/readyz") for _ in range(2)]
        status, asked_alive = timed(web, "/healthz")
        assert status == 200
    proxy.pass_packets()
    passed_at = time.monotonic()
    wait_until(lambda: web.get("/readyz")[0] == 200, seconds=90, what="web is ready again")
    measure("answers of /readyz that were not 503", sum(s != 503 for s, _ in asked), at_most=0)
    slowest, ready_after = max(t for _, t in asked), time.monotonic() - passed_at
    measure("slowest 503 of /readyz", slowest, unit="s", at_most=within(6, long))
    measure("/healthz meanwhile", asked_alive, unit="s", at_most=within(2, long))
    measure("ready again after", ready_after, unit="s", at_most=30, by_clock=True)
    wait_until(
        lambda: all(reader.answers[-1][0] > passed_at for reader in readers),
        seconds=PATIENCE,
        what="everybody got an answer",
    )
    answers = [answer for reader in readers for answer in reader.answers]
    measure(
        "pages neither served nor refused with 503",
        sum(status not in (302, 503) for _, status, *_ in answers),
        at_most=0,
    )
    waited = [seconds for _, _, seconds, _ in answers]
    measure("slowest page", max(waited), unit="s", at_least=5)
    measure("slowest page", max(waited), unit="s", at_most=40, by_clock=True)


@pytest.mark.fault("F45")
@pytest.mark.parametrize("server", ["broker", "database"])
def test_f45_whoever_asks_with_many_hears_in_time_which_server_cannot_be_reached(
    web, ways, visit, measure, long, server
):
    """Packets are lost while questions are under way, too. Who sends people to pages, and asks for
    no more than the database, sends them here while only the broker is away. The long form goes
    on for a minute, the short one until everybody has asked and heard meanwhile.
    """
    n = ASKERS if long else MANY_ASKERS
    askers = [*visit(n - 1, "/readyz"), *visit(1, "/readyz?all", "HEAD")]
    assert {web.get(f"/readyz{which}")[0] for which in ("", "?pages", "?all")} == {200}
    began = time.monotonic()
    ways[server].lose_packets()
    lost_at = time.monotonic()
    pages = []

    def is_over():
        if long:
            return time.monotonic() - lost_at > 60
        return all(any(lost_at < began for began, *_ in list(a.answers)) for a in askers)

    while not pages or not is_over():
        assert time.monotonic() - lost_at < 90, "Not everybody hears that it is not ready."
        pages.append(timed(web, "/readyz?pages"))
    silent_until = time.monotonic()
    ways[server].pass_packets()
    passed_at = time.monotonic()
    wait_until(
        lambda: all(a.answers[-1][0] > passed_at and a.answers[-1][1] == 200 for a in askers),
        seconds=90,
        what="all hear that it is ready",
    )
    ready_after = time.monotonic() - passed_at
    measure("ready again after", ready_after, unit="s", at_most=30, by_clock=True)
    answers = [answer for asker in askers for answer in asker.answers]
    meanwhile = [a for a in answers if lost_at < a[0] and a[0] + a[2] < silent_until]
    waited = [seconds for at, _, seconds, _ in answers if began - 1 < at]
    measure("questions", len(meanwhile), at_least=n)
    measure("answers but 503", sum(status != 503 for _, status, *_ in meanwhile), at_most=0)
    measure("longest wait for one of them", max(waited), unit="s", at_most=within(6, long))
    bodies = [json.loads(body) for *_, body in meanwhile if body]
    assert all(not body["ready"] and body[server] == "does not answer" for body in bodies)
    assert not any({"broker", "database"} - {server} & set(body) for body in bodies)
    expected = 503 if server == "database" else 200
    measure("other answers for pages", sum(s != expected for s, _ in pages), at_most=0)
    measure(
        "longest wait of who asks for pages",
        max(t for _, t in pages),
        unit="s",
        at_most=within(6, long),
    )
