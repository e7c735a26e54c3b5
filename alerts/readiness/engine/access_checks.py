"""Checks of the way in: sign-in, reach, rights, plan, connector."""

from alerts.readiness.engine.readings import (
    CheckRemedy,
    CheckState,
    ReadinessCheck,
    Readings,
    check_from,
)
from alerts.readiness.engine.reasons import CheckReason
from alerts.sentinel.engine.rights import (
    CONNECTING,
    IDENTITY_OF,
    READ,
    SET_UP,
    missing_actions,
    needed_actions,
)

_SIGN_IN = {
    "CredentialMissing": CheckReason.CREDENTIAL_MISSING,
    "SignInUnreachable": CheckReason.SIGN_IN_UNREACHABLE,
    "CertificateNotTrusted": CheckReason.CERTIFICATE_NOT_TRUSTED,
    "AADSTS7000215": CheckReason.SECRET_WRONG,
    "AADSTS7000222": CheckReason.SECRET_WRONG,
    "AADSTS700016": CheckReason.APPLICATION_UNKNOWN,
}
_REACH = {
    "throttled": CheckReason.THROTTLED,
    "denied": CheckReason.DENIED,
    "not found": CheckReason.WORKSPACE_NOT_FOUND,
}


def check_reach(readings: Readings, purpose: str) -> list[ReadinessCheck]:
    """Signed in and reached. `facts` of the probe: kind of error, or what it found."""
    probe = readings.of("probe", purpose)
    sign_in, reach = f"sign-in ({purpose})", f"reach ({purpose})"
    if probe.facts is None:
        return [ReadinessCheck(sign_in, CheckState.UNKNOWN, CheckReason.NOT_CHECKED, about=purpose)]
    facts, at = probe.facts, probe.read_at
    values = {"error": facts.get("error", ""), "code": facts.get("code", "")}
    is_sign_in = facts.get("code") in _SIGN_IN or facts.get("kind") == "sign-in"
    if is_sign_in:
        reason = _SIGN_IN.get(facts["code"], CheckReason.SIGN_IN_REFUSED)
        return [ReadinessCheck(sign_in, CheckState.FAILED, reason, values, at, purpose)]
    signed_in = ReadinessCheck(sign_in, CheckState.OK, CheckReason.SIGNED_IN, {}, at, purpose)
    if kind := facts.get("kind"):
        reason = _REACH.get(kind, CheckReason.UNREACHABLE)
        return [signed_in, ReadinessCheck(reach, CheckState.FAILED, reason, values, at, purpose)]
    reason = (
        CheckReason.LISTS_INCIDENTS if facts["has_incidents"] else CheckReason.LISTS_NO_INCIDENT
    )
    return [signed_in, ReadinessCheck(reach, CheckState.OK, reason, {}, at, purpose)]


def check_sentinel(readings: Readings) -> ReadinessCheck:
    """Whether Sentinel is switched on in the workspace, and the subscription registered for it."""
    finding = readings.of("onboarding")
    is_on = bool(finding.facts and finding.facts.get("is_on"))
    if not is_on:
        return check_from("sentinel", finding, ok=False, reason=CheckReason.SENTINEL_OFF)
    provider = readings.of("provider")
    if provider.facts and provider.facts["state"] != "Registered":
        state = provider.facts["state"]
        return check_from(
            "sentinel", provider, ok=False, reason=CheckReason.PROVIDER_NOT_REGISTERED, state=state
        )
    return check_from("sentinel", finding, ok=True, reason=CheckReason.SENTINEL_ON)


def check_portal(readings: Readings) -> ReadinessCheck:
    """Which portal is no fault; it is listed because much depends on it."""
    residence = readings.residence
    if residence.is_in_portal is None:
        return ReadinessCheck(
            "portal", CheckState.UNKNOWN, CheckReason.PORTAL_UNKNOWN, {}, residence.asked_at
        )
    reason = CheckReason.IN_DEFENDER if residence.is_in_portal else CheckReason.IN_AZURE
    values = {"incident": f"#{residence.incident_number}", "at": residence.since}
    return ReadinessCheck("portal", CheckState.OK, reason, values, residence.asked_at)


def check_versions(readings: Readings) -> list[ReadinessCheck]:
    """Which api-versions the workspace takes; nothing before it was called."""
    accepted = readings.accepted_versions
    if not accepted:
        return []
    refused = [row for row in accepted if row.refused]
    values = {
        "names": [row.endpoint.value for row in refused or accepted],
        "version": sorted({row.version for row in refused or accepted})[-1],
        "refused": refused[0].refused if refused else "",
    }
    reason = CheckReason.VERSION_REFUSED if refused else CheckReason.VERSIONS_ACCEPTED
    state = CheckState.FAILED if refused else CheckState.OK
    return [
        ReadinessCheck("api versions", state, reason, values, readings.of("onboarding").read_at)
    ]


def check_rights(readings: Readings, purpose: str) -> ReadinessCheck:
    """Whether the identity of a purpose may do what that purpose does. Setting up is nothing that
    has to be done from here, so that missing rights for it are named without being a fault.
    """
    finding = readings.of("rights", IDENTITY_OF[purpose])
    needed = needed_actions(purpose)
    missing = missing_actions(needed, finding.facts or [])
    if purpose == READ:
        missing += (readings.of("details").facts or {}).get("refused", [])
    reason = CheckReason.ACTIONS_MISSING if missing else CheckReason.ACTIONS_GRANTED
    if missing and purpose == SET_UP:
        reason = CheckReason.SETTING_UP_NOT_GRANTED
    return check_from(
        f"rights ({purpose})",
        finding,
        ok=not missing or purpose == SET_UP,
        reason=reason,
        about=purpose,
        missing=missing,
        n=len(needed),
    )


def check_subscription_rights(readings: Readings, subscription: str) -> ReadinessCheck:
    """Whether we hold Contributor or Owner on the subscription that is connected."""
    finding = readings.of("subscription rights", subscription)
    missing = missing_actions(CONNECTING, finding.facts or [])
    reason = CheckReason.NOT_CONTRIBUTOR if missing else CheckReason.CONTRIBUTOR
    return check_from(
        "subscription rights",
        finding,
        ok=not missing,
        reason=reason,
        about=subscription,
        missing=missing,
    )


def check_plan(readings: Readings, subscription: str) -> ReadinessCheck:
    """Whether Defender for IoT has a plan there that streams into this workspace."""
    plan, requirements = (
        readings.of("plan", subscription),
        readings.of("requirements", subscription),
    )
    plans = plan.facts or []
    license_state = (requirements.facts or {}).get("license", "")
    if not plans or license_state == "Invalid":
        return check_from("plan", plan, ok=False, reason=CheckReason.NO_PLAN, about=subscription)
    linked = any(readings.workspace_id in row["workspaces"] for row in plans)
    reason = CheckReason.PLAN_STREAMS if linked else CheckReason.PLAN_NOT_LINKED
    quota = plans[0]["quota"]
    return check_from(
        "plan",
        plan,
        ok=linked,
        reason=reason,
        about=subscription,
        quota=quota if isinstance(quota, int) else None,
        license=license_state,
    )


def check_connector(readings: Readings, subscription: str) -> ReadinessCheck:
    """Whether the connector brings the alerts of a subscription."""
    finding = readings.of("connectors")
    ours = [
        row
        for row in finding.facts or []
        if row["kind"] == "IOT" and row["subscription"] in ("", subscription)
    ]
    is_on = any(row["is_on"] for row in ours)
    reason = CheckReason.NOT_CONNECTED
    if ours:
        reason = CheckReason.CONNECTED if is_on else CheckReason.CONNECTOR_OFF
    return check_from(
        "connector",
        finding,
        ok=is_on,
        reason=reason,
        about=subscription,
        remedy=CheckRemedy.CONNECT,
        target=subscription,
    )
