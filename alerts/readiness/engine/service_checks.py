"""Checks of what is beside incidents: correlation, user behaviour, playbooks, and people."""

from datetime import datetime
from typing import Any

from alerts.readiness.engine.readings import (
    CheckState,
    History,
    ReadinessCheck,
    Readings,
    check_from,
    unread,
)
from alerts.readiness.engine.reasons import CheckReason
from alerts.sentinel.engine.rights import missing_actions, needed_on_playbooks

AUTOMATION_CONTRIBUTOR = "f4c81013-99ee-4d62-a7ee-b3f1f648599a"


def check_fusion(readings: Readings) -> ReadinessCheck:
    """Whether Sentinel puts attacks of several stages together."""
    finding = readings.of("analytics rules")
    if readings.is_in_defender_portal:
        return check_from("fusion", finding, ok=True, reason=CheckReason.FUSION_REPLACED)
    is_on = any(rule["kind"] == "Fusion" and rule["enabled"] for rule in finding.facts or [])
    reason = CheckReason.FUSION_ON if is_on else CheckReason.FUSION_OFF
    return check_from("fusion", finding, ok=is_on, reason=reason)


def check_ueba(readings: Readings) -> ReadinessCheck:
    """Whether Sentinel learns what people usually do."""
    finding = readings.of("settings")
    on = {row["kind"]: row["sources"] for row in finding.facts or [] if row["is_on"]}
    is_on = "Ueba" in on and bool(on["Ueba"])
    reason = CheckReason.UEBA_ON if is_on else CheckReason.UEBA_OFF
    return check_from("ueba", finding, ok=is_on, reason=reason, sources=on.get("Ueba", []))


def check_playbooks(readings: Readings) -> ReadinessCheck:
    """Whether Sentinel's own principal may start playbooks, where a rule starts any."""
    groups = readings.of("playbook groups")
    if unreadable := unread("playbook permission", groups):
        return unreadable
    if not groups.facts:
        return check_from(
            "playbook permission", groups, ok=True, reason=CheckReason.NO_PLAYBOOK_RULE
        )
    lacking, principals = [], set()
    finding = groups
    for group in groups.facts:
        finding = readings.of("role assignments", group)
        if unreadable := unread("playbook permission", finding):
            return unreadable
        holders = [row for row in finding.facts if row["role"] == AUTOMATION_CONTRIBUTOR]
        principals |= {row["principal"] for row in holders}
        if not holders:
            lacking.append(group.rpartition("/")[2])
    reason = CheckReason.PLAYBOOKS_REFUSED if lacking else CheckReason.PLAYBOOKS_ALLOWED
    return check_from(
        "playbook permission",
        finding,
        ok=not lacking,
        reason=reason,
        groups=lacking or [group.rpartition("/")[2] for group in groups.facts],
        principals=sorted(principals),
    )


def check_playbook_rights(readings: Readings, purpose: str) -> list[ReadinessCheck]:
    """Whether the identity of a purpose may do on playbooks what that purpose does; nothing where
    no playbook is known.
    """
    name, groups = f"playbook rights ({purpose})", readings.of("playbooks", purpose)
    missing: list[str] = []
    finding = groups
    for group, are_standard in (groups.facts or {}).items():
        finding = readings.of("rights", f"{purpose} {group}")
        if unreadable := unread(name, finding, about=purpose):
            return [unreadable]
        needed = needed_on_playbooks(purpose, are_standard=are_standard)
        lacking = missing_actions(needed, finding.facts)
        missing += [f"{action} ({group.rpartition('/')[2]})" for action in lacking]
    if not groups.facts:
        return []
    reason = (
        CheckReason.PLAYBOOK_ACTIONS_MISSING if missing else CheckReason.PLAYBOOK_ACTIONS_GRANTED
    )
    ok = not missing
    check = check_from(name, finding, ok=ok, reason=reason, about=purpose, missing=missing)
    return [check]


def check_people(history: History, *, now: datetime) -> list[ReadinessCheck]:
    """Whether there is somebody to ask and somebody to answer."""
    soc = CheckReason.SOC_THERE if history.analysts else CheckReason.SOC_MISSING
    checks = [
        ReadinessCheck(
            "people of the SOC",
            CheckState.OK if history.analysts else CheckState.FAILED,
            soc,
            {"n": history.analysts, "workspace": history.workspace},
            now,
        )
    ]
    if not history.sites:
        checks.append(
            ReadinessCheck("people of OT", CheckState.UNKNOWN, CheckReason.NO_SITE_YET, {}, now)
        )
    else:
        lacking = list(history.sites_without_ot)
        reason = CheckReason.OT_MISSING if lacking else CheckReason.OT_THERE
        named: dict[str, Any] = {
            "names": lacking or list(history.sites),
            "site": (lacking or [""])[0],
        }
        state = CheckState.FAILED if lacking else CheckState.OK
        checks.append(ReadinessCheck("people of OT", state, reason, named, now))
    if not history.incidents:
        state, reason = CheckState.UNKNOWN, CheckReason.NO_INCIDENT_YET
    elif not history.answered:
        state, reason = CheckState.UNKNOWN, CheckReason.NONE_ANSWERED
    else:
        state, reason = CheckState.OK, CheckReason.ANSWERED
    values = {"n": history.answered, "incidents": history.incidents}
    return [*checks, ReadinessCheck("first answer", state, reason, values, now)]
