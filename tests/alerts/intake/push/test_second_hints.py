"""The second hint: of the same incident in another workspace, and of a second unknown key."""

import json
from datetime import timedelta

import jwt
import pytest

from alerts.intake.models import PushAccess, PushState, SigningKeys
from alerts.intake.push import hints
from alerts.intake.push.hints import Hint, HintRefused, take_hint
from alerts.intake.services.signing_keys import SIGNING_KEYS
from alerts.intake.services.slices import POLL
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def clock(monkeypatch):
    """`clock(minutes=5)`: it is so long after noon."""

    def go(**time):
        monkeypatch.setattr("portal.clock.unshifted", lambda: NOON + timedelta(**time))

    go()
    return go


@pytest.fixture
def take(monkeypatch):
    """`take(workspace, …)`: a hint of somebody who may send it there."""
    monkeypatch.setattr(hints, "_refusal_of", lambda *_, **__: None)

    def send(workspace, *, name="0d9c", etag='"1"', message="msg_1"):
        body = json.dumps({"object": {"name": name, "etag": etag}}).encode()
        return take_hint(Hint(workspace.name, body, "", message, "", ""))

    return send


def with_hints(name):
    workspace = make_workspace(name)
    PushAccess.objects.create(workspace=workspace, caller_id="playbook", audience="api://tagout")
    return workspace


def make_job(kind, workspace, *, due_at):
    return Job.objects.create(kind=kind, key=str(workspace.uuid), due_at=due_at, made_at=NOON)


def test_what_another_workspace_holds_is_read_for_here(clock, take):
    here, elsewhere = with_hints("gdansk"), with_hints("porto")
    make_incident(elsewhere, name="0d9c", etag='"1"')
    assert take(here), "this workspace does not hold it"
    assert not take(elsewhere, message="msg_2"), "the other one does"
    counts = PushState.objects.order_by("pk").values_list("hints", "known_hints")
    assert list(counts) == [(1, 0), (0, 1)]


def test_the_same_message_to_two_workspaces_is_no_replay(clock, take):
    here, elsewhere = with_hints("gdansk"), with_hints("porto")
    assert take(here) and take(elsewhere)
    with pytest.raises(HintRefused, match="replayed"):
        take(here)


def test_a_hint_brings_forward_its_own_workspace_alone(clock, take):
    here, elsewhere = with_hints("gdansk"), with_hints("porto")
    later = NOON + timedelta(minutes=1)
    for workspace in (here, elsewhere):
        make_job(POLL, workspace, due_at=later)
    take(here)
    due = dict(Job.objects.filter(kind=POLL).values_list("key", "due_at"))
    assert due == {str(here.uuid): NOON, str(elsewhere.uuid): later}


def unknown_token(kid):
    return jwt.encode({"oid": "playbook"}, "x" * 32, algorithm="HS256", headers={"kid": kid})


def knock_with_token(workspace, kid):
    with pytest.raises(HintRefused, match="unknown"):
        take_hint(Hint(workspace.name, b"{}", unknown_token(kid), "", "", ""))


@pytest.mark.abuse("A39")
def test_a_second_unknown_key_within_five_minutes_has_no_keys_fetched(clock):
    workspace = with_hints("gdansk")
    SigningKeys.objects.create(workspace=workspace, fetched_at=NOON)
    at_its_turn = NOON + timedelta(hours=6)
    job = make_job(SIGNING_KEYS, workspace, due_at=at_its_turn)
    for minute in (1, 4):
        clock(minutes=minute)
        knock_with_token(workspace, f"made-up-{minute}")
        job.refresh_from_db()
        assert job.due_at == at_its_turn, minute
    clock(minutes=6)
    knock_with_token(workspace, "perhaps-new")
    job.refresh_from_db()
    assert job.due_at == NOON + timedelta(minutes=6)


@pytest.mark.abuse("A39")
def test_an_unknown_key_of_one_workspace_has_those_of_no_other_fetched(clock):
    here, elsewhere = with_hints("gdansk"), with_hints("porto")
    at_its_turn = NOON + timedelta(hours=6)
    for workspace in (here, elsewhere):
        SigningKeys.objects.create(workspace=workspace, fetched_at=NOON - timedelta(hours=1))
        make_job(SIGNING_KEYS, workspace, due_at=at_its_turn)
    knock_with_token(here, "perhaps-new")
    due = dict(Job.objects.filter(kind=SIGNING_KEYS).values_list("key", "due_at"))
    assert due == {str(here.uuid): NOON, str(elsewhere.uuid): at_its_turn}
