"""States, conditions and reasons in the language of the page, and what a version changed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from alerts.incidents.wording import weekday_words
from alerts.planned_work.engine.kinds import KINDS
from alerts.rules.fields import FIELDS, NO_VALUE, AlertField, FieldKind, Operator
from alerts.rules.guards.closing import reason_in_words
from alerts.rules.rule import Clause, NotARule, RuleDefinition
from alerts.rules.sentence import days_in_words
from alerts.rules.windows import DAYS
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.signing.notify import in_words
from portal.ui.pieces import ProgressStep
from portal.ui.words import length

type Chip = tuple[Promise, str, str]  # label, kind, icon

STATES: dict[str, Chip] = {
    VersionState.DRAFT: (_("Draft"), "", "pencil"),
    VersionState.PROPOSED: (_("Waiting for signatures"), "accent", "users"),
    VersionState.CHANGES_REQUESTED: (_("Changes requested"), "medium", "message-square"),
    VersionState.IN_TRIAL: (_("In trial"), "maint", "flask-conical"),
    VersionState.LIVE: (_("Live"), "ok", "shield-check"),
    VersionState.PAUSED: (_("Paused"), "medium", "pause"),
    VersionState.EXPIRED: (_("Expired"), "", "calendar-x-2"),
    VersionState.RETIRED: (_("Retired"), "", "archive"),
    VersionState.REJECTED: (_("Rejected"), "high", "x"),
    VersionState.DISCARDED: (_("Discarded"), "", "trash-2"),
    VersionState.REPLACED: (_("Replaced"), "", "layers"),
}
OPERATORS: dict[str, Promise] = {
    Operator.IS: _("is"),
    Operator.IS_ONE_OF: _("is one of"),
    Operator.WITHIN: _("within"),
    Operator.AT_MOST: _("at most"),
}
ENFORCEMENTS: dict[str, Promise] = {
    "tagout": _("By Tagout's own worker"),
    "sentinel": _("In Sentinel"),
}
_END_KINDS = ((1, "high"), (7, "medium"), (14, "low"))  # days left, and how loudly to say it


@dataclass(frozen=True, slots=True)
class StateChip:
    """A state as word, colour and icon."""

    label: str
    kind: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """One clause in words."""

    label: str
    operator: str
    values: tuple[str, ...]


def state_word(words: Chip) -> StateChip:
    """Return a state in the language of the page."""
    label, kind, icon = words
    return StateChip(str(label), kind, icon)


def state_chip(state: str) -> StateChip:
    """Return the state of a version, as a chip."""
    return state_word(STATES[state])


def ends_chip(ends_at: datetime, now: datetime) -> StateChip:
    """Return how long a rule has left: amber in its last fortnight, red on its last day."""
    if ends_at <= now:
        return StateChip(gettext("ended"), "", "calendar-x-2")
    days = -(-(ends_at - now) // timedelta(days=1))
    kind = next((kind for limit, kind in _END_KINDS if days <= limit), "")
    return StateChip(length(timedelta(days=days)), kind, "timer" if kind else "")


def all_in_words(reasons: Iterable[object]) -> list[str]:
    """Return the reasons in the language of the page."""
    return [in_words(reason) for reason in reasons]


def field_label(name: str) -> str:
    """Return how people call a field; an unknown one is called as it came."""
    field = FIELDS.get(name)
    label = gettext(field.label) if field else name
    return label[:1].upper() + label[1:]


def clause_line(clause: Clause) -> Line:
    """Return one clause in words."""
    operator = OPERATORS.get(clause.operator)
    operator_label = str(operator) if operator else str(clause.operator)
    texts = clause.texts
    if field := FIELDS.get(clause.field):
        if field.kind is FieldKind.TIME:
            texts = windows_in_words(texts)
        else:
            texts = tuple(value_words(text, field) for text in texts)
    return Line(field_label(clause.field), operator_label, texts)


def value_words(text: str, field: AlertField) -> str:
    """Return a value in the language of the page, where it is not the plant's own word."""
    if field.or_none and text == NO_VALUE:
        return gettext("not specified")
    if field.kind is FieldKind.TIME:
        return local_window_words(text)
    return work_words(text) if field.kind is FieldKind.WORK else text


def work_words(kind: str) -> str:
    """Return a kind of planned work in the language of the page."""
    label = gettext(KINDS[kind]) if kind in KINDS else kind
    return label[:1].upper() + label[1:]


def local_window_words(text: str) -> str:
    """Return a weekly window with its weekday in the language of the page."""
    return days_in_words(text, gettext)


def windows_in_words(windows: Sequence[str]) -> tuple[str, ...]:
    """Return weekly windows as people say them, days of equal hours together: Mon–Fri 06:00–08:00
    Europe/Warsaw. In the order of the week.
    """
    days: dict[str, set[int]] = {}
    for window in windows:
        day, _space, rest = window.partition(" ")
        if day not in DAYS:
            return tuple(windows)  # not a window: shown as it came
        days.setdefault(rest.replace("-", "–", 1), set()).add(DAYS.index(day))
    in_order = sorted(days.items(), key=lambda pair: (min(pair[1]), pair[0]))
    return tuple(f"{weekday_words(tuple(sorted(found)))} {rest}" for rest, found in in_order)


def routine_cause(reason: str) -> str:
    """Return why it is routine: a cause of the catalogue by name, or a person's own words."""
    return reason_in_words(reason, get_language() or "en")


def life_steps(version: RuleVersion, passed: Collection[str] = ()) -> list[ProgressStep]:
    """Return the steps from draft to live, and where a version is. Of a version that has ended,
    only states that it `passed` are done; a step has failed where the rule was rejected or stopped
    itself, not where a person paused it.
    """
    phases = [
        (gettext("Draft"), "pencil", {VersionState.DRAFT}),
        (gettext("Approval"), "users", {VersionState.PROPOSED, VersionState.CHANGES_REQUESTED}),
        (gettext("Trial"), "flask-conical", {VersionState.IN_TRIAL}),
        (gettext("Live"), "shield-check", {VersionState.LIVE}),
    ]
    is_paused = version.state == VersionState.PAUSED
    current = version.paused_from if is_paused else version.state
    found = [place for place, (_l, _i, states) in enumerate(phases) if current in states]
    at = found[0] if found else None
    failed = is_paused and version.needs_approval
    made = []
    for place, (label, picture, states) in enumerate(phases):
        if place == at:
            made.append(ProgressStep(label, "failed" if failed else "current", picture))
        else:
            done = place < at if at is not None else place == 0 or not states.isdisjoint(passed)
            made.append(ProgressStep(label, "done" if done else "todo", picture))
    return made


type Mark = Literal["", "new", "gone"]


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A line of the rule; `new` and `gone` against the version before."""

    line: Line
    mark: Mark


@dataclass(frozen=True, slots=True)
class Changed:
    """Something beside the lines that differs from the version before."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """The rule in words, beside what it said before."""

    all_of: list[MarkedLine]
    except_any: list[MarkedLine]
    changed: list[Changed]

    @property
    def differs(self) -> bool:
        """Whether anything is new or gone."""
        return bool(self.changed) or any(line.mark for line in self.all_of + self.except_any)


def rule_of_version(version: RuleVersion) -> RuleDefinition | None:
    """Return the rule of a version; None for a draft that spells none."""
    try:
        return version.definition
    except NotARule:
        return None


def version_lines(version: RuleVersion, before: RuleVersion | None) -> Conditions:
    """Return the lines of a version, marked where they differ from the version before."""
    rule = rule_of_version(version)
    previous = rule_of_version(before) if before else None
    if rule is None:
        return Conditions([], [], [])
    if previous is None:
        return Conditions(_plain(rule.all_of), _plain(rule.except_any), [])
    return Conditions(
        _mark_changes(rule.all_of, previous.all_of),
        _mark_changes(rule.except_any, previous.except_any),
        _other_changes(rule, previous),
    )


def _plain(clauses: Iterable[Clause]) -> list[MarkedLine]:
    return [MarkedLine(clause_line(clause), "") for clause in clauses]


def _mark_changes(now: tuple[Clause, ...], before: tuple[Clause, ...]) -> list[MarkedLine]:
    lines = [MarkedLine(clause_line(clause), "" if clause in before else "new") for clause in now]
    return lines + [
        MarkedLine(clause_line(clause), "gone") for clause in before if clause not in now
    ]


def _other_changes(now: RuleDefinition, was: RuleDefinition) -> list[Changed]:
    pairs = [
        (gettext("Title"), was.title, now.title),
        (gettext("Why it is routine"), routine_cause(was.reason), routine_cause(now.reason)),
        (gettext("Owner, OT"), was.owner_ot, now.owner_ot),
        (gettext("Owner, SOC"), was.owner_soc, now.owner_soc),
        (gettext("Enforced"), _enforcement(was), _enforcement(now)),
        (gettext("Ends"), _end(was), _end(now)),
    ]
    return [Changed(name, old, new) for name, old, new in pairs if old != new]


def _enforcement(rule: RuleDefinition) -> str:
    return str(ENFORCEMENTS.get(rule.enforcement, rule.enforcement))


def _end(rule: RuleDefinition) -> str:
    return rule.expires_at.date().isoformat() if rule.expires_at else ""
