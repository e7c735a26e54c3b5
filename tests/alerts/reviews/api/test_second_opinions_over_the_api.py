"""Second opinions over REST: for those who may see all answers, and for nobody who may be asked."""

from datetime import timedelta

import pytest
from django.test import Client

from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.services.opinions import decide_suspicion
from alerts.reviews.services.second_opinions import run_second_opinions
from tests.conftest import NOON
from tests.program import Program

SEED = b"a secret"


@pytest.fixture
def found(answer, incident, oda, olaf, leo, noon):
    answer(
        incident_ids=[incident.pk],
        verdict="suspicious",
        cause="other",
        note="Odd.",
        now=NOON - timedelta(hours=100),
    )
    run_second_opinions(seed=SEED, now=NOON - timedelta(hours=99))
    return SecondOpinion.objects.get()


def listed(person):
    return Program(person).get("second-opinions/").json()["results"]


def test_who_may_still_be_asked_sees_nothing_before_it_is_decided(found, oda, olaf, sam, leo, pia):
    assert [len(listed(person)) for person in (oda, olaf, pia)] == [0, 0, 0]
    assert [len(listed(person)) for person in (sam, leo)] == [1, 1]
    address = f"second-opinions/{found.uuid}/"
    assert Program(olaf).get(address).status_code == 404
    run_second_opinions(seed=SEED, now=NOON)
    decide_suspicion(
        second_opinion=found.uuid, by=leo, choice="confirm", reason="Seen it.", now=NOON
    )
    assert [len(listed(person)) for person in (oda, olaf, sam, leo, pia)] == [1, 1, 1, 1, 0]
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
    assert row["annotation"] == str(found.verdict.uuid)
    assert row["leads_asked_at"] is not None
    decide_suspicion(
        second_opinion=found.uuid, by=leo, choice="correct", reason="The vendor.", now=NOON
    )
    (row,) = listed(leo)
    assert (row["state"], row["decided_by"], row["reason"]) == (
        "harmless-to-soc",
        leo.name,
        "The vendor.",
    )
    filtered = Program(leo).get("second-opinions/?state=open").json()["results"]
    assert filtered == []


WORD = {"verdict": "maintenance", "cause": "other", "note": "The vendor was here."}


@pytest.fixture
def asked(found):
    """The question that was put to the second person."""
    return Opinion.objects.get()


def test_who_is_asked_finds_the_question_and_not_a_word_of_the_first(asked, incident, oda, pia):
    program = Program(asked.person)
    (row,) = program.get("opinions/").json()["results"]
    assert (row["id"], row["state"], row["verdict"]) == (str(asked.uuid), "waiting", None)
    whole = program.get(f"opinions/{asked.uuid}/")
    assert whole.json()["incidents"] == [incident.pk]
    lists = ("opinions/", "annotations/", "reviews/", "second-opinions/")
    answers = [whole, *(program.get(list) for list in lists)]
    leaks = ("suspicious", "Odd.", oda.name, str(asked.second_opinion.verdict.uuid))
    assert [
        (answer.request["PATH_INFO"], leak, answer.status_code)
        for answer in answers
        for leak in leaks
        if answer.status_code != 200 or leak in answer.content.decode()
    ] == []
    for other in (oda, pia):
        assert Program(other).get("opinions/").json()["results"] == []
        assert Program(other).get(f"opinions/{asked.uuid}/").status_code == 404
        assert Program(other).post(f"opinions/{asked.uuid}/answer/", WORD).status_code == 404


class SignedIn(Program):
    """The person at the browser, who asks the API without a token."""

    def __init__(self, person):
        self._client = Client()
        self._client.force_login(person)


def test_an_opinion_is_given_by_a_person_and_never_by_a_token(asked):
    address = f"opinions/{asked.uuid}/answer/"
    assert Program(asked.person, "read").post(address, WORD).status_code == 403
    refused = Program(asked.person).post(address, WORD)
    assert refused.status_code == 409
    assert "by people on a page, never by a token" in refused.json()["detail"]
    program = SignedIn(asked.person)
    assert program.post(address, WORD | {"cause": "no such"}).status_code == 400
    reply = program.post(address, WORD)
    assert reply.status_code == 200 and reply.json()["verdict"] == "maintenance"
    asked.refresh_from_db()
    assert (asked.state, asked.note) == ("answered", WORD["note"])
    again = program.post(address, WORD | {"verdict": "routine"})
    assert again.status_code == 409 and "already answered" in again.json()["detail"]
    (row,) = listed(asked.person)
    assert row["verdict"] == "suspicious", "who has answered sees the other answer"


def test_an_opinion_is_passed_on_and_a_lead_decides(asked, found, leo):
    passed = Program(asked.person).post(f"opinions/{asked.uuid}/pass-on/")
    assert (passed.status_code, passed.json()["state"]) == (200, "passed")
    address, values = (
        f"second-opinions/{found.uuid}/decide/",
        {"choice": "confirm", "reason": "Seen."},
    )
    lead = SignedIn(leo)
    assert lead.post(address, values).status_code == 409, "both leads are not asked yet"
    run_second_opinions(seed=SEED, now=NOON)
    assert Program(leo, "read").post(address, values).status_code == 403
    assert "never by a token" in Program(leo).post(address, values).json()["detail"]
    assert lead.post(address, values).json()["state"] == "confirmed"
