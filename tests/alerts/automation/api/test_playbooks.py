"""Playbooks by the API: list them, run one on an incident, see how it ran."""

import json

import pytest

from alerts.automation.models import PlaybookRun
from alerts.outbox.models import Change
from portal.accounts.services.tokens import create_token
from portal.audit.models import Entry
from tests.alerts.automation.test_inventory import put
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def call(client):
    """`call(person, address, body)`: GET, or POST with a body, with a token of the person."""

    def send(person, address, body=None, **headers):
        scopes = ["read", "incidents:write"]
        secret = create_token(
            owner=person, name="script", scopes=scopes, by=person.name, now=NOON, days=30
        ).secret
        headers = {"Authorization": f"Bearer {secret}"} | headers
        if body is None:
            return client.get(f"/api/v1/{address}", headers=headers)
        return client.post(
            f"/api/v1/{address}",
            json.dumps(body),
            content_type="application/json",
            headers=headers,
        )

    return send


def test_a_playbook_is_found_run_and_seen(call, enrich, sam, incident, worker):
    (found,) = call(sam, "playbooks/?workspace=gdansk").json()["results"]
    assert (found["id"], found["name"]) == (str(enrich.uuid), "enrich-with-cve")
    answer = call(sam, f"incidents/{incident.pk}/playbook/", {"playbook": found["id"]})
    assert answer.status_code == 200, answer.content
    run = answer.json()
    assert (run["incident"], run["delivery"], run["name"]) == (incident.pk, "", "")
    worker.deliver()
    worker.read()
    (run,) = call(sam, f"playbook-runs/?incident={incident.pk}").json()["results"]
    assert (run["delivery"], run["status"]) == ("sent", "Succeeded")


def test_the_same_key_is_one_run(call, enrich, sam, incident):
    body, address = {"playbook": str(enrich.uuid)}, f"incidents/{incident.pk}/playbook/"
    client_key = {"Idempotency-Key": "k1"}
    first = call(sam, address, body, **client_key)
    assert first.status_code == 200
    assert PlaybookRun.objects.count() == 1


@pytest.mark.abuse("A47")
def test_without_consent_the_api_forbids_it(call, isolate, sam, leo, incident, attempts):
    body, address = {"playbook": str(isolate.uuid)}, f"incidents/{incident.pk}/playbook/"
    for person in (sam, leo):
        for headers in ({}, {"Idempotency-Key": f"k-{person.pk}"}):
            answer = call(person, address, body | {"reason": "Now!"}, **headers)
            blocked = answer.status_code == 403 and not Change.objects.exists()
            attempts.note((person.name, headers), blocked=blocked)
            assert "acts on the plant" in answer.json()["detail"]
    assert Entry.objects.filter(action="automation.playbook.refused").count() == 4


def test_with_consent_it_runs(call, ask, decide, isolate, sam, oda, incident):
    decide(ask(isolate, sam), oda)
    body = {"playbook": str(isolate.uuid)}
    assert call(sam, f"incidents/{incident.pk}/playbook/", body).status_code == 200


def test_ot_and_readers_run_nothing(call, enrich, mia, incident):
    answer = call(mia, f"incidents/{incident.pk}/playbook/", {"playbook": str(enrich.uuid)})
    assert answer.status_code == 403 and not Change.objects.exists()


def test_a_playbook_of_elsewhere_is_none(call, enrich, sam, incident):
    answer = call(sam, f"incidents/{incident.pk}/playbook/", {"playbook": NOWHERE})
    assert answer.status_code == 400


def test_automation_rules_are_listed_with_whose_they_are(call, sam, worker, sentinel):
    name = put(sentinel)
    worker.read()
    (rule,) = call(sam, "automation-rules/").json()["results"]
    assert (rule["name"], rule["is_ours"], rule["closes"]) == (name, False, False)
