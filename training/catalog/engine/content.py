"""The content of a folder of modules: modules, lessons, questions, cards."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any


class QuestionType(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    NUMERIC = "numeric"
    SHORT = "short"
    MATCH = "match"
    ORDER = "order"
    PACKET = "packet"
    TRIAGE = "triage"


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """An answer that is offered (single, multiple) or a wrong one that is foreseen (numeric, short,
    packet). `text` is Markdown; HTML is clean.
    """

    text: str
    html: str
    is_correct: bool
    feedback_html: str
    feedback: str = ""  # Markdown

    @property
    def typed(self) -> str:
        """What a person would type: without marks, and the number of a frame alone."""
        return self.text.strip("`").removeprefix("frame ")


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of a match question: the left side, and the right side that belongs to it."""

    left: str
    left_html: str
    right: str
    right_html: str


class CaseVerdict(StrEnum):
    """A verdict of OT on an alert."""

    ROUTINE = "routine"
    MAINTENANCE = "maintenance"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class CaseEnd:
    """A device at one end of what an alert speaks of."""

    name: str
    role: str
    address: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that was established as so or not so (`holds`) when the alert had to be judged."""

    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class CaseChoice:
    """A reason or a next step to choose, and the feedback on it. An unsafe step could hurt the
    plant.
    """

    id: str
    text: str
    feedback: str
    is_unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Lab:
    """An alert as it was when somebody had to judge it, and OT's judgement. `verdicts` holds the
    feedback on each verdict; the key is `verdict`, and the ids `reason` and `next_step`. Plain
    text.
    """

    alert_type: str
    severity: str
    raised: str
    sentence: str
    traffic: str
    source: CaseEnd
    destination: CaseEnd
    known: tuple[Fact, ...]
    verdicts: dict[str, str]
    reasons: tuple[CaseChoice, ...]
    next_steps: tuple[CaseChoice, ...]
    verdict: CaseVerdict
    reason: str
    next_step: str
    ot_says: str
    decided: str
    not_decided: str

    @property
    def graded_content(self) -> dict[str, Any]:
        """What a learner judges: the alert, the choices and the key, but no feedback."""
        feedback = {"verdicts", "reasons", "next_steps", "ot_says", "decided", "not_decided"}
        choices = {
            "reasons": [[choice.id, choice.text] for choice in self.reasons],
            "next_steps": [[choice.id, choice.text] for choice in self.next_steps],
        }
        values = {name: value for name, value in asdict(self).items() if name not in feedback}
        return values | choices

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Lab":
        """Return the lab of a stored one."""
        nested = {
            "source": CaseEnd(**stored["source"]),
            "destination": CaseEnd(**stored["destination"]),
            "known": tuple(Fact(**fact) for fact in stored["known"]),
            "reasons": tuple(CaseChoice(**choice) for choice in stored["reasons"]),
            "next_steps": tuple(CaseChoice(**choice) for choice in stored["next_steps"]),
            "verdict": CaseVerdict(stored["verdict"]),
        }
        return cls(**{**stored, **nested})


@dataclass(frozen=True, slots=True)
class QuestionContent:
    """A question as its author wrote it. `accepted` holds the right answers of numeric (value and
    tolerance), short (words) and packet (frame numbers); `items` the right order.
    """

    id: str
    type: QuestionType
    prompt: str
    prompt_html: str
    options: tuple[AnswerOption, ...] = ()
    accepted: tuple[str, ...] = ()
    tolerance: str = "0"
    pairs: tuple[Pair, ...] = ()
    headings: tuple[str, ...] = ()
    items: tuple[AnswerOption, ...] = ()
    feedback_html: str = ""
    feedback: str = ""  # Markdown
    techniques: tuple[str, ...] = ()
    capture: str = ""
    lab: str = ""
    case: Lab | None = None  # what is in the file that `lab` names
    is_shuffled: bool = True
    is_minor_edit: bool = False

    @property
    def content_hash(self) -> str:
        """SHA-256 of what a learner judges: prompt, options and key, but neither feedback nor
        layout. A new hash is a new version, whose figures begin at zero.
        """
        values: dict[str, Any] = {
            "type": self.type,
            "prompt": self.prompt,
            "options": [[option.text, option.is_correct] for option in self.options],
            "accepted": [*self.accepted, self.tolerance],
            "pairs": [[pair.left, pair.right] for pair in self.pairs],
            "items": [item.text for item in self.items],
            "files": [self.capture, self.lab],
        }
        if self.case:
            values["case"] = self.case.graded_content
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return what is stored of it, in the types of JSON; `from_json` reads it."""
        stored: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "QuestionContent":
        """Return the question of a stored one."""
        nested = {
            "type": QuestionType(stored["type"]),
            "options": tuple(AnswerOption(**option) for option in stored["options"]),
            "pairs": tuple(Pair(**pair) for pair in stored["pairs"]),
            "items": tuple(AnswerOption(**item) for item in stored["items"]),
            "case": Lab.from_json(stored["case"]) if stored.get("case") else None,
        }
        flat = {name: tuple(stored[name]) for name in ("accepted", "headings", "techniques")}
        return cls(**{**stored, **nested, **flat})


@dataclass(frozen=True, slots=True)
class LessonBlock:
    """A piece of a lesson: clean HTML, or a question by its id."""

    html: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A place in a lesson to jump to."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class LessonContent:
    """One lesson. `sources` are clean HTML, one footnote each, in the order they are used."""

    id: str
    title: str
    minutes: int
    number: int
    summary: str
    techniques: tuple[str, ...]
    alert_types: tuple[str, ...]
    review_by: date
    is_factual: bool
    blocks: tuple[LessonBlock, ...]
    outline: tuple[Heading, ...]
    sources: tuple[str, ...]
    questions: tuple[QuestionContent, ...]


@dataclass(frozen=True, slots=True)
class CardContent:
    """A card to review: a question in front, the answer on its back. HTML is clean."""

    id: str
    technique: str
    front: str
    front_html: str
    back_html: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathDay:
    """What a path asks of one day: lessons, written module/lesson, in their order."""

    title: str
    lessons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathContent:
    """Lessons of several modules in an order of their own, for the work roles in `nice`."""

    id: str
    title: str
    summary: str
    nice: tuple[str, ...]
    days: tuple[PathDay, ...]
    file: Path


@dataclass(frozen=True, slots=True)
class ModuleContent:
    """A folder of lessons. `captures` maps the name of a PCAP file to where it lies."""

    id: str
    title: str
    summary: str
    order: int
    minutes: int
    nice: tuple[str, ...]
    attack_version: str
    prerequisites: tuple[str, ...]
    pass_mark: float
    review_by: date
    licence: str
    folder: Path
    lessons: tuple[LessonContent, ...] = ()
    cards: tuple[CardContent, ...] = ()
    captures: dict[str, Path] = field(default_factory=dict)


def all_questions(
    modules: tuple[ModuleContent, ...],
) -> Iterator[tuple[ModuleContent, LessonContent, QuestionContent]]:
    """Yield every question with its module and lesson, in their order."""
    for module in modules:
        for lesson in module.lessons:
            for question in lesson.questions:
                yield module, lesson, question


def question_name(module: ModuleContent, lesson: LessonContent, question: QuestionContent) -> str:
    """Return the identity of a question, `module/lesson#id`."""
    return f"{module.id}/{lesson.id}#{question.id}"
