"""A worker does to many incidents what a person asked: whole, once, and with reasons."""

from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.incidents.acts import bulk
from alerts.incidents.acts.bulk import process_piece
from alerts.incidents.acts.triage import change_severity
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import (
    BulkAct,
    Incident,
    IncidentStatus,
    Severity,
    Skipped,
    TimelineItem,
)
from alerts.incidents.tasks import process_bulk_acts
from alerts.outbox.models import Change
from portal import clock
from portal.accounts.models import Grant
from portal.jobs import services
from portal.jobs.models import JobState
from portal.notifications.models import Notification
from tests.alerts.incidents.web.many import closed, send, text_of, work
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.worker_roles import without_triggers


@pytest.mark.parametrize(
    ("verb", "values", "columns"),
    [
        ("assign", {"to": "me"}, {"owner_name": "Sam Keller"}),
        ("severity", {"severity": "4"}, {"severity": Severity.HIGH}),
        ("comment", {"message": "Seen."}, {"comments__message__startswith": "Seen."}),
    ],
)
def test_each_verb_can_be_done_to_many(
    small_pieces, signed_in, sam, make_row, verb, values, columns
):
    send(signed_in(sam), make_row(6), verb, **values)
    assert work() == 2
    assert Incident.objects.filter(**columns).count() == 6
    assert Change.objects.count() == 6


def test_many_are_reopened(small_pieces, signed_in, sam, make_row):
    row = make_row(6)
    ids = list(Incident.objects.values_list("pk", flat=True))
    Incident.objects.update(status=IncidentStatus.CLOSED)
    regroup(ids, now=NOON)
    signed_in(sam).post("/incidents/act/reopen/", {"incident": ids})
    work()
    assert Incident.objects.filter(status=IncidentStatus.ACTIVE).count() == 6
    assert row.n == 6


def test_what_is_refused_for_one_skips_that_one_with_its_reason(
    small_pieces, signed_in, sam, leo, make_row
):
    client, row = signed_in(sam), make_row(6)
    send(client, row)
    one, two, three, four = Incident.objects.order_by("pk")[:4]
    Incident.objects.filter(pk=one.pk).update(gone_at=NOON)
    Incident.objects.filter(pk=two.pk).update(owner_id="leo", owner_name="Leo")
    other = make_workspace("elsewhere")
    with without_triggers():
        Incident.objects.filter(pk=three.pk).update(workspace=other, site_ids=[])
    Incident.objects.filter(pk=four.pk).update(merged_into=7)
    work()
    act = BulkAct.objects.get()
    assert (act.done, act.worked, act.state) == (2, 6, JobState.DONE)
    reasons = {skip.incident_id: skip.reason for skip in act.skipped.all()}
    assert reasons == {
        one.pk: f"#{one.number} was deleted in Sentinel and is read-only.",
        two.pk: "Somebody changed it after you selected it. Look at it again.",
        three.pk: "This incident does not exist, or you may not see it.",
        four.pk: f"#{four.number} was merged into #7 and is read-only.",
    }
    text = text_of(client.get(f"/incidents/bulk/{act.act}/"))
    assert "Done: 2" in text and "Skipped: 4" in text
    assert all(reason in text for reason in reasons.values())
    page = client.get(f"/incidents/bulk/{act.act}/").content.decode()
    assert f"/incidents/{two.pk}/" in page
    assert f"/incidents/{three.pk}/" not in page, "who may not see it gets no link"


def test_where_there_is_nothing_to_do_it_says_so(small_pieces, signed_in, sam, make_row):
    row = make_row(6, severity=Severity.HIGH)
    send(signed_in(sam), row, "severity", severity="4")
    work()
    assert set(Skipped.objects.values_list("reason", flat=True)) == {
        "Its severity is already High."
    }
    assert Skipped.objects.count() == 6 and not Change.objects.exists()


def test_one_that_takes_no_comment_does_not_hold_up_the_others(
    small_pieces, signed_in, sam, make_row
):
    row = make_row(6)
    full = Incident.objects.order_by("pk").first()
    Incident.objects.filter(pk=full.pk).update(comments_count=100)
    send(signed_in(sam), row, "comment", message="Seen.")
    work()
    assert "all that Sentinel keeps" in Skipped.objects.get(incident=full).reason
    assert BulkAct.objects.get().done == 5


def test_own_acts_meanwhile_are_no_change_by_others(small_pieces, signed_in, sam, make_row):
    client, row = signed_in(sam), make_row(6)
    send(client, row, "severity", severity="4")
    send(client, row)
    work()
    assert (
        Incident.objects.filter(status=IncidentStatus.CLOSED, severity=Severity.HIGH).count() == 6
    )


def test_rights_lost_meanwhile_are_a_reason(small_pieces, signed_in, sam, make_row):
    send(signed_in(sam), make_row(6))
    Grant.objects.filter(user=sam).update(role="manager")
    work()
    reasons = set(Skipped.objects.values_list("reason", flat=True))
    assert reasons == {"Only a SOC analyst or SOC lead of gdansk may do this."}
    assert closed() == 0


def test_a_worker_killed_in_the_middle_of_a_piece_does_nothing_twice(
    small_pieces, signed_in, sam, make_row, monkeypatch
):
    send(signed_in(sam), make_row(12), "comment", message="Seen.")
    work(1)

    def killed(*_, **__):
        raise KeyboardInterrupt  # no handler sees a kill: the transaction is all that ends

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(bulk.Skipped.objects, "bulk_create", killed)
        work(1)
    act = BulkAct.objects.get()
    assert (act.state, act.worked) == (JobState.RUNNING, 5)
    assert Change.objects.count() == 5
    assert work() == 0, "its lease still runs"
    later = clock.unshifted() + timedelta(minutes=3)
    assert process_piece(unshifted=later, now=NOON)
    assert process_piece(unshifted=later, now=NOON)
    act.refresh_from_db()
    assert (act.state, act.worked, act.done) == (JobState.DONE, 12, 12)
    assert Change.objects.count() == 12
    assert TimelineItem.objects.filter(code="commented").count() == 12


def test_a_piece_that_runs_again_does_nothing_twice(small_pieces, signed_in, sam, make_row):
    send(signed_in(sam), make_row(6), "comment", message="Seen.")
    work()
    BulkAct.objects.update(state=JobState.WAITING, worked=0, done=0)
    work()
    assert Change.objects.count() == 6
    assert TimelineItem.objects.filter(code="commented").count() == 6
    assert BulkAct.objects.get().done == 6


def test_who_lost_the_lease_writes_nothing(small_pieces, signed_in, sam, make_row, monkeypatch):
    send(signed_in(sam), make_row(6))
    claimed = services.claim_due

    def slow(rows, **arguments):
        row = claimed(rows, **arguments)
        BulkAct.objects.update(fence=row.fence + 1)
        return row

    monkeypatch.setattr(services, "claim_due", slow)
    work(1)
    assert closed() == 0


def test_what_fails_is_tried_again_then_told_and_goes_on_when_asked(
    small_pieces, signed_in, sam, make_row, monkeypatch
):
    client = signed_in(sam)
    send(client, make_row(6))
    act = BulkAct.objects.get()

    def broken(**_):
        raise ZeroDivisionError("oh")

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "apply_verb", broken)
        for turn in range(4):
            at = clock.unshifted() + timedelta(minutes=10 * turn)
            assert process_piece(unshifted=at, now=NOON)
    act.refresh_from_db()
    assert (act.state, act.latest_error) == (JobState.DEAD, "oh")
    page = f"/incidents/bulk/{act.act}/"
    assert Notification.objects.get(to=sam).path == page
    assert "It stopped at 0 of 6." in text_of(client.get(page))
    assert client.post(f"{page}resume/").status_code == 302
    work()
    assert closed() == 6
    assert "It has not failed" in text_of(client.post(f"{page}resume/"))


def test_what_kills_its_worker_each_time_is_given_up_and_told(
    small_pieces, signed_in, sam, make_row
):
    send(signed_in(sam), make_row(6))
    BulkAct.objects.update(
        state=JobState.RUNNING,
        attempts=4,
        fence=4,
        lease_until=clock.unshifted() - timedelta(hours=1),
    )
    assert work(1) == 1
    act = BulkAct.objects.get()
    assert (act.state, act.latest_error) == (JobState.DEAD, "The worker died each time it tried.")
    assert Notification.objects.get(to=sam).path == f"/incidents/bulk/{act.act}/"
    assert closed() == 0 and work() == 0


def test_who_waited_finds_it_in_the_inbox_and_who_watched_does_not(
    small_pieces, signed_in, sam, make_row
):
    send(signed_in(sam), make_row(6))
    work()
    assert not Notification.objects.exists()
    sam.language = "de"
    sam.save()
    send(signed_in(sam), make_row(6), "severity", severity="4")
    work(now=NOON + timedelta(minutes=1))
    line = Notification.objects.get(to=sam)
    assert line.path == f"/incidents/bulk/{BulkAct.objects.latest('pk').act}/"
    assert line.subject.startswith("Erledigt bei 6 von 6"), "in the person's language"


def test_the_task_does_all_that_is_due(small_pieces, signed_in, sam, make_row):
    send(signed_in(sam), make_row(6))
    process_bulk_acts()
    assert closed() == 6


def test_an_act_of_today_is_still_one_act(small_pieces, sam, make_row):
    make_row(2)
    first, second = Incident.objects.values_list("pk", flat=True)
    act = uuid4()
    for pk in (first, second, first):
        change_severity(incident_ids=[pk], severity=Severity.LOW, by=sam, now=NOON, act=act)
    assert Change.objects.filter(act=act).count() == 2
