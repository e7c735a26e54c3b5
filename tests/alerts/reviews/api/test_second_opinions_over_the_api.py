"""Second opinions over REST: for those who may see all answers, and for nobody who may be asked."""

from datetime import timedelta

import pytest

from alerts.reviews.models import SecondOpinion
from alerts.reviews.services import decide_suspicion, run_second_opinions
from tests.conftest import NOON
from tests.program import Program

SEED = b"a secret"


@pytest.fixture
def found(answer, incident, oda, olaf, leo, noon):
    answer(incident_ids=[incident.pk], verdict="suspicious", cause="other", note="Odd.",
           now=NOON - timedelta(hours=80))  # fmt: skip
    run_second_opinions(seed=SEED, now=NOON - timedelta(hours=79))
    return SecondOpinion.objects.get()


def listed(person):
    return Program(person).get("second-opinions/").json()["results"]


def test_who_may_still_be_asked_sees_nothing_before_it_is_decided(found, oda, olaf, sam, leo, pia):
    assert [len(listed(each)) for each in (oda, olaf, pia)] == [0, 0, 0]
    assert [len(listed(each)) for each in (sam, leo)] == [1, 1]
    address = f"second-opinions/{found.uuid}/"
    assert Program(olaf).get(address).status_code == 404
    run_second_opinions(seed=SEED, now=NOON)
    decide_suspicion(
        second_opinion=found.uuid, by=leo, choice="confirm", reason="Seen it.", now=NOON
    )
    assert [len(listed(each)) for each in (oda, olaf, sam, leo, pia)] == [1, 1, 1, 1, 0]
    assert Program(olaf).get(address).status_code == 200


def test_the_list_of_questions_does_not_tell_of_it(found, oda, olaf):
    for person in (oda, olaf):
        answer = Program(person).get("reviews/")
        assert answer.json()["results"] == []
        assert "suspicious" not in answer.content.decode()


def test_a_row_says_what_it_came_to(found, leo):
    run_second_opinions(seed=SEED, now=NOON)
    (row,) = listed(leo)
    assert (row["verdict"], row["state"], row["site"]) == ("suspicious", "open", "Gdańsk")
    assert row["annotation"] == str(found.annotation.uuid)
    assert row["leads_asked_at"] is not None
    decide_suspicion(
        second_opinion=found.uuid, by=leo, choice="correct", reason="The vendor.", now=NOON
    )
    (row,) = listed(leo)
    assert (row["state"], row["decided_by"], row["reason"]) == (
        "harmless-to-soc", leo.name, "The vendor.",
    )  # fmt: skip
    filtered = Program(leo).get("second-opinions/?state=open").json()["results"]
    assert filtered == []
