"""A playbook knocks: who may, what follows, and how little."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import Incident
from alerts.intake.engine.push_signature import signature_of
from alerts.intake.models import PushMessage, PushState
from alerts.intake.push.access import make_push_key, turn_push_off
from alerts.intake.services.slices import POLL, run_one_slice
from alerts.sentinel.services.workspaces import pause_workspace, remove_workspace
from portal import clock
from portal.jobs.models import Job
from tests.factories.incidents import NOON

BODY = json.dumps({"object": {"name": "0d9c", "etag": '"1"'}}).encode()


@pytest.fixture
def key(workspace):
    return make_push_key(workspace_id=workspace.pk, by="command line", now=NOON)


def knock(workspace, key, body=BODY, *, message="msg_1", age=0, **changes):
    """Send a push hint as a sender with this key does; `changes` are headers that lie."""
    at = str(int(clock.unshifted().timestamp()) - age)
    headers = {
        "webhook-id": message,
        "webhook-timestamp": at,
        "webhook-signature": signature_of(key, message_id=message, timestamp=at, body=body),
    } | changes
    name = getattr(workspace, "name", workspace)
    return Client(enforce_csrf_checks=True).post(
        f"/hooks/sentinel/{name}/", body, "application/json", headers=headers
    )


def wait_for_the_next_poll(sentinel):
    """After this the workspace has been polled and is due in 20 seconds."""
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)


def test_a_hint_has_the_workspace_read_at_once(workspace, sentinel, key):
    wait_for_the_next_poll(sentinel)
    name = sentinel.add_incident(at=NOON - timedelta(minutes=5))
    answer = knock(workspace, key, json.dumps({"object": {"name": name}}).encode())
    assert (answer.status_code, answer.json()) == (202, {"reading": True})
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel), "due before its 20 seconds"
    assert Incident.objects.get().name == name


def test_a_storm_is_one_reading(workspace, sentinel, key):
    wait_for_the_next_poll(sentinel)
    listed = len(sentinel.calls)
    for n in range(50):
        assert knock(workspace, key, message=f"msg_{n}").status_code == 202
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert len(sentinel.calls) == listed + 1
    assert PushState.objects.get().hints == 50
    assert Job.objects.filter(kind=POLL).count() == 1


def test_a_hint_during_a_reading_brings_another(workspace, sentinel, key, monkeypatch):
    knock(workspace, key)
    hinted_at = PushState.objects.get().hinted_at
    monkeypatch.setattr("portal.clock.unshifted", lambda: hinted_at - timedelta(seconds=1))
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel), "begun before the hint"
    monkeypatch.setattr("portal.clock.unshifted", lambda: hinted_at + timedelta(seconds=1))
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel), "what it is about may be later"
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)


def test_what_is_known_as_it_is_causes_no_reading(workspace, sentinel, key):
    name = sentinel.add_incident(at=NOON - timedelta(minutes=5))
    wait_for_the_next_poll(sentinel)
    etag = Incident.objects.get().etag
    known = json.dumps({"object": {"name": name.upper(), "etag": etag}}).encode()
    assert knock(workspace, key, known).json() == {"reading": False}
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)
    changed = json.dumps({"object": {"name": name, "etag": '"other"'}}).encode()
    assert knock(workspace, key, changed, message="msg_2").json() == {"reading": True}


def test_a_hint_about_what_is_known_is_counted_and_shown(workspace, sentinel, key, client, ada):
    name = sentinel.add_incident(at=NOON - timedelta(minutes=5))
    wait_for_the_next_poll(sentinel)
    etag = Incident.objects.get().etag
    known = json.dumps({"object": {"name": name, "etag": etag}}).encode()
    for n in range(3):
        knock(workspace, key, known, message=f"msg_{n}")
    state = PushState.objects.get()
    assert (state.hints, state.hinted_at, state.known_hints) == (0, None, 3)
    client.force_login(ada)
    text = client.get("/push-hints/").text
    assert "3 so far, nothing to read" in text and "none yet" in text
    out = StringIO()
    call_command("push_hint", workspace.name, "--json", stdout=out)
    shown = json.loads(out.getvalue())
    assert (shown["hints"], shown["known_hints"]) == (0, 3) and shown["latest_known_at"]


def test_the_web_process_only_writes_rows(workspace, key, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("The web process called Azure.")

    monkeypatch.setattr("alerts.sentinel.client.client_for", refuse)
    monkeypatch.setattr("alerts.sentinel.client.signing_keys.fetch_signing_keys", refuse)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert knock(workspace, key).status_code == 202
    assert len(queries) < 20


@pytest.mark.abuse("A39")
def test_a39_nothing_follows_from_a_message_that_is_not_proved(workspace, sentinel, key, attempts):
    wait_for_the_next_poll(sentinel)
    good_at = str(int(clock.unshifted().timestamp()))
    right = signature_of(key, message_id="msg_1", timestamp=good_at, body=BODY)
    other = "whsec_" + "A" * 43 + "="
    tries = {
        "no signature": {"webhook-signature": ""},
        "not a signature": {"webhook-signature": "v1,AAAA"},
        "another scheme": {"webhook-signature": right.replace("v1,", "v1a,")},
        "without the scheme": {"webhook-signature": right.removeprefix("v1,")},
        "an id that was not signed": {"webhook-signature": right, "webhook-id": "msg_2"},
        "a time that was not signed": {
            "webhook-signature": right,
            "webhook-timestamp": str(int(good_at) + 1),
        },
        "no id": {"webhook-id": ""},
        "an id with a space": {"webhook-id": "msg 1"},
        "a time that is no number": {"webhook-timestamp": "now"},
        "a time in other digits": {"webhook-timestamp": "١٢٣"},
        "a time without end": {"webhook-timestamp": "9" * 40},
        "a bearer that is no token": {"Authorization": "Bearer x.y.z"},
        "an empty bearer": {"Authorization": "Bearer ", "webhook-signature": ""},
    }
    for what, headers in tries.items():
        attempts.note(what, blocked=knock(workspace, key, **headers).status_code == 401)
    for what, age in {"six minutes old": 360, "six minutes early": -360}.items():
        attempts.note(what, blocked=knock(workspace, key, age=age).status_code == 401)
    attempts.note("another key", blocked=knock(workspace, other).status_code == 401)
    headers = {"webhook-id": "m", "webhook-timestamp": good_at, "webhook-signature": right}
    changed = Client().post(
        f"/hooks/sentinel/{workspace.name}/", b'{"object": {}}', "application/json", headers=headers
    )
    attempts.note("a changed body", blocked=changed.status_code == 401)
    attempts.note("another workspace", blocked=knock("elsewhere", key).status_code == 401)
    assert PushMessage.objects.count() == 0
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel), "nothing became due"


@pytest.mark.abuse("A39")
def test_a39_a_message_is_taken_once(workspace, key):
    assert knock(workspace, key).status_code == 202
    assert knock(workspace, key).status_code == 409
    assert knock(workspace, key, message="msg_2").status_code == 202
    assert PushState.objects.get().hints == 2


def test_strangers_do_not_learn_which_workspaces_there_are(workspace, key):
    wrong = {"webhook-signature": "v1,AAAA"}
    known, unknown = knock(workspace, key, **wrong), knock("elsewhere", key, **wrong)
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


def test_messages_are_kept_only_as_long_as_they_could_come_again(workspace, key):
    knock(workspace, key)
    PushMessage.objects.update(received_at=clock.unshifted() - timedelta(minutes=16))
    knock(workspace, key, message="msg_2")
    assert [message.message_id for message in PushMessage.objects.all()] == ["msg_2"]


def test_the_key_before_works_for_a_day(workspace, key, monkeypatch):
    new = make_push_key(workspace_id=workspace.pk, by="command line", now=NOON)
    assert knock(workspace, key).status_code == 202
    assert knock(workspace, new, message="msg_2").status_code == 202
    monkeypatch.setattr("portal.clock.now", lambda: NOON + timedelta(hours=25))
    assert knock(workspace, key, message="msg_3").status_code == 401
    assert knock(workspace, new, message="msg_4").status_code == 202


def test_the_database_alone_does_not_hold_the_key(workspace, key, settings):
    row = workspace.push_access
    assert key.removeprefix("whsec_") not in row.key
    settings.SECRET_KEY = "another"
    assert knock(workspace, key).status_code == 401


@pytest.mark.parametrize("end", [turn_push_off, None])
def test_hints_end_with_the_key_or_the_workspace(workspace, key, end):
    if end:
        end(workspace_id=workspace.pk, by="command line", now=NOON)
    else:
        remove_workspace(name=workspace.name, by="command line", now=NOON)
    assert knock(workspace, key).status_code == 401


def test_a_paused_workspace_is_not_read_by_a_hint(workspace, sentinel, key):
    wait_for_the_next_poll(sentinel)
    pause_workspace(name=workspace.name, by="command line", now=NOON)
    assert knock(workspace, key).status_code == 202
    assert not run_one_slice(kind=POLL, connect=lambda _: sentinel)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b"no JSON", 400),
        (b"{}", 202),
        (b'{"object": {"name": "a\\u0000", "etag": "b"}}', 202),
        (b'{"object": {"name": 7, "etag": ["b"]}}', 202),
        (b'{"object": "' + b"x" * 300_000 + b'"}', 413),
    ],
)
def test_odd_bodies_from_a_known_sender(workspace, key, body, status):
    assert knock(workspace, key, body).status_code == status


def test_other_content_is_not_read(workspace, key):
    headers = {"webhook-signature": "v1,AAAA"}
    answer = Client().post(f"/hooks/sentinel/{workspace.name}/", {"a": "b"}, headers=headers)
    assert answer.status_code == 415


def test_refusals_are_noted_once_in_ten_seconds(workspace, key):
    for _ in range(3):
        knock(workspace, "whsec_AAAA")
    state = PushState.objects.get()
    assert (state.refusal, state.hints, state.hinted_at) == ("wrong-signature", 0, None)
    first = state.refused_at
    knock(workspace, "whsec_AAAA", age=1000)
    assert PushState.objects.get().refused_at == first
    PushState.objects.update(refused_at=first - timedelta(seconds=11))
    knock(workspace, key, age=1000)
    assert PushState.objects.get().refusal == "too-old"


def test_an_old_time_tells_strangers_no_more_than_a_wrong_key(workspace, key):
    here, nowhere = (knock(name, "whsec_AAAA", age=1000) for name in (workspace, "nowhere"))
    assert here.status_code == nowhere.status_code == 401
    assert here.json() == nowhere.json()
