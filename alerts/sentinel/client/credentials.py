"""Who we are to Azure, by the one way the workspace names; no log-in is ever guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from alerts.sentinel.client.connection import Connection, SecretMissing, secret_from
from alerts.sentinel.client.limits import BoundedTransport

_PUBLIC_AUTHORITIES = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn"}
)


def credential_for(connection: Connection, transport: BoundedTransport) -> TokenCredential:
    """Make the credential; secrets and certificates are read now, so a changed one is found."""
    if connection.credential == "managed-identity":
        return ManagedIdentityCredential(
            client_id=connection.client_id or None, transport=transport, retry_total=1
        )
    host = urlsplit(connection.authority).hostname
    common: dict[str, Any] = {
        "authority": connection.authority,
        "transport": transport,
        "retry_total": 0,  # the row that needs the call is due again soon, and waits for nobody
        "disable_instance_discovery": host not in _PUBLIC_AUTHORITIES,
    }
    tenant, client = connection.tenant_id, connection.client_id
    match connection.credential:
        case "workload-identity":
            return WorkloadIdentityCredential(tenant_id=tenant, client_id=client or None, **common)
        case "certificate":
            data = _certificate(connection.certificate_file)
            return CertificateCredential(tenant, client, certificate_data=data, **common)
        case "client-secret":
            secret = secret_from(connection.secret_env)
            return ClientSecretCredential(tenant, client, secret, **common)
    raise SecretMissing(f"{connection.credential} is no way to sign in that Tagout knows.")


def _certificate(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        raise SecretMissing(f"The certificate file {file} cannot be read.") from None
