"""A25: a command with an Idempotency-Key has one effect, however often it comes."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from alerts.incidents.models import TimelineItem
from portal.api.commands import delete_answers_of_commands
from portal.api.models import Answer, Usage
from tests import cast
from tests.portal.api.test_who_asks import problem_of
from tests.program import Program

CLOSE = {"classification": "Undetermined"}


@pytest.fixture
def close(program, incident):
    def closed(body=CLOSE, by=program, key="k-1"):
        return by.post(f"incidents/{incident.pk}/close/", body, Idempotency_Key=key)

    return closed


@pytest.mark.abuse("A25")
@pytest.mark.django_db
def test_the_same_key_and_body_give_the_same_answer_and_one_effect(close):
    first, again = close(), close()
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content and again["Idempotency-Replayed"] == "true"
    assert TimelineItem.objects.filter(code="closed").count() == 1


@pytest.mark.abuse("A25")
@pytest.mark.django_db
def test_another_body_or_address_under_the_same_key_is_409(close, program, incident):
    close()
    problem_of(close({"classification": "TruePositive", "reason": "SuspiciousActivity"}), 409)
    answer = program.post(f"incidents/{incident.pk}/reopen/", Idempotency_Key="k-1")
    problem_of(answer, 409)
    assert TimelineItem.objects.count() == 1


@pytest.mark.abuse("A25")
@pytest.mark.django_db
def test_a_refusal_is_said_again_too(close):
    close(key="first")
    assert close().json()["reasons"] == close().json()["reasons"]
    assert close().status_code == 409


@pytest.mark.abuse("A25")
@pytest.mark.django_db
def test_a_key_belongs_to_its_actor(close, make_person, workspace):
    from portal.accounts.models import GrantScope, Role

    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))
    close()
    assert close(by=Program(leo)).status_code == 409  # asked anew, and refused: it is closed
    assert Answer.objects.count() == 2


@pytest.mark.django_db
def test_keys_are_forgotten_after_a_day(close):
    close()
    Answer.objects.update(expires_at=Answer.objects.get().expires_at - timedelta(days=2))
    assert close().status_code == 409  # carried out again: closed already


@pytest.mark.django_db
def test_old_answers_and_counts_are_removed(close):
    close()
    expires_at = Answer.objects.get().expires_at
    assert delete_answers_of_commands(now=expires_at - timedelta(seconds=1)) == 0
    assert Answer.objects.exists()
    assert delete_answers_of_commands(now=expires_at) == 1
    assert not Usage.objects.exists()


@pytest.mark.abuse("A25")
@pytest.mark.django_db
def test_what_nobody_may_see_leaves_no_key(program):
    problem_of(program.post("incidents/0/close/", CLOSE, Idempotency_Key="k"), 404)
    assert not Answer.objects.exists()


@pytest.mark.abuse("A25")
@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there"])
def test_odd_keys_are_refused(close, key):
    problem_of(close(key=key), 400)


@pytest.mark.abuse("A25")
@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_instant_have_one_effect(close):
    answers = []

    def run():
        try:
            answers.append(close())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert TimelineItem.objects.filter(code="closed").count() == 1
