"""Pause, resume and remove a workspace; give one purpose an identity of its own."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from alerts.sentinel.engine.inputs import (
    PURPOSES,
    reasons_against_address,
    reasons_against_credential,
)
from alerts.sentinel.models import Workspace, WorkspaceCredential
from alerts.sentinel.services.add import reasons_against_files
from portal.audit.services import Actor, record
from portal.errors import Refused

_State = Workspace.State


class CannotChangeWorkspace(Refused):
    """A workspace stays as it is."""


def pause_workspace(*, name: str, by: Actor, now: datetime) -> Workspace:
    """Neither read nor write there until it is resumed."""
    return _move(name, [_State.ACTIVE], _State.PAUSED, by=by, now=now)


def resume_workspace(*, name: str, by: Actor, now: datetime) -> Workspace:
    """Read and write there again."""
    return _move(name, [_State.PAUSED], _State.ACTIVE, by=by, now=now)


def remove_workspace(*, name: str, by: Actor, now: datetime) -> Workspace:
    """Never read or write there again; what we know of it is kept."""
    return _move(name, [_State.ACTIVE, _State.PAUSED], _State.REMOVED, by=by, now=now)


@transaction.atomic
def point_workspace(
    *, name: str, endpoint: str, authority: str, ca_bundle: str, by: Actor, now: datetime
) -> Workspace:
    """Find the same workspace at another address (the demo's port may change)."""
    workspace = _locked(name)
    reasons = reasons_against_address("--endpoint", endpoint)
    reasons += reasons_against_address("--authority", authority)
    reasons += reasons_against_files(ca_bundle=ca_bundle)
    if reasons:
        raise CannotChangeWorkspace(*reasons)
    was = workspace.endpoint
    if (was, workspace.authority, workspace.ca_bundle) == (endpoint, authority, ca_bundle):
        return workspace
    workspace.endpoint, workspace.authority, workspace.ca_bundle = endpoint, authority, ca_bundle
    workspace.save(update_fields=["endpoint", "authority", "ca_bundle"])
    record("sentinel.workspace.pointed", on=workspace, by=by, at=now, was=was, became=endpoint)
    return workspace


@transaction.atomic
def set_credential(
    *,
    name: str,
    purpose: str,
    credential: str,
    client_id: str = "",
    secret_env: str = "",
    certificate: str = "",
    by: Actor,
    now: datetime,
) -> WorkspaceCredential:
    """Let one purpose sign in on its own; the others go on as before."""
    workspace = _locked(name)
    reasons = reasons_against_credential(
        kind=credential, client_id=client_id, secret_env=secret_env, certificate=certificate
    )
    reasons += reasons_against_files(certificate=certificate)
    if purpose not in PURPOSES:
        reasons.insert(0, f"--for must be one of {', '.join(PURPOSES)}.")
    if workspace.state == _State.REMOVED:
        reasons.append(f"{name} was removed.")
    if reasons:
        raise CannotChangeWorkspace(*reasons)
    row, _ = WorkspaceCredential.objects.update_or_create(
        workspace=workspace,
        purpose=purpose,
        defaults={
            "kind": credential,
            "client_id": client_id.lower(),
            "secret_env": secret_env,
            "certificate_file": str(Path(certificate).resolve()) if certificate else "",
        },
    )
    record(
        "sentinel.workspace.credential_set",
        on=workspace,
        by=by,
        at=now,
        purpose=purpose,
        credential=credential,
    )
    return row


@transaction.atomic
def _move(
    name: str, allowed: list[str], to: Workspace.State, *, by: Actor, now: datetime
) -> Workspace:
    workspace = _locked(name)
    if workspace.state not in allowed:
        raise CannotChangeWorkspace(f"{name} is {workspace.state} and cannot become {to.value}.")
    workspace.state = to
    workspace.save(update_fields=["state"])
    action = {"active": "resumed", "paused": "paused", "removed": "removed"}[to.value]
    record(f"sentinel.workspace.{action}", on=workspace, by=by, at=now)
    return workspace


def _locked(name: str) -> Workspace:
    try:
        return Workspace.objects.select_for_update(of=("self",), no_key=True).get(name=name)
    except Workspace.DoesNotExist:
        raise CannotChangeWorkspace(f"There is no workspace named {name}.") from None
