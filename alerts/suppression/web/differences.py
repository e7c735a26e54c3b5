"""What a version says otherwise than the one before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext

from alerts.suppression.engine.rule import Clause, NotARule, Rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.web.words import ENFORCEMENTS, Line, line_of, routine_cause

type Mark = Literal["", "new", "gone"]


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A line of the rule; `new` and `gone` against the version before."""

    line: Line
    mark: Mark


@dataclass(frozen=True, slots=True)
class Changed:
    """Something beside the lines that was said otherwise."""

    what: str
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


def spoken(version: RuleVersion) -> Rule | None:
    """What a version says; None for a draft that spells no rule."""
    try:
        return version.said
    except NotARule:
        return None


def conditions_of(version: RuleVersion, before: RuleVersion | None) -> Conditions:
    """The lines of a version, marked where they differ from the version before."""
    said = spoken(version)
    was = spoken(before) if before else None
    if said is None:
        return Conditions([], [], [])
    if was is None:
        return Conditions(_plain(said.all_of), _plain(said.except_any), [])
    return Conditions(
        _marked(said.all_of, was.all_of),
        _marked(said.except_any, was.except_any),
        _changed(said, was),
    )


def _plain(clauses: Iterable[Clause]) -> list[MarkedLine]:
    return [MarkedLine(line_of(clause), "") for clause in clauses]


def _marked(now: tuple[Clause, ...], before: tuple[Clause, ...]) -> list[MarkedLine]:
    lines = [MarkedLine(line_of(each), "" if each in before else "new") for each in now]
    return lines + [MarkedLine(line_of(each), "gone") for each in before if each not in now]


def _changed(now: Rule, was: Rule) -> list[Changed]:
    pairs = [
        (gettext("Title"), was.title, now.title),
        (gettext("Why it is routine"), routine_cause(was.reason), routine_cause(now.reason)),
        (gettext("Owner, OT"), was.owner_ot, now.owner_ot),
        (gettext("Owner, SOC"), was.owner_soc, now.owner_soc),
        (gettext("Enforced"), _enforced(was), _enforced(now)),
        (gettext("Ends"), _end(was), _end(now)),
    ]
    return [Changed(what, old, new) for what, old, new in pairs if old != new]


def _enforced(rule: Rule) -> str:
    return str(ENFORCEMENTS.get(rule.enforcement, rule.enforcement))


def _end(rule: Rule) -> str:
    return rule.expires_at.date().isoformat() if rule.expires_at else ""
