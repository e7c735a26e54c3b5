"""Two learners and two wordings: the tries of one say nothing of the other."""

import pytest

from tests.conftest import NOON
from training.catalog.models import QuestionVersion
from training.progress.queries.lesson_progress import states_of
from training.progress.services import answer_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(lesson):
    """`answer(learner, text)`: somebody answers the question for a port."""

    def make(learner, text="102"):
        version = QuestionVersion.objects.get(question__slug="port", is_current=True)
        return answer_question(version=version, form={"text": [text]}, learner=learner, now=NOON)

    return make


def test_the_first_right_answer_of_a_second_learner_counts_too(answer, sam, leo):
    first, second = answer(sam), answer(leo)
    assert (first.number, first.is_first_right) == (1, True)
    assert (second.number, second.is_first_right) == (1, True)


def test_the_second_right_answer_of_one_learner_is_not_a_first_one(answer, sam):
    assert not answer(sam, "502").is_first_right
    assert [answer(sam).is_first_right for _ in range(2)] == [True, False]


def test_a_right_answer_to_the_first_wording_is_the_first_also_after_a_second_wording(answer, sam):
    answer(sam)
    old = QuestionVersion.objects.get(question__slug="port", is_current=True)
    QuestionVersion.objects.filter(pk=old.pk).update(is_current=False)
    old.pk, old.number, old._state.adding = None, old.number + 1, True
    old.save()
    again = answer(sam)
    assert (again.number, again.is_first_right) == (1, False)


def test_where_one_learner_stands_is_not_where_the_other_does(answer, sam, leo):
    answer(sam)
    answer(leo, "502")
    (ours,), (theirs,) = states_of(sam).values(), states_of(leo).values()
    assert (ours.is_right, theirs.is_right) == (True, False)
