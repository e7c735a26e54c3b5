"""What is hidden from whom while a second opinion is awaited, and from when on it is not."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.engine.hidden_verdicts import HIDDEN_LABELS
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import ESCALATED_LABEL, Incident
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.reviews.models import SecondOpinion
from alerts.reviews.queries.facts import question_facts
from alerts.reviews.queries.second_opinions import verdicts_hidden_from
from alerts.reviews.services.questions import withdraw_question
from alerts.reviews.services.sentinel_comments import VERDICT_LABELS
from portal.accounts.models import GrantScope, Role, User
from tests import cast
from tests.alerts.reviews.conftest import answer_of
from tests.conftest import NOON, add_person
from tests.reuse import reuse_rows

pytestmark = pytest.mark.usefixtures("noon")

LATER = NOON + timedelta(hours=1)
KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")


@reuse_rows
def kasia(site):
    return add_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


def ask_about(verdict, person, site):
    asked = SecondOpinion.objects.create(verdict=verdict, site=site, opened_at=NOON)
    return asked.opinions.create(person=person, asked_at=NOON, due_at=LATER, act=uuid.uuid4())


def fresh(person):
    """The person as the next request loads them."""
    return User.objects.get(pk=person.pk)


def shown(person, incident):
    return incidents_visible_to(fresh(person)).get(pk=incident.pk)


@pytest.fixture
def judged(make, oda):
    """Two alike incidents with one answer."""
    rows = make(2)
    values = {"verdict": "suspicious", "cause": "other", "note": "Odd."}
    return rows, answer_of(oda, incident_ids=[row.pk for row in rows], **values)


def test_labels_of_verdicts_and_of_an_escalation_are_hidden():
    assert VERDICT_LABELS | {ESCALATED_LABEL} == HIDDEN_LABELS


def test_rows_are_told_without_it_and_the_table_stays_as_it_is(judged, kasia, oda, site):
    (row, _), verdict = judged
    opinion = ask_about(verdict, kasia, site)
    texts = shown(kasia, row)
    assert (texts.ot_state, texts.hidden_verdict.question) == ("waiting", opinion.uuid)
    assert shown(oda, row).ot_state == "suspicious"
    assert [group.ot_states for group in groups_visible_to(fresh(kasia))] == [["waiting"]]
    assert Incident.objects.get(pk=row.pk).ot_state == "suspicious"
    # Whoever chose it, a worker finds it unchanged.
    assert texts.standing == Incident.objects.get(pk=row.pk).standing


@pytest.mark.parametrize("state", ["answered", "passed", "withdrawn"])
def test_it_is_told_once_the_question_is_over(judged, kasia, site, state):
    (row, _), verdict = judged
    opinion = ask_about(verdict, kasia, site)
    opinion.state, opinion.settled_at = state, LATER
    opinion.verdict = "routine" if state == "answered" else ""
    opinion.save()
    assert shown(kasia, row).ot_state == "suspicious"


def test_what_the_reader_has_judged_since_is_told_and_the_rest_is_not(judged, kasia, site):
    (first, second), verdict = judged
    ask_about(verdict, kasia, site)
    answer_of(kasia, incident_ids=[first.pk], verdict="routine", cause="other", now=LATER)
    assert shown(kasia, first).ot_state == "routine"
    assert shown(kasia, second).ot_state == "waiting"


def test_what_ot_said_before_is_told_without_it(judged, kasia, site, oda, make):
    _, verdict = judged
    (other,) = make(1)
    answer_of(oda, incident_ids=[other.pk], verdict="routine", cause="other")
    ask_about(verdict, kasia, site)
    verdicts = question_facts(other).verdicts
    assert (verdicts.judged, verdicts.counts["suspicious"]) == (2, 1)
    verdicts = question_facts(other, hidden=hidden_from(fresh(kasia))).verdicts
    assert (verdicts.counts["routine"], verdicts.judged, verdicts.latest_by) == (1, 1, "")


def test_one_query_for_ot_and_none_for_others(judged, kasia, sam, site):
    ask_about(judged[1], kasia, site)
    for person, queries in ((fresh(kasia), 1), (fresh(sam), 0)):
        list(incidents_visible_to(person).values_list("pk"))  # reads grants and places
        with CaptureQueriesContext(
            connection,
        ) as asked:
            hidden_from(person)
            hidden_from(person)
        assert len(asked) == queries
    assert len(verdicts_hidden_from(kasia)) == 1


def test_a_question_whose_answer_is_hidden_leads_to_the_other_one(
    client, ask, incident, oda, kasia, site
):
    question = ask([incident])
    verdict = answer_of(oda, question, verdict="suspicious", cause="other", note="Zebrafinch.")
    opinion = ask_about(verdict, kasia, site)
    client.force_login(kasia)
    answer = client.get(f"/reviews/{question.uuid}/")
    assert answer["Location"] == f"/reviews/{opinion.uuid}/second/"
    page = client.get("/reviews/?tab=answered").content.decode()
    assert "Hidden until you have answered" in page
    assert "Zebrafinch" not in page
    assert oda.name not in page


def test_a_question_that_is_asked_anew_still_waits_and_does_not_tell(
    client, ask, incident, oda, kasia, site, sam
):
    verdict = answer_of(
        oda, ask([incident]), verdict="suspicious", cause="other", note="Zebrafinch."
    )
    ask_about(verdict, kasia, site)
    again = ask([incident], now=LATER)
    client.force_login(kasia)
    page = client.get(f"/reviews/{again.uuid}/").content.decode()
    assert "Zebrafinch" not in page
    assert "OT said of others of this pattern" not in page
    withdraw_question(question_id=again.pk, by=sam, now=LATER)
    assert shown(kasia, incident).ot_state == "waiting"
