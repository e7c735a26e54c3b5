"""Questions as blocks of a lesson, as an author writes them."""

import re

from training.catalog.engine.content import Option, Question, QuestionType

_OUTSIDE = re.compile(r"[^a-z0-9]+")


def question_to_block(name: str, question: Question) -> str:
    """Return `::: question {…}` with everything in it; the id is made of the name."""
    head = f"::: question {{#{slug_of_name(name)} type={question.type}}}"
    return "\n".join([head, question.prompt, "", *_answers(question), ":::", ""])


def slug_of_name(name: str) -> str:
    """Return an id for a question of this name: what stands behind its last `#`, if anything."""
    own = name.rpartition("#")[2]
    return _OUTSIDE.sub("-", own.lower()).strip("-") or "question"


def _answers(question: Question) -> list[str]:
    if question.type in {QuestionType.SINGLE, QuestionType.MULTIPLE}:
        return [line for option in question.options for line in _option(option)]
    feedback = [f"> {line}".rstrip() for line in question.feedback.splitlines()]
    if question.type is QuestionType.MATCH:
        rows = [f"| {pair.left} | {pair.right} |" for pair in question.pairs]
        return ["| | |", "|---|---|", *rows, "", *feedback]
    if question.type is QuestionType.SHORT:
        key = f"= {' | '.join(question.accepted)}"
    else:
        tolerance = f" +- {question.tolerance}" if question.tolerance != "0" else ""
        key = f"= {question.accepted[0]}{tolerance}"
    wrong = [line for option in question.options for line in _option(option)]
    return [key, *feedback, *([""] if wrong else []), *wrong]


def _option(option: Option) -> list[str]:
    box = "x" if option.is_correct else " "
    lines = option.text.splitlines() or [""]
    feedback = [f"  > {line}".rstrip() for line in option.feedback.splitlines()]
    return [f"- [{box}] {lines[0]}", *(f"  {line}" for line in lines[1:]), *feedback]
