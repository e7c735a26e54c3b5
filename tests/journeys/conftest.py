"""The plant's Sentinel, Tagout's doors to it, and a mail server: one of each for all journeys, and
a Sentinel with a past for those that are about routine.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from alerts.demo.services import SECRET_VARIABLE, seed_demo
from portal import clock
from portal.accounts.models import User
from portal.runtime.service_urls import mailer
from simulator.running import running_simulator
from tests import cast
from tests.journeys.mail import Mailbox
from tests.journeys.past import WEEKS, WORKSPACE, days_later, on_tuesday, script_of
from tests.journeys.portal_world import PortalRoutine, PortalWorld
from tests.journeys.routine import Routine
from tests.journeys.small_plant import SmallPlant
from tests.journeys.world import World

A_WEDNESDAY = datetime(2036, 10, 15, 6, tzinfo=UTC)
MONTH, A_DAY = timedelta(days=30), 18  # incidents of all workspaces


@pytest.fixture(scope="session")
def simulator():
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="session")
def mailbox():
    with Mailbox() as open_mailbox:
        yield open_mailbox


def _seed(simulator, mailbox, monkeypatch, settings, live_server):
    monkeypatch.setenv(SECRET_VARIABLE, simulator.application().secret)
    settings.MAILERS = {"default": mailer(mailbox.url)}
    settings.PUBLIC_URL = live_server.url
    seed_demo(
        plant=simulator.control.plant(),
        endpoint=simulator.endpoint,
        ca_bundle=str(simulator.ca_file),
        now=clock.now(),
    )
    mailbox.clear()


@pytest.fixture
def world(simulator, mailbox, monkeypatch, settings, live_server, transactional_db):
    """Tagout as the demo seeds it, with mails that lead to this server; nothing happened yet."""
    _seed(simulator, mailbox, monkeypatch, settings, live_server)
    made = World(simulator.control, mailbox)
    yield made
    made.leave()


@pytest.fixture
def moving_world(mailbox, monkeypatch, settings, live_server, transactional_db):
    """The same with a Sentinel of its own, which the journey brings to the Defender portal."""
    with running_simulator() as simulator:
        _seed(simulator, mailbox, monkeypatch, settings, live_server)
        made = PortalWorld(simulator, mailbox)
        yield made
        made.leave()


@pytest.fixture
def world_in_portal(moving_world):
    """Tagout as the demo seeds it, all of it in the Defender portal and read through Graph."""
    for name in moving_world.workspaces:
        moving_world.onboard(name)
        moving_world.use(name, "graph")
    return moving_world


@pytest.fixture
def routine_in_portal(mailbox, monkeypatch, settings, live_server, transactional_db):
    """As `routine`, on a workspace that has been in the Defender portal for all that time."""
    with _three_months(monkeypatch, in_portal=True) as simulator:
        _seed(simulator, mailbox, monkeypatch, settings, live_server)
        made = PortalRoutine(simulator, mailbox)
        made.use(WORKSPACE, "graph")
        made.remember()
        yield made


@pytest.fixture
def routine(mailbox, monkeypatch, settings, live_server, transactional_db):
    """It is Tuesday, ten past six at the plant, after three months that OT has judged. Nobody else
    works: what a worker does, the journey does.
    """
    with _three_months(monkeypatch) as simulator:
        _seed(simulator, mailbox, monkeypatch, settings, live_server)
        made = Routine(simulator, mailbox)
        made.remember()
        yield made


@contextmanager
def _three_months(monkeypatch, *, in_portal=False):
    """A simulator in which three months of routine have gone by, by themselves."""
    monkeypatch.setattr("alerts.demo.advance._count_workers", lambda: 0)
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    today = on_tuesday(datetime.now(UTC) + timedelta(minutes=10))
    begin = days_later(today, -7 * WEEKS)
    with running_simulator(now=begin) as simulator:
        if in_portal:
            simulator.simulator.begin_in_portal(WORKSPACE)
        pretend = simulator.simulator
        pretend.plant_clock.load_script(script_of(pretend.azure.plant, begin))
        simulator.control.advance((today - begin).total_seconds())
        yield simulator


@pytest.fixture
def small_plant(mailbox, monkeypatch, settings, live_server, transactional_db):
    """It is a Wednesday morning at Gdańsk, after a month of life; the plant lives on as busily when
    time passes. The same each time: it begins at the same moment, and Tagout's time is the plant's,
    not that of the machine that runs the test.
    """
    monkeypatch.setattr("alerts.demo.advance._count_workers", lambda: 0)
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    monkeypatch.setattr("simulator.plant_clock.HISTORY", MONTH)
    monkeypatch.setattr("alerts.demo.services.SHARE", 0.4)
    history = MONTH.days * A_DAY
    with running_simulator(now=A_WEDNESDAY, incidents=history, living=True) as simulator:
        simulator.control.settings(per_day=A_DAY, staffed=False)  # its people are ours
        _seed(simulator, mailbox, monkeypatch, settings, live_server)
        made = SmallPlant(simulator, mailbox)
        monkeypatch.setattr("portal.clock.now", lambda: made.moment)
        made.read_history()
        yield made


@pytest.fixture
def sam(world):
    return User.objects.get(email=cast.SAM.email)


@pytest.fixture
def oda(world):
    return User.objects.get(email=cast.ODA.email)
