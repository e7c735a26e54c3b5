"""What is held against a rule before anybody signs it, and S5: four eyes, two sides. OT says that
it is routine here, the SOC accepts the risk. Page, API and command ask the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from alerts.rules.guards.never import (
    reasons_against_assets,
    reasons_against_hours,
    reasons_against_types,
    reasons_against_width,
)
from alerts.rules.lifetime import reasons_against_expiry
from alerts.rules.rule import RuleDefinition, reasons_against_rule
from alerts.rules.sentence import Sentence
from portal.text import visible_text


def reasons_against_draft(
    rule: RuleDefinition,
    *,
    now: datetime,
    plant_zones: Iterable[str],
    criticality: Mapping[str, str],
) -> list[Sentence]:
    """What the rule itself must change (S1, S2, S3). A rule that makes no sense gets only that
    reason.

    `criticality` is of the devices and addresses in `assets_of(rule)`, as far as they are known.
    """
    if reasons := reasons_against_rule(rule):
        return reasons
    return [
        *reasons_against_types(rule),
        *reasons_against_assets(criticality),
        *reasons_against_hours(rule, plant_zones=plant_zones),
        *reasons_against_width(rule),
        *reasons_against_expiry(rule, now=now),
    ]


def reasons_against_proposing(
    rule: RuleDefinition,
    *,
    now: datetime,
    plant_zones: Iterable[str],
    criticality: Mapping[str, str],
) -> list[Sentence]:
    """The same, and that it has a reason, evidence and an owner on each side."""
    reasons = reasons_against_draft(rule, now=now, plant_zones=plant_zones, criticality=criticality)
    if not visible_text(rule.reason):
        reasons.append(Sentence("propose.reason"))
    if not rule.evidence:
        reasons.append(Sentence("propose.evidence"))
    if not rule.owner_ot.strip() or not rule.owner_soc.strip():
        reasons.append(Sentence("propose.owners"))
    return reasons


VALID: Final = timedelta(days=7)
FRESH: Final = timedelta(minutes=5)


class SigningSide(StrEnum):
    """Whose word a signature is."""

    OT = "ot"
    SOC = "soc"

    @property
    def label(self) -> str:
        """The side in a sentence."""
        return "OT" if self is SigningSide.OT else "the SOC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is to be signed. People are named by who they are, not by the account they came with.

    `proposer_side` is None where the proposer holds no right to sign. `forms` are the hashes of
    each compiled form, in order.
    """

    rule_hash: str
    forms: tuple[str, ...] = ()
    proposer: str
    proposer_side: SigningSide | None
    evidence_givers: frozenset[str] = frozenset()
    backtest_hash: str = ""
    backtest_at: datetime | None = None
    is_little_evidence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who wants to sign, and how they came. `kind` is person, token, service or superuser."""

    person: str
    kind: str
    rights: frozenset[SigningSide]
    proved_at: datetime | None
    name: str = ""  # as people call them, for sentences

    @property
    def label(self) -> str:
        """The person in a sentence."""
        return self.name or self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSignature:
    """One side's word on exactly these hashes."""

    side: SigningSide
    person: str
    rule_hash: str
    forms: tuple[str, ...]
    signed_at: datetime


def reasons_against_signing(
    version: Version,
    signer: Signer,
    *,
    side: SigningSide,
    seen_hash: str,
    signatures: Iterable[SideSignature],
    now: datetime,
    note: str = "",
    is_checked: bool = False,
) -> list[Sentence]:
    """Why this person may not sign this version for this side now. `is_checked`: they say that they
    looked at the alerts themselves.
    """
    reasons = reasons_against_signer(
        version, signer, side=side, seen_hash=seen_hash, signatures=signatures, now=now
    )
    if signer.kind != "person":
        return reasons
    reasons += reasons_against_backtest(version, now=now)
    if side is SigningSide.SOC and version.is_little_evidence:
        reasons += [] if visible_text(note) else [Sentence("sign.little")]
        reasons += [] if is_checked else [Sentence("sign.look")]
    return reasons


def reasons_against_signer(
    version: Version,
    signer: Signer,
    *,
    side: SigningSide,
    seen_hash: str,
    signatures: Iterable[SideSignature],
    now: datetime,
) -> list[Sentence]:
    """Why this person may not give this side's word on exactly this, whatever it is that is signed:
    a person with the right, once, fresh, beside another person.
    """
    if signer.kind != "person":
        return [Sentence("sign.not_a_person", kind=signer.kind)]
    reasons = []
    if side not in signer.rights:
        reasons.append(Sentence("sign.right", who=signer.label, side=side.label))
    if signer.person == version.proposer and side is not version.proposer_side:
        reasons.append(Sentence("sign.proposer"))
    if side is SigningSide.SOC and signer.person in version.evidence_givers:
        reasons.append(Sentence("sign.evidence"))
    for signature in signatures:
        if not _counts(signature, version, now=now):
            continue
        if signature.side is side:
            reasons.append(Sentence("sign.twice", side=side.label))
        elif signature.person == signer.person:
            reasons.append(Sentence("sign.second_person"))
    if seen_hash != version.rule_hash:
        reasons.append(Sentence("sign.hash"))
    if signer.proved_at is None or not timedelta(0) <= now - signer.proved_at <= FRESH:
        reasons.append(Sentence("sign.fresh", most=FRESH.seconds // 60))
    return reasons


def reasons_against_backtest(version: Version, *, now: datetime) -> list[Sentence]:
    """Whether the back-test in the request is of this very rule, and young enough."""
    at = version.backtest_at
    fits = at is not None and version.backtest_hash == version.rule_hash and now - at <= VALID
    return [] if fits else [Sentence("sign.backtest", most=VALID.days)]


def reasons_not_signed(
    version: Version, signed_before: Iterable[SideSignature], *, now: datetime
) -> list[Sentence]:
    """What is missing until two people of two sides have signed exactly this."""
    reasons = []
    bound = [signature for signature in signed_before if _is_of(signature, version)]
    signed: dict[SigningSide, set[str]] = {}
    for side in SigningSide:
        signatures = [
            signature
            for signature in bound
            if signature.side is side and _may_count(signature, version)
        ]
        valid = {
            signature.person for signature in signatures if _counts(signature, version, now=now)
        }
        if not signatures:
            reasons.append(Sentence("sign.missing", side=side.label))
        elif not valid:
            reasons.append(Sentence("sign.old", side=side.label, most=VALID.days))
        signed[side] = valid
    if not reasons and len(signed[SigningSide.OT] | signed[SigningSide.SOC]) < 2:
        reasons.append(Sentence("sign.same"))
    return reasons


def reasons_against_evidence(
    annotators: Iterable[str], *, is_checked_by_approver: bool
) -> list[Sentence]:
    """S12: two annotators, or one and the approver's own check."""
    people = set(annotators)
    if len(people) >= 2 or (people and is_checked_by_approver):
        return []
    return [Sentence("evidence.people")]


def _is_of(signature: SideSignature, version: Version) -> bool:
    return (signature.rule_hash, signature.forms) == (version.rule_hash, version.forms)


def _may_count(signature: SideSignature, version: Version) -> bool:
    """A signature that slipped past the door counts no more than it would have been given."""
    if signature.person == version.proposer and signature.side is not version.proposer_side:
        return False
    return signature.side is SigningSide.OT or signature.person not in version.evidence_givers


def _counts(signature: SideSignature, version: Version, *, now: datetime) -> bool:
    age = now - signature.signed_at
    return _is_of(signature, version) and timedelta(0) <= age <= VALID
