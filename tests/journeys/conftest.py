"""The plant's Sentinel, Tagout's doors to it, and a mail server: one of each for all journeys."""

import pytest

from alerts.demo.services import SECRET_VARIABLE, seed_demo
from alerts.simulator.running import running_simulator
from portal import clock
from portal.accounts.models import User
from portal.settings import _mailer
from tests import cast
from tests.journeys.mail import Mailbox
from tests.journeys.world import World


@pytest.fixture(scope="session")
def simulator():
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="session")
def mailbox():
    with Mailbox() as open_mailbox:
        yield open_mailbox


@pytest.fixture
def world(simulator, mailbox, monkeypatch, settings, live_server, transactional_db):
    """Tagout as the demo seeds it, with mails that lead to this server; nothing happened yet."""
    monkeypatch.setenv(SECRET_VARIABLE, simulator.application().secret)
    settings.MAILERS = {"default": _mailer(mailbox.url)}
    settings.PUBLIC_URL = live_server.url
    seed_demo(
        plant=simulator.control.plant(),
        endpoint=simulator.endpoint,
        ca_bundle=str(simulator.ca_file),
        now=clock.now(),
    )
    mailbox.clear()
    made = World(simulator.control, mailbox)
    yield made
    made.leave()


@pytest.fixture
def sam(world):
    return User.objects.get(email=cast.SAM.email)


@pytest.fixture
def oda(world):
    return User.objects.get(email=cast.ODA.email)
