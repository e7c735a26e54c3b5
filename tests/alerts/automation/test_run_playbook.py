"""A person runs a playbook on an incident: owed, started once, and seen to run."""

import uuid

import pytest

from alerts.automation.models import PlaybookRun
from alerts.automation.services.run_playbook import CannotRunPlaybook
from alerts.incidents.acts.apply import undo_act
from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.client.port import SentinelUnavailable
from portal.accounts.models import Grant, User
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.program import stored_incident

pytestmark = pytest.mark.django_db


def test_a_run_is_owed_started_and_found_again_in_azure(
    start, enrich, sam, worker, incident, sentinel
):
    act = start(enrich, sam, reason="Look it up.")
    assert incident.timeline.get().code == "playbook"
    entry = Entry.objects.get(action="automation.playbook.run")
    assert (entry.actor, entry.details["reason"]) == (sam, "Look it up.")
    assert worker.deliver().outcome == ChangeOutcome.SENT
    worker.read()
    run = PlaybookRun.objects.get()
    assert (run.change.act, run.name, run.status) == (act, f"{1:020d}", "Succeeded")
    assert run.by == sam and run.incident == incident


def test_a_run_of_others_is_another_row(start, enrich, sam, worker, incident, sentinel):
    sentinel.add_run(enrich.resource_id, incident.name)
    worker.read()
    start(enrich, sam)
    worker.deliver()
    worker.read()
    assert sorted(run.by is None for run in PlaybookRun.objects.all()) == [False, True]


def test_the_same_form_sent_twice_is_one_run(start, enrich, sam):
    act = uuid.uuid4()
    assert start(enrich, sam, act=act) == start(enrich, sam, act=act) == act
    assert Change.objects.count() == PlaybookRun.objects.count() == 1


def test_the_form_of_a_run_that_was_taken_back_starts_nothing_and_says_so(start, enrich, sam):
    act = start(enrich, sam)
    undo_act(act=act, by=sam, now=NOON)
    with pytest.raises(CannotRunPlaybook, match="You have undone this"):
        start(enrich, sam, act=act)


def test_a_second_run_waits_until_the_first_is_under_way(start, enrich, sam, worker):
    start(enrich, sam)
    with pytest.raises(CannotRunPlaybook, match="already on its way"):
        start(enrich, sam)
    worker.deliver()
    start(enrich, sam)
    assert PlaybookRun.objects.count() == 2


def test_it_can_be_taken_back_while_it_is_held(start, enrich, sam, worker, sentinel, clock):
    act = start(enrich, sam)
    undo_act(act=act, by=sam, now=NOON)
    clock.go(minutes=1)
    assert worker.deliver() is None
    assert not any(call.verb == "run_playbook" for call in sentinel.calls)


def test_several_incidents_are_one_act(start, enrich, sam, incident, workspace, site, sentinel):
    other = stored_incident(workspace, site_ids=[site.pk])
    start(enrich, sam, incident_ids=[incident.pk, other.pk])
    assert set(PlaybookRun.objects.values_list("incident", flat=True)) == {incident.pk, other.pk}
    assert Entry.objects.filter(action="automation.playbook.run").count() == 1


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("is_enabled", False, "disabled in Azure"),
        ("has_incident_trigger", False, "no Sentinel incident trigger"),
        ("gone_at", NOON, "no longer in Azure"),
    ],
)
def test_what_cannot_run_is_refused(start, enrich, sam, column, value, why):
    setattr(enrich, column, value)
    enrich.save()
    with pytest.raises(CannotRunPlaybook, match=why):
        start(enrich, sam)
    assert not Change.objects.exists()


def test_only_the_soc_of_the_workspace_runs_playbooks(start, enrich, oda, mia):
    for person in (oda, mia):
        with pytest.raises(CannotRunPlaybook):
            start(enrich, person)
    assert not Change.objects.exists()


@pytest.mark.parametrize("change", ["account", "right", "disabled", "marked"])
def test_what_is_no_longer_right_is_not_started(start, enrich, sam, worker, sentinel, change):
    start(enrich, sam)
    if change == "account":
        User.objects.filter(pk=sam.pk).update(is_active=False)
    elif change == "right":
        Grant.objects.filter(user=sam).update(revoked_at=NOON)
    elif change == "disabled":
        type(enrich).objects.update(is_enabled=False)
    else:
        type(enrich).objects.update(mark=True)
    assert worker.deliver().outcome == ChangeOutcome.DROPPED
    assert not any(call.verb == "run_playbook" for call in sentinel.calls)


def test_what_was_sent_is_looked_for_also_where_it_would_start_no_more(
    start, enrich, sam, worker, sentinel, incident, clock
):
    start(enrich, sam)
    sentinel.fail_next(SentinelUnavailable("Too slow."), verb="run_playbook")
    assert worker.deliver().outcome == ChangeOutcome.OPEN
    sentinel.add_run(enrich.resource_id, incident.name)
    type(enrich).objects.update(is_enabled=False)
    clock.go(minutes=2)
    assert worker.deliver().outcome == ChangeOutcome.SENT
