"""A far end that is sick, in whichever way, is shown as such once the first call to it has failed,
which it does within 20 seconds: after one wait for an answer, and not after several.
"""

import socket

import pytest

from alerts.intake.services.slices import POLL, run_one_slice
from alerts.sentinel.client import client_for
from alerts.sentinel.client.calls import SignedCalls

INCIDENTS = 20
WAIT = 1.0
SILENT = "Azure does not answer. Tagout keeps trying."
REFUSED = "Azure refuses Tagout"


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
def waits(monkeypatch):
    """How long each call to Azure may keep us waiting, in seconds."""
    granted, seconds_to_answer = [], SignedCalls._seconds_to_answer

    def recorded(self, **options):
        granted.append(seconds_to_answer(self, **options))
        return granted[-1]

    monkeypatch.setattr(SignedCalls, "_seconds_to_answer", recorded)
    return granted


@pytest.fixture
def impatient(waits, monkeypatch):
    """A call that hangs keeps this test waiting for less."""
    recorded = SignedCalls._seconds_to_answer

    def shortened(self, **options):
        return min(WAIT, recorded(self, **options))

    monkeypatch.setattr(SignedCalls, "_seconds_to_answer", shortened)


@pytest.fixture
def opens(add_azure_workspace, client, ada, waits):
    """`opens(**columns)` polls a workspace with these once; returns the status page afterwards and
    what the page said before.
    """

    def opened(**columns):
        add_azure_workspace(**columns)
        client.force_login(ada)
        before = client.get("/status/").text
        assert run_one_slice(kind=POLL, connect=client_for)
        return before, client.get("/status/").text

    return opened


@pytest.fixture
def turns_sick(opens, waits):
    """`turns_sick(text, **columns)`: the page says so after calls that wait for 20 s at most."""

    def within_twenty_seconds(text, **columns):
        before, after = opens(**columns)
        assert text not in before
        assert text in after
        assert 0 < sum(waits) < 20

    return within_twenty_seconds


@pytest.mark.usefixtures("impatient")
def test_one_that_accepts_and_never_answers(turns_sick, silent):
    turns_sick(SILENT, endpoint=silent)


@pytest.mark.usefixtures("impatient")
def test_one_whose_sign_in_accepts_and_never_answers(turns_sick, silent):
    turns_sick(SILENT, authority=silent)


@pytest.mark.usefixtures("impatient")
def test_one_that_takes_the_question_and_never_answers_it(turns_sick, azure):
    azure.control.fault(path="/incidents", delay=4 * WAIT)
    turns_sick(SILENT)


def test_one_where_nobody_listens(turns_sick, nobody):
    turns_sick(SILENT, endpoint=nobody)


def test_one_that_has_problems_of_its_own(turns_sick, azure):
    azure.control.fault(path="/incidents", status=503)
    turns_sick(SILENT)


@pytest.mark.parametrize("status", [401, 403])
def test_one_that_refuses_us(turns_sick, azure, status):
    azure.control.fault(path="/incidents", status=status, code="AuthorizationFailed")
    turns_sick(REFUSED)


def test_one_that_is_well_is_not_called_sick(opens):
    before, after = opens()
    for text in (SILENT, REFUSED):
        assert text not in before + after
