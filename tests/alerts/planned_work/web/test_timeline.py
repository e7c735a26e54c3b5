"""The timeline of an incident lists who planned the work during which its alerts came."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from alerts.incidents.page.timeline import timeline_events_of
from alerts.planned_work.services.work import cancel_work, extend_work

pytestmark = pytest.mark.django_db
ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # 11:00 in Gdańsk, in the middle of the work
HOUR = timedelta(hours=1)


def lines(incident, who="all"):
    return [(event.who, event.words, event.at) for event in timeline_events_of(incident, who)]


def test_who_planned_it_and_what_they_did_since_is_in_the_timeline(planned, happen, oda):
    work = planned(now=ELEVEN - 12 * HOUR)
    incident, other = happen(ELEVEN), happen(ELEVEN, to="DB-GD-01")
    occurrence = work.occurrences.get(known_until=None)
    later, until = ELEVEN + HOUR, occurrence.ends_at + 2 * HOUR
    extend_work(occurrence_id=occurrence.pk, until=until, by=oda, now=later)
    name = "WO-4711, Drive firmware, Process Line 2"
    planned_it = (oda.name, f"planned work: {name}", ELEVEN - 12 * HOUR)
    extended = (oda.name, f"extended planned work: {name}", later)
    raised = ("Sentinel", "raised the incident", ELEVEN)
    assert lines(incident) == [extended, raised, planned_it]
    assert lines(incident, "people") == [extended, planned_it]
    assert lines(incident, "system") == [raised]
    assert lines(other) == [raised], "a device that the work does not name"
    with translation.override("de"):
        assert lines(incident)[0][1] == f"hat geplante Arbeiten verlängert: {name}"


@pytest.mark.parametrize(("later", "said"), [(HOUR, "ended"), (-13 * HOUR, "cancelled")])
def test_work_under_way_is_ended_and_work_ahead_cancelled(planned, oda, later, said):
    work = planned(now=ELEVEN - 14 * HOUR)
    cancel_work(work_id=work.pk, by=oda, now=ELEVEN + later)
    assert work.steps.latest("pk").code == said
