"""Why harmless incidents still reach people: what Tagout answers on the day, incident by incident.

Only what its pages and tables show; the bench works out none of it: `why_of` explains what covers
an incident and what keeps it open, the ledger has what trials covered, a version its steps, and a
pattern its obstacles. The truth is not read here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.incidents.models import Incident
from alerts.incidents.models.incident import OPEN
from alerts.patterns.models import Pattern
from alerts.patterns.queries.patterns import rule_as_mined
from alerts.rules.fields import FieldValues
from alerts.rules.index import RuleIndex
from alerts.suppression.enforcing.explain import Why, reasons_against_any_rule, why_of
from alerts.suppression.models import (
    LedgerAct,
    LedgerEntry,
    RuleVersion,
    Step,
    VersionState,
)
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.watching.credit_sources import credit_by_source

WEEK = timedelta(days=7)
GIVEN_BACK = "given back to people"
UNCOVERED = frozenset({"scene.uncovered", "scene.untyped"})
# Of several alerts the one that was furthest from being closed counts; the nearest rule or pattern
# of each.
LAST_HOURS = "trial: its last hours"
ORDER = (
    LAST_HOURS,
    "rule signed, not yet in its trial",
    "rule stopped",
    "rule ended",
    "signed later",
)
READY, EVIDENCE, BEYOND = "pattern ready, not signed", "pattern lacks evidence", "not in the plan"
DECLINED, LATER, NOTHING = "pattern declined", "pattern only later", "no pattern"
PATTERN_ORDER = (READY, EVIDENCE, BEYOND, DECLINED)

type Facts = Mapping[int, FieldValues]


class Account:
    """Keeps what Tagout answered about each incident that a rule did not close on its day."""

    def __init__(self, *, since: datetime) -> None:
        self.since = since
        self._asked: set[int] = set()
        self._answers: dict[int, tuple[str, str]] = {}  # of what rules cover: why, and which
        self._uncovered: dict[int, Facts] = {}  # the alerts that nothing covered
        self._patterns: dict[int, tuple[str, str]] = {}

    def ask(self, now: datetime) -> None:
        """Ask about what came since and is open after the workers' turn."""
        rows = Incident.objects.filter(OPEN, created_at__gte=self.since, closed_by="")
        for incident in rows.exclude(pk__in=self._asked).order_by("pk"):
            self._asked.add(incident.pk)
            why = why_of(incident, now=now)
            if answer := _covered_answer(why):
                self._answers[incident.pk] = answer
            elif against := reasons_against_any_rule(incident):
                self._answers[incident.pk] = f"no rule may: {against[0].code}", ""
            else:
                self._uncovered[incident.pk] = facts_by_incident([incident.pk])[incident.pk]

    def ask_patterns(self, now: datetime) -> None:
        """Look for patterns that would cover what nothing covered since the last mining."""
        open_ids = [pk for pk in self._uncovered if pk not in self._patterns]
        if open_ids:
            patterns = {row.pk: row for row in Pattern.objects.select_related("site", "rule")}
            index = _index_of(patterns.values(), now)
            for pk in open_ids:
                self._patterns[pk] = _worst(
                    (_pattern_of(facts, patterns, index) for facts in self._uncovered[pk].values()),
                    PATTERN_ORDER,
                )

    def result(self, now: datetime) -> dict[str, tuple[str, str]]:
        """Return by the name of the incident why no rule closed it, and which rule or pattern was
        nearest.
        """
        self.ask_patterns(now)
        trials = _trial_answers(self._answers)
        back = set(_reopened_closings().values_list("incident", flat=True))
        later = _index_of(Pattern.objects.select_related("site", "rule"), now)
        answers = {pk: trials.get(pk, answer) for pk, answer in self._answers.items()}
        answers |= dict.fromkeys(back, (GIVEN_BACK, ""))
        versions = _Versions()
        rows = Incident.objects.in_bulk([*answers, *self._uncovered])
        for pk, facts in self._uncovered.items():
            answers.setdefault(pk, self._uncovered_answer(rows[pk], facts, versions, later))
        return {rows[pk].name: answer for pk, answer in answers.items() if pk in rows}

    def _uncovered_answer(
        self, incident: Incident, facts: Facts, versions: "_Versions", later: RuleIndex[int]
    ) -> tuple[str, str]:
        by_alert = [versions.answer(row, incident.created_at) for row in facts.values()]
        open_rows = [
            row for row, answer in zip(facts.values(), by_alert, strict=True) if not answer
        ]
        if not open_rows:
            return _worst((answer for answer in by_alert if answer), ORDER)
        why, by = self._patterns.get(incident.pk, (NOTHING, ""))
        if why == NOTHING and all(later.matching(row) for row in open_rows):
            return LATER, ""
        return why, by or ", ".join(sorted({row.alert_type for row in open_rows}))


def trial_records() -> list[dict[str, Any]]:
    """Return each trial that began: when, what it counted and from where, and how it ended."""
    records = []
    begun = Step.objects.filter(to_state=VersionState.IN_TRIAL).select_related("version__rule")
    for step in begun.order_by("at", "pk"):
        version = step.version
        after = version.steps.filter(pk__gt=step.pk).order_by("pk").first()
        tags = LedgerEntry.objects.filter(version=version, act=LedgerAct.TAGGED)
        kept = Counter(codes[0][0] for codes in tags.values_list("kept_open", flat=True) if codes)
        records.append(
            {
                "rule": str(version.rule),
                "version": version.number,
                "title": version.title,
                "began": f"{step.at:%m-%d}",
                "keeps": version.keeps_trial_of_id is not None,
                "credit": len(version.credited_incident_ids),
                "sources": credit_by_source(version.credited_incident_ids),
                "matches": tags.filter(kept_open=[]).count(),
                "kept_open": dict(kept),
                "days": round((after.at - step.at) / timedelta(days=1), 1) if after else None,
                "ended": after.to_state if after else "",
                "fields": sorted({clause.field for clause in version.definition.all_of}),
            }
        )
    return records


def _covered_answer(why: Why) -> tuple[str, str] | None:
    """Why rules that cover all of it did not close it; None where they do not cover it."""
    codes = [reason.code for reason in why.reasons if reason.code not in UNCOVERED]
    if why.covering:
        return f"kept open: {codes[0] if codes else 'nothing'}", why.covering[0]
    if why.trials:
        return f"in trial, {codes[0] if codes else ''}", why.trials[0]
    if codes and len(codes) == len(why.reasons):
        return f"kept open: {codes[0]}", ""
    return None


def _reopened_closings() -> Any:
    lines = LedgerEntry.objects.filter(act=LedgerAct.CLOSED)
    return lines.exclude(ending="").exclude(ending__in=("linked", "true_positive"))


def _trial_answers(answers: Mapping[int, tuple[str, str]]) -> dict[int, tuple[str, str]]:
    """Of what a trial covered: in its first week, or later, when matches are missing."""
    found = {}
    names = {pk: by for pk, (why, by) in answers.items() if why.startswith("in trial, ")}
    lines = LedgerEntry.objects.filter(incident__in=names, act=LedgerAct.TAGGED)
    begun = dict(
        Step.objects.filter(to_state=VersionState.IN_TRIAL)
        .order_by("at")
        .values_list("version", "at")
    )
    for line in lines.select_related("rule", "version", "incident"):
        if str(line.rule) == names[line.incident_id]:
            guard = answers[line.incident_id][0].removeprefix("in trial, ")
            ran = line.incident.created_at - begun[line.version_id]
            which = "first week" if ran < WEEK else "matches missing"
            which += " of a new version" if line.version.number > 1 else ""
            found[line.incident_id] = (
                f"trial: {which}" + (f", and {guard}" if guard else ""),
                f"{line.rule} v{line.version.number}",
            )
    return found


class _Versions:
    """All versions that were ever signed, and in which state each was at a moment."""

    def __init__(self) -> None:
        self._rows = {
            row.pk: row for row in RuleVersion.objects.exclude(rule_hash="").select_related("rule")
        }
        self._index = RuleIndex({pk: row.definition for pk, row in self._rows.items()})
        self._steps: dict[int, list[tuple[datetime, str]]] = {pk: [] for pk in self._rows}
        for version, at, state in Step.objects.order_by("at", "pk").values_list(
            "version", "at", "to_state"
        ):
            if version in self._steps:
                self._steps[version].append((at, state))

    def answer(self, facts: FieldValues, at: datetime) -> tuple[str, str] | None:
        """Why no version covered this alert at that moment; None where none ever would have."""
        found = [
            (self._why(self._state_at(pk, at)), f"{self._rows[pk].rule}")
            for pk in self._index.matching(facts)
            if self._signed(pk)
        ]
        return min(found, key=lambda answer: ORDER.index(answer[0]), default=None)

    def _signed(self, pk: int) -> bool:
        return any(state == VersionState.IN_TRIAL for _, state in self._steps[pk])

    def _state_at(self, pk: int, at: datetime) -> str:
        before = [state for when, state in self._steps[pk] if when <= at]
        return before[-1] if before else ""

    def _why(self, state: str) -> str:
        if state == VersionState.PAUSED:
            return "rule stopped"
        if state in (VersionState.RETIRED, VersionState.EXPIRED, VersionState.REPLACED):
            return "rule ended"
        if state == VersionState.IN_TRIAL:  # what came in the six hours in which its trial ended
            return LAST_HOURS
        if state == VersionState.LIVE:
            return "rule signed, not yet in its trial"  # in the six hours after the alert
        return "signed later"


def _index_of(patterns: Iterable[Pattern], now: datetime) -> RuleIndex[int]:
    """What would match; who would enforce it, and on whose word, costs hundreds of questions."""
    return RuleIndex({row.pk: rule_as_mined(row, now=now) for row in patterns})


def _pattern_of(
    facts: FieldValues, patterns: Mapping[int, Pattern], index: RuleIndex[int]
) -> tuple[str, str]:
    found = [(_why_not(patterns[pk]), patterns[pk].title) for pk in index.matching(facts)]
    return min(found, key=lambda answer: _place(answer[0], PATTERN_ORDER), default=(NOTHING, ""))


def _why_not(pattern: Pattern) -> str:
    if pattern.obstacles:
        return f"pattern refused: {pattern.obstacles[0][0]}"
    if pattern.state in ("rejected", "snoozed"):
        return DECLINED
    if pattern.plan_order is None:
        return BEYOND
    return READY if pattern.has_enough_evidence else EVIDENCE


def _worst(answers: Iterable[tuple[str, str]], order: tuple[str, ...]) -> tuple[str, str]:
    return max(answers, key=lambda answer: _place(answer[0], order), default=(NOTHING, ""))


def _place(why: str, order: tuple[str, ...]) -> int:
    if why in order:
        return order.index(why)
    return len(order) + (why == NOTHING)
