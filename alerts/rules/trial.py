"""S4: when the trial of a rule is over, and when a new version keeps the trial of the one that it
replaces.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.rules.fields import SEVERITIES, Operator
from alerts.rules.guards.never import is_strict
from alerts.rules.lifetime import MAX_DAYS
from alerts.rules.rule import Clause, RuleDefinition
from alerts.rules.sentence import Sentence

TRIAL: Final = timedelta(days=7)
TRIAL_MATCHES: Final = 10
TRIAL_ENDS: Final = timedelta(days=28)  # of a trial that saw too little: both owners are asked
CREDIT_PERIOD: Final = timedelta(days=28)  # before the second signature
CREDIT_OCCURRENCES: Final = 2  # of planned work that a rule names, where they are longer ago
MAX_CREDIT_AGE: Final = timedelta(days=MAX_DAYS)  # how long ago they may be at most
MAX_CREDIT: Final = 8  # so that at least two matches of the ten are fresh
MAX_OWN_CREDIT: Final = MAX_CREDIT // 2  # of the proposer's, one closer's, file's or confirmer's
AMENDMENT_MATCHES: Final = 2  # of an amendment: of what it adds, that people saw


def credit_start(begun: Iterable[datetime], *, now: datetime) -> datetime:
    """Return since when a trial that begins now counts what was before it. `begun` is when the
    latest occurrences of the rule's planned work began: work of every two months would else never
    have a match to count.
    """
    latest = sorted(begun, reverse=True)[:CREDIT_OCCURRENCES]
    return max(min([now - CREDIT_PERIOD, *latest]), now - MAX_CREDIT_AGE)


def max_looks_a_person(wanted: int) -> int:
    """Return how many of the matches that an amendment needs may be looks of its proposer, or of
    one name that closes in Sentinel: the proposer may have signed as well.
    """
    return wanted // 2


def credit_wanted(matches_a_day: float) -> int:
    """Return how many matches of the weeks before let a trial end after its seven days, where so
    many come a day.
    """
    fresh = int(matches_a_day * TRIAL.days)
    return max(min(TRIAL_MATCHES - fresh, MAX_CREDIT), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the trial of a version did. `period` is the rule's rhythm, None where it has none;
    `credit` are matches of the weeks before it that a person saw and found harmless. `is_kept`: the
    version that it replaces lives and its trial counts (`trial_carry_over`). `wanted`: it amends
    one line of that version, and so many matches of what it adds are enough, whenever they came.
    """

    began_at: datetime
    matches: int
    true_positives: int
    period: timedelta | None = None
    credit: int = 0
    is_kept: bool = False
    wanted: int | None = None

    @property
    def counted(self) -> int:
        """The matches that count towards the ten."""
        return self.matches + min(self.credit, MAX_CREDIT)


def reasons_against_promotion(
    trial: Trial, *, now: datetime, is_agreed: bool = False
) -> list[Sentence]:
    """S4: at least seven days, and ten matches or two full periods, and not one true positive. Of
    the ten up to eight may be from the 28 days before. After 28 days both owners may agree on the
    record (`is_agreed`) that fewer are enough.
    """
    ran = now - trial.began_at
    reasons = []
    if trial.wanted is not None:
        return _reasons_against_amendment(trial)
    if ran < TRIAL and not trial.is_kept:
        reasons.append(Sentence("trial.days", days=ran.days, most=TRIAL.days))
    twice_around = trial.period is not None and ran >= 2 * trial.period
    agreed = is_agreed and ran >= TRIAL_ENDS
    is_enough = trial.counted >= TRIAL_MATCHES or twice_around or agreed or trial.is_kept
    if not is_enough:
        reasons.append(Sentence("trial.matches", count=trial.counted, most=TRIAL_MATCHES))
    if trial.true_positives > 0:
        reasons.append(Sentence("trial.true_positive", count=trial.true_positives))
    return reasons


def _reasons_against_amendment(trial: Trial) -> list[Sentence]:
    wanted = trial.wanted or 0
    reasons = []
    if trial.counted < wanted:
        reasons.append(Sentence("trial.amended", count=trial.counted, most=wanted))
    if trial.true_positives > 0:
        reasons.append(Sentence("trial.true_positive", count=trial.true_positives))
    return reasons


def is_overdue(trial: Trial, *, now: datetime) -> bool:
    """Whether a trial has run for 28 days and may not end by itself: both owners are asked."""
    return now - trial.began_at >= TRIAL_ENDS and bool(reasons_against_promotion(trial, now=now))


BY_NAME: Final = ("source_device", "destination_device")
_LISTING: Final = (Operator.IS, Operator.IS_ONE_OF)


@dataclass(frozen=True, slots=True)
class TrialCarryOver:
    """The trial of the version before counts. `newcomers` are the names of devices that only the
    new version covers, in lower case.
    """

    newcomers: frozenset[str] = frozenset()


def trial_carry_over(old: RuleDefinition, new: RuleDefinition) -> TrialCarryOver | None:
    """Return what is left to be met where the new version keeps the trial of the old one; None
    where it closes something else, or where what it closes must stay inside hours (S1).

    It keeps it where each line of the old one still stands, as narrow as it was, and only lists of
    device names grew: by no more names than they had. Nor may what was excepted be covered: that
    was never tried. Addresses and groups may not grow: what they stand for moves. Nor may Sentinel
    close by itself: it introduces nobody.
    """
    if is_strict(old) or is_strict(new) or "sentinel" in (old.enforcement, new.enforcement):
        return None
    newcomers = set[str]()
    for line in old.all_of:
        same_field = [candidate for candidate in new.all_of if candidate.field == line.field]
        if any(is_line_within(candidate, line) for candidate in same_field):
            continue
        grown = next((candidate for candidate in same_field if _grew(candidate, line)), None)
        if grown is None:
            return None
        newcomers |= set(grown.texts) - set(line.texts)
    if any(_is_lifted(line, new) for line in old.except_any):
        return None
    return TrialCarryOver(frozenset(name.casefold() for name in newcomers))


def is_line_within(new: Clause, old: Clause) -> bool:
    """Whether one line holds for nothing for which the other does not."""
    if new.operator == Operator.AT_MOST and old.operator == Operator.AT_MOST:
        return _size(new) <= _size(old)
    is_alike = new.operator == old.operator or {new.operator, old.operator} <= {*_LISTING}
    return is_alike and set(new.values) <= set(old.values)


def _size(line: Clause) -> int:
    value = line.values[0]
    return SEVERITIES.index(value) if isinstance(value, str) else value


def _grew(new: Clause, old: Clause) -> bool:
    """Whether a list of device names has more of them, at most twice as many."""
    return (
        new.field in BY_NAME
        and new.operator in _LISTING
        and old.operator in _LISTING
        and len(set(new.values) - set(old.values)) <= len(old.values)
    )


def _is_lifted(line: Clause, new: RuleDefinition) -> bool:
    """Whether something that was excepted is no more."""
    if line.operator not in _LISTING:
        return line not in new.except_any
    excepted = {
        value
        for clause in new.except_any
        if clause.field == line.field and clause.operator in _LISTING
        for value in clause.texts
    }
    return not excepted.issuperset(line.texts)
