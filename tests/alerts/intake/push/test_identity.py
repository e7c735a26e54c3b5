"""The managed identity of a playbook, against a pretend Entra over TLS."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from alerts.intake.models import PushState, SigningKeys
from alerts.intake.tasks import fetch_signing_keys_of_tenants
from alerts.sentinel.models import Workspace
from portal.audit.models import Entry
from portal.jobs.models import Job
from simulator.running import running_simulator
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

IDENTITY, AUDIENCE = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "api://tagout"


@pytest.fixture(scope="module")
def pretend():
    with running_simulator(now=NOON, incidents=0) as running:
        yield running


@pytest.fixture
def workspace(db, pretend, monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: NOON)
    place = pretend.workspaces[0]
    return make_workspace(
        "far",
        tenant_id=place.tenant_id,
        endpoint=pretend.endpoint,
        authority=pretend.endpoint,
        ca_bundle=str(pretend.ca_file),
    )


def command(*words):
    output = io.StringIO()
    call_command("push_hint", *words, "--json", stdout=output)
    return json.loads(output.getvalue())


def knock(token):
    headers = {"Authorization": f"Bearer {token}"}
    return Client().post("/hooks/sentinel/far/", b"{}", "application/json", headers=headers)


def fetch_keys():
    Job.objects.filter(kind="intake.signing_keys").update(due_at=NOON)
    fetch_signing_keys_of_tenants()


def token(pretend, **values):
    key = pretend.workspaces[0].key
    return pretend.control.playbook_token(key, IDENTITY, AUDIENCE, **values)


@pytest.mark.abuse("A39")
def test_a_playbook_knocks_with_its_own_identity(workspace, pretend):
    assert knock(token(pretend)).status_code == 401, "nobody may, before an administrator says so"
    shown = command("far", "--identity", IDENTITY, "--audience", AUDIENCE)
    assert (shown["identity"], shown["audience"]) == (IDENTITY, AUDIENCE)
    assert shown["address"].endswith("/hooks/sentinel/far/")
    assert knock(token(pretend)).status_code == 401, "the keys of Entra are not there yet"
    fetch_keys()
    assert knock(token(pretend)).status_code == 202
    assert PushState.objects.get().hints == 1
    for claims in (
        {"oid": "99999999-bbbb-cccc-dddd-eeeeeeeeeeee"},
        {"aud": "https://management.azure.com"},
        {"iss": "https://elsewhere.example/"},
        {"exp": 1},
    ):
        assert knock(token(pretend, claims=claims)).status_code == 401, claims
    assert command("far")["refusal"]


def test_a_new_key_of_entra_is_fetched_when_a_token_names_it(workspace, pretend):
    command("far", "--identity", IDENTITY, "--audience", AUDIENCE)
    fetch_keys()
    assert knock(token(pretend)).status_code == 202
    renewed = token(pretend, new_key=True)
    assert knock(renewed).status_code == 401
    job = Job.objects.get(kind="intake.signing_keys")
    assert job.due_at > SigningKeys.objects.get().fetched_at, "strangers cannot make us ask often"
    SigningKeys.objects.update(fetched_at=NOON)
    Job.objects.update(due_at=job.due_at)
    assert knock(renewed).status_code == 401
    fetch_signing_keys_of_tenants()
    assert knock(renewed).status_code == 202


def test_keys_that_cannot_be_fetched_are_told_and_tried_again(workspace, pretend):
    command("far", "--identity", IDENTITY, "--audience", AUDIENCE)
    fetch_keys()
    Workspace.objects.update(authority="https://localhost:9")
    fetch_keys()
    row = SigningKeys.objects.get()
    assert row.error and row.keys, "the keys that are there still hold"
    assert knock(token(pretend)).status_code == 401, "another authority issues other tokens"


@pytest.mark.abuse("A39")
def test_strangers_do_not_have_an_entra_asked_that_does_not_answer(workspace, pretend):
    command("far", "--identity", IDENTITY, "--audience", AUDIENCE)
    Workspace.objects.update(authority="https://localhost:9")
    fetch_keys()
    due_at = Job.objects.get(kind="intake.signing_keys").due_at
    assert knock(token(pretend)).status_code == 401
    assert Job.objects.get(kind="intake.signing_keys").due_at == due_at


def test_keys_are_no_longer_fetched_when_hints_are_off(workspace):
    command("far", "--identity", IDENTITY, "--audience", AUDIENCE)
    fetch_keys()
    command("far", "--off")
    fetch_keys()
    assert Job.objects.get(kind="intake.signing_keys").state == "done"
    assert SigningKeys.objects.count() == 0


def test_a_key_is_printed_once_and_rotated_on_record(workspace):
    first, second = command("far", "--new-key"), command("far", "--new-key")
    assert first["key"].startswith("whsec_") and first["key"] != second["key"]
    assert "key" not in command("far")
    actions = Entry.objects.filter(action__startswith="intake.push").order_by("pk")
    assert [entry.action for entry in actions] == [
        "intake.push_key.made",
        "intake.push_key.rotated",
    ]
    assert not [entry for entry in actions if "whsec_" in json.dumps(entry.details)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "There is no workspace named …."),
        (("nowhere",), "There is no workspace named nowhere."),
        (("far", "--identity", IDENTITY), "--identity and --audience go together."),
        (("far", "--new-key", "--off"), "push_hint does one thing at a time."),
        (("far", "--off"), "Push hints are off already."),
        (
            ("far", "--identity", "me", "--audience", AUDIENCE),
            "The object id of the identity is a GUID.",
        ),
        (
            ("far", "--identity", IDENTITY, "--audience", "two words"),
            "Name the audience of the tokens, such as api://tagout.",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(workspace, words, sentence):
    with pytest.raises(CommandError, match=sentence.replace(".", r"\.")):
        command(*words)
