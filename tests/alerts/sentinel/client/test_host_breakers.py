"""A host that several workspaces share and that does not answer is left alone by all processes."""

from datetime import timedelta

import pytest

from alerts.sentinel.client.breakers import HOST_RESTS, breaker_of_host, note_outcome
from alerts.sentinel.client.errors import SentinelThrottled, SentinelUnavailable
from alerts.sentinel.client.graph_calls import GraphCalls
from alerts.sentinel.client.log_analytics import AzureLogsClient
from portal.jobs.models import CircuitBreaker
from simulator.running import running_simulator
from tests.alerts.sentinel.client.test_log_analytics import SECRET
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db
AWAY = SentinelUnavailable("Azure cannot be reached (ServiceRequestError).")


@pytest.fixture
def now(monkeypatch):
    """The time that all processes share; a test moves it."""
    moment = [NOON]
    monkeypatch.setattr("portal.clock.unshifted", lambda: moment[0])
    return moment


@pytest.fixture(scope="module")
def pretend():
    with running_simulator(now=NOON, incidents=0) as running:
        yield running


@pytest.fixture
def connection(pretend, monkeypatch):
    place, registration = pretend.workspaces[0], pretend.application()
    monkeypatch.setenv(SECRET, registration.secret)
    workspace = make_workspace(
        "far",
        tenant_id=place.tenant_id,
        subscription_id=place.subscription_id,
        resource_group=place.resource_group,
        workspace_name=place.name,
        endpoint=pretend.endpoint,
        authority=pretend.endpoint,
        logs_endpoint=pretend.endpoint,
        graph_endpoint=pretend.endpoint,
        client_id=registration.client_id,
        secret_env=SECRET,
        ca_bundle=str(pretend.ca_file),
    )
    yield workspace.connection_for("read")
    pretend.control.clear_faults()


@pytest.fixture(params=["graph", "logs"])
def ask(request, connection):
    """Ask the host once, as one of several workspaces."""
    breaker = breaker_of_host(request.param, connection.endpoint)
    if request.param == "graph":
        graph = GraphCalls(connection, breaker=breaker)
        return lambda: graph.get("incidents", top="1")
    return lambda: AzureLogsClient(connection, breaker=breaker).query("print 1")


def test_after_five_failures_one_call_in_half_a_minute_goes_out(ask, pretend, now):
    ask()
    pretend.control.fault(path="/security/|/query", status=503)
    for _ in range(5):
        with pytest.raises(SentinelUnavailable):
            ask()
    row = CircuitBreaker.objects.get()
    assert (row.failures, row.failing_since) == (5, NOON)
    with pytest.raises(SentinelUnavailable) as caught:
        ask()
    assert caught.value.code == HOST_RESTS
    assert CircuitBreaker.objects.get().failures == 5  # it was not asked
    pretend.control.clear_faults()
    now[0] += timedelta(seconds=31)
    ask()
    row.refresh_from_db()
    assert (row.failures, row.failing_since, row.answered_at) == (0, None, now[0])


@pytest.mark.parametrize(
    "error, slow_is_answer",
    [
        (SentinelThrottled("Azure asks for fewer calls."), False),
        (SentinelUnavailable("Azure has a problem of its own.", status=500), False),
        (SentinelUnavailable("Azure cannot be reached (TooSlow).", code="TooSlow"), True),
    ],
)
def test_what_answers_or_was_asked_too_much_is_not_away(now, error, slow_is_answer):
    breaker = breaker_of_host("logs", "https://logs.example")
    note_outcome(breaker, AWAY, slow_is_answer=slow_is_answer)
    note_outcome(breaker, error, slow_is_answer=slow_is_answer)
    assert CircuitBreaker.objects.get().failures == (1 if slow_is_answer else 0)


def test_a_sign_in_that_fails_says_nothing_about_the_host(now):
    breaker = breaker_of_host("graph", "https://graph.example")
    error = SentinelUnavailable("The sign-in service cannot be reached.", code="SignInUnreachable")
    note_outcome(breaker, error, slow_is_answer=False)
    assert not CircuitBreaker.objects.exists()
