"""Switch on for a workspace that its analytics rules leave signed routine out: proposed by one
side, signed by both, as a rule is; ended by any right hand at once.

What is signed is the text that people paste into their rules, and the list that it asks for. With
another text (a later Tagout) the signatures hold no longer, and the gate of the list is shut.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.incidents.models import Alert
from alerts.rules.guards import signing
from alerts.rules.guards.signing import SigningSide, reasons_not_signed
from alerts.rules.rule import canonical
from alerts.rules.sentence import Sentence
from alerts.rules.watchlist import ALIAS, FORMAT, LIST
from alerts.sentinel import kql
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.recipients import people_of_all_rules
from alerts.suppression.deploying.rounds import renew_soon
from alerts.suppression.deploying.watchlist_gate import shut_list_gate
from alerts.suppression.models import (
    ACTING,
    RuleVersion,
    WatchlistRequest,
    WatchlistSignature,
)
from alerts.suppression.models import WatchlistState as State
from alerts.suppression.policies import STOPPING, may_change, rights_to_sign
from portal.accounts.models import User
from portal.accounts.queries import identity_of
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import notify_people
from portal.text import visible_text

OPEN = (State.PROPOSED, State.ON)


class CannotSwitchWatchlist(Refused):
    """The watchlist stays as it is."""


def hash_of_exclusion(workspace: Workspace) -> str:
    """Return what is signed for a workspace: the text, and the list that it reads."""
    signed = {
        "workspace": str(workspace.uuid),
        "alias": ALIAS,
        "format": FORMAT,
        "list": dict(LIST),
        "text": kql.exclusion(),
    }
    return hashlib.sha256(canonical(signed)).hexdigest()


def request_of(workspace_id: int) -> WatchlistRequest | None:
    """Return what is proposed or on in a workspace, if anything is."""
    rows = WatchlistRequest.objects.select_related("workspace", "proposed_by")
    return rows.filter(workspace=workspace_id, state__in=OPEN).first()


def is_watchlist_on(workspace: Workspace) -> bool:
    """Return whether two people of two sides have signed exactly what would be done there."""
    request = request_of(workspace.pk)
    if request is None or request.state != State.ON:
        return False
    if request.text_hash != hash_of_exclusion(workspace):
        return False
    bound = {
        row.side: row.by_id
        for row in request.signatures.all()
        if row.text_hash == request.text_hash
    }
    return len(bound) == len(SigningSide) and len(set(bound.values())) == len(SigningSide)


def rights_on_watchlist(user: User, workspace: Workspace) -> frozenset[SigningSide]:
    """Return for which sides this person may sign here: OT at every site of the workspace."""
    return rights_to_sign(user, _version_over_workspace(workspace))


@transaction.atomic
def propose_watchlist(
    *, workspace: Workspace, side: SigningSide, by: User, now: datetime
) -> WatchlistRequest:
    """Propose to switch it on; who proposes then signs, as the other side does."""
    if side not in rights_on_watchlist(by, workspace):
        raise CannotSwitchWatchlist(Sentence("sign.right", who=by.name, side=side.label))
    Workspace.objects.select_for_update(of=("self",)).get(pk=workspace.pk)
    if request_of(workspace.pk) is not None:
        raise CannotSwitchWatchlist(gettext("It is already proposed or on in this workspace."))
    request = WatchlistRequest.objects.create(
        workspace=workspace,
        text_hash=hash_of_exclusion(workspace),
        proposed_by=by,
        proposer_side=side,
        proposed_at=now,
    )
    record(
        "suppression.watchlist.proposed",
        on=request,
        by=by,
        at=now,
        workspace=workspace.name,
        text_hash=request.text_hash,
    )
    return request


@transaction.atomic
def sign_watchlist(
    *,
    request_id: int,
    side: SigningSide,
    by: User,
    seen_hash: str,
    proved_at: datetime | None,
    now: datetime,
    kind: str = "person",
    note: str = "",
) -> WatchlistRequest:
    """Sign what was on the screen. With both sides it is on, and the next round fills the list."""
    request = _locked(request_id)
    if request.state != State.PROPOSED:
        raise CannotSwitchWatchlist(gettext("This is not waiting for signatures."))
    if reasons := reasons_against_signing_watchlist(
        request, side=side, by=by, seen_hash=seen_hash, proved_at=proved_at, now=now, kind=kind
    ):
        raise CannotSwitchWatchlist(*reasons)
    WatchlistSignature.objects.create(
        request=request,
        side=side,
        by=by,
        text_hash=request.text_hash,
        note=visible_text(note),
        signed_at=now,
    )
    guard, signatures = _for_guard(request), _signatures_of(request)
    if not reasons_not_signed(guard, signatures, now=now):
        request.state, request.on_at = State.ON, now
        request.save(update_fields=["state", "on_at"])
        renew_soon()
        _notify(request, now=now)
    record(
        "suppression.watchlist.signed",
        on=request,
        by=by,
        at=now,
        side=side,
        text_hash=request.text_hash,
        state=request.state,
    )
    return request


def reasons_against_signing_watchlist(
    request: WatchlistRequest,
    *,
    side: SigningSide,
    by: User,
    seen_hash: str,
    proved_at: datetime | None,
    now: datetime,
    kind: str = "person",
) -> list[Sentence]:
    """Return why this person cannot sign it for this side: the same guard as a rule's."""
    signer = signing.Signer(
        person=identity_of(by),
        kind=kind,
        rights=rights_on_watchlist(by, request.workspace),
        proved_at=proved_at,
        name=by.name,
    )
    reasons = signing.reasons_against_signer(
        _for_guard(request),
        signer,
        side=side,
        seen_hash=seen_hash,
        signatures=_signatures_of(request),
        now=now,
    )
    if request.text_hash != hash_of_exclusion(request.workspace):
        reasons.append(Sentence("sign.hash"))
    return reasons


@transaction.atomic
def end_watchlist(
    *, workspace: Workspace, by: User | None, by_label: str = "", reason: str, now: datetime
) -> WatchlistRequest:
    """End it, as any right hand may. `by` None is a command, named by `by_label`. The gate of the
    list is owed shut before all else, its rows are owed away by the next round.
    """
    if by is not None and (reasons := reasons_against_ending_watchlist(by, workspace)):
        raise CannotSwitchWatchlist(*reasons)
    found = request_of(workspace.pk)
    if found is None:
        raise CannotSwitchWatchlist(gettext("It is not on in this workspace."))
    request = _locked(found.pk)
    request.state, request.ended_at, request.end_reason = State.ENDED, now, visible_text(reason)
    request.ended_by_label = (by.name if by else by_label)[:200]
    request.save(update_fields=["state", "ended_at", "end_reason", "ended_by_label"])
    shut_list_gate(workspace=workspace, reason="It was switched off.", now=now)
    renew_soon()
    _notify(request, now=now)
    record("suppression.watchlist.ended", on=request, by=by or by_label, at=now, reason=reason)
    return request


def reasons_against_ending_watchlist(by: User, workspace: Workspace) -> list[str]:
    """Return why this person may not switch the watchlist off there. Stopping is safe: OT of one
    of its sites is enough.
    """
    if may_change(by, _version_over_workspace(workspace), STOPPING):
        return []
    return [gettext("Only OT and the SOC can switch the watchlist off.")]


def _locked(request_id: int) -> WatchlistRequest:
    rows = WatchlistRequest.objects.select_for_update(of=("self",))
    return rows.select_related("workspace", "proposed_by").get(pk=request_id)


def _version_over_workspace(workspace: Workspace) -> RuleVersion:
    """What a rule over all of the workspace would reach: the right to sign is the same."""
    alerts = Alert.objects.filter(workspace=workspace, site__isnull=False)
    sites = set(alerts.order_by().values_list("site", flat=True).distinct())
    acting = RuleVersion.objects.filter(state__in=ACTING, workspace_ids__contains=[workspace.pk])
    for site_ids in acting.values_list("site_ids", flat=True):
        sites.update(site_ids)
    return RuleVersion(workspace_ids=[workspace.pk], site_ids=sorted(sites))


def _for_guard(request: WatchlistRequest) -> signing.Version:
    return signing.Version(
        rule_hash=request.text_hash,
        proposer=identity_of(request.proposed_by),
        proposer_side=SigningSide(request.proposer_side),
    )


def _signatures_of(request: WatchlistRequest) -> list[signing.SideSignature]:
    """Those of people who could still give them."""
    rows: Iterable[WatchlistSignature] = request.signatures.select_related("by").order_by("pk")
    return [
        signing.SideSignature(
            side=SigningSide(row.side),
            person=identity_of(row.by),
            rule_hash=row.text_hash,
            forms=(),
            signed_at=row.signed_at,
        )
        for row in rows
        if row.side in rights_on_watchlist(row.by, request.workspace)
    ]


def _notify(request: WatchlistRequest, *, now: datetime) -> None:
    is_on = request.state == State.ON
    kind = kinds.SUPPRESSION_ON if is_on else kinds.SUPPRESSION_OFF

    def wording() -> tuple[str, list[str]]:
        names = {"workspace": request.workspace.name}
        if is_on:
            subject = gettext("Routine is left out before it is an incident: %(workspace)s") % names
            return subject, [gettext("Both sides have signed it.")]
        subject = gettext("Routine becomes incidents again: %(workspace)s") % names
        return subject, [line for line in (request.ended_by_label, request.end_reason) if line]

    path = f"/deployments/watchlists/{request.workspace.uuid}/"
    notify_people(
        people_of_all_rules([request.workspace]), kind=kind, wording=wording, path=path, now=now
    )
