"""The versions that act now, kept in the process until one of them changes. What two people of two
sides have not signed as it stands does not act.
"""

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Prefetch, QuerySet, Sum

from alerts.rules.decision import ActingRule, ActingSet
from alerts.rules.guards.caps import COUNTED, busiest_in
from alerts.rules.guards.signing import SigningSide
from alerts.rules.index import RuleIndex
from alerts.rules.rule import NotARule, rule_hash
from alerts.rules.sentinel_comments import Attribution
from alerts.suppression.models import ACTING, RuleVersion, Signature, VersionState

log = logging.getLogger(__name__)


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
    counted = {name: F(f"backtest__body__{name}") for name in COUNTED}
    rows = rows.select_related("rule", "proposed_by").annotate(**counted)
    for row in rows.prefetch_related(signatures):
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
        link=f"{settings.PUBLIC_URL}/rules/{row.uuid}/",
        workspaces=frozenset(row.workspace_ids),
        busiest=busiest_in({name: getattr(row, name) for name in COUNTED}),
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
