"""Take a push hint: prove who sent it, and have the workspace read now instead of at its turn.

A hint states where to look and nothing else: what is in it is not believed, and without any hint
polling finds the same (sentinel-api §16). However many come, one row becomes due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.db.models import F, Q

from alerts.incidents.models import Incident
from alerts.intake.engine import entra_token, push_signature
from alerts.intake.engine.push_signature import Refusal, SignedMessage
from alerts.intake.models import PushAccess, PushMessage, PushState, SigningKeys
from alerts.intake.push.access import keys_in_force
from alerts.intake.services.signing_keys import SIGNING_KEYS
from alerts.intake.services.slices import POLL
from alerts.sentinel.models import Workspace
from alerts.sentinel.wire.values import UNDECIDED
from portal import clock
from portal.jobs.services import bring_forward

KEEP_MESSAGES_FOR = timedelta(minutes=15)
_NOTE_REFUSALS_EVERY = timedelta(seconds=10)
_FETCH_KEYS_AGAIN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Hint:
    """A push hint as it came."""

    workspace: str  # its name in Tagout
    body: bytes
    bearer: str  # of Authorization, else ""
    message_id: str
    timestamp: str
    signatures: str


class HintRefused(Exception):
    """The hint is not taken; nothing follows from it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class HintUnreadable(Exception):
    """It is from whom it should be, but its body is no JSON object."""


@transaction.atomic
def _take(access: PushAccess, hint: Hint, *, now: datetime) -> bool:
    if not hint.bearer:
        old = PushMessage.objects.filter(workspace=access.workspace_id)
        old.filter(received_at__lt=now - KEEP_MESSAGES_FOR).delete()
        _, is_new = PushMessage.objects.get_or_create(
            workspace_id=access.workspace_id,
            message_id=hint.message_id,
            defaults={"received_at": now},
        )
        if not is_new:
            raise HintRefused(Refusal.REPLAYED)
    incident = incident_in_hint(hint.body)
    is_known = _is_stored(access.workspace_id, incident) or _is_outside_scope(access, incident)
    PushState.objects.get_or_create(workspace_id=access.workspace_id)
    state = PushState.objects.filter(pk=access.workspace_id)
    if is_known:
        state.update(known_at=now, known_hints=F("known_hints") + 1)
        return False
    state.update(hinted_at=now, hints=F("hints") + 1)
    bring_forward(kind=POLL, key=str(access.workspace.uuid), now=now)
    return True


def take_hint(hint: Hint) -> bool:
    """Have the workspace read within seconds; False where the incident is stored as it is, so that
    there is nothing to read. Raises HintRefused, HintUnreadable.
    """
    now = clock.unshifted()
    rows = PushAccess.objects.select_related("workspace")
    access = rows.filter(workspace__name=hint.workspace).first()
    if access is None or access.workspace.is_removed:
        raise HintRefused(Refusal.NO_KEY)
    try:
        if refusal := _refusal_of(access, hint, now=now):
            raise HintRefused(refusal)
        return _take(access, hint, now=now)
    except HintRefused as error:
        _note_refusal(access, error.refusal, now=now)
        raise


def _refusal_of(access: PushAccess, hint: Hint, *, now: datetime) -> Refusal | None:
    if hint.bearer:
        return _refusal_of_token(access, hint.bearer, now=now)
    message = SignedMessage(hint.message_id, hint.timestamp, hint.signatures, hint.body)
    keys = keys_in_force(access, now=clock.now())
    return push_signature.refusal_of_signature(message, secrets_in_force=keys, now=now)


def _refusal_of_token(access: PushAccess, token: str, *, now: datetime) -> Refusal | None:
    signing = SigningKeys.objects.filter(pk=access.workspace_id).first()
    if not access.caller_id or signing is None:
        return Refusal.NO_IDENTITY
    caller = _caller_of(access)
    refusal = entra_token.refusal_of_token(token, keys=signing.keys, caller=caller, now=now)
    is_old = signing.fetched_at is None or signing.fetched_at < now - _FETCH_KEYS_AGAIN_AFTER
    # Entra may have a new key. While it does not answer, it is asked at its turn only.
    if refusal == Refusal.UNKNOWN_SIGNER and is_old and not signing.error:
        bring_forward(kind=SIGNING_KEYS, key=str(access.workspace.uuid), now=now)
    return refusal


def _caller_of(access: PushAccess) -> entra_token.Caller:
    workspace: Workspace = access.workspace
    return entra_token.Caller(
        object_id=access.caller_id,
        tenant_id=workspace.tenant_id,
        audience=access.audience,
        authority=workspace.authority,
    )


def incident_in_hint(body: bytes) -> dict[str, Any]:
    """The incident that a hint names: the playbook's whole body, or its `object` alone."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HintUnreadable from None
    if not isinstance(whole, dict):
        raise HintUnreadable
    inner = whole.get("object")
    return inner if isinstance(inner, dict) else whole


def _is_stored(workspace_id: int, incident: dict[str, Any]) -> bool:
    """Whether we hold exactly this state of the incident, as after every write of our own."""
    name, etag = incident.get("name"), incident.get("etag")
    if not isinstance(name, str) or not isinstance(etag, str) or not etag or "\x00" in name + etag:
        return False
    rows = Incident.objects.filter(workspace=workspace_id, name=name.lower())
    return rows.filter(etag=etag).exists()


def _is_outside_scope(access: PushAccess, incident: dict[str, Any]) -> bool:
    """Whether the incident is of other products, which are outside of the workspace's scope: there
    is nothing to read for.
    """
    properties = incident.get("properties")
    data = properties.get("additionalData") if isinstance(properties, dict) else None
    if not isinstance(properties, dict) or not isinstance(data, dict):
        return False
    outside = access.workspace.scope.outside(
        title=properties.get("title"),
        products=data.get("alertProductNames"),
        rules=properties.get("relatedAnalyticRuleIds"),
        created=None,
    )
    return outside is not None and outside.reason not in UNDECIDED


def _note_refusal(access: PushAccess, refusal: Refusal, *, now: datetime) -> None:
    """Note it for the page; strangers can make us write no more than once in a while."""
    PushState.objects.get_or_create(workspace_id=access.workspace_id)
    due = Q(refused_at=None) | Q(refused_at__lt=now - _NOTE_REFUSALS_EVERY)
    PushState.objects.filter(due, pk=access.workspace_id).update(refused_at=now, refusal=refusal)
