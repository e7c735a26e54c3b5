"""The page of all playbooks and rules, a playbook's own, the tab of an incident, the consent."""

import re
from datetime import timedelta

import pytest

from alerts.automation.models import Inventory, PlantConsent, Playbook, PlaybookRun
from alerts.outbox.models import Change
from alerts.sentinel.client.port import SentinelDenied, SentinelUnavailable
from alerts.sentinel.models import Workspace
from portal.audit.models import Entry
from tests.alerts.automation.conftest import WHY
from tests.alerts.automation.engine.test_rule_facts import modify
from tests.alerts.automation.test_inventory import put
from tests.conftest import NOON
from tests.program import stored_incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
CLOSES = modify(status="Closed", classification="BenignPositive")
ON_TITLE = {
    "conditionType": "Property",
    "conditionProperties": {
        "propertyName": "IncidentTitle",
        "operator": "StartsWith",
        "propertyValues": ["Sensor"],
    },
}


@pytest.fixture
def read(client):
    """`read(address, person)` is the text of a page."""

    def get(address, person):
        client.force_login(person)
        html = client.get(address).content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))

    return get


@pytest.fixture
def post(client):
    """`post(address, person, **form)` sends a form."""

    def send(address, person, **form):
        client.force_login(person)
        return client.post(address, form)

    return send


@pytest.fixture
def tab(read, incident):
    return lambda person: read(f"/incidents/{incident.pk}/?tab=playbooks", person)


def test_rules_are_told_in_words_with_what_is_odd_about_them(read, worker, sentinel, sam):
    put(sentinel, actions=[CLOSES], conditions=[ON_TITLE])
    put(sentinel, ends="2026-11-01T00:00:00Z", order=7)
    worker.read()
    words = read("/automation/", sam)
    assert "When an incident is created: title begins with “Sensor”." in words
    assert "close it as Benign positive" in words
    assert "1 rule that Tagout did not make closes incidents." in words
    assert "Closes incidents" in words and "Expired" in words
    assert "Same order as another" not in words
    put(sentinel, order=1)
    worker.read()
    assert "Same order as another" in read("/automation/", sam)


def test_each_list_says_how_old_it_is_or_why_it_is_missing(read, worker, sentinel, sam):
    worker.read()
    assert "Rules read just now" in read("/automation/", sam)
    sentinel.fail_next(SentinelDenied("Not allowed.", status=403), verb="list_playbooks")
    worker.read()
    words = read("/automation/", sam)
    assert "The playbooks could not be read. Not allowed." in words
    assert "the role Reader on the subscription" in words


def test_what_cannot_be_seen_is_named(read, worker, sam):
    worker.read()
    words = read("/automation/", sam)
    for blind_spot in ("Playbooks in Python", "Alert tuning", "Custom detections", "tenants"):
        assert blind_spot in words


def test_without_a_workspace_the_page_says_so(read, mia):
    words = read("/automation/", mia)
    assert "No workspace yet" in words and "What cannot be seen from here" not in words


def test_an_ot_site_lead_finds_the_playbooks_to_mark(read, isolate, incident, olaf, oda):
    words = read("/automation/", olaf)
    assert "Playbooks that can run on incidents of your sites" in words
    assert isolate.name in words and "No workspace yet" not in words
    assert "It does not" in read(f"/automation/playbooks/{isolate.uuid}/", olaf)
    assert "No workspace yet" in read("/automation/", oda)


def test_who_looks_after_a_workspace_has_it_read_again(post, read, worker, sam, mia, clock):
    worker.read()
    clock.go(minutes=1)
    assert "Read again" in read("/automation/", sam)
    assert "Read again" not in read("/automation/", mia)
    assert post("/automation/read/gdansk/", mia).status_code == 403
    assert Inventory.objects.get().due_at > clock.at
    assert post("/automation/read/gdansk/", sam).status_code == 302
    assert Inventory.objects.get().due_at == clock.at
    assert Entry.objects.get(action="automation.inventory.requested").actor == sam


def test_a_paused_workspace_is_not_read_again(post, read, worker, sam):
    worker.read()
    due_at = Inventory.objects.get().due_at
    Workspace.objects.update(state=Workspace.State.PAUSED)
    assert "Read again" not in read("/automation/", sam)
    assert post("/automation/read/gdansk/", sam).status_code == 403
    assert Inventory.objects.get().due_at == due_at
    assert "The workspace is not in use." in read("/automation/workflow/gdansk/", sam)


def test_a_workspace_that_does_not_answer_lacks_no_role(read, worker, sentinel, sam):
    sentinel.fail_next(SentinelUnavailable("No answer."), verb="list_automation_rules")
    worker.read()
    words = read("/automation/", sam)
    assert "The playbooks could not be read. No answer." in words
    assert "the role Reader on the subscription" not in words


def test_the_page_and_the_list_call_the_same_runs_failed(read, worker, enrich, sam, incident):
    worker.sentinel.add_run(enrich.resource_id, incident.name, status="Cancelled")
    worker.read()
    PlaybookRun.objects.update(started_at=NOON)
    assert "1 run in 7 days, 1 failed" in read("/automation/", sam)
    assert "Failed" in read(f"/automation/playbooks/{enrich.uuid}/", sam)


@pytest.mark.parametrize(("hours", "is_waiting"), [(3, True), (4, False)])
def test_after_four_hours_without_an_answer_the_tab_lets_somebody_ask_again(
    tab, ask, isolate, sam, hours, is_waiting
):
    ask(isolate, sam, now=NOON - timedelta(hours=hours))
    assert ("asks for consent" in tab(sam)) == is_waiting
    assert ("Ask for consent" in tab(sam)) != is_waiting


def test_runs_that_cannot_be_read_any_more_say_so_beside_their_age(
    tab, worker, enrich, sentinel, sam
):
    assert "Runs read" in tab(sam)
    sentinel.fail_next(SentinelDenied("Not allowed.", status=403), verb="list_playbook_runs")
    worker.read()
    assert "Runs read" in tab(sam) and "Not allowed." in tab(sam)


def test_who_consents_sees_every_step_under_its_name(read, worker, sentinel, ask, sam, oda):
    resource = sentinel.add_playbook("isolate-line", *(f"Shut_port_{n}" for n in range(30)))
    worker.read()
    request = ask(Playbook.objects.get(resource_id=resource), sam)
    words = read(f"/automation/consents/{request.uuid}/", oda)
    assert "Its steps Shut port 0" in words and "Shut port 29" in words


def test_a_playbook_is_run_from_the_incident_and_its_run_is_shown(
    post, tab, enrich, sam, incident, worker
):
    assert "Run enrich-with-cve" in tab(sam)
    answer = post(f"/automation/playbooks/{enrich.uuid}/run/", sam, incident=incident.pk)
    assert answer["Location"] == f"/incidents/{incident.pk}/?tab=playbooks"
    assert "On its way" in tab(sam) and "Sending to Sentinel: playbook" in tab(sam)
    worker.deliver()
    assert "Started" in tab(sam)
    worker.read()
    words = tab(sam)
    assert "Succeeded" in words and "Sam Keller" in words


def test_who_only_reads_is_offered_nothing_and_may_do_nothing(
    post, tab, enrich, oda, mia, incident
):
    for person in (oda, mia):
        words = tab(person)
        assert "Run enrich-with-cve" not in words and "The SOC of this workspace" in words
    for address in ("run", "ask"):
        answer = post(f"/automation/playbooks/{enrich.uuid}/{address}/", mia, incident=incident.pk)
        assert answer.status_code == 403
    assert not Change.objects.exists()


@pytest.mark.abuse("A47")
def test_without_consent_the_page_forbids_it_for_one_and_for_many(
    post, tab, isolate, sam, leo, incident, workspace, site, attempts
):
    assert "Run isolate-device" not in tab(sam) and "Ask for consent" in tab(sam)
    other = stored_incident(workspace, site_ids=[site.pk])
    address = f"/automation/playbooks/{isolate.uuid}/run/"
    for person in (sam, leo):
        for chosen in ([incident.pk], [incident.pk, other.pk]):
            answer = post(address, person, incident=chosen, reason="Now!")
            blocked = answer.status_code == 403 and not PlaybookRun.objects.exists()
            attempts.note((person.name, len(chosen)), blocked=blocked)
    assert Entry.objects.filter(action="automation.playbook.refused").count() == 4


@pytest.mark.abuse("A47")
def test_no_act_on_many_incidents_runs_a_playbook(post, isolate, sam, incident, attempts):
    form = {"incident": incident.pk, "playbook": isolate.uuid, "reason": "Now!"}
    for verb in ("playbook", "run", "run-playbook"):
        answer = post(f"/incidents/act/{verb}/", sam, **form)
        blocked = answer.status_code in (403, 404) and not Change.objects.exists()
        attempts.note(verb, blocked=blocked)


def test_asked_consented_and_run(post, read, tab, isolate, sam, oda, incident, worker):
    address = f"/automation/playbooks/{isolate.uuid}"
    assert post(f"{address}/ask/", sam, incident=incident.pk, reason=WHY).status_code == 302
    request = PlantConsent.objects.get()
    assert f"Sam Keller asks for consent: {WHY}" in tab(oda) and "Decide" in tab(oda)
    page = f"/automation/consents/{request.uuid}/"
    words = read(page, oda)
    assert "Run isolate-device on" in words and "You speak for OT of the site" in words
    assert (
        "Not known to be harmless: the step “Shut port on switch” (connector not known)." in words
    )
    assert "Shut_port" not in words
    assert "somebody else has to consent" in read(page, sam)
    assert post(page, sam, answer="consent", reason="Me!").status_code == 403
    assert post(page, oda, answer="decline").status_code == 422
    assert post(page, oda, answer="consent").status_code == 302
    assert "Oda Nowak has consented to one run." in tab(sam)
    assert post(f"{address}/run/", sam, incident=incident.pk).status_code == 302
    worker.deliver()
    worker.read()
    assert "consented: Oda Nowak" in tab(sam)


def test_requests_that_wait_stand_on_the_page_of_whoever_can_consent(
    read, ask, decide, isolate, sam, oda, pia
):
    request = ask(isolate, sam)
    assert f"{WHY} Sam Keller" in read("/automation/", oda)
    assert WHY not in read("/automation/", pia)
    decide(request, oda)
    assert WHY not in read("/automation/", oda)


def test_who_does_not_see_the_incident_does_not_see_the_request(client, ask, isolate, sam, pia):
    request = ask(isolate, sam)
    client.force_login(pia)
    assert client.get(f"/automation/consents/{request.uuid}/").status_code == 404
    assert client.get(f"/automation/playbooks/{isolate.uuid}/").status_code == 404


def test_a_playbook_says_what_it_does_and_is_marked_there(
    post, read, enrich, leo, sam, olaf, ask, worker, incident
):
    address = f"/automation/playbooks/{enrich.uuid}/"
    worker.sentinel.add_run(enrich.resource_id, incident.name, status="Failed", code="NoRoute")
    worker.sentinel.add_run(enrich.resource_id)
    worker.read()
    words = read(address, leo)
    assert "Failed" in words and "NoRoute" in words and "no incident known" in words
    assert "Its steps Add comment to incident" in words
    assert "No: the SOC runs it without consent." in words
    assert "It acts on the plant" in words and "It does not" not in words
    assert "It acts on the plant" not in read(address, sam)
    assert post(f"{address}mark/", sam, acts_on_plant="yes", reason="x").status_code == 422
    assert post(f"{address}mark/", leo, acts_on_plant="yes", reason="").status_code == 422
    form = {"acts_on_plant": "yes", "reason": "It writes to the DMZ."}
    assert post(f"{address}mark/", leo, **form).status_code == 302
    words = read(address, leo)
    assert "Leo Hartmann said that it does: It writes to the DMZ." in words
    assert "Only an OT site lead of all sites of this workspace can say" in words
    enrich.refresh_from_db()
    ask(enrich, sam)
    words = read(address, olaf)
    assert "It does not" in words and "Only an OT site lead" not in words


def test_a_playbook_with_more_steps_than_are_read_says_so(read, tab, isolate, sam, leo):
    isolate.has_all_steps = False
    isolate.save()
    words = read(f"/automation/playbooks/{isolate.uuid}/", leo)
    assert "It counts as acting on the plant" in words and "There are more" in words
    assert "It has more than 1,000 steps" in words and "It does not" not in words
    assert "Nobody can consent to steps that were not read." in tab(sam)
    assert "Ask for consent" not in tab(sam)


def test_a_run_that_could_not_be_sent_says_why(tab, start, enrich, sam, sentinel, worker, incident):
    start(enrich, sam)
    del sentinel.playbooks[enrich.resource_id]
    worker.deliver()
    words = tab(sam)
    assert "Not started" in words and "The playbook is no longer in Azure." in words
    assert incident.timeline.filter(code="refused").exists()


def test_an_ot_site_lead_marks_a_playbook_that_nobody_wants_to_run(
    client, post, read, isolate, olaf, oda, pia, incident, sentinel, worker
):
    address = f"/automation/playbooks/{isolate.uuid}/"
    words = read(address, olaf)
    assert "It does not" in words and "the step “Shut port on switch”" in words
    assert post(f"{address}mark/", olaf, acts_on_plant="no", reason="A mock.").status_code == 302
    assert "No: the SOC runs it without consent." in read(address, olaf)
    sentinel.playbooks[isolate.resource_id]["properties"]["definition"]["actions"]["More"] = {}
    worker.read()
    assert "It has been changed since it was marked" in read(address, olaf)
    for person in (oda, pia):
        client.force_login(person)
        assert client.get(address).status_code == 404


def test_nobody_marks_or_asks_on_a_list_that_cannot_be_read(read, tab, isolate, olaf, sam):
    Inventory.objects.update(playbooks_error="Azure does not allow this.")
    assert "cannot be read" in tab(sam) and "Ask for consent" not in tab(sam)
    words = read(f"/automation/playbooks/{isolate.uuid}/", olaf)
    assert "cannot be read" in words and "It does not" not in words
