"""Whether a workspace can be used: signed in, reached, one incident listed."""

from dataclasses import asdict, dataclass
from typing import Any

from alerts.sentinel.client.errors import (
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelThrottled,
)
from alerts.sentinel.client.port import SentinelClient

SIGN_IN_CODES = ("CredentialMissing", "SignInFailed", "SignInUnreachable", "CertificateNotTrusted")


@dataclass(frozen=True, slots=True)
class Check:
    """One prerequisite: whether it holds, what shows that, and what to do where it does not."""

    check: str
    ok: bool
    evidence: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def check_workspace(*, client: SentinelClient, purpose: str = "read") -> list[Check]:
    """Try what exists so far, in order; what comes after a failure is not tried."""
    try:
        probe = client.probe()
    except SentinelError as error:
        return _failed(error, purpose)
    listing = "it lists incidents" if probe.has_incidents else "it lists no incident yet"
    left = "" if probe.reads_left is None else f", {probe.reads_left} reads left"
    return [
        Check(f"sign-in ({purpose})", True, "Entra gave us a token."),
        Check(f"reach ({purpose})", True, f"Sentinel answers: {listing}{left}."),
    ]


def _failed(error: SentinelError, purpose: str) -> list[Check]:
    code = error.code
    if code in SIGN_IN_CODES or code.startswith("AADSTS"):
        return [Check(f"sign-in ({purpose})", False, error.message, _sign_in_fix(code))]
    return [
        Check(f"sign-in ({purpose})", True, "Entra gave us a token."),
        Check(f"reach ({purpose})", False, error.message, _reach_fix(error)),
    ]


def _sign_in_fix(code: str) -> str:
    match code:
        case "CredentialMissing":
            return "Put the secret or certificate where the workspace says it comes from."
        case "SignInUnreachable":
            return "Let this machine reach the authority, or name another one with --authority."
        case "CertificateNotTrusted":
            return "Name the private CA with --ca-bundle."
        case "AADSTS7000215" | "AADSTS7000222":
            return "Make a new client secret in Entra; this one is wrong or expired."
        case "AADSTS700016":
            return "Check --client-id and --tenant: this tenant knows no such application."
    return "Check --tenant, --client-id and the credential in Entra."


def _reach_fix(error: SentinelError) -> str:
    if isinstance(error, SentinelThrottled):
        return "Wait as long as Azure asks, then check again."
    if isinstance(error, SentinelDenied):
        return "Give our identity the role Microsoft Sentinel Reader on the workspace."
    if isinstance(error, SentinelNotFound):
        return "Check --subscription, --resource-group and --workspace, and that Sentinel is on."
    return "Let this machine reach the endpoint, then check again."
