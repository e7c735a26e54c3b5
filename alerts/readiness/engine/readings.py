"""What checks are judged from, and what a check is.

Evidence is a reason and values, so that pages and the command can show it in the reader's language.
What was not read, or could not be, is unknown, never well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from alerts.readiness.engine.reasons import CheckReason
from alerts.sentinel.client.versions import AcceptedVersion


class CheckState(StrEnum):
    """Whether a prerequisite holds."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CheckRemedy(StrEnum):
    """What Tagout can do about a failed check when an administrator asks for it."""

    CONNECT = "connect"
    INSTALL = "install"
    ENABLE = "enable"
    COVER = "cover"
    SINGLE = "single"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class PartReading:
    """One part as a worker read it last. `facts` are of `read_at`; with an error it could not be
    read any more at `tried_at`.
    """

    facts: Any = None
    read_at: datetime | None = None
    error: str = ""
    error_code: str = ""
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What our own rows state of a workspace."""

    workspace: str = ""
    incidents: int = 0
    latest_alert_at: datetime | None = None
    analysts: int = 0
    sites: Sequence[str] = ()
    sites_without_ot: Sequence[str] = ()
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Residence:
    """Which portal a workspace lives in, since when, and the incident by which that was seen."""

    is_in_portal: bool | None = None  # None: not known
    since: datetime | None = None
    incident_number: int | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """All that checks are judged from: findings by part, `part of something` by both."""

    findings: Mapping[str, PartReading]
    history: History | None  # None: checks of our own rows are left out
    purposes: Sequence[str]  # those that sign in on their own, reading first
    subscription: str
    workspace_id: str  # ARM's, lower case
    now: datetime
    residence: Residence = Residence()
    accepted_versions: Sequence[AcceptedVersion] = ()

    @property
    def is_in_defender_portal(self) -> bool | None:
        """Whether the workspace lives in the Defender portal; None where that is unknown."""
        return self.residence.is_in_portal

    def of(self, part: str, of: str = "") -> PartReading:
        """The finding of a part; an empty one where nothing was read yet."""
        return self.findings.get(f"{part} {of}".strip(), PartReading())


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One prerequisite. `about` names a purpose or a subscription where there are several."""

    name: str
    state: CheckState
    reason: CheckReason
    values: Mapping[str, Any] = field(default_factory=dict)
    checked_at: datetime | None = None
    about: str = ""
    remedy: CheckRemedy | None = None
    target: str = ""  # what the remedy is for


def subscriptions_of(readings: Readings) -> list[str]:
    """Return the subscriptions whose sensors report here: those of the connectors, and our own
    where there is none.
    """
    connectors = readings.of("connectors").facts or []
    named = {row["subscription"] for row in connectors if row["kind"] == "IOT"} - {""}
    return sorted(named) or [readings.subscription]


def check_from(
    name: str,
    finding: PartReading,
    *,
    ok: bool,
    reason: CheckReason,
    about: str = "",
    remedy: CheckRemedy | None = None,
    target: str = "",
    **values: Any,
) -> ReadinessCheck:
    """A check from facts that are there; what cannot be read now is unknown, whatever was read."""
    if unreadable := unread(name, finding, about=about):
        return unreadable
    return ReadinessCheck(
        name,
        CheckState.OK if ok else CheckState.FAILED,
        reason,
        values,
        finding.read_at,
        about,
        None if ok else remedy,
        target,
    )


def unread(name: str, *findings: PartReading, about: str = "") -> ReadinessCheck | None:
    """Return the check for a part that was not read, with the reason; None where all was read."""
    for finding in findings:
        if finding.error:
            values = {"error": finding.error, "code": finding.error_code}
            reason = CheckReason.NOT_ALLOWED if _is_denial(finding) else CheckReason.NOT_READ
            return ReadinessCheck(name, CheckState.UNKNOWN, reason, values, finding.tried_at, about)
        if finding.facts is None:
            return ReadinessCheck(name, CheckState.UNKNOWN, CheckReason.NOT_CHECKED, about=about)
    return None


def _is_denial(finding: PartReading) -> bool:
    return finding.error_code in ("AuthorizationFailed", "Forbidden", "LinkedAuthorizationFailed")


_SIGN_IN = {
    "CredentialMissing": CheckReason.CREDENTIAL_MISSING,
    "SignInUnreachable": CheckReason.SIGN_IN_UNREACHABLE,
    "CertificateNotTrusted": CheckReason.CERTIFICATE_NOT_TRUSTED,
    "AADSTS7000215": CheckReason.SECRET_WRONG,
    "AADSTS7000222": CheckReason.SECRET_WRONG,
    "AADSTS700016": CheckReason.APPLICATION_UNKNOWN,
}
