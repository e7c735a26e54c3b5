"""What leads have to decide: rules that wait for a signature, and rules that end soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from alerts.dashboards.policies import READ_NUMBERS
from alerts.suppression.models import RuleVersion
from alerts.suppression.policies import SIGNERS
from alerts.suppression.queries import (
    ENDS_SOON,
    ending_versions,
    stopped_versions,
    versions_visible_to,
)
from alerts.suppression.signing.awaiting_signature import SignatureRequest, requests_for
from alerts.suppression.signing.notify import stop_in_words
from portal.accounts.models import User
from portal.accounts.queries import roles_of

MAX_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """A proposal that waits for signatures of these sides."""

    uuid: UUID
    name: str
    title: str
    proposed_by: str
    proposed_at: datetime | None
    due_at: datetime | None  # then its back-test or its first signature is too old
    needs_test: bool
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndingRule:
    """A rule that ends soon unless somebody renews it."""

    uuid: UUID
    name: str
    title: str
    is_paused: bool
    warned_at: datetime | None  # since then its owners are told
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoppedRule:
    """A rule that stopped by itself and closes nothing until both sides sign again."""

    uuid: UUID
    name: str
    title: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decisions:
    """The first few of each, and how many there are. Who signs finds what waits for them; who only
    reads finds what waits for anybody.
    """

    is_signer: bool
    is_lead: bool
    proposed: Sequence[ProposedRule]
    proposed_in_all: int
    ending: Sequence[EndingRule]
    ending_in_all: int
    stopped: Sequence[StoppedRule]
    stopped_in_all: int


def decisions_for(user: User, *, now: datetime) -> Decisions | None:
    """What waits for signatures, the oldest first, and what ends soon, the earliest first. None for
    people who neither sign nor read numbers, and for engineers for whom nothing waits.
    """
    roles = roles_of(user)
    is_signer, is_lead = bool(roles & SIGNERS), bool(roles & READ_NUMBERS)
    if not is_signer and not is_lead:
        return None
    requests = [
        request for request in requests_for(user, now=now) if request.open_sides or not is_signer
    ]
    if not requests and not is_lead:
        return None
    stopped = stopped_versions(user) if is_lead else []
    ending = list(ending_versions(versions_visible_to(user), now=now)) if is_lead else []
    return Decisions(
        is_signer=is_signer,
        is_lead=is_lead,
        proposed=[_proposed(request) for request in requests[:MAX_LISTED]],
        proposed_in_all=len(requests),
        ending=[_ending(request) for request in ending[:MAX_LISTED]],
        ending_in_all=len(ending),
        stopped=[_stopped(version, why) for version, why in stopped[:MAX_LISTED]],
        stopped_in_all=len(stopped),
    )


def _proposed(request: SignatureRequest) -> ProposedRule:
    version = request.version
    return ProposedRule(
        uuid=version.uuid,
        name=version.rule.label,
        title=version.title,
        proposed_by=version.proposed_by.name if version.proposed_by else "",
        proposed_at=version.proposed_at,
        due_at=request.due_at,
        needs_test=request.is_stale,
        sides=tuple(side.value for side in request.missing),
    )


def _stopped(version: RuleVersion, why: str) -> StoppedRule:
    return StoppedRule(
        uuid=version.uuid,
        name=version.rule.label,
        title=version.title,
        why=stop_in_words(why),
        at=version.state_since,
    )


def _ending(version: RuleVersion) -> EndingRule:
    return EndingRule(
        uuid=version.uuid,
        name=version.rule.label,
        title=version.title,
        is_paused=not version.is_acting,
        warned_at=version.expires_at - ENDS_SOON if version.expires_at else None,
        expires_at=version.expires_at,
    )
