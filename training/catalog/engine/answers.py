"""Answers: the keys behind `=`, whether an answer is right, and an answer in plain words. An answer
is stored in the order of the author:

single, multiple   {"chosen": [0, 2]}            positions of the options
numeric, short, packet   {"text": "0x29"}        as it was typed
match              {"places": [2, 0, 1]}         for each pair, whose right side was chosen
order              {"places": [0, 2, 1]}         for each step, where it was put
triage             {"verdict": "routine", "reason": "backup", "next_step": "close", "sure": 70}
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from training.catalog.engine.content import (
    AnswerOption,
    CaseVerdict,
    Lab,
    QuestionContent,
    QuestionType,
)
from training.catalog.engine.markdown import html_text

_FRAME_KEY = re.compile(r"frame (\d+)")


def read_number(text: str) -> Decimal:
    """Return the number that a person wrote: 502, 0x29, 1,5 or 1.5. Raises ValueError."""
    flat = text.strip().replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    try:
        if flat.lower().startswith("0x"):
            return Decimal(int(flat, 16))
        number = Decimal(flat.replace(",", "."))
    except (ValueError, InvalidOperation):
        raise ValueError(f"“{text}” is not a number.") from None
    if not number.is_finite():
        raise ValueError(f"“{text}” is not a number.")
    return number


def _numeric_key(text: str) -> tuple[tuple[str, ...], str]:
    value, _, tolerance = text.partition("+-")
    return (str(read_number(value)),), str(read_number(tolerance or "0"))


def _short_key(text: str) -> tuple[tuple[str, ...], str]:
    words = tuple(" ".join(part.split()) for part in text.replace("`", "").split("|"))
    if not all(words):
        raise ValueError("An accepted answer is empty.")
    return words, "0"


def _packet_key(text: str) -> tuple[tuple[str, ...], str]:
    matches = [_FRAME_KEY.fullmatch(part.strip()) for part in text.split("|")]
    numbers = tuple(match[1].lstrip("0") for match in matches if match)
    if len(numbers) != len(matches) or not all(numbers):
        raise ValueError("Write the frame as `frame 17`; several as `frame 17 | frame 18`.")
    return numbers, "0"


READ_KEY: dict[QuestionType, Callable[[str], tuple[tuple[str, ...], str]]] = {
    QuestionType.NUMERIC: _numeric_key,
    QuestionType.SHORT: _short_key,
    QuestionType.PACKET: _packet_key,
}


type Answer = dict[str, Any]

CHOICES = frozenset({QuestionType.SINGLE, QuestionType.MULTIPLE})
PLACES = frozenset({QuestionType.MATCH, QuestionType.ORDER})
MAX_TEXT = 200  # letters of a typed answer
SURE = (50, 60, 70, 80, 90, 100)  # per cent; half is a coin
_FRAME = re.compile(r"(?:frame|no\.?|#)?\s*0*(\d+)", re.IGNORECASE)


class AnswerError(ValueError):
    """The answer cannot be judged. The code is the reason: `none`, `many`, `long`, `number`,
    `frame`, `gaps`, `twice`, `parts`.
    """

    @property
    def code(self) -> str:
        """Return why."""
        return str(self.args[0])


def display_order(question: QuestionContent, seed: str) -> list[int]:
    """Return the order in which options, right sides or steps are shown, as positions in the
    author's order. One seed gives one order; steps never are in their right one.
    """
    count = len(question.options or question.pairs or question.items)
    order = list(range(count))
    if question.type in CHOICES and not question.is_shuffled:
        return order
    random.Random(seed).shuffle(order)
    if question.type is QuestionType.ORDER and order == sorted(order):
        order.append(order.pop(0))
    return order


def read_submitted_answer(
    question: QuestionContent, form: Mapping[str, Sequence[str]], seed: str
) -> Answer:
    """Return the answer in a submitted form: `choice` (positions as displayed), `text`,
    `place-0`, `place-1` …, or `verdict`, `reason`, `sure` and `next_step`. Raises AnswerError.
    """
    order = display_order(question, seed)
    if question.type in CHOICES:
        choices = sorted(order[_position(value, len(order))] for value in form.get("choice", ()))
        if not choices:
            raise AnswerError("none")
        if question.type is QuestionType.SINGLE and len(choices) > 1:
            raise AnswerError("many")
        return {"chosen": choices}
    if question.case:
        return _read_judgement(question.case, form)
    if question.type in PLACES:
        return {"places": _read_places(question, form, order)}
    text = " ".join(" ".join(form.get("text", ())).split())
    if not text:
        raise AnswerError("none")
    if len(text) > MAX_TEXT:
        raise AnswerError("long")
    _value_of(question.type, text)
    return {"text": text}


def _read_judgement(lab: Lab, form: Mapping[str, Sequence[str]]) -> Answer:
    offered: dict[str, set[str]] = {
        "verdict": set(CaseVerdict),
        "reason": {choice.id for choice in lab.reasons},
        "next_step": {choice.id for choice in lab.next_steps},
        "sure": {str(percent) for percent in SURE},
    }
    fields = {name: "".join(form.get(name, ())) for name in offered}
    if not all(fields[name] in values for name, values in offered.items()):
        raise AnswerError("parts" if any(fields.values()) else "none")
    return {**fields, "sure": int(fields["sure"])}


def is_part_right(lab: Lab, answer: Answer) -> dict[str, bool]:
    """Return whether verdict, reason and next step are right, each apart."""
    key = {"verdict": lab.verdict, "reason": lab.reason, "next_step": lab.next_step}
    return {name: answer[name] == right for name, right in key.items()}


def _position(value: str, count: int) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > 4 or int(value) >= count:
        raise AnswerError("none")
    return int(value)


def _read_places(
    question: QuestionContent, form: Mapping[str, Sequence[str]], order: list[int]
) -> list[int]:
    values = ["".join(form.get(f"place-{row}", ())) for row in range(len(order))]
    if not any(values):
        raise AnswerError("none")
    if not all(values):
        raise AnswerError("gaps")
    places = [_position(value, len(order)) for value in values]
    if question.type is QuestionType.MATCH:
        return [order[place] for place in places]  # rows stand as written, right sides are mixed
    if len(set(places)) < len(places):
        raise AnswerError("twice")
    by_step = dict(zip(order, places, strict=True))  # steps are mixed, places count from the top
    return [by_step[step] for step in range(len(order))]


def is_right(question: QuestionContent, answer: Answer) -> bool:
    """Return whether an answer is right."""
    if question.type in CHOICES:
        right = [n for n, option in enumerate(question.options) if option.is_correct]
        return list(answer["chosen"]) == right
    if question.type is QuestionType.MATCH:
        rights = [pair.right for pair in question.pairs]
        chosen = [rights[place] for place in answer["places"]]
        return chosen == rights  # two rows may share a right side
    if question.type is QuestionType.ORDER:
        return list(answer["places"]) == list(range(len(question.items)))
    if question.case:
        return all(is_part_right(question.case, answer).values())
    return _is_accepted(question, answer["text"])


def foreseen_option(question: QuestionContent, answer: Answer) -> AnswerOption | None:
    """Return the wrong answer of a typed question that its author foresaw."""
    if "text" not in answer:
        return None
    typed = _value_of(question.type, answer["text"])
    for option in question.options:
        if _value_of(question.type, option.text.strip("`")) == typed:
            return option
    return None


def _is_accepted(question: QuestionContent, text: str) -> bool:
    value = _value_of(question.type, text)
    if question.type is QuestionType.NUMERIC:
        correct, tolerance = read_number(question.accepted[0]), read_number(question.tolerance)
        return abs(read_number(value) - correct) <= tolerance
    return value in {_value_of(question.type, accepted) for accepted in question.accepted}


def _value_of(kind: QuestionType, text: str) -> str:
    """Return what counts of a typed answer: a number, a frame number, or words without case."""
    if kind is QuestionType.NUMERIC:
        try:
            return str(read_number(text).normalize())
        except ValueError:
            raise AnswerError("number") from None
    if kind is QuestionType.PACKET:
        match = _FRAME.fullmatch(text.strip())
        if not match:
            raise AnswerError("frame")
        return match[1]
    return " ".join(text.casefold().split())


def answer_text(question: QuestionContent, answer: Answer) -> str:
    """Return an answer as a person would say it: the chosen options, what was typed, the pairs,
    the steps in the order they were put in, or how an alert was judged.
    """
    if "verdict" in answer:
        return _judgement(question, answer)
    if "text" in answer:
        return str(answer["text"])
    if "chosen" in answer:
        return "; ".join(html_text(question.options[index].html) for index in answer["chosen"])
    places = answer.get("places", [])
    if question.pairs:
        rights = [html_text(pair.right_html) for pair in question.pairs]
        lefts = [html_text(pair.left_html) for pair in question.pairs]
        pairs = zip(lefts, places, strict=False)
        return "; ".join(f"{left}: {rights[place]}" for left, place in pairs)
    steps = sorted(zip(places, question.items, strict=False), key=lambda pair: int(pair[0]))
    return "; ".join(html_text(item.html) for _, item in steps)


def _judgement(question: QuestionContent, answer: Answer) -> str:
    choices = (*question.case.reasons, *question.case.next_steps) if question.case else ()
    texts = {choice.id: choice.text for choice in choices}
    parts = [texts.get(answer[name], str(answer[name])) for name in ("reason", "next_step")]
    return "; ".join([str(answer["verdict"]), *parts, f"{answer['sure']} % sure"])
