"""Add, pause, resume and remove workspaces, and give a purpose an identity of its own."""

import ssl
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from alerts.sentinel.client.connection import GRAPH_ENDPOINT
from alerts.sentinel.engine.inputs import (
    PURPOSES,
    reasons_against_address,
    reasons_against_credential,
    reasons_against_place,
    reasons_against_secret_end,
)
from alerts.sentinel.models import IncidentSource, Reachability, Workspace, WorkspaceCredential
from portal.accounts.models import Organisation
from portal.audit.services import Actor, record
from portal.errors import Refused

ENDPOINT = "https://management.azure.com"
AUTHORITY = "https://login.microsoftonline.com"


class CannotAddWorkspace(Refused):
    """A workspace was not registered."""


@transaction.atomic
def add_workspace(
    *,
    name: str,
    tenant: str,
    subscription: str,
    resource_group: str,
    workspace: str,
    credential: str,
    client_id: str = "",
    secret_env: str = "",
    secret_ends: str = "",
    certificate: str = "",
    endpoint: str = ENDPOINT,
    authority: str = AUTHORITY,
    logs_endpoint: str = "",
    ca_bundle: str = "",
    source: str = IncidentSource.ARM,
    graph_endpoint: str = GRAPH_ENDPOINT,
    organisation: Organisation | None = None,
    by: Actor,
    now: datetime,
) -> Workspace:
    """Register a workspace, active at once. Nothing secret is kept, only where it comes from."""
    reasons = [
        *reasons_against_place(
            name=name,
            tenant=tenant,
            subscription=subscription,
            resource_group=resource_group,
            workspace=workspace,
        ),
        *reasons_against_address("--endpoint", endpoint),
        *reasons_against_address("--authority", authority),
        *(reasons_against_address("--logs-endpoint", logs_endpoint) if logs_endpoint else []),
        *reasons_against_source(source=source, graph_endpoint=graph_endpoint),
        *reasons_against_credential(
            kind=credential, client_id=client_id, secret_env=secret_env, certificate=certificate
        ),
        *reasons_against_secret_end(secret_ends, kind=credential),
        *reasons_against_files(ca_bundle=ca_bundle, certificate=certificate),
    ]
    if Workspace.objects.filter(name=name).exists():
        reasons.append(f"A workspace named {name} is already known; choose another name.")
    if reasons:
        raise CannotAddWorkspace(*reasons)
    try:
        with transaction.atomic():
            added = Workspace.objects.create(
                name=name,
                organisation=organisation,
                tenant_id=tenant.lower(),
                subscription_id=subscription.lower(),
                resource_group=resource_group,
                workspace_name=workspace,
                endpoint=endpoint.rstrip("/"),
                authority=authority.rstrip("/"),
                logs_endpoint=logs_endpoint.rstrip("/"),
                ca_bundle=str(Path(ca_bundle).resolve()) if ca_bundle else "",
                source=source,
                graph_endpoint=graph_endpoint.rstrip("/"),
                credential=credential,
                client_id=client_id.lower(),
                secret_env=secret_env,
                secret_ends_on=date.fromisoformat(secret_ends) if secret_ends else None,
                certificate_file=str(Path(certificate).resolve()) if certificate else "",
                added_at=now,
            )
    except IntegrityError:
        raise CannotAddWorkspace(
            f"A workspace named {name} was added at the same moment; choose another name."
        ) from None
    record(
        "sentinel.workspace.added",
        on=added,
        by=by,
        at=now,
        subscription=added.subscription_id,
        workspace=added.workspace_name,
        endpoint=added.endpoint,
        source=added.source,
        credential=credential,
    )
    return added


def reasons_against_source(*, source: str, graph_endpoint: str) -> list[str]:
    """What is wrong with the source of a workspace's incidents."""
    reasons = reasons_against_address("--graph-endpoint", graph_endpoint)
    if source not in IncidentSource.values:
        reasons.insert(0, f"--source must be one of {', '.join(IncidentSource.values)}.")
    return reasons


def reasons_against_files(*, ca_bundle: str = "", certificate: str = "") -> list[str]:
    """What is wrong with the files that are named."""
    reasons = []
    if ca_bundle:
        try:
            ssl.create_default_context(cafile=ca_bundle)
        except ssl.SSLError:
            reasons.append(f"The CA file {ca_bundle} holds no certificate in PEM form.")
        except OSError:
            reasons.append(f"There is no readable CA file {ca_bundle}.")
    if certificate and not Path(certificate).is_file():
        reasons.append(f"There is no certificate file {certificate}.")
    return reasons


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
    *,
    name: str,
    endpoint: str,
    authority: str,
    ca_bundle: str,
    logs_endpoint: str = "",
    graph_endpoint: str = "",
    by: Actor,
    now: datetime,
) -> Workspace:
    """Find the same workspace at another address (the demo's port may change)."""
    workspace = _locked(name)
    reasons = reasons_against_address("--endpoint", endpoint)
    reasons += reasons_against_address("--authority", authority)
    graph_endpoint = graph_endpoint or workspace.graph_endpoint
    reasons += reasons_against_address("--graph-endpoint", graph_endpoint)
    reasons += reasons_against_files(ca_bundle=ca_bundle)
    if reasons:
        raise CannotChangeWorkspace(*reasons)
    was = workspace.endpoint
    places = {
        "endpoint": endpoint,
        "authority": authority,
        "ca_bundle": ca_bundle,
        "logs_endpoint": logs_endpoint or workspace.logs_endpoint,
        "graph_endpoint": graph_endpoint,
    }
    if all(getattr(workspace, column) == place for column, place in places.items()):
        return workspace
    for column, place in places.items():
        setattr(workspace, column, place)
    workspace.save(update_fields=list(places))
    record("sentinel.workspace.pointed", on=workspace, by=by, at=now, was=was, became=endpoint)
    return workspace


@transaction.atomic
def set_source(
    *, name: str, source: str, graph_endpoint: str = "", by: Actor, now: datetime
) -> Workspace:
    """Read and write a workspace's incidents by the resource manager, or by Microsoft Graph. What
    is stored and what is owed stays; intake goes on where the other side was read to.
    """
    workspace = _locked(name)
    graph_endpoint = (graph_endpoint or workspace.graph_endpoint).rstrip("/")
    reasons = reasons_against_source(source=source, graph_endpoint=graph_endpoint)
    if workspace.state == _State.REMOVED:
        reasons.append(f"{name} was removed.")
    if reasons:
        raise CannotChangeWorkspace(*reasons)
    was = workspace.source
    if (was, workspace.graph_endpoint) == (source, graph_endpoint):
        return workspace
    workspace.source, workspace.graph_endpoint = source, graph_endpoint
    workspace.save(update_fields=["source", "graph_endpoint"])
    record("sentinel.workspace.source_set", on=workspace, by=by, at=now, was=was, became=source)
    return workspace


@transaction.atomic
def set_credential(
    *,
    name: str,
    purpose: str,
    credential: str,
    client_id: str = "",
    secret_env: str = "",
    secret_ends: str = "",
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
    reasons += reasons_against_secret_end(secret_ends, kind=credential)
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
            "secret_ends_on": date.fromisoformat(secret_ends) if secret_ends else None,
            "certificate_file": str(Path(certificate).resolve()) if certificate else "",
        },
    )
    Reachability.objects.filter(workspace=workspace, purpose=purpose).update(
        credential_ends_at=None
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
def set_secret_end(
    *, name: str, secret_ends: str, purpose: str = "", by: Actor, now: datetime
) -> date:
    """Note until when a client secret holds, of one purpose or of the workspace itself. Returns the
    day, at whose beginning the secret ends.
    """
    workspace = _locked(name)
    own = workspace.credentials.filter(purpose=purpose).first() if purpose else None
    kind = own.kind if own else workspace.credential
    reasons = reasons_against_secret_end(secret_ends, kind=kind)
    if not secret_ends:
        reasons.append("--secret-ends is needed: the day on which the client secret ends.")
    if purpose and own is None:
        reasons.append(f"{name} has no credential of its own for {purpose}.")
    if reasons:
        raise CannotChangeWorkspace(*reasons)
    row = own or workspace
    row.secret_ends_on = date.fromisoformat(secret_ends)
    row.save(update_fields=["secret_ends_on"])
    record(
        "sentinel.workspace.secret_end_set",
        on=workspace,
        by=by,
        at=now,
        purpose=purpose,
        ends=secret_ends,
    )
    return row.secret_ends_on


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


@transaction.atomic
def keep_capability(
    *, workspace_id: int, name: str, capability: dict[str, Any], by: Actor, now: datetime
) -> None:
    """Keep it under its name, beside what other probes found. Nothing new is no entry on record."""
    rows = Workspace.objects.select_for_update(of=("self",), no_key=True)
    workspace = rows.get(pk=workspace_id)
    if workspace.capabilities.get(name) == capability:
        return
    workspace.capabilities = workspace.capabilities | {name: capability}
    workspace.save(update_fields=["capabilities"])
    record("sentinel.workspace.probed", on=workspace, by=by, at=now, found={name: capability})
