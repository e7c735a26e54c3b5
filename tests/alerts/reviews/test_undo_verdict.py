"""A verdict can be taken back while nothing of it has reached Sentinel."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, PatternMemory, TimelineItem
from alerts.outbox.models import Change
from alerts.reviews.queries import verdict_on
from alerts.reviews.services import CannotUndoVerdict, undo_verdict
from portal.audit.models import Entry
from portal.notifications.models import Mail, Notification
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)


def test_undone_is_as_if_it_had_not_been_given(answer, review, oda, incident):
    given = answer(review)
    undo_verdict(act=given.act, by=oda, now=NOON)
    review.refresh_from_db()
    incident.refresh_from_db()
    assert (review.state, review.settled_at) == ("waiting", None)
    assert (incident.ot_state, incident.ot_due_at) == ("waiting", review.due_at)
    assert verdict_on(incident.pk) is None
    memory = PatternMemory.objects.get()
    assert (memory.maintenance, memory.latest_verdict, memory.latest_verdict_at) == (0, "", None)
    assert not TimelineItem.objects.filter(code="answered").exists()
    assert not Notification.objects.filter(kind="reviews.answered").exists()
    assert not Mail.objects.filter(notification__kind="reviews.answered").exists()
    assert set(Change.objects.values_list("outcome", flat=True)) == {"withdrawn"}
    assert Entry.objects.latest("seq").action == "reviews.verdict.undone"


def test_the_earlier_verdict_holds_again(answer, review, olaf, incident):
    first = answer(review)
    second = answer(review, by=olaf, verdict="routine", cause="runs-by-itself", now=LATER)
    undo_verdict(act=second.act, by=olaf, now=LATER)
    review.refresh_from_db()
    assert review.state == "answered"
    assert verdict_on(incident.pk) == first
    memory = PatternMemory.objects.get()
    assert (memory.maintenance, memory.routine, memory.latest_verdict) == (1, 0, "maintenance")
    assert Incident.objects.get().ot_state == "maintenance"


def test_undoing_twice_undoes_once(answer, review, oda):
    given = answer(review)
    for _ in range(2):
        undo_verdict(act=given.act, by=oda, now=NOON)
    assert PatternMemory.objects.get().maintenance == 0
    assert Entry.objects.filter(action="reviews.verdict.undone").count() == 1


def test_what_is_on_its_way_to_sentinel_stands(answer, review, oda):
    given = answer(review)
    first = Change.objects.order_by("pk").first()
    Change.objects.filter(pk=first.pk).update(attempts=1, fence=1, state="running")
    with pytest.raises(CannotUndoVerdict, match="in Sentinel already"):
        undo_verdict(act=given.act, by=oda, now=NOON)
    assert not Change.objects.filter(outcome="withdrawn").exists(), "all or nothing"
    review.refresh_from_db()
    assert review.state == "answered"


def test_nobody_undoes_anothers_verdict(answer, review, olaf):
    given = answer(review)
    with pytest.raises(CannotUndoVerdict, match="nothing to undo"):
        undo_verdict(act=given.act, by=olaf, now=NOON)


def test_what_was_superseded_stands(answer, review, oda, olaf):
    given = answer(review)
    answer(review, by=olaf, now=LATER)
    with pytest.raises(CannotUndoVerdict, match="after you"):
        undo_verdict(act=given.act, by=oda, now=LATER)
