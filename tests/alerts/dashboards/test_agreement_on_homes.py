"""How often a second person of OT sees an answer as the first did, for leads and managers."""

import uuid
from datetime import timedelta

import pytest

from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.queries.questions import verdicts_visible_to
from alerts.reviews.queries.second_opinions import Agreement, agreement_since
from alerts.reviews.services.verdicts import give_verdict
from tests.abuse.roles import plain
from tests.conftest import NOON
from tests.factories.incidents import make_incident

MONTHS = timedelta(days=90)


@pytest.fixture
def asked(workspace, site, oda, olaf, noon):
    """`asked(first, second)` is one second opinion, answered a day ago."""

    def made(first, second, *, ago=timedelta(days=1), late=None):
        row = make_incident(workspace, site_ids=[site.pk])
        verdict = give_verdict(
            by=oda,
            key=uuid.uuid4(),
            verdict=first,
            cause="other",
            note="Odd.",
            incident_ids=[row.pk],
            now=NOON - ago,
        )
        found = SecondOpinion.objects.create(verdict=verdict, site=site, opened_at=NOON - ago)
        return Opinion.objects.create(
            second_opinion=found,
            person=olaf,
            asked_at=NOON - ago,
            due_at=NOON - (late or timedelta(0)),
            act=uuid.uuid4(),
            **({} if late else answer_of(second, at=NOON - ago)),
        )

    return made


def answer_of(verdict, *, at):
    return {"state": "answered", "settled_at": at, "verdict": verdict, "cause": "other"}


def agreement(person):
    return agreement_since(NOON - MONTHS, verdicts=verdicts_visible_to(person))


def test_agreement_counts_sure_answers_of_one_side(asked, olaf, pia):
    assert agreement(olaf) == Agreement(0, 0, 0, 0)
    asked("suspicious", "suspicious")
    asked("suspicious", "routine")
    asked("routine", "maintenance")
    asked("routine", "suspicious")
    asked("suspicious", "not-sure")
    asked("suspicious", "suspicious", ago=MONTHS + timedelta(days=1))
    assert agreement(olaf) == Agreement(4, 2, 2, 1)
    assert agreement(pia) == Agreement(0, 0, 0, 0), "of another site"


def test_leads_and_managers_read_it_at_home(client, asked, oda, olaf, mia):
    client.force_login(mia)
    assert "Second opinions" not in client.get("/").content.decode()
    asked("suspicious", "routine")
    asked("routine", "routine")
    words = "1 of 2 second opinions agreed with the first answer (50"
    for person, reads in ((olaf, True), (mia, True), (oda, False)):
        client.force_login(person)
        assert (words in client.get("/").content.decode()) == reads


def test_late_second_opinions_are_where_somebody_can_act(client, asked, oda, olaf, mia, leo, sam):
    """OT had fourteen days of late second opinions, and the SOC's pages said that nothing waits."""
    client.force_login(mia)
    assert "Awaited second opinions" not in client.get("/").content.decode()
    asked("suspicious", None, late=timedelta(days=14))
    asked("routine", None, late=timedelta(hours=5))
    asked("routine", "routine")
    for person, reads in ((olaf, True), (mia, True), (leo, True), (oda, False), (sam, False)):
        client.force_login(person)
        text = plain(client.get("/").content.decode())
        row = "Gdańsk 2 2 14 days"
        assert ((row in text), ("Awaited second opinions" in text)) == (
            reads,
            reads,
        ), person
