"""A far end that is sick, in whichever way, is shown as such within 20 seconds of the first call.

The wait for an answer is shortened here; what everything around it takes is not.
"""

import socket
import time

import pytest

from alerts.intake.services.slices import POLL, run_one_slice
from alerts.sentinel.client import client_for
from alerts.sentinel.client.limits import ANSWER_SECONDS
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

SECRET = "TAGOUT_SICK_TEST_SECRET"
WAIT = 1.0
SILENT = "Azure does not answer. Tagout keeps trying."
REFUSED = "Azure refuses Tagout"


@pytest.fixture(scope="module")
def pretend():
    with running_simulator(now=NOON, incidents=20) as running:
        yield running


@pytest.fixture
def silent():
    """The address of a listener that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        yield f"https://localhost:{place.getsockname()[1]}"


@pytest.fixture
def nobody():
    """An address where nobody listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield f"https://localhost:{place.getsockname()[1]}"


@pytest.fixture
def opens(db, pretend, client, ada, monkeypatch):
    """`opens(**columns)` polls a workspace with these once; returns the status page afterwards and
    what the page said before.
    """
    place, registration = pretend.workspaces[0], pretend.application()
    monkeypatch.setenv(SECRET, registration.secret)
    monkeypatch.setattr("alerts.sentinel.client.calls.ANSWER_SECONDS", WAIT)

    def opened(**columns):
        columns = {"endpoint": pretend.endpoint, "authority": pretend.endpoint} | columns
        make_workspace(
            "far",
            tenant_id=place.tenant_id,
            subscription_id=place.subscription_id,
            resource_group=place.resource_group,
            workspace_name=place.name,
            client_id=registration.client_id,
            secret_env=SECRET,
            ca_bundle=str(pretend.ca_file),
            **columns,
        )
        client.force_login(ada)
        before = client.get("/status/").text
        assert run_one_slice(kind=POLL, connect=client_for)
        return before, client.get("/status/").text

    yield opened
    pretend.control.clear_faults()


def within_twenty_seconds(opens, text, **columns):
    began = time.monotonic()
    before, after = opens(**columns)
    took = time.monotonic() - began
    assert text not in before
    assert text in after
    assert took - WAIT + ANSWER_SECONDS < 20


def test_one_that_accepts_and_never_answers(opens, silent):
    within_twenty_seconds(opens, SILENT, endpoint=silent)


def test_one_whose_sign_in_accepts_and_never_answers(opens, silent):
    within_twenty_seconds(opens, SILENT, authority=silent)


def test_one_that_takes_the_question_and_never_answers_it(opens, pretend):
    pretend.control.fault(path="/incidents", delay=4 * WAIT)
    within_twenty_seconds(opens, SILENT)


def test_one_where_nobody_listens(opens, nobody):
    within_twenty_seconds(opens, SILENT, endpoint=nobody)


def test_one_that_has_problems_of_its_own(opens, pretend):
    pretend.control.fault(path="/incidents", status=503)
    within_twenty_seconds(opens, SILENT)


@pytest.mark.parametrize("status", [401, 403])
def test_one_that_refuses_us(opens, pretend, status):
    pretend.control.fault(path="/incidents", status=status, code="AuthorizationFailed")
    within_twenty_seconds(opens, REFUSED)


def test_one_that_is_well_is_not_called_sick(opens):
    before, after = opens()
    for text in (SILENT, REFUSED):
        assert text not in before + after
