"""What the comment of a closing says of OT: the answer that holds for all that are closed."""

from datetime import timedelta

from alerts.incidents.acts.sentinel_comments import ot_line_of
from alerts.incidents.models import Incident
from alerts.reviews.services.verdicts import undo_verdict
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)


def line_of(rows):
    return ot_line_of(list(Incident.objects.filter(pk__in=[row.pk for row in rows])))


def test_one_answer_to_all_is_told_with_its_name_and_its_work_order(make, ask, answer):
    rows = make(3)
    answer(ask(rows), work_order="WO-20917")
    assert line_of(rows) == "OT (Oda Nowak): Maintenance, work order WO-20917."


def test_of_several_answers_none_is_told_as_the_answer_to_all(make, answer, olaf):
    rows = make(2)
    answer(incident_ids=[rows[0].pk], work_order="WO-1")
    answer(incident_ids=[rows[1].pk], by=olaf, work_order="WO-2")
    assert line_of(rows) == "OT: Maintenance."
    assert line_of(rows[:1]) == "OT (Oda Nowak): Maintenance, work order WO-1."


def test_the_newest_answer_is_told(incident, answer, olaf):
    answer(incident_ids=[incident.pk], work_order="WO-1")
    answer(incident_ids=[incident.pk], by=olaf, work_order="WO-2", now=LATER)
    assert line_of([incident]) == "OT (Olaf Lindqvist): Maintenance, work order WO-2."


def test_what_was_undone_is_not_told(incident, answer, oda, olaf):
    answer(incident_ids=[incident.pk], by=olaf, work_order="WO-1")
    verdict = answer(incident_ids=[incident.pk], by=oda, work_order="WO-2", now=LATER)
    undo_verdict(act=verdict.act, by=oda, now=LATER)
    assert line_of([incident]) == "OT (Olaf Lindqvist): Maintenance, work order WO-1."
