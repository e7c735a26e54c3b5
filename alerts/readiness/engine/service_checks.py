"""Checks of what stands beside incidents: correlation, user behaviour, playbooks, and people."""

from datetime import datetime
from typing import Any

from alerts.readiness.engine.readings import (
    Check,
    History,
    Readings,
    State,
    judge,
    unread,
)
from alerts.readiness.engine.reasons import Reason
from alerts.sentinel.engine.rights import missing_actions, needed_on_playbooks

AUTOMATION_CONTRIBUTOR = "f4c81013-99ee-4d62-a7ee-b3f1f648599a"


def check_fusion(readings: Readings) -> Check:
    """Whether Sentinel puts attacks of several stages together."""
    finding = readings.of("analytics rules")
    if readings.is_in_defender_portal:
        return judge("fusion", finding, ok=True, reason=Reason.FUSION_REPLACED)
    is_on = any(rule["kind"] == "Fusion" and rule["enabled"] for rule in finding.facts or [])
    reason = Reason.FUSION_ON if is_on else Reason.FUSION_OFF
    return judge("fusion", finding, ok=is_on, reason=reason)


def check_ueba(readings: Readings) -> Check:
    """Whether Sentinel learns what people usually do."""
    finding = readings.of("settings")
    on = {row["kind"]: row["sources"] for row in finding.facts or [] if row["is_on"]}
    is_on = "Ueba" in on and bool(on["Ueba"])
    reason = Reason.UEBA_ON if is_on else Reason.UEBA_OFF
    return judge("ueba", finding, ok=is_on, reason=reason, sources=on.get("Ueba", []))


def check_playbooks(readings: Readings) -> Check:
    """Whether Sentinel's own principal may start playbooks, where a rule starts any."""
    groups = readings.of("playbook groups")
    if unreadable := unread("playbook permission", groups):
        return unreadable
    if not groups.facts:
        return judge("playbook permission", groups, ok=True, reason=Reason.NO_PLAYBOOK_RULE)
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
    reason = Reason.PLAYBOOKS_REFUSED if lacking else Reason.PLAYBOOKS_ALLOWED
    return judge(
        "playbook permission",
        finding,
        ok=not lacking,
        reason=reason,
        groups=lacking or [group.rpartition("/")[2] for group in groups.facts],
        principals=sorted(principals),
    )


def check_playbook_rights(readings: Readings, purpose: str) -> list[Check]:
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
    reason = Reason.PLAYBOOK_ACTIONS_MISSING if missing else Reason.PLAYBOOK_ACTIONS_GRANTED
    ok = not missing
    check = judge(name, finding, ok=ok, reason=reason, about=purpose, missing=missing)
    return [check]


def check_people(history: History, *, now: datetime) -> list[Check]:
    """Whether there is somebody to ask and somebody to answer."""
    soc = Reason.SOC_THERE if history.analysts else Reason.SOC_MISSING
    checks = [
        Check(
            "people of the SOC",
            State.OK if history.analysts else State.FAILED,
            soc,
            {"n": history.analysts, "workspace": history.workspace},
            now,
        )
    ]
    if not history.sites:
        checks.append(Check("people of OT", State.UNKNOWN, Reason.NO_SITE_YET, {}, now))
    else:
        lacking = list(history.sites_without_ot)
        reason = Reason.OT_MISSING if lacking else Reason.OT_THERE
        named: dict[str, Any] = {
            "names": lacking or list(history.sites),
            "site": (lacking or [""])[0],
        }
        state = State.FAILED if lacking else State.OK
        checks.append(Check("people of OT", state, reason, named, now))
    if not history.incidents:
        state, reason = State.UNKNOWN, Reason.NO_INCIDENT_YET
    elif not history.answered:
        state, reason = State.UNKNOWN, Reason.NONE_ANSWERED
    else:
        state, reason = State.OK, Reason.ANSWERED
    values = {"n": history.answered, "incidents": history.incidents}
    return [*checks, Check("first answer", state, reason, values, now)]
