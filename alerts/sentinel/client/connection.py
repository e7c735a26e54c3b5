"""Where a workspace is and how we sign in there: what a client needs, and nothing secret."""

import os
import re
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from urllib.parse import quote, urlsplit

_SCOPES = {
    "management.azure.com": "https://management.azure.com/.default",
    "management.usgovcloudapi.net": "https://management.core.usgovcloudapi.net/.default",
    "management.chinacloudapi.cn": "https://management.chinacloudapi.cn/.default",
}
_GRAPH_SCOPES = {
    "graph.microsoft.com": "https://graph.microsoft.com/.default",
    "graph.microsoft.us": "https://graph.microsoft.us/.default",
    "dod-graph.microsoft.us": "https://dod-graph.microsoft.us/.default",
}
GRAPH_ENDPOINT = "https://graph.microsoft.com"
ARM_SOURCE, GRAPH_SOURCE = "arm", "graph"  # where a workspace's incidents are read and written
_LOGS = {
    "management.azure.com": "https://api.loganalytics.io",
    "management.usgovcloudapi.net": "https://api.loganalytics.us",
    "management.chinacloudapi.cn": "https://api.loganalytics.azure.cn",
}
_CONFUSING = re.compile(r"[\s\\@\x00-\x1f\x7f]")

type Origin = tuple[str, str, int]


class SecretMissing(Exception):
    """The place where a secret should be is empty; the text names the place."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One workspace as one identity of ours reaches it; equal connections share a client."""

    workspace: str
    tenant_id: str
    subscription_id: str
    resource_group: str
    workspace_name: str
    endpoint: str
    authority: str
    credential: str
    client_id: str = ""
    secret_env: str = ""
    secret_ends_on: date | None = None
    certificate_file: str = ""
    ca_bundle: str = ""
    source: str = ARM_SOURCE
    graph_endpoint: str = GRAPH_ENDPOINT
    logs_endpoint: str = ""

    @property
    def path(self) -> str:
        """The address below which everything of Sentinel is found."""
        return (
            f"/subscriptions/{quote(self.subscription_id, safe='')}"
            f"/resourceGroups/{quote(self.resource_group, safe='')}"
            "/providers/Microsoft.OperationalInsights"
            f"/workspaces/{quote(self.workspace_name, safe='')}"
            "/providers/Microsoft.SecurityInsights"
        )

    @property
    def scope(self) -> str:
        """What the token is asked for: it depends on the cloud, not on the address."""
        host = urlsplit(self.endpoint).hostname or ""
        return _SCOPES.get(host, _SCOPES["management.azure.com"])

    @property
    def graph_scope(self) -> str:
        """What a token for Microsoft Graph is asked for; it is good for nothing else."""
        host = urlsplit(self.graph_endpoint).hostname or ""
        return _GRAPH_SCOPES.get(host, _GRAPH_SCOPES["graph.microsoft.com"])

    @property
    def logs_address(self) -> str:
        """Where Log Analytics answers: as named for the workspace, else by its cloud. Empty where
        neither shows it, so that no token goes to a cloud that the workspace is not in.
        """
        host = urlsplit(self.endpoint).hostname or ""
        return (self.logs_endpoint or _LOGS.get(host, "")).rstrip("/")

    @property
    def logs_scope(self) -> str:
        """What the token for Log Analytics is asked for: its audience is the address itself."""
        return f"{self.logs_address}/.default"

    @property
    def verify(self) -> str | bool:
        """The file of the private CA, or the public ones."""
        return self.ca_bundle or True


def origin_of(url: str) -> Origin | None:
    """Scheme, host and port of an address; None where two readers could disagree about it."""
    if _CONFUSING.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def is_forbidden(address: IPv4Address | IPv6Address) -> bool:
    """Whether no far end can be there: link-local, where clouds give a machine its own secrets,
    multicast and unspecified, each also as IPv6 spells an address of IPv4.
    """
    plain = getattr(address, "ipv4_mapped", None) or address
    return bool(plain.is_link_local or plain.is_multicast or plain.is_unspecified)


def missing_secret(connection: Connection) -> str:
    """Return why this process cannot sign in with a connection, as far as it shows without asking
    Azure: its secret or certificate is not to be read here. Empty where nothing is missing.
    """
    try:
        if connection.credential == "client-secret":
            secret_from(connection.secret_env)
        elif connection.credential == "certificate":
            certificate_from(connection.certificate_file)
    except SecretMissing as missing:
        return str(missing)
    return ""


def certificate_from(file: str) -> bytes:
    """The certificate itself, read at each use."""
    try:
        return Path(file).read_bytes()
    except OSError:
        raise SecretMissing(f"The certificate file {file} cannot be read.") from None


def secret_from(variable: str) -> str:
    """The secret itself, from the environment or the file NAME_FILE names, read at each use."""
    if value := os.environ.get(variable):
        return value
    if file := os.environ.get(variable + "_FILE"):
        try:
            if value := Path(file).read_text(encoding="utf-8").strip():
                return value
        except (OSError, UnicodeDecodeError):
            raise SecretMissing(f"The file that {variable}_FILE names cannot be read.") from None
        raise SecretMissing(f"The file that {variable}_FILE names is empty.")
    raise SecretMissing(f"The environment has neither {variable} nor {variable}_FILE.")
