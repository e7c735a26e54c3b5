"""Our changes in Sentinel: each write, how it ended, and who won."""

from datetime import timedelta
from uuid import uuid4

from django.template.loader import render_to_string

from alerts.incidents.acts.apply import SystemActor, undo_act
from alerts.incidents.acts.close import close_incidents
from alerts.incidents.acts.triage import change_severity, comment_on_incidents, label_incidents
from alerts.incidents.engine.hidden_verdicts import (
    CoveredIncident,
    HiddenVerdict,
    HiddenVerdicts,
)
from alerts.incidents.models import Severity
from alerts.incidents.page.sentinel_writes import MemberChange, sentinel_writes_of, writes_to
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.deliver import OVERTAKEN
from alerts.outbox.services.enqueue import PendingWrite, enqueue_changes
from alerts.sentinel.client.port import SentinelRefused
from tests.conftest import NOON
from tests.factories.automation import make_playbook, make_run

LEO = {"objectId": "1e0", "email": "leo@demo.example", "assignedTo": "Leo Hartmann"}


def labels_of(incident):
    return [str(write.outcome.label) for write in sentinel_writes_of(incident)]


def test_a_write_is_told_from_the_click_to_sentinel(desk, sam):
    incident = desk.incident(severity="Medium")
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    (owed,) = sentinel_writes_of(incident)
    assert (owed.by, owed.made_at, owed.settled_at) == (sam.name, NOON, None)
    assert labels_of(incident) == ["On its way"]
    desk.deliver()
    (sent,) = sentinel_writes_of(incident)
    assert labels_of(incident) == ["In Sentinel"]
    assert sent.settled_at == NOON and sent.note == ""
    assert sent.changes == (MemberChange("Severity", "Medium", "Low"),)


def test_a_lost_race_is_a_difference_with_a_winner(desk, sam):
    incident = desk.incident(severity="Medium")
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    desk.sentinel.edit(incident.name, severity="High")
    desk.deliver()
    (lost,) = sentinel_writes_of(incident)
    assert labels_of(incident) == ["A person in Sentinel won"]
    assert lost.changes == (MemberChange("Severity", "Medium", "Low", kept="High"),)
    assert lost.settled_at == NOON


def test_members_that_the_act_was_not_about_are_told_too(desk, sam):
    incident = desk.incident()
    close_incidents(
        incident_ids=[incident.pk],
        classification="BenignPositive",
        reason="SuspiciousButExpected",
        by=sam,
        now=NOON,
    )
    desk.sentinel.edit(incident.name, owner=LEO)
    desk.deliver()
    (lost,) = sentinel_writes_of(incident)
    assert lost.changes == (MemberChange("Owner", "", "as it was", kept="Leo Hartmann"),)


def test_each_race_of_one_incident_has_its_own_difference(desk, sam):
    incident = desk.incident(severity="Medium")
    for wanted, theirs in ((Severity.LOW, "High"), (Severity.INFORMATIONAL, "Medium")):
        change_severity(incident_ids=[incident.pk], severity=wanted, by=sam, now=NOON)
        desk.sentinel.edit(incident.name, severity=theirs)
        desk.deliver()
    newest, oldest = sentinel_writes_of(incident)
    assert [change.kept for change in oldest.changes] == ["High"]
    assert [change.kept for change in newest.changes] == ["Medium"]


def test_comments_labels_refusals_and_undone_acts_are_told(desk, sam):
    incident = desk.incident()
    comment_on_incidents(incident_ids=[incident.pk], message="Asked OT.", by=sam, now=NOON)
    label_incidents(incident_ids=[incident.pk], add=["vendor"], by=sam, now=NOON)
    desk.deliver()
    act = change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    undo_act(act=act, by=sam, now=NOON)
    desk.sentinel.fail_next(SentinelRefused("Too long.", status=400), verb="put_comment")
    comment_on_incidents(incident_ids=[incident.pk], message="Again.", by=sam, now=NOON)
    desk.deliver()
    refused, undone, label, comment = sentinel_writes_of(incident)
    assert labels_of(incident) == [
        "Refused by Sentinel",
        "Undone before it was sent",
        "In Sentinel",
        "In Sentinel",
    ]
    assert comment.message.startswith("Asked OT.") and comment.changes == ()
    assert label.changes == (MemberChange("Labels", "", "+vendor"),)
    assert (refused.note, undone.note) == ("Too long.", "")


def test_what_was_sent_and_did_not_stay_so_is_told(desk, sam):
    incident = desk.incident(severity="Medium")
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    desk.deliver()
    Change.objects.update(note=OVERTAKEN)
    (sent,) = sentinel_writes_of(incident)
    assert (str(sent.outcome.label), sent.note) == ("In Sentinel", OVERTAKEN)


def test_the_page_shows_them(desk, sam, client):
    incident = desk.incident(severity="Medium")
    client.force_login(sam)
    address = f"/incidents/{incident.pk}/?tab=writes"
    assert "Tagout has changed nothing" in client.get(address).content.decode()
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    desk.sentinel.edit(incident.name, severity="High")
    desk.deliver()
    page = client.get(address).content.decode()
    assert "Severity: before Medium, Tagout wanted Low, in Sentinel it stays High" in page
    assert "A person in Sentinel won" in page
    assert page.count("Our changes in Sentinel") == 2  # the tab and its card have one name


def test_who_is_asked_for_a_second_opinion_learns_nothing_of_the_first(desk, sam):
    incident = desk.incident()
    before = comment_on_incidents(incident_ids=[incident.pk], message="Before.", by=sam, now=NOON)
    given_at = NOON + timedelta(minutes=1)
    answer = label_incidents(
        incident_ids=[incident.pk], add=["tagout:routine"], by=SystemActor("Oda"), now=given_at
    )
    later = given_at + timedelta(minutes=1)
    comment_on_incidents(incident_ids=[incident.pk], message="As Oda says.", by=sam, now=later)
    covered = CoveredIncident(incident.pk, None, None)
    verdict = HiddenVerdict(1, answer, "routine", given_at, uuid4(), (covered,))
    incident.hidden = HiddenVerdicts([verdict])
    assert [change.act for change in writes_to(incident)] == [before]
    Change.objects.filter(act=before).delete()
    page = {"incident": incident, "writes": sentinel_writes_of(incident), "zone": "reader"}
    text = render_to_string("alerts/incidents/_writes.html", page)
    assert "is hidden until you have answered" in text
    assert "Tagout has changed nothing" not in text, "it has, after the verdict"


def test_the_number_of_queries_does_not_grow_with_the_writes(
    desk, sam, django_assert_max_num_queries
):
    incident = desk.incident()
    for n in range(12):
        comment_on_incidents(incident_ids=[incident.pk], message=f"No. {n}", by=sam, now=NOON)
    assert Change.objects.count() == 12
    with django_assert_max_num_queries(1):
        assert len(sentinel_writes_of(incident)) == 12


def test_the_run_of_a_playbook_is_told_by_its_name(desk, sam):
    incident = desk.incident()
    playbook = "/subscriptions/s/providers/Microsoft.Logic/workflows/enrich-with-cve"
    run = make_run(make_playbook(incident.workspace), incident, name="", asked_at=NOON)
    wish = PendingWrite(incident.workspace_id, incident.name, playbook=playbook, run_uuid=run.uuid)
    enqueue_changes(wishes=[wish], act=uuid4(), by=sam, by_label=sam.name, now=NOON)
    (write,) = sentinel_writes_of(incident)
    assert write.changes == (MemberChange("Run a playbook", "", "enrich-with-cve"),)
    Change.objects.update(outcome=ChangeOutcome.SENT, note="08585287554177334956853859655CU00")
    (started,) = sentinel_writes_of(incident)
    assert started.note == "", "the name of its run tells people nothing"
