"""Open incidents from before a rule began are closed by a person in one act, guards asked."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.incidents.acts.bulk import process_piece, undo_bulk_act
from alerts.incidents.models import BulkAct, Incident, IncidentStatus
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.verdicts import give_verdict
from alerts.sites.models import Device
from alerts.suppression.models import LedgerEntry
from alerts.suppression.watching.backlog import (
    CannotCloseBacklog,
    close_backlog,
    count_backlog,
    read_backlog,
)
from portal.audit.models import Entry
from tests.alerts.suppression.enforcing.floor import POLLING, routine

MINUTE = timedelta(minutes=1)


@pytest.fixture
def closes(floor):
    """`closes(version)` has Leo close what he has just seen."""

    def close(version, *, by=None, **more):
        by = by or floor.leo
        fingerprint = read_backlog(by, version, now=floor.now).fingerprint
        values = {"fingerprint": fingerprint, "now": floor.now, "unshifted": floor.clock.at} | more
        return close_backlog(version_id=version.pk, by=by, **values)

    return close


def kept_open(floor, version, *, by=None):
    groups = read_backlog(by or floor.leo, version, now=floor.now).remaining
    return {" ".join(map(str, group.reasons)): len(group.incidents) for group in groups}


@pytest.mark.parametrize("state", ["canary", "live"])
def test_what_was_open_before_is_closed_by_a_person_with_the_rule_s_text(floor, closes, state):
    old = [floor.incident(), floor.incident()]
    version = floor.rule(number=12, state=state, since=floor.now)
    assert floor.decide() == 0, "nothing closes by itself"
    assert count_backlog(floor.leo, version) == 2
    act = closes(version)
    assert process_piece(unshifted=floor.clock.at, now=floor.now)
    rows = Incident.objects.filter(pk__in=[row.pk for row in old])
    assert {(row.status, row.classification, row.closed_by) for row in rows} == {
        (IncidentStatus.CLOSED, "BenignPositive", "")
    }
    floor.clock.go(minutes=1)
    floor.deliver()
    text = floor.properties(old[0])["classificationComment"]
    assert text.startswith("Covered by Tagout, rule R-12, version 1: The station polls.")
    assert version.rule_hash in text and text.endswith("Closed by Leo Hartmann in Tagout.")
    assert not LedgerEntry.objects.exists(), "the rule did not do it"
    entry = Entry.objects.get(action="suppression.rule.backlog_closed")
    assert (entry.actor, entry.details["incidents"], entry.details["act"]) == (
        floor.leo,
        2,
        str(act.act),
    )


def test_all_of_it_is_undone_as_one_act_and_the_same_form_again_is_one_act(floor, closes):
    old = floor.incident()
    version = floor.rule(since=floor.now)
    act = closes(version)
    assert closes(version, act=act.act) == act and BulkAct.objects.count() == 1
    process_piece(unshifted=floor.clock.at, now=floor.now)
    undo_bulk_act(act=act.act, by=floor.leo, now=floor.now)
    old.refresh_from_db()
    assert old.status == IncidentStatus.NEW


def test_what_a_guard_would_keep_open_from_the_rule_stays_open_with_its_reason(floor, closes):
    floor.incident()
    floor.incident(owner={"objectId": "7", "assignedTo": "Sam"})
    asked, judged = floor.incident(), floor.incident()
    (site_id,) = asked.site_ids
    ask_ot(incident_ids=[asked.pk], site_id=site_id, question="Yours?", by=floor.leo, now=floor.now)
    give_verdict(
        incident_ids=[judged.pk],
        verdict="suspicious",
        cause="other",
        by=floor.oda,
        note="Odd.",
        key=uuid.uuid4(),
        now=floor.now,
    )
    floor.incident(routine(), routine(alertDisplayName="FTP Login Failed"))
    version = floor.rule(since=floor.now)
    found = kept_open(floor, version)
    assert sum(found.values()) == 5, found
    text = " ".join(found)
    assert "Somebody has taken the incident." in text and "a question to OT" in text
    assert "OT called something suspicious on EWS-07" in text and "FTP Login Failed" in text
    with pytest.raises(CannotCloseBacklog):
        closes(version)


def test_a_crown_jewel_keeps_its_incidents_open(floor):
    floor.incident()
    Device.objects.filter(name="PLC-21").update(criticality="crown-jewel")
    version = floor.rule(since=floor.now)
    assert list(kept_open(floor, version).values()) == [1]
    assert not read_backlog(floor.leo, version, now=floor.now).closing


def test_what_changed_since_it_was_seen_is_refused(floor, closes):
    floor.incident()
    version = floor.rule(since=floor.now)
    fingerprint = read_backlog(floor.leo, version, now=floor.now).fingerprint
    floor.incident()
    with pytest.raises(CannotCloseBacklog, match="has changed"):
        closes(version, fingerprint=fingerprint)
    assert not BulkAct.objects.exists()


def test_what_came_after_it_began_is_the_rule_s_and_ot_closes_nothing(floor, closes):
    version = floor.rule(since=floor.now - 8 * MINUTE)
    floor.incident(at=floor.now - 7 * MINUTE)
    assert count_backlog(floor.leo, version) == 0
    floor.incident(at=floor.now - 9 * MINUTE)
    assert count_backlog(floor.leo, version) == 1
    assert count_backlog(floor.oda, version) == 0
    with pytest.raises(CannotCloseBacklog):
        closes(version, by=floor.oda)


def test_the_page_says_what_closes_and_what_stays_open_before_the_click(floor, client):
    floor.incident()
    floor.incident(owner={"objectId": "7", "assignedTo": "Sam"})
    version = floor.rule(number=12, since=floor.now)
    client.force_login(floor.leo)
    card = client.get(reverse("suppression:backlog_card", args=[version.uuid])).content.decode()
    assert "2 open incidents from before R-12 began" in " ".join(card.split())
    address = reverse("suppression:backlog", args=[version.uuid])
    page = " ".join(client.get(address).content.decode().split())
    assert "1 would be closed" in page and "1 stays open" in page and "Close 1 incident" in page
    assert Incident.objects.filter(title=POLLING, status=IncidentStatus.NEW).count() == 2
    fingerprint = read_backlog(floor.leo, version, now=floor.now).fingerprint
    answer = client.post(
        address, {"fingerprint": fingerprint, "act": "8a2d7c1e-0000-4000-8000-000000000001"}
    )
    assert answer.status_code == 302 and answer["Location"].startswith("/incidents/bulk/")
    assert client.post(address, {"fingerprint": "0", "act": ""}).status_code == 422
    client.force_login(floor.oda)
    assert "Close 1" not in client.get(address).content.decode()
