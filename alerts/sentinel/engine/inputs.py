"""What is wrong with the description of a workspace, in sentences."""

import ipaddress
import re
import socket
from contextlib import suppress
from datetime import date
from urllib.parse import urlsplit

from alerts.sentinel.client.connection import is_forbidden, origin_of

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_RESOURCE_GROUP = re.compile(r"[\w().-]{0,89}[\w()-]")
_WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,61}[A-Za-z0-9]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,119}")

KINDS = ("managed-identity", "workload-identity", "certificate", "client-secret")
PURPOSES = ("read", "incidents", "rules")


def reasons_against_place(
    *, name: str, tenant: str, subscription: str, resource_group: str, workspace: str
) -> list[str]:
    """What is wrong with a workspace's name here and its place in Azure."""
    reasons = []
    if not _SLUG.fullmatch(name):
        reasons.append("The name may hold small letters, digits, - and _ only, at most 80 of them.")
    for option, value in (("--tenant", tenant), ("--subscription", subscription)):
        if not _GUID.fullmatch(value):
            reasons.append(f"{option} must be a GUID such as 33333333-3333-4333-8333-333333333333.")
    if not _RESOURCE_GROUP.fullmatch(resource_group):
        reasons.append("--resource-group is no name that Azure allows.")
    if not _WORKSPACE.fullmatch(workspace):
        reasons.append("--workspace must be 3 to 63 letters, digits and hyphens.")
    return reasons


def reasons_against_address(option: str, url: str) -> list[str]:
    """What is wrong with an address a token will be sent to."""
    origin = origin_of(url)
    if origin is None or origin[0] != "https":
        return [f"{option} must be an https address, because tokens travel over TLS only."]
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment or len(url) > 300:
        return [f"{option} must name scheme and host only, such as https://management.azure.com."]
    address = _address_of(origin[1])
    if address and is_forbidden(address):
        return [f"{option} must not point to {address}."]
    return []


def _address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as, in any of the forms that resolvers read (one number,
    hexadecimal, octal, fewer parts); None for a name.
    """
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    with suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    return None


def reasons_against_credential(
    *, kind: str, client_id: str, secret_env: str, certificate: str
) -> list[str]:
    """What is missing or too much for one way to sign in. Never repeats what may be a secret."""
    if kind not in KINDS:
        return [f"--credential must be one of {', '.join(KINDS)}."]
    reasons = []
    if client_id and not _GUID.fullmatch(client_id):
        reasons.append("--client-id must be a GUID such as 55555555-5555-4555-8555-555555555555.")
    if kind in ("certificate", "client-secret") and not client_id:
        reasons.append(f"--client-id is needed for --credential {kind}.")
    if kind == "client-secret" and not secret_env:
        reasons.append(
            "--secret-env is needed for --credential client-secret: the name of the environment "
            "variable that holds the secret."
        )
    if kind == "certificate" and not certificate:
        reasons.append("--certificate is needed for --credential certificate.")
    if secret_env and not _VARIABLE.fullmatch(secret_env):
        reasons.append(
            "--secret-env must be the name of an environment variable, not the secret itself."
        )
    for option, value, needed_by in (
        ("--secret-env", secret_env, "client-secret"),
        ("--certificate", certificate, "certificate"),
    ):
        if value and kind != needed_by:
            reasons.append(f"{option} does not go with --credential {kind}.")
    return reasons


def reasons_against_secret_end(text: str, *, kind: str) -> list[str]:
    """What is wrong with the day on which a client secret is to end; empty is none."""
    if not text:
        return []
    if kind != "client-secret":
        return [f"--secret-ends does not go with --credential {kind}."]
    try:
        date.fromisoformat(text)
    except ValueError:
        return ["--secret-ends must be a day such as 2027-05-31."]
    return []
