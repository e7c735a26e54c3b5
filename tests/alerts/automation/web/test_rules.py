"""The two steps to a rule by page, and how those that were made are shown."""

import re
from datetime import timedelta

import pytest

from alerts.automation.models import MadeRule
from alerts.outbox.models import Landing, RuleKind, WantedRule
from tests.alerts.automation.test_made_rules import ASSIGN, ENDS
from tests.conftest import NOON
from tests.factories.automation import make_made_rule
from tests.factories.incidents import READ_RULES, make_alert, make_incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
FORM = {"effect": "assign", "team_id": ASSIGN.team_id, "team_name": "OT Gdańsk", "days": "90"}


@pytest.fixture
def page(client, incident):
    """`page(person)` opens the form, `page(person, **form)` sends it."""
    address = f"/automation/rules/new/{incident.pk}/"

    def ask(person, **form):
        client.force_login(person)
        return client.post(address, form) if form else client.get(address)

    return ask


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_rule_is_previewed_and_then_made(page, client, leo, sam, incident):
    make_alert(incident, **ENDS)
    assert "On an incident like" in words(page(leo)) and "10.0.0.9" in words(page(leo))
    answer = page(leo, **FORM, same_devices="on")
    shown = words(answer)
    assert "It would have met 1 incident of the last 90 days" in shown
    assert "assign it to OT Gdańsk" in shown and "name of a device is “ENG-WS-04”" in shown
    assert not WantedRule.objects.exists()
    digest = re.search(r'name="digest" value="(\w+)"', answer.content.decode())[1]
    answer = page(leo, **FORM, same_devices="on", digest=digest)
    assert answer["Location"] == "/automation/"
    rule = MadeRule.objects.get()
    client.force_login(sam)
    shown = words(client.get("/automation/"))
    assert f"{rule.label} Unauthorized PLC Programming On its way" in shown
    assert client.post(f"/automation/rules/{rule.uuid}/remove/").status_code == 302
    assert "Rules made here" not in words(client.get("/automation/"))


def test_a_rule_whose_time_is_over_is_shown_as_ended_for_a_month(client, sam, leo, incident):
    rule = make_made_rule(incident.workspace, incident, by=leo)
    client.force_login(sam)
    assert f"Take {rule.label} away" in words(client.get("/automation/"))
    for days, is_shown in ((1, True), (31, False)):
        ended_at = NOON - timedelta(days=days)
        MadeRule.objects.update(made_at=ended_at - timedelta(days=30), ends_at=ended_at)
        shown = words(client.get("/automation/"))
        assert ("1 that has ended, in the last 30 days" in shown) == is_shown
        assert ("None of them acts." in shown) == is_shown
        assert ("Ended: its time is over" in shown) == is_shown
        assert f"Take {rule.label} away" not in shown


@pytest.mark.parametrize("days", [-40, 40], ids=["its time is over", "its playbook is marked"])
def test_a_rule_that_sentinel_still_holds_is_not_said_to_have_ended(
    client, sam, leo, incident, days
):
    rule = make_made_rule(incident.workspace, incident, by=leo)
    ends_at = NOON + timedelta(days=days)
    MadeRule.objects.update(made_at=ends_at - timedelta(days=90), ends_at=ends_at)
    row = WantedRule.objects.create(
        workspace=incident.workspace,
        name=rule.uuid,
        about=rule.uuid,
        kind=RuleKind.AUTOMATION,
        label=rule.label,
        wanted=None,
        wanted_at=NOON,
        wanted_version=2,
        landed={"order": 1},
        landed_version=1,
        due_at=NOON,
        latest_error="Azure does not allow this (Forbidden).",
    )
    client.force_login(sam)
    shown = words(client.get("/automation/"))
    assert "Being taken out of Sentinel" in shown
    assert "Azure does not allow this (Forbidden)." in shown
    assert "Ended: its" not in shown and "None of them acts." not in shown
    WantedRule.objects.filter(pk=row.pk).update(
        landed=None, landed_version=2, outcome=Landing.LANDED
    )
    shown = words(client.get("/automation/"))
    assert "Being taken out of Sentinel" not in shown
    assert ("Ended: its playbook acts on the plant" in shown) == (days > 0)


def test_a_digest_of_something_else_makes_nothing(page, leo, incident):
    make_alert(incident, **ENDS)
    answer = page(leo, **FORM, digest="0" * 64)
    assert answer.status_code == 422 and "changed since the preview" in words(answer)
    assert not MadeRule.objects.exists()


def test_who_may_not_is_told_so_and_offered_nothing(page, client, sam, leo, incident):
    assert page(sam).status_code == 403 and "Preview on 90 days" not in words(page(sam))
    assert page(sam, **FORM).status_code == 403
    tab = f"/incidents/{incident.pk}/?tab=playbooks"
    assert "Make a rule" not in words(client.get(tab))
    client.force_login(leo)
    assert "Make a rule" in words(client.get(tab))


def test_playbooks_that_act_on_the_plant_are_not_offered(page, leo, isolate, enrich):
    html = page(leo).content.decode()
    assert str(enrich.uuid) in html and str(isolate.uuid) not in html
    answer = page(leo, effect="playbook", playbook=str(isolate.uuid), days="30")
    assert answer.status_code == 422 and not MadeRule.objects.exists()


def test_a_severity_is_lowered_by_page_with_a_reason(page, client, leo, workspace):
    workspace.capabilities = READ_RULES
    workspace.save(update_fields=["capabilities"])
    incident = make_incident(workspace, title="Modbus Exception")
    make_alert(incident)
    address = f"/automation/rules/new/{incident.pk}/"
    client.force_login(leo)
    html = client.get(f"{address}?effect=severity&severity=Low").content.decode()
    assert '<option value="severity" selected>' in html and '<option value="Low" selected>' in html
    assert "selected>Grave" not in client.get(f"{address}?severity=Grave").content.decode()
    form = {"effect": "severity", "severity": "Low", "days": "90"}
    answer = client.post(address, form)
    assert answer.status_code == 422 and "Write why, in one line." in words(answer)
    form["reason"] = "The gateway answers so each night."
    answer = client.post(address, form)
    shown = words(answer)
    assert "not understood" not in shown
    assert "set the severity Low" in shown and "severity is “Medium”" in shown
    assert "Reason: The gateway answers so each night." in shown
    digest = re.search(r'name="digest" value="(\w+)"', answer.content.decode())[1]
    assert client.post(address, form | {"digest": digest}).status_code == 302
    shown = words(client.get("/automation/"))
    assert "set the severity Low" in shown
    assert "Reason: The gateway answers so each night." in shown
    german = client.get("/automation/", headers={"Accept-Language": "de"})
    assert "den Schweregrad Niedrig setzen" in words(german)


def test_a_manager_takes_nothing_away(page, client, leo, mia, incident):
    make_alert(incident, **ENDS)
    digest = re.search(r'name="digest" value="(\w+)"', page(leo, **FORM).content.decode())[1]
    page(leo, **FORM, digest=digest)
    client.force_login(mia)
    address = f"/automation/rules/{MadeRule.objects.get().uuid}/remove/"
    assert client.post(address).status_code == 403
    assert WantedRule.objects.get().wanted is not None
