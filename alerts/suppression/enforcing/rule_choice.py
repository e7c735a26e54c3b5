"""Which of the versions that match an alert closes it. Each was signed for itself: what one of them
may not close another may. The first is one that none of its own guards keeps from closing the
alert, then one in whose group a person has still to meet a device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import CoveredEnd, ends_in_groups, ends_of_newcomers
from alerts.rules.guards.never import is_soft, reasons_of_rule, works_of_box
from alerts.suppression.drafting.work_size import is_too_wide, work_hours_around
from alerts.suppression.enforcing.acting_rules import ActingRule, Cover
from alerts.suppression.enforcing.group_members import introduced_ends, members_among


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """The cover of an incident with the version first that closes each alert. `new_ends`: devices
    that a person meets here first, of the alerts that none of their versions may close yet;
    `wide_works`: sites where planned work that serves as the hours of a chosen rule takes so many
    hours of a week.
    """

    cover: Cover
    new_ends: tuple[CoveredEnd, ...]
    wide_works: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Match:
    """A version beside an alert that it matches, and what its own guards find."""

    version: ActingRule
    wide_hours: dict[str, int]
    is_refused: bool
    group_ends: set[CoveredEnd]
    newcomers: set[CoveredEnd]
    new_ends: set[CoveredEnd] = field(default_factory=set)

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The lower the better. What a live version will close once a person has met a device need
        not wait for a trial.
        """
        return self.is_refused, not self.version.is_live, bool(self.new_ends)


def choose_rules(
    incident_id: int, *, alerts: Mapping[int, FieldValues], cover: Cover, now: datetime
) -> RuleChoice:
    """Choose for each alert among the versions that match it, the preferred one of equals."""
    matches = {
        alert: [_match(version, alerts[alert], now=now) for version in found]
        for alert, found in cover.matching.items()
    }
    _find_new_ends([match for found in matches.values() for match in found], but=incident_id)
    late, hours_at = set[CoveredEnd](), dict[str, int]()
    for found in matches.values():
        found.sort(key=lambda match: match.rank)
        if found and (found[0].is_refused or found[0].new_ends):
            late.update(end for match in found for end in match.new_ends)
            for site, hours in found[0].wide_hours.items():
                hours_at[site] = max(hours, hours_at.get(site, 0))
    return RuleChoice(
        Cover({alert: tuple(match.version for match in found) for alert, found in matches.items()}),
        tuple(sorted(late, key=lambda end: (end.site, end.name, end.side))),
        tuple(sorted(hours_at.items())),
    )


def _match(version: ActingRule, facts: FieldValues, *, now: datetime) -> _Match:
    rule, wide_hours = version.definition, dict[str, int]()
    if not is_soft(facts) and works_of_box(rule):
        hours = work_hours_around(rule, site=facts.site, at=facts.at, known_at=now)
        wide_hours = {facts.site: hours} if is_too_wide(hours) else {}
    return _Match(
        version,
        wide_hours,
        is_refused=bool(wide_hours or reasons_of_rule(facts, rule)),
        group_ends=set(ends_in_groups(facts, rule)),
        newcomers=set(ends_of_newcomers(facts, version.newcomers)),
    )


def _find_new_ends(matches: Sequence[_Match], *, but: int) -> None:
    """Find the ends that a version covers only because their group is, that were no members when it
    was signed, and that no other incident has introduced. The same of devices that came to the list
    of a version which keeps the trial of the one before.
    """
    grouped = {(match.version.version_id, end) for match in matches for end in match.group_ends}
    late = grouped - members_among(grouped) if grouped else set()
    for match in matches:
        version_id = match.version.version_id
        joined = {end for end in match.group_ends if (version_id, end) in late}
        match.new_ends = joined | match.newcomers
    introduced = introduced_ends({end for match in matches for end in match.new_ends}, but=but)
    for match in matches:
        match.new_ends = {end for end in match.new_ends if end.place not in introduced}
