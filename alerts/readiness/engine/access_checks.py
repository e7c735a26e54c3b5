"""Checks of the way in: sign-in, reach, rights, plan, connector."""

from alerts.readiness.engine.readings import (
    Check,
    Readings,
    Remedy,
    State,
    judge,
)
from alerts.readiness.engine.reasons import Reason
from alerts.sentinel.engine.rights import (
    CONNECTING,
    IDENTITY_OF,
    READ,
    SET_UP,
    missing_actions,
    needed_actions,
)

_SIGN_IN = {
    "CredentialMissing": Reason.CREDENTIAL_MISSING,
    "SignInUnreachable": Reason.SIGN_IN_UNREACHABLE,
    "CertificateNotTrusted": Reason.CERTIFICATE_NOT_TRUSTED,
    "AADSTS7000215": Reason.SECRET_WRONG,
    "AADSTS7000222": Reason.SECRET_WRONG,
    "AADSTS700016": Reason.APPLICATION_UNKNOWN,
}
_REACH = {
    "throttled": Reason.THROTTLED,
    "denied": Reason.DENIED,
    "not found": Reason.WORKSPACE_NOT_FOUND,
}


def check_reach(readings: Readings, purpose: str) -> list[Check]:
    """Signed in and reached. `facts` of the probe: kind of error, or what it found."""
    probe = readings.of("probe", purpose)
    sign_in, reach = f"sign-in ({purpose})", f"reach ({purpose})"
    if probe.facts is None:
        return [Check(sign_in, State.UNKNOWN, Reason.NOT_CHECKED, about=purpose)]
    facts, at = probe.facts, probe.read_at
    values = {"error": facts.get("error", ""), "code": facts.get("code", "")}
    is_sign_in = facts.get("code") in _SIGN_IN or facts.get("kind") == "sign-in"
    if is_sign_in:
        reason = _SIGN_IN.get(facts["code"], Reason.SIGN_IN_REFUSED)
        return [Check(sign_in, State.FAILED, reason, values, at, purpose)]
    signed_in = Check(sign_in, State.OK, Reason.SIGNED_IN, {}, at, purpose)
    if kind := facts.get("kind"):
        reason = _REACH.get(kind, Reason.UNREACHABLE)
        return [signed_in, Check(reach, State.FAILED, reason, values, at, purpose)]
    reason = Reason.LISTS_INCIDENTS if facts["has_incidents"] else Reason.LISTS_NO_INCIDENT
    return [signed_in, Check(reach, State.OK, reason, {}, at, purpose)]


def check_sentinel(readings: Readings) -> Check:
    """Whether Sentinel is switched on in the workspace, and the subscription registered for it."""
    finding = readings.of("onboarding")
    is_on = bool(finding.facts and finding.facts.get("is_on"))
    if not is_on:
        return judge("sentinel", finding, ok=False, reason=Reason.SENTINEL_OFF)
    provider = readings.of("provider")
    if provider.facts and provider.facts["state"] != "Registered":
        state = provider.facts["state"]
        return judge(
            "sentinel", provider, ok=False, reason=Reason.PROVIDER_NOT_REGISTERED, state=state
        )
    return judge("sentinel", finding, ok=True, reason=Reason.SENTINEL_ON)


def check_portal(readings: Readings) -> Check:
    """Which portal is no fault; it is said because much depends on it."""
    residence = readings.residence
    if residence.is_in_portal is None:
        return Check("portal", State.UNKNOWN, Reason.PORTAL_UNKNOWN, {}, residence.asked_at)
    reason = Reason.IN_DEFENDER if residence.is_in_portal else Reason.IN_AZURE
    values = {"incident": f"#{residence.incident_number}", "at": residence.since}
    return Check("portal", State.OK, reason, values, residence.asked_at)


def check_versions(readings: Readings) -> list[Check]:
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
    reason = Reason.VERSION_REFUSED if refused else Reason.VERSIONS_ACCEPTED
    state = State.FAILED if refused else State.OK
    return [Check("api versions", state, reason, values, readings.of("onboarding").read_at)]


def check_rights(readings: Readings, purpose: str) -> Check:
    """Whether the identity of a purpose may do what that purpose does. Setting up is nothing that
    has to be done from here, so that missing rights for it are named without being a fault.
    """
    finding = readings.of("rights", IDENTITY_OF[purpose])
    needed = needed_actions(purpose)
    missing = missing_actions(needed, finding.facts or [])
    if purpose == READ:
        missing += (readings.of("details").facts or {}).get("refused", [])
    reason = Reason.ACTIONS_MISSING if missing else Reason.ACTIONS_GRANTED
    if missing and purpose == SET_UP:
        reason = Reason.SETTING_UP_NOT_GRANTED
    return judge(
        f"rights ({purpose})",
        finding,
        ok=not missing or purpose == SET_UP,
        reason=reason,
        about=purpose,
        missing=missing,
        n=len(needed),
    )


def check_subscription_rights(readings: Readings, subscription: str) -> Check:
    """Whether we hold Contributor or Owner on the subscription that is connected."""
    finding = readings.of("subscription rights", subscription)
    missing = missing_actions(CONNECTING, finding.facts or [])
    reason = Reason.NOT_CONTRIBUTOR if missing else Reason.CONTRIBUTOR
    return judge(
        "subscription rights",
        finding,
        ok=not missing,
        reason=reason,
        about=subscription,
        missing=missing,
    )


def check_plan(readings: Readings, subscription: str) -> Check:
    """Whether Defender for IoT has a plan there that streams into this workspace."""
    plan, requirements = (
        readings.of("plan", subscription),
        readings.of("requirements", subscription),
    )
    plans = plan.facts or []
    license_state = (requirements.facts or {}).get("license", "")
    if not plans or license_state == "Invalid":
        return judge("plan", plan, ok=False, reason=Reason.NO_PLAN, about=subscription)
    linked = any(readings.workspace_id in row["workspaces"] for row in plans)
    reason = Reason.PLAN_STREAMS if linked else Reason.PLAN_NOT_LINKED
    quota = plans[0]["quota"]
    return judge(
        "plan",
        plan,
        ok=linked,
        reason=reason,
        about=subscription,
        quota=quota if isinstance(quota, int) else None,
        license=license_state,
    )


def check_connector(readings: Readings, subscription: str) -> Check:
    """Whether the connector brings the alerts of a subscription."""
    finding = readings.of("connectors")
    ours = [
        row
        for row in finding.facts or []
        if row["kind"] == "IOT" and row["subscription"] in ("", subscription)
    ]
    is_on = any(row["is_on"] for row in ours)
    reason = Reason.NOT_CONNECTED
    if ours:
        reason = Reason.CONNECTED if is_on else Reason.CONNECTOR_OFF
    return judge(
        "connector",
        finding,
        ok=is_on,
        reason=reason,
        about=subscription,
        remedy=Remedy.CONNECT,
        target=subscription,
    )
