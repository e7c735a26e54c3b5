"""Every type of question knows right from wrong, whatever order its options are shown in."""

from datetime import date

import pytest

from tests.factories import lessons
from training.catalog.engine.answers import (
    AnswerError,
    display_order,
    foreseen_option,
    is_right,
    read_submitted_answer,
)
from training.catalog.engine.content import all_questions
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary

SEED = "sam, version 7"


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    root = tmp_path_factory.mktemp("content")
    lessons.write_module(root)
    vocabulary = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))
    modules = read_curriculum(root, "content", vocabulary).modules
    return {question.id: question for _, _, question in all_questions(modules)}


def shown(question, *texts):
    """The displayed positions of options, right sides or steps with these texts."""
    rows = question.options or question.items or question.pairs
    names = [getattr(row, "text", None) or row.right for row in rows]
    order = display_order(question, SEED)
    return [str(order.index(names.index(text))) for text in texts]


def judge(question, **form):
    answer = read_submitted_answer(
        question, {k.replace("_", "-"): v for k, v in form.items()}, SEED
    )
    return is_right(question, answer)


def test_choices_are_right_when_all_right_ones_and_no_other_are_chosen(questions):
    choose, both = questions["choose"], questions["both"]
    assert judge(choose, choice=shown(choose, "Phone the control room."))
    assert not judge(choose, choice=shown(choose, "Wait."))
    assert judge(both, choice=shown(both, "The engineer.", "The work order."))
    assert not judge(both, choice=shown(both, "The engineer."))
    assert not judge(both, choice=shown(both, "The engineer.", "The work order.", "The severity."))
    assert {tuple(display_order(choose, f"{n}")) for n in range(40)} > {(0, 1, 2), (2, 1, 0)}


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("port", "102", True),
        ("port", "0x66", True),
        ("port", "102,0", True),
        ("port", "502", False),
        ("name", " s7COMM ", True),
        ("name", "S7", True),
        ("name", "Modbus", False),
        ("frame", "2", True),
        ("frame", "Frame 02", True),
        ("frame", "frame 3", False),
    ],
)
def test_a_typed_answer_counts_however_it_is_written(questions, name, text, right):
    assert judge(questions[name], text=[text]) is right


def test_feedback_comes_for_a_known_wrong_answer_and_for_no_other(questions):
    assert foreseen_option(questions["port"], {"text": "0x1F6"}).text == "502"
    assert foreseen_option(questions["frame"], {"text": "3"}).text == "frame 3"
    assert foreseen_option(questions["frame"], {"text": "4"}) is None


def test_pairs_and_steps_are_right_in_their_places_only(questions):
    match, order = questions["levels"], questions["steps"]
    rights = dict(zip(("place_0", "place_1", "place_2"), shown(match, "1", "2", "3"), strict=True))
    assert judge(match, **rights)
    assert not judge(match, **{**rights, "place_2": rights["place_0"]})
    steps = display_order(order, SEED)
    assert steps != [0, 1, 2]
    assert judge(order, **{f"place_{row}": str(step) for row, step in enumerate(steps)})
    assert not judge(order, place_0="0", place_1="1", place_2="2")


@pytest.mark.parametrize(
    ("name", "form", "code"),
    [
        ("choose", {}, "none"),
        ("choose", {"choice": ["0", "1"]}, "many"),
        ("choose", {"choice": ["9"]}, "none"),
        ("choose", {"choice": ["²"]}, "none"),
        ("port", {"text": ["many"]}, "number"),
        ("port", {"text": [" "]}, "none"),
        ("port", {"text": ["NaN"]}, "number"),
        ("name", {"text": ["x" * 201]}, "long"),
        ("frame", {"text": ["the second"]}, "frame"),
        ("levels", {"place-0": ["1"]}, "gaps"),
        ("steps", {"place-0": ["1"], "place-1": ["1"], "place-2": ["0"]}, "twice"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_reason(questions, name, form, code):
    with pytest.raises(AnswerError) as refused:
        read_submitted_answer(questions[name], form, SEED)
    assert refused.value.code == code
