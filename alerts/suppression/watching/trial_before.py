"""Whether the trial of the version before counts for the next one: where that one lives and the
next closes nothing else, or where it stopped and is signed again as it was.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from alerts.rules.guards.closing import WRONG_CLOSES
from alerts.rules.guards.never import is_strict
from alerts.rules.trial import AMENDMENT_MATCHES, BY_NAME, TRIAL_ENDS, trial_carry_over
from alerts.suppression.drafting.enforcement_choice import SENTINEL
from alerts.suppression.models import LedgerEntry, RuleVersion, VersionState
from alerts.suppression.signing.amend import is_amendment


@dataclass(frozen=True, slots=True)
class CarryOver:
    """The version whose trial counts, which lives or is of the same text and had stopped, and whom
    people have to meet first, in lower case.
    """

    before: RuleVersion
    newcomers: tuple[str, ...]
    wanted: int | None = None  # matches of what an amendment adds, that its trial still needs
    is_strict: bool = False

    @property
    def sentence(self) -> str:
        """What that means for the version."""
        words = {"n": self.before.number, "names": ", ".join(self.newcomers)}
        if self.wanted is not None:
            words["wanted"] = self.wanted
            if self.is_strict:
                return (
                    gettext(
                        "One line of version %(n)s changes. It is tried again for %(wanted)s"
                        " matches inside its hours that people saw and found harmless."
                    )
                    % words
                )
            return (
                gettext(
                    "One line of version %(n)s changes, so that trial counts, with %(wanted)s"
                    " matches of what is new that people saw and found harmless."
                )
                % words
            )
        if self.before.state == VersionState.PAUSED:
            return (
                gettext(
                    "It is the same text as version %(n)s, which had stopped and had closed nothing"
                    " wrong, so that trial goes on."
                )
                % words
            )
        if not self.newcomers:
            return (
                gettext(
                    "It closes nothing that version %(n)s does not close, so that trial counts."
                )
                % words
            )
        return (
            gettext(
                "Apart from new devices it closes nothing that version %(n)s does not close, so"
                " that trial counts. A person sees the first incident of each: %(names)s."
            )
            % words
        )


@dataclass(frozen=True, slots=True)
class TrialBefore:
    """The version whose trial counts for another. What lived has passed it; else `ran` is for how
    long it was tried until it stopped.
    """

    version: RuleVersion
    was_live: bool
    ran: timedelta = timedelta()


def trials_before(versions: Collection[RuleVersion]) -> dict[int, TrialBefore]:
    """Return by version the one whose trial counts for it: while that lives, or where it stopped,
    is of the same text and nothing that this text closed was wrong.
    """
    ids = {version.keeps_trial_of_id for version in versions} - {None}
    before = RuleVersion.objects.in_bulk(ids)
    stopped = {pk: row for pk, row in before.items() if row.state != VersionState.LIVE}
    wrong = _closed_wrong(stopped.values())
    found = {}
    for version in versions:
        row = before.get(version.keeps_trial_of_id or 0)
        if row is not None and row.state == VersionState.LIVE:
            found[version.pk] = TrialBefore(row, was_live=True)
        elif row is not None and _goes_on(row, version) and row.pk not in wrong:
            was_live = row.paused_from == VersionState.LIVE
            ran = timedelta() if was_live else _time_tried(row)
            found[version.pk] = TrialBefore(row, was_live=was_live, ran=ran)
    return found


def _goes_on(stopped: RuleVersion, version: RuleVersion) -> bool:
    """Whether a version goes on with the trial of one that stopped by itself."""
    has_stopped = stopped.state == VersionState.PAUSED and stopped.needs_approval
    return has_stopped and stopped.rule_hash == version.rule_hash


def _closed_wrong(versions: Iterable[RuleVersion]) -> set[int]:
    """Return those of whose text something was closed, or would have been, that was wrong."""
    found = set()
    for version in versions:
        lines = LedgerEntry.objects.filter(rule=version.rule_id, rule_hash=version.rule_hash)
        if lines.filter(ending__in=WRONG_CLOSES).exists():
            found.add(version.pk)
    return found


def _time_tried(version: RuleVersion) -> timedelta:
    """Return for how long a version that stopped in its trial had been tried."""
    begun = version.steps.filter(to_state=VersionState.IN_TRIAL, at__lte=version.state_since)
    latest = begun.order_by("-at", "-pk").values_list("at", flat=True).first()
    return version.state_since - latest if latest else timedelta()


def carry_over_for(version: RuleVersion, *, now: datetime) -> CarryOver | None:
    """Return what a version would keep if its trial began now; None where it has its own."""
    if version.number == 1:
        return None
    before = RuleVersion.objects.filter(rule=version.rule_id, state=VersionState.LIVE).first()
    if before is None:
        return _stopped_carry_over(version, now=now)
    if version.amends_id:
        return _carry_over_of_amendment(version)
    carry_over = trial_carry_over(before.definition, version.definition)
    if carry_over is None:
        return None
    return CarryOver(before, tuple(sorted(carry_over.newcomers.union(before.newcomers))))


def _carry_over_of_amendment(version: RuleVersion) -> CarryOver | None:
    """The same of one line worded anew because OT said that the plant has changed. Sentinel
    introduces nobody: what it closes by itself is tried as a whole. So is a line of addresses, or
    of devices at either end: only by a name at one end is a newcomer met by a person first.
    """
    before = version.amends
    if before is None or not is_amendment(version) or version.enforcement == SENTINEL:
        return None
    old, new = before.definition, version.definition
    changed = [line for line in new.all_of if line not in old.all_of]
    if any(line.field not in (*BY_NAME, "time") for line in changed):
        return None
    names = {
        str(value).casefold()
        for line in changed
        if line.field in BY_NAME
        for value in set(line.values) - {v for clause in old.all_of for v in clause.values}
    }
    return CarryOver(
        before,
        tuple(sorted(names.union(before.newcomers))),
        wanted=AMENDMENT_MATCHES,
        is_strict=is_strict(new),
    )


def _stopped_carry_over(version: RuleVersion, *, now: datetime) -> CarryOver | None:
    """The same where the rule stopped: the text that both sides sign again needs no other trial,
    unless what it had closed was wrong or it stopped long ago. Hours are tried again: the same ones
    may be others by a clock that was set anew.
    """
    rows = RuleVersion.objects.filter(
        rule=version.rule_id,
        rule_hash=version.rule_hash,
        state=VersionState.PAUSED,
        needs_approval=True,
        state_since__gte=now - TRIAL_ENDS,
    )
    before = rows.exclude(pk=version.pk).order_by("-number").first()
    has_hours = any(clause.field == "time" for clause in version.definition.all_of)
    if before is None or has_hours or _closed_wrong([before]):
        return None
    return CarryOver(before, tuple(before.newcomers))
