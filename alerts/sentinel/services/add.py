"""Register a workspace."""

import ssl
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from alerts.sentinel.engine.inputs import (
    reasons_against_address,
    reasons_against_credential,
    reasons_against_place,
)
from alerts.sentinel.models import Workspace
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
    certificate: str = "",
    endpoint: str = ENDPOINT,
    authority: str = AUTHORITY,
    logs_endpoint: str = "",
    ca_bundle: str = "",
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
        *reasons_against_credential(
            kind=credential, client_id=client_id, secret_env=secret_env, certificate=certificate
        ),
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
                credential=credential,
                client_id=client_id.lower(),
                secret_env=secret_env,
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
        credential=credential,
    )
    return added


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
