"""A playbook that acts on the plant runs with the consent of OT, or of a second person (A47)."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from alerts.automation.models import Inventory, PlantConsent
from alerts.automation.policies import consent_in_force
from alerts.automation.services.consent import CannotDecideConsent, CannotRequestConsent
from alerts.automation.services.mark import CannotMarkPlaybook, mark_playbook
from alerts.automation.services.run_playbook import CannotRunPlaybook, PlantConsentMissing
from alerts.incidents.acts.apply import undo_act
from alerts.incidents.models import Incident
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.enqueue import retry_change
from alerts.sentinel.client.port import SentinelUnavailable
from alerts.sentinel.wire.playbooks import MAX_STEPS
from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import grant_role
from portal.accounts.services.tokens import create_token
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests.conftest import NOON
from tests.factories.automation import make_playbook
from tests.program import stored_incident

pytestmark = [pytest.mark.django_db, pytest.mark.abuse("A47")]


def test_without_consent_it_does_not_run_and_the_attempt_is_on_record(start, isolate, sam):
    with pytest.raises(PlantConsentMissing, match="acts on the plant"):
        start(isolate, sam)
    assert not Change.objects.exists()
    entry = Entry.objects.get(action="automation.playbook.refused")
    assert entry.actor == sam and entry.object_label == "isolate-device"


def test_with_the_consent_of_ot_it_runs_once(start, ask, decide, isolate, sam, oda, worker):
    request = ask(isolate, sam)
    assert Notification.objects.get(to=oda).kind == "automation.consent"
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)
    decide(request, oda)
    start(isolate, sam)
    assert worker.deliver().outcome == ChangeOutcome.SENT
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)


def test_a_second_person_of_the_soc_gives_a_reason(start, ask, decide, isolate, sam, leo):
    request = ask(isolate, sam)
    with pytest.raises(CannotDecideConsent, match="Write why"):
        decide(request, leo)
    row = decide(request, leo, reason="OT does not answer the phone.")
    assert row.kind == PlantConsent.Kind.SECOND
    start(isolate, sam)


def test_nobody_consents_to_what_they_asked_for(ask, decide, isolate, sam):
    with pytest.raises(CannotDecideConsent, match="somebody else"):
        decide(ask(isolate, sam), sam, reason="I am sure.")


def test_ot_of_another_site_and_who_only_reads_cannot_consent(ask, decide, isolate, sam, pia, mia):
    request = ask(isolate, sam)
    for person in (pia, mia):
        with pytest.raises(CannotDecideConsent):
            decide(request, person, reason="Fine.")


def test_an_incident_of_two_sites_needs_who_speaks_for_both(
    start, ask, decide, isolate, sam, oda, porto, incident, site
):
    incident.site_ids = [site.pk, porto.pk]
    incident.save()
    with pytest.raises(CannotDecideConsent):
        decide(ask(isolate, sam), oda)


def test_a_token_cannot_consent(ask, decide, isolate, sam, oda):
    token = create_token(
        owner=oda, name="script", scopes=["read"], by=oda.name, now=NOON, days=30
    ).token
    oda.via_token = token
    with pytest.raises(CannotDecideConsent, match="never by a token"):
        decide(ask(isolate, sam), oda)


def test_a_consent_is_for_one_incident_and_not_for_many(
    start, ask, decide, isolate, sam, oda, incident, workspace, site
):
    decide(ask(isolate, sam), oda)
    other = stored_incident(workspace, site_ids=[site.pk])
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam, incident_ids=[other.pk])
    with pytest.raises(PlantConsentMissing, match="one at a time"):
        start(isolate, sam, incident_ids=[incident.pk, other.pk])
    assert not Change.objects.exists()


def test_a_consent_ends_after_four_hours(start, ask, decide, isolate, sam, oda):
    decide(ask(isolate, sam), oda)
    Inventory.objects.update(playbooks_read_at=NOON + timedelta(hours=4))
    with pytest.raises(PlantConsentMissing, match="acts on the plant"):
        start(isolate, sam, now=NOON + timedelta(hours=4))
    start(isolate, sam, now=NOON + timedelta(hours=3, minutes=59))


def test_a_request_that_nobody_answered_ends_too(ask, decide, isolate, sam, oda):
    request, later = ask(isolate, sam), NOON + timedelta(hours=5)
    with pytest.raises(CannotDecideConsent, match="Ask again"):
        decide(request, oda, now=later)
    Inventory.objects.update(playbooks_read_at=later)
    assert ask(isolate, sam, now=later).pk != request.pk
    entry = Entry.objects.get(action="automation.consent.expired")
    assert entry.object_id == str(request.pk) and entry.at == later
    assert entry.details["reason"] == "Nobody answered within four hours."
    with pytest.raises(CannotDecideConsent, match="four hours old"):  # nobody has decided on it
        decide(request, oda, now=later)


def test_what_was_taken_back_has_used_no_consent(start, ask, decide, isolate, sam, oda):
    decide(ask(isolate, sam), oda)
    undo_act(act=start(isolate, sam), by=sam, now=NOON)
    start(isolate, sam)


def test_after_one_run_was_taken_back_the_next_one_uses_the_consent_up(
    start, ask, decide, isolate, sam, oda, worker
):
    decide(ask(isolate, sam), oda)
    undo_act(act=start(isolate, sam), by=sam, now=NOON)
    start(isolate, sam)
    assert worker.deliver().outcome == ChangeOutcome.SENT
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)


def test_a_retry_uses_no_consent_a_second_time(
    start, ask, decide, isolate, sam, oda, leo, worker, sentinel, incident, clock
):
    decide(ask(isolate, sam), oda)
    start(isolate, sam)
    sentinel.fail_next(SentinelUnavailable("Too slow."), verb="run_playbook")
    while worker.deliver().outcome == ChangeOutcome.OPEN:
        clock.go(minutes=2)
    change = Change.objects.get()
    assert change.outcome == ChangeOutcome.REFUSED
    sentinel.add_run(isolate.resource_id, incident.name)  # it had started after all
    worker.read()
    retry_change(change_id=change.pk, by=leo, now=NOON)
    done = worker.deliver()
    assert done.outcome == ChangeOutcome.DROPPED and "used up" in done.note
    assert [call.verb for call in sentinel.calls].count("run_playbook") == 1


def test_declined_it_does_not_run(start, ask, decide, isolate, sam, oda):
    request = ask(isolate, sam)
    with pytest.raises(CannotDecideConsent, match="Write why"):
        decide(request, oda, is_given=False)
    decide(request, oda, is_given=False, reason="The line is running.")
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)
    with pytest.raises(CannotDecideConsent, match="already"):
        decide(request, oda)


def test_a_consent_that_ended_before_it_was_sent_starts_nothing(
    start, ask, decide, isolate, sam, oda, worker, sentinel
):
    decided_at = NOON - timedelta(hours=3, minutes=59)
    decide(ask(isolate, sam, now=decided_at), oda, now=decided_at)
    start(isolate, sam)
    done = worker.deliver(now=NOON + timedelta(minutes=2))
    assert (done.outcome, "no consent" in done.note) == (ChangeOutcome.DROPPED, True)
    assert not any(call.verb == "run_playbook" for call in sentinel.calls)


def test_asking_needs_a_reason_and_a_right_and_is_done_once(ask, enrich, isolate, sam, oda):
    for playbook, by, reason in ((isolate, sam, " "), (isolate, oda, "x"), (enrich, sam, "x")):
        with pytest.raises(CannotRequestConsent):
            ask(playbook, by, reason=reason)
    ask(isolate, sam)
    with pytest.raises(CannotRequestConsent, match="asked already"):
        ask(isolate, sam)


def test_a_lead_of_either_side_marks_a_playbook(start, enrich, sam, leo):
    with pytest.raises(CannotMarkPlaybook):
        mark_playbook(playbook_id=enrich.pk, acts_on_plant=True, reason="x", by=sam, now=NOON)
    mark_playbook(
        playbook_id=enrich.pk, acts_on_plant=True, reason="Writes to the DMZ.", by=leo, now=NOON
    )
    with pytest.raises(PlantConsentMissing):
        start(enrich, sam)
    assert Entry.objects.get(action="automation.playbook.marked").actor == leo


def test_only_an_ot_site_lead_takes_a_playbook_for_harmless(start, isolate, sam, leo, olaf, oda):
    def unmark(by):
        mark_playbook(
            playbook_id=isolate.pk, acts_on_plant=False, reason="A mock.", by=by, now=NOON
        )

    for person in (sam, leo, oda):
        with pytest.raises(CannotMarkPlaybook):
            unmark(person)
    unmark(olaf)
    start(isolate, sam)


def test_a_site_lead_speaks_for_no_workspace_without_incidents_of_the_site(isolate, olaf, incident):
    incident.site_ids = []
    incident.save()
    with pytest.raises(CannotMarkPlaybook, match="Only an OT site lead of all sites"):
        mark_playbook(
            playbook_id=isolate.pk, acts_on_plant=False, reason="Mine.", by=olaf, now=NOON
        )


def test_a_lead_of_one_site_takes_no_playbook_for_harmless_for_another(
    isolate, enrich, olaf, porto, workspace, incident
):
    stored_incident(workspace, site_ids=[porto.pk])
    with pytest.raises(CannotMarkPlaybook, match="all sites of this workspace"):
        mark_playbook(
            playbook_id=isolate.pk, acts_on_plant=False, reason="Mock.", by=olaf, now=NOON
        )
    mark_playbook(playbook_id=enrich.pk, acts_on_plant=True, reason="Scans.", by=olaf, now=NOON)
    grant_role(
        to=olaf,
        role=Role.OT_SITE_LEAD,
        scope=GrantScope.SITE,
        scope_uuid=porto.uuid,
        by="tests",
        now=NOON,
    )
    mark_playbook(playbook_id=isolate.pk, acts_on_plant=False, reason="Mock.", by=olaf, now=NOON)


def test_a_word_on_a_playbook_that_has_changed_no_longer_counts(
    start, isolate, sam, olaf, sentinel, worker
):
    mark_playbook(playbook_id=isolate.pk, acts_on_plant=False, reason="Mock.", by=olaf, now=NOON)
    sentinel.add_playbook("isolate-device", "Shut_port_on_switch", "Disable_account")
    worker.read()
    isolate.refresh_from_db()
    assert isolate.acts_on_plant and isolate.is_mark_outdated
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)


def test_consent_gives_nobody_else_a_right(start, ask, decide, isolate, sam, oda, mia):
    decide(ask(isolate, sam), oda)
    for person in (oda, mia):
        with pytest.raises(CannotRunPlaybook):
            start(isolate, person)


def change_steps(sentinel, playbook, worker):
    sentinel.playbooks[playbook.resource_id]["properties"]["definition"]["actions"] |= {
        "Stop_the_controller": {"type": "Http"}
    }
    worker.read()


def test_a_consent_is_to_the_steps_that_were_shown(
    start, ask, decide, isolate, sam, oda, sentinel, worker
):
    request = ask(isolate, sam)
    decide(request, oda)
    change_steps(sentinel, isolate, worker)
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)
    decide(ask(isolate, sam), oda)
    start(isolate, sam)


def test_nobody_consents_to_steps_that_have_changed_meanwhile(
    ask, decide, isolate, sam, oda, sentinel, worker
):
    request = ask(isolate, sam)
    change_steps(sentinel, isolate, worker)
    with pytest.raises(CannotDecideConsent, match="changed since"):
        decide(request, oda)
    assert ask(isolate, sam).pk != request.pk
    entry = Entry.objects.get(action="automation.consent.expired")
    assert "has been changed" in entry.details["reason"]


def test_steps_that_change_before_the_run_is_sent_stop_it(
    start, ask, decide, isolate, sam, oda, sentinel, worker
):
    decide(ask(isolate, sam), oda)
    start(isolate, sam)
    change_steps(sentinel, isolate, worker)
    assert worker.deliver().outcome == ChangeOutcome.DROPPED
    assert "run_playbook" not in [call.verb for call in sentinel.calls]


def grow(sentinel, playbook, worker, steps):
    actions = {f"Look_up_{n}": {"type": "Http"} for n in range(steps)}
    sentinel.playbooks[playbook.resource_id]["properties"]["definition"]["actions"] = actions
    worker.read()
    playbook.refresh_from_db()


def test_the_step_behind_two_hundred_others_is_part_of_what_was_consented_to(
    start, ask, decide, isolate, sam, oda, sentinel, worker
):
    grow(sentinel, isolate, worker, 201)
    decide(ask(isolate, sam), oda)
    change_steps(sentinel, isolate, worker)
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)


def test_nobody_consents_to_more_steps_than_are_read(
    start, ask, decide, enrich, sam, oda, olaf, sentinel, worker
):
    start(enrich, sam)
    grow(sentinel, enrich, worker, MAX_STEPS + 1)
    assert enrich.acts_on_plant, "nothing suggests it, and nobody knows"
    assert worker.deliver().outcome == ChangeOutcome.DROPPED
    with pytest.raises(PlantConsentMissing, match="more steps than Tagout reads"):
        start(enrich, sam)
    with pytest.raises(CannotRequestConsent, match="more steps than Tagout reads"):
        ask(enrich, sam)
    with pytest.raises(CannotMarkPlaybook, match="Not all of its steps"):
        mark_playbook(playbook_id=enrich.pk, acts_on_plant=False, reason="Mock.", by=olaf, now=NOON)


def test_a_consent_is_worth_nothing_once_not_all_steps_are_read(
    start, ask, decide, isolate, sam, oda, sentinel, worker
):
    grow(sentinel, isolate, worker, MAX_STEPS)
    decide(ask(isolate, sam), oda)
    start(isolate, sam)
    grow(sentinel, isolate, worker, MAX_STEPS + 1)
    assert worker.deliver().outcome == ChangeOutcome.DROPPED, "the first thousand are the same"
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)


def test_a_request_cannot_be_decided_once_not_all_steps_are_read(
    ask, decide, isolate, sam, oda, sentinel, worker
):
    grow(sentinel, isolate, worker, MAX_STEPS)
    request = ask(isolate, sam)
    grow(sentinel, isolate, worker, MAX_STEPS + 1)
    with pytest.raises(CannotDecideConsent, match="more steps than Tagout reads"):
        decide(request, oda)


def test_a_consent_is_to_what_the_steps_send_as_well(
    start, ask, decide, isolate, sam, oda, sentinel, worker
):
    def send(body):
        step = sentinel.playbooks[isolate.resource_id]["properties"]["definition"]["actions"]
        step["Shut_port_on_switch"]["inputs"] = {"body": body}
        worker.read()

    send({"port": 7})
    decide(ask(isolate, sam), oda)
    request = ask(isolate, sam)
    send({"port": "all"})
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)
    with pytest.raises(CannotDecideConsent, match="changed since"):
        decide(request, oda)
    decide(ask(isolate, sam), oda)
    start(isolate, sam)
    send({"port": 8})
    assert worker.deliver().outcome == ChangeOutcome.DROPPED


def test_a_playbook_that_is_read_again_as_it_was_outdates_nothing(
    start, ask, decide, isolate, sam, oda, sentinel, worker
):
    decide(ask(isolate, sam), oda)
    properties = sentinel.playbooks[isolate.resource_id]["properties"]
    properties["definition"] = dict(reversed(properties["definition"].items()))
    properties["changedTime"] = "2026-11-24T12:00:00Z"
    worker.read()
    start(isolate, sam)


def test_a_consent_does_not_reach_a_site_that_came_to_the_incident_later(
    start, ask, decide, isolate, sam, oda, porto, incident, worker, sentinel
):
    decide(ask(isolate, sam), oda)
    here = list(incident.site_ids)
    Incident.objects.update(site_ids=[*here, porto.pk])
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)
    Incident.objects.update(site_ids=here)
    start(isolate, sam)
    Incident.objects.update(site_ids=[*here, porto.pk])
    assert worker.deliver().outcome == ChangeOutcome.DROPPED
    assert "run_playbook" not in [call.verb for call in sentinel.calls]


def test_a_consent_ends_with_the_right_of_who_gave_it(
    start, ask, decide, isolate, sam, oda, worker, sentinel
):
    decide(ask(isolate, sam), oda)
    start(isolate, sam)
    oda.grants.update(revoked_at=NOON)
    assert worker.deliver().outcome == ChangeOutcome.DROPPED
    assert "run_playbook" not in [call.verb for call in sentinel.calls]
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)


def test_of_a_playbook_that_the_version_before_cut_off_nobody_knows_all_steps(workspace):
    whole = make_playbook(workspace, "enrich", is_harmless=True, steps=["Step"] * 199)
    cut = make_playbook(workspace, "enrich-more", is_harmless=True, steps=["Step"] * 200)
    migration = import_module("alerts.automation.migrations.0007_long_playbooks_are_read_again")
    with connection.cursor() as cursor:
        cursor.execute(migration.NOT_ALL)
    for playbook, is_known in ((whole, True), (cut, False)):
        playbook.refresh_from_db()
        assert (playbook.has_all_steps, playbook.acts_on_plant) == (is_known, not is_known)


def test_who_consented_as_ot_and_speaks_as_the_second_only_has_to_be_asked_again(
    start, ask, decide, isolate, sam, oda, porto, incident, workspace
):
    grant_role(
        to=oda,
        role=Role.SOC_ANALYST,
        scope=GrantScope.WORKSPACE,
        scope_uuid=workspace.uuid,
        by="tests",
        now=NOON,
    )
    assert decide(ask(isolate, sam), oda).kind == PlantConsent.Kind.OT
    Incident.objects.update(site_ids=[*incident.site_ids, porto.pk])
    incident.refresh_from_db()
    assert consent_in_force(isolate, incident, now=NOON) is None, "nobody of Porto was asked"
    with pytest.raises(PlantConsentMissing):
        start(isolate, sam)
