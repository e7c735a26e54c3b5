"""What OT said, or is asked, of an incident that was merged away goes to the one that is left."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from alerts.incidents.acts.triage import label_incidents
from alerts.incidents.ingest.incident_rows import UNKNOWN_SURVIVOR
from alerts.incidents.ingest.survivors import find_survivors
from alerts.incidents.models import Alert, DetailsState, Incident, IncidentAlert, OtState
from alerts.incidents.page.timeline import sentence_for
from alerts.outbox.models import Change
from alerts.reviews.models import AskedIncident, Question, Verdict
from alerts.reviews.queries.questions import incidents_decided_by, suspicions_on, verdict_on
from alerts.reviews.queries.questions import waiting_for as questions_to
from alerts.reviews.services.merged_verdicts import move_merged_verdict
from alerts.reviews.tasks import move_merged_verdicts
from portal.audit.models import Entry
from portal.errors import Refused
from tests.alerts.reviews.conftest import answer_of
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.worker_roles import take_on, without_triggers


@pytest.fixture
def pair(make, incident):
    """An incident with a verdict to come, and the one that it will be merged into."""
    (survivor,) = make(1)
    Incident.objects.update(details_state=DetailsState.FETCHED)
    survivor.refresh_from_db()
    return incident, survivor


@pytest.fixture
def give(oda):
    """`give([incident], verdict)` has Oda say so."""

    def give_verdict_on(incidents, verdict, **more):
        ids = [incident.pk for incident in incidents]
        return answer_of(oda, incident_ids=ids, verdict=verdict, cause="other", **more)

    return give_verdict_on


def merge(loser, survivor):
    """Correlation merges it: its alerts are in the survivor, too."""
    for link in IncidentAlert.objects.filter(incident=loser):
        IncidentAlert.objects.get_or_create(incident=survivor, alert=link.alert)
    Incident.objects.filter(pk=loser.pk).update(merged_into=survivor.number)


def move():
    """Do all that is due; returns how many verdicts were looked at."""
    n = 0
    while move_merged_verdict(now=NOON):
        n += 1
    return n


def lines(survivor):
    return [sentence_for(item)["words"] for item in survivor.timeline.filter(side="portal")]


def test_a_suspicion_goes_with_the_incident(pair, give):
    loser, survivor = pair
    verdict = give([loser], "suspicious", note="Nobody planned that.")
    merge(loser, survivor)
    assert move() == 1
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.SUSPICIOUS
    assert set(verdict.incidents.all()) == {loser, survivor}
    assert Verdict.objects.count() == 1
    (line,) = lines(survivor)
    assert str(loser.number) in line and "suspicious" in line.casefold()
    assert Entry.objects.get(action="reviews.verdict.moved").details["moved"] is True
    assert move() == 0


def test_a_worker_writes_nothing_else_in_the_name_of_whoever_answered(pair, give):
    _, survivor = pair
    give([pair[0]], "suspicious", note="Nobody\nplanned that.", work_order="WO-7")
    owed = Change.objects.get(kind="comment")
    owed.incident_name = survivor.name
    first, *rest = owed.message.split("\n")
    assert "planned that." in rest

    def forge(message):
        owed.pk, owed.key, owed.message = None, uuid4(), message
        with take_on("bulk"), transaction.atomic():
            owed.save(force_insert=True)

    for message in (
        "It was planned after all.",
        "\n".join([first, *rest, "It was planned after all."]),
        "\n".join([first.replace("Suspicious", "Routine"), *rest]),
        "\n".join([first, *rest]).replace("Nobody\nplanned", "We have\nplanned"),
        "\n".join([first, *rest]).replace("WO-7", "WO-8"),
        "\n".join([first, *rest]).replace("Oda", "Olaf"),
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            forge(message)
    forge("\n".join([first, *rest]))


def test_a_harmless_verdict_does_not_cover_what_else_is_in_there(pair, give):
    loser, survivor = pair
    give([loser], "routine", note="Every week.")
    merge(loser, survivor)
    assert move() == 1
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.NOT_ASKED
    (line,) = lines(survivor)
    assert str(loser.number) in line and "routine" not in line.casefold()
    assert move() == 0


def test_a_harmless_verdict_holds_where_all_alerts_were_judged_so(pair, give):
    loser, survivor = pair
    give([loser], "routine", note="Every week.")
    merge(loser, survivor)
    IncidentAlert.objects.filter(incident=survivor).exclude(alert__incidents=loser).delete()
    assert move() == 1
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.ROUTINE


def test_it_waits_until_the_survivor_is_read(pair, give):
    loser, survivor = pair
    give([loser], "suspicious", note="Nobody planned that.")
    merge(loser, survivor)
    Incident.objects.filter(pk=survivor.pk).update(details_state=DetailsState.PENDING)
    assert move() == 0
    Incident.objects.filter(pk=survivor.pk).update(details_state=DetailsState.FETCHED)
    assert move() == 1


def test_a_verdict_that_was_taken_back_goes_nowhere(pair, give):
    loser, survivor = pair
    verdict = give([loser], "suspicious", note="Nobody planned that.")
    Verdict.objects.filter(pk=verdict.pk).update(withdrawn_at=NOON)
    merge(loser, survivor)
    assert move() == 0


def waiting_for(question):
    return set(
        AskedIncident.objects.filter(question=question, answer=None).values_list(
            "incident", flat=True
        )
    )


def test_an_open_question_goes_on_about_the_survivor(pair, ask, answer):
    loser, survivor = pair
    question = ask([loser])
    merge(loser, survivor)
    move_merged_verdicts()
    assert waiting_for(question) == {survivor.pk}
    for incident in pair:
        incident.refresh_from_db()
    assert (loser.ot_state, survivor.ot_state) == (OtState.NOT_ASKED, OtState.WAITING)
    (line,) = lines(survivor)
    assert f"#{loser.number}" in line
    assert any(f"#{survivor.number}" in line for line in lines(loser))
    assert Entry.objects.get(action="reviews.review.moved").details["survivor"] == survivor.number
    answer(question)
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.MAINTENANCE
    assert not AskedIncident.objects.filter(answer=None).exists()


def test_ot_is_not_asked_twice_about_the_survivor(pair, ask):
    loser, survivor = pair
    question, other = ask([loser]), ask([survivor])
    merge(loser, survivor)
    move_merged_verdicts()
    question.refresh_from_db()
    assert (question.state, waiting_for(question)) == (Question.State.WITHDRAWN, set())
    assert waiting_for(other) == {survivor.pk}


def test_a_question_about_both_waits_for_the_survivor_alone(pair, ask):
    loser, survivor = pair
    question = ask([loser, survivor])
    merge(loser, survivor)
    move_merged_verdicts()
    question.refresh_from_db()
    assert (question.state, waiting_for(question)) == (Question.State.WAITING, {survivor.pk})
    assert question.lead_id == survivor.pk


def test_a_question_to_a_site_that_the_survivor_does_not_touch_is_answered_where_it_was(
    pair, ask, porto, oda, client
):
    loser, survivor = pair
    question = ask([loser])
    Incident.objects.filter(pk=survivor.pk).update(site_ids=[porto.pk])
    merge(loser, survivor)
    move_merged_verdicts()
    assert waiting_for(question) == {loser.pk}
    assert list(questions_to(oda)) == [question]
    client.force_login(oda)
    address = f"/reviews/{question.uuid}/"
    assert client.get(address).status_code == 200
    form = {"key": str(uuid4()), "verdict": "maintenance"}
    form["cause_maintenance"] = "plc-programming-window"
    assert client.post(address, form).status_code == 302
    question.refresh_from_db()
    assert question.state == Question.State.ANSWERED


def test_it_goes_on_once_the_survivor_is_known_to_touch_the_site(pair, ask, site, porto):
    loser, survivor = pair
    question = ask([loser])
    Incident.objects.filter(pk=survivor.pk).update(site_ids=[porto.pk])
    merge(loser, survivor)
    move_merged_verdicts()
    assert waiting_for(question) == {loser.pk}
    Incident.objects.filter(pk=survivor.pk).update(site_ids=sorted([site.pk, porto.pk]))
    move_merged_verdicts()
    assert waiting_for(question) == {survivor.pk}


LATER = NOON + timedelta(hours=1)


def test_a_later_routine_does_not_hide_a_suspicion_that_moved(pair, give):
    loser, survivor = pair
    suspicion = give([loser], "suspicious", note="Nobody planned that.")
    give([survivor], "routine", note="Every week.", now=LATER)
    merge(loser, survivor)
    move()
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.SUSPICIOUS
    assert verdict_on(survivor.pk) == suspicion
    assert incidents_decided_by(suspicion) == sorted([loser.pk, survivor.pk])


def test_it_holds_before_the_survivor_is_read_again(pair, give):
    loser, survivor = pair
    give([loser], "suspicious", note="Nobody planned that.")
    give([survivor], "routine", note="Every week.", now=LATER)
    Incident.objects.filter(pk=loser.pk).update(merged_into=survivor.number)
    move()
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.SUSPICIOUS


def test_who_judges_the_merged_incident_again_ends_the_suspicion(pair, give):
    loser, survivor = pair
    suspicion = give([loser], "suspicious", note="Nobody planned that.")
    give([survivor], "routine", note="Every week.", now=LATER)
    merge(loser, survivor)
    move()
    give([survivor], "maintenance", now=LATER + timedelta(hours=1))
    survivor.refresh_from_db()
    assert survivor.ot_state == OtState.MAINTENANCE
    assert incidents_decided_by(suspicion) == []
    assert suspicions_on() == []
    suspicion.refresh_from_db()
    assert suspicion.superseded_by == verdict_on(survivor.pk)


def test_another_site_does_not_outvote_a_suspicion_about_alerts_it_never_saw(
    pair, give, pia, porto
):
    loser, survivor = pair
    Incident.objects.filter(pk=survivor.pk).update(site_ids=[porto.pk])
    suspicion = give([loser], "suspicious", note="Nobody planned that.")
    answer_of(pia, incident_ids=[survivor.pk], verdict="routine", cause="other", now=LATER)
    merge(loser, survivor)
    move()
    survivor.refresh_from_db()
    assert (survivor.ot_state, verdict_on(survivor.pk)) == (OtState.SUSPICIOUS, suspicion)


def test_sentinel_is_told_of_a_suspicion_that_moved(pair, give):
    loser, survivor = pair
    give([loser], "suspicious", note="Nobody planned that.")
    give([survivor], "routine", note="Every week.", now=LATER)
    merge(loser, survivor)
    Change.objects.all().delete()
    move()
    changes = Change.objects.order_by("pk")
    assert {change.incident_name for change in changes} == {survivor.name}
    labels = [change.patch for change in changes if change.patch]
    assert labels == [{"labels_add": ["tagout:suspicious"], "labels_remove": ["tagout:routine"]}]
    (comment,) = [change.message for change in changes if change.message]
    assert "Suspicious" in comment and f"#{loser.number}" in comment


def merge_silently(loser, survivor):
    """The alerts move, and nothing says into which incident."""
    merge(loser, survivor)
    Incident.objects.filter(pk=loser.pk).update(merged_into=UNKNOWN_SURVIVOR)


def test_where_no_number_is_said_a_suspicion_follows_the_alerts(pair, give):
    loser, survivor = pair
    give([loser], "suspicious", note="Nobody planned that.")
    merge_silently(loser, survivor)
    move_merged_verdicts()
    for incident in pair:
        incident.refresh_from_db()
    assert loser.merged_into == survivor.number
    assert survivor.ot_state == OtState.SUSPICIOUS
    line = loser.timeline.get(code="merged")
    assert sentence_for(line)["words"] == f"merged it into #{survivor.number}"


def test_where_no_number_is_said_an_open_question_follows_the_alerts(pair, ask):
    loser, survivor = pair
    question = ask([loser])
    merge_silently(loser, survivor)
    move_merged_verdicts()
    assert waiting_for(question) == {survivor.pk}


def test_the_incident_with_most_of_the_alerts_is_the_survivor(pair, make):
    loser, survivor = pair
    (bystander,) = make(1)
    Incident.objects.update(details_state=DetailsState.FETCHED)
    shared = Alert.objects.filter(incidents=bystander).first()
    IncidentAlert.objects.create(incident=loser, alert=shared)
    merge_silently(loser, survivor)
    assert find_survivors(now=NOON) == 1
    loser.refresh_from_db()
    assert loser.merged_into == survivor.number


def test_of_two_that_hold_equally_many_neither_is_taken(pair, make):
    loser, survivor = pair
    (other,) = make(1)
    Incident.objects.update(details_state=DetailsState.FETCHED)
    merge_silently(loser, survivor)
    merge_silently(loser, other)
    assert find_survivors(now=NOON) == 0
    loser.refresh_from_db()
    assert loser.merged_into == UNKNOWN_SURVIVOR


@pytest.mark.parametrize(
    "change",
    [
        {"details_state": DetailsState.PENDING},
        {"gone_at": NOON},
        {"merged_into": UNKNOWN_SURVIVOR},
        {"number": None},
    ],
)
def test_what_cannot_be_the_survivor_is_not_taken(pair, change):
    loser, survivor = pair
    merge_silently(loser, survivor)
    Incident.objects.filter(pk=survivor.pk).update(**change)
    assert find_survivors(now=NOON) == 0


def test_alerts_of_another_workspace_place_nothing(pair):
    loser, survivor = pair
    merge_silently(loser, survivor)
    other = make_workspace("elsewhere")
    with without_triggers():
        Incident.objects.filter(pk=survivor.pk).update(workspace=other)
    assert find_survivors(now=NOON) == 0


def test_a_refusal_does_not_name_a_survivor_that_is_not_known_yet(pair, sam):
    loser, survivor = pair
    merge_silently(loser, survivor)
    with pytest.raises(Refused, match="was merged into another incident and is read-only"):
        label_incidents(incident_ids=[loser.pk], add=["Line 4"], by=sam, now=NOON)
