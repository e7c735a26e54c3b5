"""What follows from the rules that a person has signed in a sitting, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts.rules.guards.signing import SigningSide
from alerts.rules.trial import TRIAL
from alerts.sites.models import Site
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.watching.backlog import may_close_backlog
from alerts.suppression.web.shared import plant_clocks
from alerts.suppression.web.sitting import Sitting, SittingMark
from alerts.suppression.web.wording import StateChip, state_chip
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class SignedRule:
    """One signed rule at the end of a sitting. `live_from`: when its trial ends at the earliest;
    `awaits`: the side that has to sign it still.
    """

    version: RuleVersion
    state: StateChip
    zone: str
    live_from: datetime | None
    awaits: str
    site: str  # where it holds; empty where that is more than one
    has_backlog: bool


def signed_rules_of(sitting: Sitting, user: User) -> list[SignedRule]:
    """Return the rules of the sitting that the person has signed, in its order."""
    uuids = [place.uuid for place in sitting.places if place.mark == SittingMark.SIGNED]
    versions = versions_visible_to(user).filter(uuid__in=uuids).prefetch_related("signatures")
    sites = dict(Site.objects.values_list("pk", "uuid"))
    by_uuid = {str(version.uuid): version for version in versions}
    return [_signed_rule(by_uuid[uuid], user, sites) for uuid in uuids if uuid in by_uuid]


def _signed_rule(version: RuleVersion, user: User, sites: Mapping[int, UUID]) -> SignedRule:
    site_id = version.site_ids[0] if len(version.site_ids) == 1 else 0
    is_in_own_trial = version.state == VersionState.IN_TRIAL and version.keeps_trial_of_id is None
    return SignedRule(
        version,
        state_chip(version.state),
        plant_clocks(version)[0],
        version.state_since + TRIAL if is_in_own_trial else None,
        _side_without(version) if version.state == VersionState.PROPOSED else "",
        str(sites.get(site_id, "")),
        may_close_backlog(user, version),
    )


def _side_without(version: RuleVersion) -> str:
    signed = {row.side for row in version.signatures.all() if row.void_at is None}
    return next((side.value for side in SigningSide if side.value not in signed), "")
