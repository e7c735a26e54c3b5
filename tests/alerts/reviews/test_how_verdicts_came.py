"""A verdict keeps how it came. What a token brings is an answer, neither evidence nor the end of a
suspicion.
"""

import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from alerts.reviews.models import CameBy, Verdict
from alerts.reviews.queries.questions import evidence_in_force, evidence_where, suspicions_on
from alerts.reviews.services.verdicts import CannotGiveVerdict, give_verdict
from portal.accounts.models import ApiToken
from tests.conftest import NOON
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
WORD = {"routine": "", "suspicious": "Nobody here did that."}


@pytest.fixture
def with_token(oda):
    """Oda, as a program with her token comes in."""
    oda.via_token = Program(oda, "reviews:write").token
    return oda


def judge(person, incident, verdict="routine"):
    return give_verdict(
        by=person,
        key=uuid.uuid4(),
        incident_ids=[incident.pk],
        verdict=verdict,
        cause="other",
        note=WORD[verdict],
        now=NOON,
    )


def found_in_sql():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT v.id FROM reviews_verdicts v WHERE {evidence_where('v')}")
        return [pk for (pk,) in cursor.fetchall()]


def test_an_answer_of_a_program_came_by_its_token_and_one_of_a_page_by_the_page(
    oda, question, make
):
    address = f"reviews/{question.uuid}/answer/"
    reply = Program(oda, "reviews:write").post(address, {"verdict": "routine", "cause": "other"})
    assert reply.status_code == 200
    assert Verdict.objects.get().came_by == CameBy.TOKEN
    (other,) = make(1)
    assert judge(oda, other).came_by == CameBy.PAGE


def test_a_harmless_verdict_of_a_token_is_no_evidence_and_a_suspicious_one_is(
    with_token, make, olaf
):
    harmless, odd, seen = make(3)
    judge(with_token, harmless)
    expected = [judge(with_token, odd, "suspicious").pk, judge(olaf, seen).pk]
    assert sorted(evidence_in_force().values_list("pk", flat=True)) == expected
    assert sorted(found_in_sql()) == expected


def test_a_token_ends_no_suspicion_and_a_person_does(with_token, olaf, make):
    (incident,) = make(1)
    judge(with_token, incident, "suspicious")
    with pytest.raises(CannotGiveVerdict, match="only a person, on a page, can give another"):
        judge(with_token, incident)
    assert suspicions_on()
    judge(olaf, incident)
    assert not suspicions_on()


def test_the_database_knows_three_ways_and_none_is_changed_afterwards(oda, make):
    verdict = judge(oda, make(1)[0])
    row = Verdict.objects.filter(pk=verdict.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.update(came_by="token")
    for values in ({"came_by": "pigeon"}, {"came_by": "file"}, {"imported_at": NOON}):
        columns = {"kind": "routine", "cause": "other", "by": oda, "given_at": NOON}
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            Verdict.objects.create(key=uuid.uuid4(), act=uuid.uuid4(), **columns | values)
    assert ApiToken.objects.count() == 0
