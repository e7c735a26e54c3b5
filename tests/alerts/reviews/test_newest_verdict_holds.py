"""Whichever order verdicts arrive in, the one that was given last holds."""

import uuid
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alerts.incidents.engine.hidden_verdicts import NOTHING_HIDDEN
from alerts.incidents.models import Incident, IncidentStatus, PatternMemory
from alerts.incidents.page.pattern_history import pattern_verdicts, pattern_verdicts_of
from alerts.outbox.models import Change
from alerts.reviews.models import Verdict
from alerts.reviews.queries.questions import verdict_on
from alerts.reviews.services.past_verdicts import PastVerdict, record_past_verdicts
from alerts.reviews.services.verdicts import give_verdict, undo_verdict
from tests.alerts.reviews.conftest import PATTERN
from tests.conftest import NOON, examples

OTHER_PATTERN = uuid.UUID(int=8)
CAUSES = {
    "routine": "runs-by-itself",
    "maintenance": "plc-programming-window",
    "suspicious": "other",
    "not-sure": "other",
}


def counts_of_pattern():
    counts = pattern_verdicts(PATTERN, hidden=NOTHING_HIDDEN).counts
    return {verdict: n for verdict, n in counts.items() if n}


def past(incident, person, *, days_ago, verdict="routine", note=""):
    at = NOON - timedelta(days=days_ago)
    return PastVerdict(incident.pk, verdict, CAUSES[verdict], person, at, note)


def take_over(*verdicts):
    return record_past_verdicts(verdicts=verdicts, by="tests", now=NOON)


@pytest.mark.parametrize("newest_first", [True, False])
def test_history_may_be_taken_over_from_either_end(make, oda, newest_first):
    rows = make(3, status=IncidentStatus.CLOSED)
    verdicts = [past(row, oda, days_ago=n, note=f"{n} days ago") for n, row in enumerate(rows, 1)]
    for verdict in verdicts if newest_first else reversed(verdicts):
        take_over(verdict)
    assert pattern_verdicts_of(rows[0]).latest_note == "1 days ago"
    assert pattern_verdicts_of(rows[0]).latest_at == NOON - timedelta(days=1)
    assert pattern_verdicts(PATTERN, hidden=NOTHING_HIDDEN).latest_note == "1 days ago"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_several_verdicts_on_one_incident_the_newest_holds(make, oda, olaf, order):
    incident = make(status=IncidentStatus.CLOSED)[0]
    verdicts = [
        past(incident, oda, days_ago=9, verdict="suspicious", note="Not us"),
        past(incident, olaf, days_ago=5, verdict="routine"),
        past(incident, oda, days_ago=2, verdict="maintenance"),
    ]
    for place in order:
        assert take_over(verdicts[place]) == 1
    assert verdict_on(incident.pk).kind == "maintenance"
    incident.refresh_from_db()
    assert incident.ot_state == "maintenance"
    stats = PatternMemory.objects.get()
    assert (stats.suspicious, stats.routine, stats.maintenance) == (0, 0, 1)
    assert stats.latest_verdict == "maintenance"
    superseded = Verdict.objects.exclude(superseded_by=None).order_by("given_at")
    assert [(verdict.kind, verdict.superseded_by.kind) for verdict in superseded] == [
        ("suspicious", "routine"),
        ("routine", "maintenance"),
    ]


def test_taken_over_twice_is_kept_once(make, oda):
    incident = make(status=IncidentStatus.CLOSED)[0]
    assert take_over(past(incident, oda, days_ago=3)) == 1
    assert take_over(past(incident, oda, days_ago=3), past(incident, oda, days_ago=3)) == 0


def test_an_old_verdict_overrules_none_that_was_given_here(make, answer, oda, olaf):
    incident = make(status=IncidentStatus.CLOSED)[0]
    answer(incident_ids=[incident.pk], by=oda)
    take_over(past(incident, olaf, days_ago=30, verdict="suspicious", note="Not us"))
    incident.refresh_from_db()
    assert incident.ot_state == "maintenance"
    assert counts_of_pattern() == {"maintenance": 1}


def test_who_waited_for_a_lock_and_comes_late_overrules_nobody(make, answer, oda, olaf):
    incident = make()[0]
    answer(incident_ids=[incident.pk], by=oda, now=NOON + timedelta(seconds=1))
    answer(incident_ids=[incident.pk], by=olaf, verdict="routine", cause=CAUSES["routine"])
    incident.refresh_from_db()
    assert incident.ot_state == "maintenance"
    labelled = [change.patch for change in Change.objects.all() if change.patch]
    assert labelled == [{"labels_add": ["tagout:maintenance"]}]


def test_an_undone_verdict_gives_each_pattern_its_newest_back(make, answer, oda, olaf):
    old = make(status=IncidentStatus.CLOSED)[0]
    incident = make()[0]
    answer(incident_ids=[incident.pk], by=olaf, now=NOON - timedelta(hours=1), note="Olaf's word")
    verdict = answer(incident_ids=[incident.pk], by=oda, note="Oda's word")
    take_over(past(old, olaf, days_ago=40, note="long ago"))
    undo_verdict(act=verdict.act, by=oda, now=NOON)
    assert pattern_verdicts(PATTERN, hidden=NOTHING_HIDDEN).latest_note == "Olaf's word"


def test_answers_piece_by_piece_leave_nothing_of_the_first_to_count(make, answer, oda):
    rows = make(2)
    answer(incident_ids=[row.pk for row in rows])
    for minutes, row in enumerate(rows, 1):
        answer(
            incident_ids=[row.pk],
            verdict="routine",
            cause=CAUSES["routine"],
            now=NOON + timedelta(minutes=minutes),
        )
    assert counts_of_pattern() == {"routine": 2}


VERDICTS = st.lists(
    st.tuples(
        st.sets(st.integers(0, 3), min_size=1, max_size=3),
        st.sampled_from(sorted(CAUSES)),
        st.sampled_from(["past", "live", "undone"]),
    ),
    min_size=2,
    max_size=6,
)


# The fixture only lays out incidents; what a row of arrivals does is rolled back.
@settings(
    max_examples=examples(6, hunted=60),
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(verdicts=VERDICTS, data=st.data())
def test_any_order_of_arrival_comes_to_the_same(standing_after, verdicts, data):
    """Taken over, given here, or given here and undone at once: only what was given when counts."""
    arrivals = list(enumerate(verdicts))
    assert standing_after(arrivals) == standing_after(data.draw(st.permutations(arrivals)))


@pytest.fixture
def standing_after(make, oda, olaf):
    """What a row of arrivals comes to. Nothing of it stays."""
    rows = make(2, status=IncidentStatus.CLOSED) + make(
        2, status=IncidentStatus.CLOSED, pattern=OTHER_PATTERN
    )
    make(2)  # open ones of the first pattern, ranked by what is known of it

    def arrive(minute, incidents, verdict, how):
        at = NOON - timedelta(days=1) + timedelta(minutes=minute)
        ids = sorted(rows[incident].pk for incident in incidents)
        person = (oda, olaf)[minute % 2]
        if how == "past":
            take_over(
                *[
                    PastVerdict(pk, verdict, CAUSES[verdict], person, at, f"note {minute}")
                    for pk in ids
                ]
            )
            return
        # Undone is what was given last, or else somebody has answered after it.
        at = NOON if how == "undone" else at
        made = give_verdict(
            by=person,
            key=uuid.uuid4(),
            verdict=verdict,
            cause=CAUSES[verdict],
            incident_ids=ids,
            note=f"note {minute}",
            now=at,
        )
        if how == "undone":
            undo_verdict(act=made.act, by=person, now=at)

    def standing():
        memories = PatternMemory.objects.order_by("pattern").values_list(
            "pattern",
            "routine",
            "maintenance",
            "suspicious",
            "not_sure",
            "latest_verdict",
            "latest_verdict_by",
            "latest_verdict_at",
            "latest_note",
        )
        in_force = Verdict.objects.filter(withdrawn_at=None).order_by("given_at", "incidents")
        states = Incident.objects.order_by("pk").values_list("pk", "ot_state")
        # Closed ones keep the priority they had; those that still matter are ranked anew.
        ranks = Incident.objects.exclude(group_key=None).order_by("pk").values_list("priority")
        # A pattern that was judged and then no more is as one that never was.
        judged = [stats for stats in memories if any(stats[1:5])]
        verdicts = in_force.values_list("given_at", "kind", "incidents", "superseded_by__given_at")
        return judged, list(verdicts), list(states), list(ranks)

    def after(arrivals):
        with transaction.atomic():
            for minute, (incidents, verdict, how) in arrivals:
                arrive(minute, incidents, verdict, how)
            found = standing()
            transaction.set_rollback(True)
        return found

    return after
