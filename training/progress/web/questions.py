"""A question, or a lab, as a page shows it to one person: open, or with what came of the answer."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape

from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from portal.accounts.models import User
from portal.ui.pieces import Choice
from portal.ui.tags.states import VERDICTS
from portal.ui.words import number
from training.catalog.engine.answers import (
    CHOICES,
    PLACES,
    SURE,
    Answer,
    foreseen_option,
    is_part_right,
)
from training.catalog.engine.content import (
    AnswerOption,
    CaseVerdict,
    Lab,
    QuestionContent,
    QuestionType,
)
from training.catalog.engine.content import CaseChoice as LabChoice
from training.catalog.models import Lesson, QuestionVersion
from training.progress.engine.repetition import UNTRIED, QuestionState
from training.progress.models import Attempt
from training.progress.queries.lesson_progress import order_for, seed_of

NONE_OF_THESE = "none"  # stays last, below those that it means


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """One's own verdict, reason or next step, and OT's. Only verdicts are translated."""

    label: str
    yours: str
    right: str
    is_right: bool
    feedback: str  # of one's own choice
    right_feedback: str  # of OT's, where it is another
    is_unsafe: bool = False
    is_english: bool = True


@dataclass(frozen=True, slots=True)
class LabView:
    """An alert to judge. `entered` holds what was in a form that was refused; `parts` and `sure`
    (per cent) are there once it is judged.
    """

    lab: Lab
    verdicts: tuple[Choice, ...]
    reasons: tuple[Choice, ...]
    sure_levels: tuple[Choice, ...]
    next_steps: tuple[Choice, ...]
    entered: Mapping[str, str]
    parts: tuple[JudgedPart, ...] = ()
    sure: str = ""


def show_lab(
    lab: Lab, *, seed: str, entered: Mapping[str, Sequence[str]], answer: Answer | None
) -> LabView:
    """Return a lab as a person sees it; reasons and steps are in an order of the seed's."""
    return LabView(
        lab=lab,
        verdicts=tuple(
            Choice(verdict, str(VERDICTS[verdict][2]), icon=VERDICTS[verdict][1])
            for verdict in CaseVerdict
        ),
        reasons=_shuffled(lab.reasons, seed),
        sure_levels=tuple(Choice(str(percent), _percent(percent)) for percent in SURE),
        next_steps=_shuffled(lab.next_steps, seed),
        entered={name: "".join(values) for name, values in entered.items()},
        parts=_parts(lab, answer) if answer else (),
        sure=_percent(answer["sure"]) if answer else "",
    )


def _shuffled(choices: Sequence[LabChoice], seed: str) -> tuple[Choice, ...]:
    mixed = random.Random(seed).sample(choices, len(choices))
    mixed.sort(key=lambda choice: choice.id == NONE_OF_THESE)
    return tuple(Choice(choice.id, choice.text) for choice in mixed)


def _percent(value: int) -> str:
    return gettext("%(n)s %%") % {"n": number(value)}


def _parts(lab: Lab, answer: Answer) -> tuple[JudgedPart, ...]:
    is_right = is_part_right(lab, answer)
    verdict = JudgedPart(
        label=gettext("Verdict"),
        yours=str(VERDICTS[answer["verdict"]][2]),
        right=str(VERDICTS[lab.verdict][2]),
        is_right=is_right["verdict"],
        feedback=lab.verdicts[answer["verdict"]],
        right_feedback="" if is_right["verdict"] else lab.verdicts[lab.verdict],
        is_english=False,
    )
    return (
        verdict,
        _part(gettext("Reason"), lab.reasons, answer["reason"], lab.reason),
        _part(gettext("Next step"), lab.next_steps, answer["next_step"], lab.next_step),
    )


def _part(label: str, choices: Sequence[LabChoice], yours: str, right: str) -> JudgedPart:
    by_id = {choice.id: choice for choice in choices}
    return JudgedPart(
        label=label,
        yours=by_id[yours].text,
        right=by_id[right].text,
        is_right=yours == right,
        feedback=by_id[yours].feedback,
        right_feedback="" if yours == right else by_id[right].feedback,
        is_unsafe=by_id[yours].is_unsafe,
    )


type Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """What was in a form that could not be judged, and why."""

    form: Form
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionAddresses:
    """The addresses of a question: its place in the page, where answers go, where it opens anew."""

    anchor: str
    answer: str
    again: str


def addresses_in_lesson(lesson: Lesson, slug: str) -> QuestionAddresses:
    """Return the addresses of a question in its place in a lesson."""
    parts = {"module": lesson.module.slug, "lesson": lesson.slug}
    anchor = f"q-{slug}"
    return QuestionAddresses(
        anchor,
        answer=reverse("training:question", kwargs=parts | {"question": slug}),
        again=f"{reverse('training:lesson', kwargs=parts)}?again={slug}#{anchor}",
    )


@dataclass(frozen=True, slots=True)
class OptionView:
    """An option, or a wrong answer that its author foresaw. HTML is clean (catalog's engine)."""

    value: str
    html: SafeString
    feedback: SafeString
    is_right: bool
    is_chosen: bool = False
    was_first: bool = False  # the person's first answer, where that was wrong
    is_entered: bool = False  # in a form that was refused


@dataclass(frozen=True, slots=True)
class RowView:
    """A pair to match, or a step to put in its place."""

    name: str
    html: SafeString
    choices: tuple[tuple[str, str], ...]
    right: SafeString
    chosen: SafeString
    is_right: bool
    entered: str = ""  # in a form that was refused


@dataclass(frozen=True, slots=True)
class QuestionView:
    """All that a page needs to show one question."""

    id: str  # its place in the page
    slug: str
    lesson_title: str
    lesson_url: str
    version: int
    number: int  # its place in the lesson; 0 where it stands alone
    total: int
    type: str
    prompt: SafeString
    options: tuple[OptionView, ...]
    rows: tuple[RowView, ...]
    headings: tuple[SafeString, ...]
    feedback: SafeString
    accepted: str
    typed: str
    is_open: bool
    is_right: bool
    tries: int
    first_right: int  # the how-manieth try was right first; 0: none yet
    was_right_before: bool  # in an earlier wording
    due_at: datetime | None  # when it is to be answered again
    is_due: bool
    capture: str  # where its file is handed out
    viewer: str  # where it is opened
    lab: LabView | None
    address: str
    again: str  # where it opens once more
    problems: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """Its place, as htmx names it."""
        return f"#{self.id}"

    @property
    def is_unforeseen(self) -> bool:
        """Whether a wrong answer was typed that the author did not think of."""
        return not self.is_right and not any(option.is_chosen for option in self.options)

    @property
    def is_choice(self) -> bool:
        """Whether options are offered."""
        return self.type in CHOICES

    @property
    def control(self) -> str:
        """What options are chosen with."""
        return "checkbox" if self.type == QuestionType.MULTIPLE else "radio"

    @property
    def task(self) -> str:
        """What the person has to do."""
        return {
            QuestionType.SINGLE: gettext("One answer"),
            QuestionType.MULTIPLE: gettext("Choose all that fit"),
            QuestionType.NUMERIC: gettext("A number"),
            QuestionType.SHORT: gettext("A word or two"),
            QuestionType.MATCH: gettext("Match"),
            QuestionType.ORDER: gettext("Put in order"),
            QuestionType.PACKET: gettext("Name the frame"),
            QuestionType.TRIAGE: gettext("Judge the alert"),
        }[QuestionType(self.type)]

    @property
    def outcome(self) -> str:
        """What came of the person's tries."""
        if not self.first_right:
            return gettext("Not right yet")
        if self.first_right == 1:
            return gettext("Right")
        return ngettext("Right after %(n)s try", "Right after %(n)s tries", self.first_right) % {
            "n": number(self.first_right)
        }


def show_question(
    version: QuestionVersion,
    *,
    lesson: Lesson,
    position: tuple[int, int] = (0, 0),
    learner: User,
    attempts: Sequence[Attempt],
    state: QuestionState | None,
    now: datetime,
    addresses: QuestionAddresses | None = None,
    is_again: bool = False,
    refused: RefusedAnswer | None = None,
) -> QuestionView:
    """Return a question as this person sees it. `place` is its number in the lesson and how many
    there are; without `addresses` it is in its lesson.
    """
    question = version.content
    latest = attempts[-1] if attempts else None
    is_open = latest is None or is_again or refused is not None
    entered = refused.form if refused else {}
    outcome = None if is_open else latest
    order = order_for(version, learner)
    slug, state = version.question.slug, state or UNTRIED
    addresses = addresses or addresses_in_lesson(lesson, slug)
    capture = question.capture.rpartition("/")[2]
    return QuestionView(
        id=addresses.anchor,
        slug=slug,
        lesson_title=lesson.title,
        lesson_url=reverse("training:lesson", args=[lesson.module.slug, lesson.slug]),
        version=version.pk,
        number=position[0],
        total=position[1],
        type=question.type,
        prompt=_safe(question.prompt_html),
        options=_options(question, order, attempts, outcome, entered),
        rows=_rows(question, order, outcome, entered),
        headings=tuple(map(_safe, question.headings)),
        feedback=_safe(question.feedback_html),
        accepted=_accepted(question),
        typed=str(outcome.answer.get("text", "")) if outcome else "".join(entered.get("text", ())),
        is_open=is_open,
        is_right=bool(outcome and outcome.is_correct),
        tries=len(attempts),
        first_right=next((attempt.number for attempt in attempts if attempt.is_correct), 0),
        was_right_before=state.is_right and not attempts,
        due_at=state.due_at,
        is_due=state.is_due(now),
        capture=reverse("training:capture", args=[lesson.module.slug, capture]) if capture else "",
        viewer=reverse("labs:lesson_capture", args=[lesson.module.slug, capture])
        if capture
        else "",
        lab=show_lab(
            question.case,
            seed=seed_of(version, learner),
            entered=entered,
            answer=outcome.answer if outcome else None,
        )
        if question.case
        else None,
        address=addresses.answer,
        again=addresses.again,
        problems=refused.problems if refused else (),
    )


def _safe(html: str) -> SafeString:
    """HTML of lessons was cleaned when they were read (training.catalog.engine.markdown)."""
    return mark_safe(html)


def _options(
    question: QuestionContent,
    order: list[int],
    attempts: Sequence[Attempt],
    outcome: Attempt | None,
    entered: Form,
) -> tuple[OptionView, ...]:
    if question.type in CHOICES:
        chosen = outcome.answer["chosen"] if outcome else []
        first = attempts[0].answer["chosen"] if attempts and not attempts[0].is_correct else []
        return tuple(
            OptionView(
                value=str(at),
                html=_safe(question.options[index].html),
                feedback=_safe(question.options[index].feedback_html),
                is_right=question.options[index].is_correct,
                is_chosen=index in chosen,
                was_first=index in first and not question.options[index].is_correct,
                is_entered=str(at) in entered.get("choice", ()),
            )
            for at, index in enumerate(order)
        )
    typed = foreseen_option(question, outcome.answer) if outcome and question.options else None
    return tuple(_foreseen(option, is_chosen=option == typed) for option in question.options)


def _foreseen(option: AnswerOption, *, is_chosen: bool) -> OptionView:
    return OptionView(
        value="",
        html=_safe(option.html),
        feedback=_safe(option.feedback_html),
        is_right=False,
        is_chosen=is_chosen,
    )


def _rows(
    question: QuestionContent, order: list[int], outcome: Attempt | None, entered: Form
) -> tuple[RowView, ...]:
    if question.type not in PLACES:
        return ()
    places = outcome.answer["places"] if outcome else None
    if question.type is QuestionType.MATCH:
        return _pairs(question, order, places, entered)
    positions = tuple((str(at), number(at + 1)) for at in range(len(order)))
    steps = order if places is None else sorted(order)  # an answered question shows the right order
    return tuple(
        RowView(
            name=f"place-{at}",
            html=_safe(question.items[index].html),
            choices=positions,
            right=_safe(number(index + 1)),
            chosen=_safe(number(places[index] + 1) if places else ""),
            is_right=places is not None and places[index] == index,
            entered="".join(entered.get(f"place-{at}", ())),
        )
        for at, index in enumerate(steps)
    )


def _pairs(
    question: QuestionContent, order: list[int], places: list[int] | None, entered: Form
) -> tuple[RowView, ...]:
    choices = tuple(
        (str(at), unescape(strip_tags(question.pairs[index].right_html)))
        for at, index in enumerate(order)
    )
    return tuple(
        RowView(
            name=f"place-{at}",
            html=_safe(pair.left_html),
            choices=choices,
            right=_safe(pair.right_html),
            chosen=_safe(question.pairs[places[at]].right_html if places else ""),
            is_right=places is not None and question.pairs[places[at]].right == pair.right,
            entered="".join(entered.get(f"place-{at}", ())),
        )
        for at, pair in enumerate(question.pairs)
    )


def _accepted(question: QuestionContent) -> str:
    if not question.accepted:
        return ""
    if question.type is QuestionType.PACKET:
        return f"frame {question.accepted[0]}"  # in the words of the lesson, which is English
    return question.accepted[0]
