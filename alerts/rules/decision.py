"""The decision on an incident by facts alone: which of its alerts rules cover, which of several
closes one, and what keeps it open all the same. Enforcement, trials and rehearsals ask here; what
is stored of the plant comes through `RecordsOfPlant`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from alerts.rules.fields import FieldValues
from alerts.rules.guards.caps import NOTHING_COUNTED, Busiest
from alerts.rules.guards.closing import (
    NEW_MEMBER,
    CoveredEnd,
    Scene,
    ends_in_groups,
    ends_of_newcomers,
    is_worth_a_tag,
    reason_in_words,
    reason_uncovered,
    reasons_to_keep_open,
    work_size_reason,
)
from alerts.rules.guards.never import is_soft, is_too_wide, reasons_of_rule, works_of_box
from alerts.rules.index import RuleIndex
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_comments import Attribution
from alerts.rules.sentinel_forms import trial_label


@dataclass(frozen=True, slots=True)
class ActingRule:
    """A version in trial or live that two people of two sides signed as it stands."""

    version_id: int
    uuid: UUID
    rule_id: int
    number: int  # of the rule
    version: int
    rule_hash: str
    definition: RuleDefinition
    is_live: bool
    in_sentinel: bool  # Sentinel acts on it by itself
    since: datetime
    expires_at: datetime
    proposer: str
    approver: str
    signed_ot: str
    signed_soc: str
    rule_uuid: UUID | None = None
    newcomers: frozenset[str] = frozenset()  # devices that a person meets first, in lower case
    link: str = ""  # to its page
    workspaces: frozenset[int] = frozenset()
    busiest: Busiest = NOTHING_COUNTED  # of its back-test

    @property
    def name(self) -> str:
        """How people call the rule."""
        return f"R-{self.number}"

    @property
    def label(self) -> str:
        """What the trial puts on what it would close."""
        return trial_label(self.number)

    @property
    def attribution(self) -> Attribution:
        """What a close in its name says."""
        return Attribution(
            number=self.number,
            version=self.version,
            rule_hash=self.rule_hash,
            proposer=self.proposer,
            approver=self.approver,
            reason=reason_in_words(self.definition.reason),
            expires_at=self.expires_at,
            link=self.link,
        )


@dataclass(frozen=True, slots=True)
class ActingSet:
    """All versions that act, by id, and the index over them."""

    versions: Mapping[int, ActingRule]
    index: RuleIndex[int]

    @property
    def since(self) -> datetime:
        """When the first of them began."""
        return min(version.since for version in self.versions.values())

    @property
    def has_trials(self) -> bool:
        """Whether some of them are in trial."""
        return any(not version.is_live for version in self.versions.values())


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers an incident: by alert the versions that match it, the chosen one first; and why
    those may not close it that may close none of the alerts that they match, by version id.
    """

    matching: Mapping[int, tuple[ActingRule, ...]]
    own_reasons: Mapping[int, tuple[Sentence, ...]] = field(default_factory=dict)

    @property
    def by_alert(self) -> dict[int, ActingRule | None]:
        """By alert the version that is chosen for it, or None."""
        return {alert: next(iter(found), None) for alert, found in self.matching.items()}

    @property
    def trials(self) -> tuple[ActingRule, ...]:
        """Every trial that matches some alert, in the order of their rules."""
        found = {
            version.version_id: version
            for versions in self.matching.values()
            for version in versions
            if not version.is_live
        }
        return tuple(sorted(found.values(), key=lambda item: (item.number, item.version)))

    @property
    def of_live(self) -> "Cover":
        """The same without trials."""
        return Cover(
            {
                alert: tuple(version for version in found if version.is_live)
                for alert, found in self.matching.items()
            }
        )

    @property
    def is_whole(self) -> bool:
        """Whether there is an alert and each one is covered."""
        return bool(self.matching) and all(self.matching.values())

    @property
    def versions(self) -> tuple[ActingRule, ...]:
        """The versions that are needed, in the order of their rules."""
        found = {version.version_id: version for version in self.by_alert.values() if version}
        return tuple(sorted(found.values(), key=lambda item: (item.number, item.version)))

    @property
    def is_live(self) -> bool:
        """Whether live versions alone cover it."""
        return self.is_whole and all(version.is_live for version in self.versions)

    @property
    def is_sentinels(self) -> bool:
        """Whether one version covers it all and Sentinel itself acts on that."""
        return len(self.versions) == 1 and self.versions[0].in_sentinel

    def outside_sentinel(self, rules: Collection[UUID]) -> "Cover":
        """The same where Sentinel holds none of these rules any more: Tagout's own worker acts."""

        def taken_over(version: ActingRule) -> ActingRule:
            return replace(version, in_sentinel=False) if version.rule_uuid in rules else version

        return Cover(
            {alert: tuple(map(taken_over, found)) for alert, found in self.matching.items()}
        )

    def alerts_of(self, version: ActingRule) -> list[int]:
        """The alerts that a version covers here, or that a trial would."""
        chosen = 1 if version.is_live else None
        return sorted(
            alert
            for alert, found in self.matching.items()
            if any(by.version_id == version.version_id for by in found[:chosen])
        )

    def rule_of(self, alert_id: int) -> RuleDefinition | None:
        """The rule that covers an alert."""
        found = self.matching.get(alert_id)
        return found[0].definition if found else None


def cover_of(
    alerts: Mapping[int, FieldValues],
    *,
    acting: ActingSet,
    created_at: datetime | None,
    now: datetime,
) -> Cover:
    """Match each alert. A version acts on incidents made after it began (`created_at`; None asks
    what would cover now), and not after its end.
    """
    matching = {}
    for alert, facts in alerts.items():
        found = [acting.versions[pk] for pk in acting.index.matching(facts)]
        candidates = [
            version
            for version in found
            if now < version.expires_at and (created_at is None or created_at >= version.since)
        ]
        matching[alert] = tuple(sorted(candidates, key=_preference))
    return Cover(matching)


def _preference(version: ActingRule) -> tuple[bool, bool, int, int]:
    """Live before trial, Tagout's own before Sentinel's, and then the older rule."""
    return not version.is_live, version.in_sentinel, version.number, version.version


class RecordsOfPlant(Protocol):
    """What a decision asks beside alerts and incident."""

    def work_hours(
        self, rule: RuleDefinition, *, site: str, at: datetime, known_at: datetime
    ) -> int:
        """Return the most hours that the rule's works take in a week which holds this moment."""

    def members_among(
        self, ends: Collection[tuple[int, CoveredEnd]]
    ) -> set[tuple[int, CoveredEnd]]:
        """Return those that were members when the version beside them was signed."""

    def introduced_ends(self, ends: Iterable[CoveredEnd], *, but: int) -> set[tuple[str, str, str]]:
        """Return the places of those that another incident has introduced."""


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
    refusals: list[Sentence]
    group_ends: set[CoveredEnd]
    newcomers: set[CoveredEnd]
    new_ends: set[CoveredEnd] = field(default_factory=set)

    @property
    def is_refused(self) -> bool:
        """Whether a guard of its own keeps it from closing the alert, whoever has met its ends."""
        return bool(self.wide_hours or self.refusals)

    @property
    def reasons(self) -> list[Sentence]:
        """Why it may not close the alert."""
        names = tuple(dict.fromkeys(sorted(end.name for end in self.new_ends)))
        return [
            *self.refusals,
            *(work_size_reason(site, hours) for site, hours in self.wide_hours.items()),
            *([Sentence(NEW_MEMBER, names=listed(names, "and"))] if names else ()),
        ]

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The lower the better. What a live version will close once a person has met a device need
        not wait for a trial.
        """
        return self.is_refused, not self.version.is_live, bool(self.new_ends)


def choose_rules(
    incident_id: int,
    *,
    alerts: Mapping[int, FieldValues],
    cover: Cover,
    records: RecordsOfPlant,
    now: datetime,
) -> RuleChoice:
    """Choose which of the versions that match an alert closes it, the preferred one of equals.

    Each was signed for itself: what one may not close another may. First is one that none of its
    own guards keeps from closing the alert, then one in whose group a person has yet to meet a
    device.
    """
    matches = {
        alert: [_match(version, alerts[alert], records=records, now=now) for version in found]
        for alert, found in cover.matching.items()
    }
    everything = [match for found in matches.values() for match in found]
    _find_new_ends(everything, records=records, but=incident_id)
    late, hours_at = set[CoveredEnd](), dict[str, int]()
    for found in matches.values():
        found.sort(key=lambda match: match.rank)
        if found and (found[0].is_refused or found[0].new_ends):
            late.update(end for match in found for end in match.new_ends)
            for site, hours in found[0].wide_hours.items():
                hours_at[site] = max(hours, hours_at.get(site, 0))
    chosen = {alert: tuple(match.version for match in found) for alert, found in matches.items()}
    return RuleChoice(
        Cover(chosen, _own_reasons(everything)),
        tuple(sorted(late, key=lambda end: (end.site, end.name, end.side))),
        tuple(sorted(hours_at.items())),
    )


def _match(
    version: ActingRule, facts: FieldValues, *, records: RecordsOfPlant, now: datetime
) -> _Match:
    rule, wide_hours = version.definition, dict[str, int]()
    if not is_soft(facts) and works_of_box(rule):
        hours = records.work_hours(rule, site=facts.site, at=facts.at, known_at=now)
        wide_hours = {facts.site: hours} if is_too_wide(hours) else {}
    return _Match(
        version,
        wide_hours,
        reasons_of_rule(facts, rule),
        group_ends=set(ends_in_groups(facts, rule)),
        newcomers=set(ends_of_newcomers(facts, version.newcomers)),
    )


def _own_reasons(matches: Iterable[_Match]) -> dict[int, tuple[Sentence, ...]]:
    by_version: dict[int, list[list[Sentence]]] = defaultdict(list)
    for match in matches:
        by_version[match.version.version_id].append(match.reasons)
    return {
        version_id: tuple(dict.fromkeys(reason for reasons in found for reason in reasons))
        for version_id, found in by_version.items()
        if all(found)
    }


def _find_new_ends(matches: Sequence[_Match], *, records: RecordsOfPlant, but: int) -> None:
    """Find the ends that a version covers only because their group is, that were no members when it
    was signed, and that no other incident has introduced. The same of devices that came to the list
    of a version which keeps the trial of the one before.
    """
    grouped = {(match.version.version_id, end) for match in matches for end in match.group_ends}
    late = grouped - records.members_among(grouped) if grouped else set()
    for match in matches:
        version_id = match.version.version_id
        joined = {end for end in match.group_ends if (version_id, end) in late}
        match.new_ends = joined | match.newcomers
    new = {end for match in matches for end in match.new_ends}
    introduced = records.introduced_ends(new, but=but) if new else {}
    for match in matches:
        match.new_ends = {end for end in match.new_ends if end.place not in introduced}


@dataclass(frozen=True, slots=True)
class IncidentDecision:
    """What covers the incident, and why it stays open; no reason: rules may act on it. `new_ends`:
    devices that a person meets in it first.
    """

    cover: Cover
    reasons: tuple[Sentence, ...]
    new_ends: tuple[CoveredEnd, ...] = ()

    @property
    def may_act(self) -> bool:
        """Whether nothing keeps the incident open."""
        return self.cover.is_whole and not self.reasons

    @property
    def is_kept_open(self) -> bool:
        """Whether rules cover all of it, and a guard that knows enough keeps it open."""
        return self.cover.is_whole and bool(self.reasons) and is_worth_a_tag(self.reasons)


def decide_by_facts(
    incident_id: int,
    *,
    alerts: Mapping[int, FieldValues],
    cover: Cover,
    read_scene: Callable[[], Scene],
    records: RecordsOfPlant,
    now: datetime,
) -> IncidentDecision:
    """Decide on one incident. The scene, without its alerts, is read only where all is covered."""
    if not cover.is_whole:
        uncovered = [alerts[pk] for pk, by in cover.by_alert.items() if by is None]
        reasons = sorted({reason_uncovered(facts) for facts in uncovered})
        return IncidentDecision(cover, tuple(reasons or [Sentence("never.pending")]))
    choice = choose_rules(incident_id, alerts=alerts, cover=cover, records=records, now=now)
    scene = scene_with_choice(read_scene(), alerts=alerts, choice=choice)
    return IncidentDecision(choice.cover, tuple(reasons_to_keep_open(scene)), choice.new_ends)


def scene_with_choice(
    scene: Scene, *, alerts: Mapping[int, FieldValues], choice: RuleChoice
) -> Scene:
    """Return the scene with its alerts beside the rules that are chosen for them."""
    return replace(
        scene,
        alerts=tuple((facts, choice.cover.rule_of(alert)) for alert, facts in alerts.items()),
        new_members=tuple(dict.fromkeys(end.name for end in choice.new_ends)),
        wide_works=choice.wide_works,
    )
