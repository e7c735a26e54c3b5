"""The versions that act now, ready to be matched; kept in the process until one of them changes."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Prefetch, QuerySet, Sum

from alerts.suppression.engine.guards.attribution import Attribution
from alerts.suppression.engine.guards.signing import Side
from alerts.suppression.engine.index import RuleIndex
from alerts.suppression.engine.reading import NotARule
from alerts.suppression.engine.reason import reason_in_words
from alerts.suppression.engine.rule import Rule as Said
from alerts.suppression.engine.rule import rule_hash
from alerts.suppression.engine.sentinel_forms import trial_label
from alerts.suppression.models import ACTING, RuleVersion, Signature, State

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Acting:
    """A canary or live version that two people of two sides signed as it stands."""

    version_id: int
    uuid: UUID
    rule_id: int
    number: int  # of the rule
    version: int
    rule_hash: str
    said: Said
    is_live: bool
    in_sentinel: bool  # Sentinel acts on it by itself
    since: datetime
    expires_at: datetime
    proposer: str
    approver: str
    signed_ot: str
    signed_soc: str
    newcomers: frozenset[str] = frozenset()  # devices that a person meets first, in lower case

    @property
    def name(self) -> str:
        """How people call the rule."""
        return f"R-{self.number}"

    @property
    def label(self) -> str:
        """What the canary puts on what it would close."""
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
            reason=reason_in_words(self.said.reason),
            expires_at=self.expires_at,
            link=f"{settings.PUBLIC_URL}/rules/{self.uuid}/",
        )


@dataclass(frozen=True, slots=True)
class ActingSet:
    """All versions that act, by id, and the index over them."""

    versions: Mapping[int, Acting]
    index: RuleIndex[int]

    @property
    def since(self) -> datetime:
        """When the first of them began."""
        return min(each.since for each in self.versions.values())

    @property
    def has_trials(self) -> bool:
        """Whether some of them are canaries."""
        return any(not each.is_live for each in self.versions.values())


_kept: list[tuple[Any, ActingSet]] = []


def acting_set() -> ActingSet:
    """What acts now. One question finds whether anything changed since it was last loaded."""
    token = _token()
    if _kept and _kept[0][0] == token:
        return _kept[0][1]
    found = load_acting(RuleVersion.objects.filter(state__in=ACTING))
    _kept[:] = [(token, found)]
    return found


def load_acting(rows: QuerySet[RuleVersion]) -> ActingSet:
    """Read these versions. What cannot be trusted as it stands is left out, and logged."""
    versions = {}
    given = Prefetch("signatures", Signature.objects.select_related("by"))
    for row in rows.select_related("rule", "proposed_by").prefetch_related(given):
        try:
            versions[row.pk] = _acting(row)
        except (NotARule, NotSigned) as problem:
            log.error("Version %s does not act: %s", row.pk, problem)
    index = RuleIndex({pk: each.said for pk, each in versions.items()})
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


def _acting(row: RuleVersion) -> Acting:
    said = row.said
    if row.expires_at is None or said.expires_at is None:
        raise NotSigned("it has no end")
    if rule_hash(said) != row.rule_hash:
        raise NotSigned("its text is not the one of its hash")
    ot, soc = _signatures(row, row.signatures.all())
    proposer, side = row.proposed_by.name if row.proposed_by else "", row.proposer_side
    approvers = [
        f"{each.by.name} ({name})" for each, name in ((ot, "OT"), (soc, "SOC")) if each.side != side
    ]
    return Acting(
        version_id=row.pk,
        uuid=row.uuid,
        rule_id=row.rule_id,
        number=row.rule.number,
        version=row.number,
        rule_hash=row.rule_hash,
        said=said,
        is_live=row.state == State.LIVE,
        in_sentinel=row.enforcement == "sentinel",
        since=row.state_since,
        expires_at=min(row.expires_at, said.expires_at),
        proposer=proposer,
        approver=" and ".join(approvers),
        signed_ot=ot.by.name,
        signed_soc=soc.by.name,
        newcomers=frozenset(row.newcomers),
    )


def _signatures(row: RuleVersion, given: Iterable[Signature]) -> tuple[Signature, Signature]:
    by_side = {
        each.side: each
        for each in given
        if each.void_at is None and each.rule_hash == row.rule_hash
    }
    ot, soc = by_side.get(Side.OT.value), by_side.get(Side.SOC.value)
    if ot is None or soc is None or ot.by_id == soc.by_id:
        raise NotSigned("it lacks the signatures of two people of two sides")
    return ot, soc
