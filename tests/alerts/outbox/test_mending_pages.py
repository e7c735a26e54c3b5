"""The buttons beside a write that was given up."""

import uuid

import pytest

from alerts.outbox.models import Change, ChangeOutcome
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.jobs.models import JobState
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def leo(make_person, workspace):
    return make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))


@pytest.fixture
def change(workspace):
    return Change.objects.create(
        key=uuid.uuid4(),
        act=uuid.uuid4(),
        workspace=workspace,
        incident_name="abc",
        kind="update",
        by_label="Sam Keller",
        made_at=NOON,
        due_at=NOON,
        state=JobState.DEAD,
        attempts=4,
        outcome=ChangeOutcome.REFUSED,
        note="Severity is not allowed.",
        settled_at=NOON,
    )


def where(change, act):
    return f"/outbox/changes/{change.pk}/{act}/"


def test_retry_owes_the_write_again_and_returns(client, leo, change):
    client.force_login(leo)
    answer = client.post(where(change, "retry"))
    assert answer["Location"].endswith("#outbox")
    change.refresh_from_db()
    assert (change.state, change.outcome, change.attempts) == (
        JobState.WAITING,
        ChangeOutcome.OPEN,
        0,
    )
    assert Entry.objects.get(action="outbox.change.retried").actor == leo


def test_discard_asks_first_then_lets_go(client, leo, change):
    client.force_login(leo)
    page = client.get(where(change, "discard"))
    assert "Severity is not allowed." in page.text
    assert "cannot be undone" in page.text
    change.refresh_from_db()
    assert change.state == JobState.DEAD
    assert client.post(where(change, "discard")).status_code == 302
    change.refresh_from_db()
    assert (change.state, change.outcome) == (JobState.DONE, ChangeOutcome.DROPPED)
    assert Entry.objects.filter(action="outbox.change.discarded", actor=leo).exists()


def test_who_comes_second_is_told_so(client, leo, change):
    client.force_login(leo)
    client.post(where(change, "retry"))
    for act in ("retry", "discard"):
        answer = client.post(where(change, act))
        assert answer.status_code == 422
        assert "somebody else has dealt with it" in answer.text
    assert "no longer among the failed ones" in client.get(where(change, "discard")).text


def test_an_analyst_cannot_mend(client, make_person, workspace, change):
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))
    client.force_login(sam)
    for act in ("retry", "discard"):
        answer = client.post(where(change, act))
        assert answer.status_code == 422
        assert "Only the SOC lead of this workspace" in answer.text
    change.refresh_from_db()
    assert change.state == JobState.DEAD


def test_a_lead_of_another_workspace_finds_nothing(client, make_person, change):
    other = make_workspace("porto")
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, other.uuid))
    client.force_login(leo)
    assert client.post(where(change, "retry")).status_code == 404
    assert client.get(where(change, "discard")).status_code == 404
