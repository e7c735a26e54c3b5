"""Whatever is tapped on a sheet of 390 px, in either language, nothing of it is cut at a side."""

from datetime import timedelta

import pytest

from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.services.questions import withdraw_question
from alerts.reviews.services.second_opinions import run_second_opinions
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.sheets import taps_that_cut

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)
SUSPICIOUS = {"verdict": "suspicious", "cause": "other", "note": "I do not know this.", "now": NOON}
VERDICTS = 4


@pytest.fixture
def kasia(make_person, site):
    person = cast.Person("kasia@demo.example", "Kasia Nowicka")
    return make_person(person, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


@pytest.fixture(params=["en", "de"])
def look(request, browse, noon):
    """`look(path, person)` taps through the sheet of a page; returns what was tapped."""

    def look(path, person):
        page = browse(path, as_=person, width=390, dark=True, locale=request.param)
        tapped, cut = taps_that_cut(page)
        assert cut == {}
        return tapped

    return look


def test_the_answer(look, question, oda):
    assert len(look(f"/reviews/{question.uuid}/", oda)) > 20


def test_the_answer_about_many_days(look, make, ask, oda):
    question = ask([make(at=NOON - timedelta(days=days))[0] for days in range(9)])
    look(f"/reviews/{question.uuid}/", oda)


def test_what_one_answered_and_what_a_colleague_did(look, question, answer, oda, kasia):
    answer(question)
    for person in (oda, kasia):
        assert len(look(f"/reviews/{question.uuid}/", person)) > VERDICTS, "it unfolds"


def test_the_second_opinion_its_outcome_and_the_decision(
    look, incident, answer, oda, kasia, olaf, leo
):
    answer(incident_ids=[incident.pk], **SUSPICIOUS | {"now": NOON - HOUR})
    run_second_opinions(seed=b"a secret", now=NOON)
    asked = Opinion.objects.get()
    assert len(look(f"/reviews/{asked.uuid}/second/", asked.person)) > VERDICTS
    run_second_opinions(seed=b"a secret", now=NOON + timedelta(hours=73))
    found = SecondOpinion.objects.get()
    for person in {olaf, leo} - {asked.person}:
        look(f"/reviews/{found.uuid}/second/", person)


def test_questions_that_one_passes_on_reads_or_finds_withdrawn(look, question, oda, kasia, sam):
    look(f"/reviews/{question.uuid}/hand-over/", oda)
    look(f"/reviews/{question.uuid}/", sam)
    withdraw_question(question_id=question.pk, by=sam, now=NOON)
    look(f"/reviews/{question.uuid}/", oda)
