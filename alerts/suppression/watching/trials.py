"""How far the trials of rules have come and what each still lacks; also in words, for the page, the
API and mails.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts.rules.guards.closing import NEW_MEMBER, counts_where_harmless
from alerts.rules.guards.never import holds_strict, is_strict
from alerts.rules.guards.signing import VALID, SigningSide
from alerts.rules.sentence import Sentence
from alerts.rules.trial import (
    TRIAL,
    TRIAL_MATCHES,
    Trial,
    max_looks_a_person,
    reasons_against_promotion,
)
from alerts.suppression.models import (
    Ending,
    LedgerAct,
    LedgerEntry,
    PromotionApproval,
    RuleVersion,
)
from alerts.suppression.policies import rights_to_sign
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.watching.additions import incidents_added_by
from alerts.suppression.watching.looks import (
    HarmlessLook,
    count_beside_credit,
    count_within_limits,
    doubted_among,
    harmless_looks,
    looks_for,
    unconfirmed_among,
)
from alerts.suppression.watching.trial_before import TrialBefore, trials_before
from portal.accounts.models import User
from portal.ui.words import number, numeral

WEEK: Final = timedelta(days=7)
ONLY_SOFT: Final = "trial.soft"  # a match of a strict rule without any strict alert


@dataclass(frozen=True, slots=True)
class TrialProgress:
    """What a version in trial did so far. `kept_open` are the matches that a guard keeps open and
    that do not count, by the code of the guard's first reason.
    """

    trial: Trial
    kept_open: Mapping[str, int]
    kept_number: int = 0  # of the version whose trial counts; 0 where none does
    # Incidents of the weeks before that count, or did until somebody doubted them, or the lead took
    # back a confirmation.
    credited: frozenset[int] = frozenset()

    @property
    def kept(self) -> int:
        """How many matches were kept open and do not count."""
        return sum(self.kept_open.values())


def may_have_run(version: RuleVersion, period: timedelta, *, now: datetime) -> bool:
    """Return whether a trial may have run for so long: of most the row alone says that it has not.
    What goes on with the trial of another version has run for longer than its row says.
    """
    return version.keeps_trial_of_id is not None or now - version.state_since >= period


def trial_progress_of(version: RuleVersion) -> TrialProgress:
    """The same of one version."""
    return progress_by_version([version])[version.pk]


def progress_by_version(versions: Collection[RuleVersion]) -> dict[int, TrialProgress]:
    """Return how far these versions have come, in as many questions as for one."""
    if not versions:
        return {}
    before = trials_before(versions)
    goes_on = {
        trial.version.pk: pk for pk, trial in before.items() if not trial.was_live
    }  # the lines of a trial that stopped are those of the one that goes on with it
    tagged = LedgerEntry.objects.filter(
        version__in=[*goes_on, *(version.pk for version in versions)], act=LedgerAct.TAGGED
    ).exclude(ending=Ending.NOT_SENT)
    lines: dict[int, list[_Line]] = defaultdict(list)
    for version, incident, ending, kept_open in tagged.values_list(
        "version", "incident", "ending", "kept_open"
    ):
        codes = tuple(code for code, _detail in kept_open)
        line = _Line(incident, ending == Ending.TRUE_POSITIVE, codes)
        lines[goes_on.get(version, version)].append(line)
    amendments = [version for version in versions if version.matches_wanted is not None]
    for row in amendments:
        added = incidents_added_by(row, {line.incident for line in lines[row.pk]})
        lines[row.pk] = [
            line for line in lines[row.pk] if line.incident in added or line.is_true_positive
        ]
    kept_open = {row.pk: _may_count_where_harmless(lines[row.pk]) for row in versions}
    weighed = [row for row in versions if kept_open[row.pk] or row in amendments]
    looks = harmless_looks(
        set[int]().union(*kept_open.values())
        | {line.incident for row in amendments for line in lines[row.pk]}
        | {pk for row in weighed for pk in row.credited_incident_ids}
    )
    doubted = doubted_among(
        {line.incident for rows in lines.values() for line in rows if not line.codes}
        | {pk for row in versions for pk in row.credited_incident_ids}
    )
    strict = [version.pk for version in versions if is_strict(version.definition)]
    proving = incidents_with_strict_alerts(
        {line.incident for version in strict for line in lines[version]}
    )
    for version in strict:
        lines[version] = [
            line if line.incident in proving else replace(line, codes=(ONLY_SOFT,))
            for line in lines[version]
        ]
    unconfirmed = unconfirmed_among(
        {pk for version in versions for pk in version.credited_incident_ids}
    )
    return {
        version.pk: _progress(
            version,
            lines[version.pk],
            looks_for(looks, is_strict=version.pk in strict),
            trial_before=before.get(version.pk),
            unconfirmed=unconfirmed,
            doubted=doubted,
        )
        for version in versions
    }


def incidents_with_strict_alerts(incident_ids: Collection[int]) -> set[int]:
    """Return those of the incidents that hold an alert which may be closed only inside hours. Only
    they prove a strict rule: soft alerts that it says as well may be many, and prove nothing of it.
    """
    facts = facts_by_incident(incident_ids, as_of_alert=True) if incident_ids else {}
    return {pk for pk, alerts in facts.items() if holds_strict(alerts.values())}


def reasons_to_wait(version: RuleVersion, *, now: datetime) -> list[str]:
    """What a trial still lacks until it may live."""
    return list(reasons_against_promotion(trial_progress_of(version).trial, now=now))


def approvals_in_force(version: RuleVersion, *, now: datetime) -> list[PromotionApproval]:
    """Return the owners' words that count now: given in this trial and within the last seven days,
    by people who could still give them.
    """
    approvals = version.promotion_approvals.filter(
        void_at=None, approved_at__gte=max(version.state_since, now - VALID)
    )
    rows = approvals.select_related("by").order_by("approved_at", "pk")
    return [row for row in rows if row.side in sides_owned_by(row.by, version)]


def sides_owned_by(user: User, version: RuleVersion) -> frozenset[SigningSide]:
    """Return the sides of which this person is the owner and may sign for."""
    owners = {
        side: str(version.body.get(f"owner_{side.value}", "")).lower() for side in SigningSide
    }
    return frozenset(
        side for side in rights_to_sign(user, version) if owners[side] == user.email.lower()
    )


def guard_reasons_of(entry: LedgerEntry) -> list[Sentence]:
    """Return why a guard kept open what the trial of a line covers."""
    return [Sentence(code, **detail) for code, detail in entry.kept_open]


@dataclass(frozen=True, slots=True)
class _Line:
    incident: int
    is_true_positive: bool
    codes: tuple[str, ...]  # of what keeps the incident open; none: the rule would have closed it


def _may_count_where_harmless(lines: Iterable[_Line]) -> set[int]:
    """The incidents that a guard keeps open and that count once a person finds them harmless."""
    return {line.incident for line in lines if line.codes and counts_where_harmless(line.codes)}


def _progress(
    version: RuleVersion,
    lines: list[_Line],
    looks: Mapping[int, HarmlessLook],
    *,
    trial_before: TrialBefore | None,
    unconfirmed: Collection[int],
    doubted: Collection[int],
) -> TrialProgress:
    kept_number = trial_before.version.number if trial_before and trial_before.was_live else 0
    # What somebody has doubted since the rule would have closed it is no match of it.
    free = [line for line in lines if not line.codes and line.incident not in doubted]
    harmless = _may_count_where_harmless(lines) & looks.keys()
    rest = Counter(line.codes[0] for line in lines if line.codes and line.incident not in harmless)
    has_hours = any(clause.field == "time" for clause in version.definition.all_of)
    ran_before = trial_before.ran if trial_before else timedelta()
    credited = frozenset(version.credited_incident_ids) - {line.incident for line in lines}
    of_credit = [looks[incident] for incident in credited & looks.keys()]
    matches = len(free) + count_beside_credit([looks[pk] for pk in harmless], of_credit)
    credit = len(credited.difference(unconfirmed, doubted))
    if version.matches_wanted is not None:
        matches, credit = _looks_at_amendment(version, lines, looks, credited=credited)
    trial = Trial(
        began_at=version.state_since - ran_before,
        matches=matches,
        true_positives=sum(line.is_true_positive for line in lines),
        period=WEEK if has_hours else None,
        credit=credit,
        is_kept=bool(kept_number),
        wanted=version.matches_wanted if kept_number else None,
    )
    return TrialProgress(trial, rest, kept_number, credited)


def _looks_at_amendment(
    version: RuleVersion,
    lines: list[_Line],
    looks: Mapping[int, HarmlessLook],
    *,
    credited: Collection[int],
) -> tuple[int, int]:
    """Return by how many looks people found harmless what an amendment adds: in its trial, and
    before it. Nothing that nobody saw counts, and of all of it no more than half is of the proposer
    or of one closer.
    """
    most = max_looks_a_person(version.matches_wanted or 0)
    fresh = {
        looks[line.incident]
        for line in lines
        if line.incident in looks and counts_where_harmless(line.codes)
    }
    before = {looks[incident] for incident in credited if incident in looks}
    count = partial(count_within_limits, proposer=version.proposed_by, most=most)
    matches = count(fresh)
    return matches, max(count(fresh | before) - matches, 0)


_WORKED_ON = _("a person works on them")
_NEVER = _("the rule may not close alerts like these")
_GUARD_REASONS: Final[dict[str, Promise]] = {
    "never.owner": _WORKED_ON,
    "never.touched": _WORKED_ON,
    "never.case": _("they share a device with an open true positive"),
    "never.held": _("they share a device with a true positive that was closed lately"),
    "never.meanwhile": _("they came while a true positive held a device of theirs"),
    "never.suspicion": _("somebody has yet to decide on a suspicion about their devices"),
    "never.products": _("a second product saw them too"),
    "never.asset": _("a safety system or crown jewel is involved"),
    "never.unexplained": _("they hold entities that no alert explains"),
    "never.entities": _("they hold too many entities"),
    ONLY_SOFT: _("they hold none of the alerts that need hours"),
    NEW_MEMBER: _("a device is new in its group"),
    "never.type": _NEVER,
    "never.engine": _NEVER,
    "never.hours": _NEVER,
    "never.work": _NEVER,
    "never.work_size": _NEVER,
    "never.outside": _NEVER,
}


def trial_lines(progress: TrialProgress, *, now: datetime) -> list[str]:
    """Return how far a trial has come and what it lacks, one line a subject."""
    trial = progress.trial
    if trial.wanted is not None:
        lines = [
            gettext("One line of version %(n)s changes: %(count)s of %(most)s matches of it")
            % {
                "n": number(progress.kept_number),
                "count": number(trial.counted),
                "most": number(trial.wanted),
            }
        ]
    elif progress.kept_number:
        lines = [
            gettext("The trial of version %(n)s counts, for this one closes nothing else")
            % {"n": number(progress.kept_number)}
        ]
    else:
        lines = [_day(progress, now=now), *_matches(progress)]
    codes = {reason.code: reason for reason in reasons_against_promotion(trial, now=now)}
    if trial.period is not None and "trial.matches" in codes:
        lines.append(gettext("or two full weeks, because it has hours"))
    if hit := codes.get("trial.true_positive"):
        lines.append(hit.translated(gettext, numeral))
    return lines + _sentences_of_guards(progress)


def _day(progress: TrialProgress, *, now: datetime) -> str:
    ran = now - progress.trial.began_at
    words = {"n": number(ran.days + 1), "most": number(TRIAL.days)}
    if ran < TRIAL:
        return gettext("Day %(n)s of %(most)s") % words
    return gettext("Day %(n)s: the %(most)s days are over") % words


def _matches(progress: TrialProgress) -> list[str]:
    trial = progress.trial
    if not trial.counted:
        return [gettext("Nothing has matched, neither in this trial nor in the weeks before")]
    fresh = ngettext("%(n)s fresh match", "%(n)s fresh matches", trial.matches) % {
        "n": number(trial.matches)
    }
    words = {"fresh": fresh, "most": number(TRIAL_MATCHES)}
    credit = trial.counted - trial.matches
    if not credit:
        return [gettext("%(fresh)s; at least %(most)s are needed") % words]
    words["credit"] = number(credit)
    return [
        gettext("%(fresh)s and %(credit)s from the weeks before; at least %(most)s are needed")
        % words
    ]


def _sentences_of_guards(progress: TrialProgress) -> list[str]:
    by_words: Counter[str] = Counter()
    for code, n in progress.kept_open.items():
        by_words[str(_GUARD_REASONS.get(code, _("a guard keeps them open")))] += n
    return [
        ngettext("%(n)s more was kept open: %(why)s", "%(n)s more were kept open: %(why)s", n)
        % {"n": number(n), "why": why}
        for why, n in by_words.items()
    ]
