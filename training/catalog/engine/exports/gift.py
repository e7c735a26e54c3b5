"""Questions in Moodle's GIFT, written and read, and as blocks of a lesson. Texts are Markdown. What
GIFT has no form for is left out: steps to be put in order, and cases of a lab. The number of a
frame becomes a number.

Source of the format: Moodle documentation, "GIFT format".
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from training.catalog.engine.answers import read_number
from training.catalog.engine.content import (
    AnswerOption,
    ModuleContent,
    Pair,
    QuestionContent,
    QuestionType,
    all_questions,
    question_name,
)
from training.catalog.engine.markdown import plain_text

_OUTSIDE = re.compile(r"[^a-z0-9]+")


def question_to_block(name: str, question: QuestionContent) -> str:
    """Return `::: question {…}` with everything in it; the id is made of the name."""
    head = f"::: question {{#{slug_of_name(name)} type={question.type}}}"
    return "\n".join([head, question.prompt, "", *_answer_lines(question), ":::", ""])


def slug_of_name(name: str) -> str:
    """Return an id for a question of this name: what stands behind its last `#`, if anything."""
    own = name.rpartition("#")[2]
    return _OUTSIDE.sub("-", own.lower()).strip("-") or "question"


def _answer_lines(question: QuestionContent) -> list[str]:
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


def _option(option: AnswerOption) -> list[str]:
    box = "x" if option.is_correct else " "
    lines = option.text.splitlines() or [""]
    feedback = [f"  > {line}".rstrip() for line in option.feedback.splitlines()]
    return [f"- [{box}] {lines[0]}", *(f"  {line}" for line in lines[1:]), *feedback]


_SPECIAL = re.compile(r"([\\~=#{}:])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LEFT_OUT = {QuestionType.ORDER, QuestionType.TRIAGE}
_CHOICE = {QuestionType.SINGLE, QuestionType.MULTIPLE}


class GiftError(ValueError):
    """A text is not GIFT as far as Tagout reads it. The message begins with the line."""


@dataclass(frozen=True, slots=True)
class GiftQuestion:
    """A question of a GIFT text, with its title."""

    name: str
    question: QuestionContent


def questions_to_gift(modules: tuple[ModuleContent, ...]) -> tuple[str, int]:
    """Return the questions as GIFT, and how many were left out."""
    parts, left_out = [], 0
    for module, lesson, question in all_questions(modules):
        if question.type in _LEFT_OUT:
            left_out += 1
        else:
            parts.append(write_gift(question_name(module, lesson, question), question))
    return "\n".join(parts), left_out


def write_gift(name: str, question: QuestionContent) -> str:
    """Return one question as GIFT."""
    answers = "\n".join(f"  {line}" for line in _answers(question))
    mark = "#" if question.type in {QuestionType.NUMERIC, QuestionType.PACKET} else ""
    end = f"  ####{_text(question.feedback)}\n" if question.feedback else ""
    return f"::{_text(name)}::[markdown]{_text(question.prompt)} {{{mark}\n{answers}\n{end}}}\n"


def _answers(question: QuestionContent) -> list[str]:
    if question.type in _CHOICE:
        return _choices(question)
    if question.type is QuestionType.MATCH:
        return [f"={_text(pair.left)} -> {_text(pair.right)}" for pair in question.pairs]
    if question.type is QuestionType.SHORT:
        right = [f"={_text(accepted)}" for accepted in question.accepted]
        return right + [f"=%0%{_option_text(option)}" for option in question.options]
    tolerance = question.tolerance if question.type is QuestionType.NUMERIC else "0"
    right = [f"={accepted}:{tolerance}" for accepted in question.accepted]
    wrong = [
        f"=%0%{_number(option)}:0#{_text(option.feedback)}".rstrip("#")
        for option in question.options
    ]
    return right + wrong


def _choices(question: QuestionContent) -> list[str]:
    if question.type is QuestionType.SINGLE:
        return [
            f"{'=' if option.is_correct else '~'}{_option_text(option)}"
            for option in question.options
        ]
    right = sum(option.is_correct for option in question.options)
    wrong = len(question.options) - right
    return [
        f"~%{_share(right) if option.is_correct else f'-{_share(wrong)}'}%{_option_text(option)}"
        for option in question.options
    ]


def _share(parts: int) -> str:
    return str(round(Decimal(100) / parts, 5).normalize().__format__("f"))


def _number(option: AnswerOption) -> str:
    return str(read_number(option.typed))


def _option_text(option: AnswerOption) -> str:
    feedback = f"#{_text(option.feedback)}" if option.feedback else ""
    return f"{_text(option.text)}{feedback}"


def _text(markdown: str) -> str:
    return _SPECIAL.sub(r"\\\1", plain_text(markdown)).replace("\n", "\\n")


# Reading

_QUESTION = re.compile(
    r"(?:::(?P<name>(?:\\.|[^:\\])*)::)?\s*(?:\[(?P<format>\w+)\])?"
    r"(?P<prompt>(?:\\.|[^{}\\])*)\{(?P<body>(?:\\.|[^{}\\])*)\}\s*\Z",
    re.DOTALL,
)
_ANSWER = re.compile(
    r"(?P<mark>[=~])(?:%(?P<weight>-?[\d.]+)%)?(?P<rest>(?:\\.|[^=~\\])*)", re.DOTALL
)
_PIECES = re.compile(r"((?:\\.|[^#\\])*)(?:#((?:\\.|[^#\\])*))?", re.DOTALL)
_ARROW = re.compile(r"((?:\\.|[^\\])*?)\s*->\s*(.*)", re.DOTALL)


def read_gift(text: str) -> list[GiftQuestion]:
    """Return the questions of a GIFT text. Raises GiftError with the line of the first question
    that cannot be read.
    """
    questions: list[GiftQuestion] = []
    for line, block in _blocks(text):
        match = _QUESTION.match(block)
        if match is None:
            raise GiftError(f"line {line}: this is not a question with its answers in {{…}}")
        name = _plain(match["name"] or "") or f"question-{len(questions) + 1}"
        body, _, feedback = match["body"].partition("####")
        question = _question(_plain(match["prompt"]), body.strip(), line)
        questions.append(GiftQuestion(name, _with_feedback(question, _plain(feedback))))
    return questions


def _blocks(text: str) -> list[tuple[int, str]]:
    """Return the questions, parted by empty lines, with their first lines; without comments."""
    blocks: list[tuple[int, str]] = []
    lines: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.lstrip().startswith(("//", "$CATEGORY")):
            continue
        if line.strip():
            lines.append(line)
        elif lines:
            blocks.append((number - len(lines), "\n".join(lines)))
            lines = []
    return blocks


def _plain(text: str) -> str:
    flat = text.replace("\\n", "\n")
    return _ESCAPED.sub(r"\1", flat).strip()


def _question(prompt: str, body: str, line: int) -> QuestionContent:
    is_numeric = body.startswith("#")
    matches = list(_ANSWER.finditer(body.removeprefix("#")))
    if body.upper() in {"T", "TRUE", "F", "FALSE"}:
        is_true = body.upper().startswith("T")
        options = (
            AnswerOption("True", "", is_true, ""),
            AnswerOption("False", "", not is_true, ""),
        )
        return QuestionContent("", QuestionType.SINGLE, prompt, "", options=options)
    if not matches and is_numeric and body[1:].strip():
        return _numeric(prompt, [_answer("=", None, body[1:])], line)
    if not matches:
        raise GiftError(f"line {line}: a question without answers cannot be judged")
    answers = [_answer(answer["mark"], answer["weight"], answer["rest"]) for answer in matches]
    if is_numeric:
        return _numeric(prompt, answers, line)
    if all(_ARROW.fullmatch(answer.text) for answer in answers):
        pairs = tuple(_pair(answer.text) for answer in answers)
        return QuestionContent("", QuestionType.MATCH, prompt, "", pairs=pairs)
    if all(answer.mark == "=" for answer in answers):
        accepted = tuple(_plain(answer.text) for answer in answers if answer.weight > 0)
        wrong = tuple(answer.option for answer in answers if answer.weight <= 0)
        return QuestionContent("", QuestionType.SHORT, prompt, "", options=wrong, accepted=accepted)
    is_single = sum(answer.weight == 100 for answer in answers) == 1
    kind = QuestionType.SINGLE if is_single else QuestionType.MULTIPLE
    return QuestionContent("", kind, prompt, "", options=tuple(answer.option for answer in answers))


@dataclass(frozen=True, slots=True)
class _Answer:
    mark: str
    weight: Decimal
    text: str
    feedback: str

    @property
    def option(self) -> AnswerOption:
        return AnswerOption(_plain(self.text), "", self.weight > 0, "", _plain(self.feedback))


def _answer(mark: str, weight: str | None, rest: str) -> _Answer:
    pieces = _PIECES.match(rest)
    text, feedback = (pieces[1], pieces[2] or "") if pieces else (rest, "")
    share = Decimal(weight) if weight else Decimal(100 if mark == "=" else 0)
    return _Answer(mark, share, text.strip(), feedback.strip())


def _numeric(prompt: str, answers: list[_Answer], line: int) -> QuestionContent:
    try:
        right = [answer.text.partition(":") for answer in answers if answer.weight > 0]
        accepted = tuple(str(read_number(value)) for value, _, _ in right)
        tolerance = str(read_number(right[0][2] or "0"))
        options = tuple(
            AnswerOption(
                str(read_number(answer.text.partition(":")[0])),
                "",
                False,
                "",
                _plain(answer.feedback),
            )
            for answer in answers
            if answer.weight <= 0
        )
    except (ValueError, IndexError):
        raise GiftError(f"line {line}: a number is missing or cannot be read") from None
    return QuestionContent(
        "",
        QuestionType.NUMERIC,
        prompt,
        "",
        options=options,
        accepted=accepted[:1],
        tolerance=tolerance,
    )


def _pair(text: str) -> Pair:
    left, _, right = text.partition("->")
    return Pair(_plain(left), "", _plain(right), "")


def _with_feedback(question: QuestionContent, feedback: str) -> QuestionContent:
    return replace(question, feedback=feedback) if feedback else question
