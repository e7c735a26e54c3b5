"""The versions that act now, kept in the process until one of them changes, and which alerts of an
incident they cover, and which of several closes one. What two people of two sides have not signed
as it stands does not act.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Prefetch, QuerySet, Sum

from alerts.rules.fields import FieldValues
from alerts.rules.guards.closing import (
    NEW_MEMBER,
    CoveredEnd,
    ends_in_groups,
    ends_of_newcomers,
    reason_in_words,
    work_size_reason,
)
from alerts.rules.guards.never import is_soft, reasons_of_rule, works_of_box
from alerts.rules.guards.signing import SigningSide
from alerts.rules.index import RuleIndex
from alerts.rules.rule import NotARule, RuleDefinition, rule_hash
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_comments import Attribution
from alerts.rules.sentinel_forms import trial_label
from alerts.suppression.drafting.work_size import is_too_wide, work_hours_around
from alerts.suppression.enforcing.group_members import introduced_ends, members_among
from alerts.suppression.models import ACTING, RuleVersion, Signature, VersionState

log = logging.getLogger(__name__)


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
            link=f"{settings.PUBLIC_URL}/rules/{self.uuid}/",
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


_cache: list[tuple[Any, ActingSet]] = []


def acting_set() -> ActingSet:
    """What acts now. One question finds whether anything changed since it was last loaded."""
    token = _token()
    if _cache and _cache[0][0] == token:
        return _cache[0][1]
    found = load_acting(RuleVersion.objects.filter(state__in=ACTING))
    _cache[:] = [(token, found)]
    return found


def load_acting(rows: QuerySet[RuleVersion]) -> ActingSet:
    """Read these versions. What cannot be trusted as it stands is left out, and logged."""
    versions = {}
    signatures = Prefetch("signatures", Signature.objects.select_related("by"))
    for row in rows.select_related("rule", "proposed_by").prefetch_related(signatures):
        try:
            versions[row.pk] = _acting(row)
        except (NotARule, NotSigned) as problem:
            log.error("Version %s does not act: %s", row.pk, problem)
    index = RuleIndex({pk: version.definition for pk, version in versions.items()})
    return ActingSet(versions, index)


def names_of_signers(version: RuleVersion) -> tuple[str, str]:
    """Who signed for OT and who for the SOC. Raises NotSigned where that is not so."""
    ot, soc = _signatures(version, version.signatures.select_related("by"))
    return ot.by.name, soc.by.name


class NotSigned(ValueError):
    """What the version says is not what two people of two sides signed."""


def _token() -> tuple[Any, ...]:
    found = RuleVersion.objects.filter(state__in=ACTING).aggregate(
        n=Count("pk"), ids=Sum("pk"), since=Max("state_since")
    )
    return found["n"], found["ids"], found["since"]


def _acting(row: RuleVersion) -> ActingRule:
    definition = row.definition
    if row.expires_at is None or definition.expires_at is None:
        raise NotSigned("it has no end")
    if rule_hash(definition) != row.rule_hash:
        raise NotSigned("its text is not the one of its hash")
    ot, soc = _signatures(row, row.signatures.all())
    proposer, side = row.proposed_by.name if row.proposed_by else "", row.proposer_side
    approvers = [
        f"{signature.by.name} ({name})"
        for signature, name in ((ot, "OT"), (soc, "SOC"))
        if signature.side != side
    ]
    return ActingRule(
        version_id=row.pk,
        uuid=row.uuid,
        rule_id=row.rule_id,
        number=row.rule.number,
        version=row.number,
        rule_hash=row.rule_hash,
        definition=definition,
        is_live=row.state == VersionState.LIVE,
        in_sentinel=row.enforcement == "sentinel",
        since=row.state_since,
        expires_at=min(row.expires_at, definition.expires_at),
        proposer=proposer,
        approver=" and ".join(approvers),
        signed_ot=ot.by.name,
        signed_soc=soc.by.name,
        rule_uuid=row.rule.uuid,
        newcomers=frozenset(row.newcomers),
    )


def _signatures(row: RuleVersion, signatures: Iterable[Signature]) -> tuple[Signature, Signature]:
    by_side = {
        signature.side: signature
        for signature in signatures
        if signature.void_at is None and signature.rule_hash == row.rule_hash
    }
    ot, soc = by_side.get(SigningSide.OT.value), by_side.get(SigningSide.SOC.value)
    if ot is None or soc is None or ot.by_id == soc.by_id:
        raise NotSigned("it lacks the signatures of two people of two sides")
    return ot, soc


def attribution_of(version: RuleVersion) -> Attribution:
    """Who stands for the version, for the text of a close. Raises NotSigned."""
    acting = load_acting(RuleVersion.objects.filter(pk=version.pk)).versions.get(version.pk)
    if acting is None:
        raise NotSigned("It is not what two people of two sides have signed.")
    forms = signed_forms(version)
    signatures = version.signatures.filter(void_at=None, rule_hash=version.rule_hash)
    if any(signature.forms != forms for signature in signatures):
        raise NotSigned("Its compiled forms are not the ones that were signed.")
    return acting.attribution


def signed_forms(version: RuleVersion) -> list[str]:
    """The hashes of all forms of the version, in the order in which signatures name them."""
    return [text for name in sorted(version.forms) for text in version.forms[name]]


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
    incident_id: int, *, alerts: Mapping[int, FieldValues], cover: Cover, now: datetime
) -> RuleChoice:
    """Choose which of the versions that match an alert closes it, the preferred one of equals.

    Each was signed for itself: what one may not close another may. First is one that none of its
    own guards keeps from closing the alert, then one in whose group a person has yet to meet a
    device.
    """
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
    chosen = {alert: tuple(match.version for match in found) for alert, found in matches.items()}
    return RuleChoice(
        Cover(chosen, _own_reasons(match for found in matches.values() for match in found)),
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
    new = {end for match in matches for end in match.new_ends}
    introduced = introduced_ends(new, but=but) if new else {}
    for match in matches:
        match.new_ends = {end for end in match.new_ends if end.place not in introduced}
