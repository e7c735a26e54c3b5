"""Make and rotate the key of push hints, name the identity that may send them, turn them off."""

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.intake.engine.push_signature import make_secret
from alerts.intake.models import PushAccess, SigningKeys
from alerts.intake.policies import reasons_against_push_settings
from alerts.intake.services.signing_keys import SIGNING_KEYS
from alerts.sentinel.models import Workspace
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.services import ensure_job
from portal.runtime.stored_secrets import decrypt_secret, encrypt_secret

PURPOSE = "push hint"
PREVIOUS_KEY_WORKS_FOR = timedelta(hours=24)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CannotChangePush(Refused):
    """Who sends push hints stays as it was."""


@transaction.atomic
def make_push_key(*, workspace_id: int, by: User | str, now: datetime) -> str:
    """Return a new key, this once. The one before works on for 24 hours, so that senders can be
    changed over.
    """
    access = _locked(workspace_id, by=by)
    secret = make_secret()
    is_rotated = bool(access.key)
    access.previous_key = access.key
    access.previous_until = now + PREVIOUS_KEY_WORKS_FOR if is_rotated else None
    access.key, access.key_made_at = encrypt_secret(secret, purpose=PURPOSE), now
    access.save()
    action = "intake.push_key.rotated" if is_rotated else "intake.push_key.made"
    record(action, on=access.workspace, by=by, at=now)
    return secret


@transaction.atomic
def set_push_caller(
    *, workspace_id: int, caller_id: str, audience: str, by: User | str, now: datetime
) -> None:
    """Let one managed identity of the workspace's tenant send hints, with tokens for `audience`."""
    caller_id, audience = caller_id.strip().lower(), audience.strip()
    reasons = []
    if not _GUID.fullmatch(caller_id):
        reasons.append(gettext("The object id of the identity is a GUID."))
    if not audience or len(audience) > 200 or any(letter.isspace() for letter in audience):
        reasons.append(gettext("Name the audience of the tokens, such as api://tagout."))
    if reasons:
        raise CannotChangePush(*reasons)
    access = _locked(workspace_id, by=by)
    access.caller_id, access.audience = caller_id, audience
    access.save()
    SigningKeys.objects.get_or_create(workspace_id=workspace_id)
    ensure_job(kind=SIGNING_KEYS, key=str(access.workspace.uuid), now=clock.unshifted())
    record(
        "intake.push_caller.set",
        on=access.workspace,
        by=by,
        at=now,
        caller=caller_id,
        audience=audience,
    )


@transaction.atomic
def turn_push_off(*, workspace_id: int, by: User | str, now: datetime) -> None:
    """Take no more hints: keys and identity are forgotten. Polling goes on as ever."""
    access = _locked(workspace_id, by=by)
    if not (access.key or access.previous_key or access.caller_id):
        raise CannotChangePush(gettext("Push hints are off already."))
    workspace = access.workspace
    access.delete()
    SigningKeys.objects.filter(workspace_id=workspace_id).delete()
    record("intake.push.turned_off", on=workspace, by=by, at=now)


def keys_in_force(access: PushAccess, *, now: datetime) -> list[str]:
    """Return the keys that a signature may be made with; none that can no longer be decrypted."""
    stored = [access.key]
    if access.previous_until is not None and now < access.previous_until:
        stored.append(access.previous_key)
    secrets = [decrypt_secret(key, purpose=PURPOSE) for key in stored if key]
    return [secret for secret in secrets if secret]


def _locked(workspace_id: int, *, by: User | str) -> PushAccess:
    if reasons := reasons_against_push_settings(by=by):
        raise CannotChangePush(*reasons)
    workspace = Workspace.objects.get(pk=workspace_id)
    if workspace.is_removed:
        raise CannotChangePush(gettext("The workspace was removed."))
    PushAccess.objects.get_or_create(workspace_id=workspace_id)
    return (
        PushAccess.objects.select_for_update(of=("self",))
        .select_related("workspace")
        .get(pk=workspace_id)
    )
