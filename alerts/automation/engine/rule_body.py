"""The JSON of an automation rule that people make here: on incidents of one alert type, and of the
same two devices where that is wanted; it runs a playbook, assigns, sets the severity, or labels and
adds a task.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from alerts.rules.fields import SEVERITIES
from alerts.rules.rule import instant
from alerts.rules.sentinel_conditions import (
    MAX_NAME_LENGTH,
    PRODUCTS,
    property_condition,
    titles,
)
from alerts.rules.sentinel_forms import NAME_PREFIX

type Json = dict[str, Any]
type Effect = Literal["playbook", "assign", "severity", "enrich"]

FIRST_ORDER, LAST_ORDER = 601, 899  # behind our suppression rules, before our probe


@dataclass(frozen=True, slots=True)
class Likeness:
    """Which incidents are meant. Each device is a name, or an address where it has no name; all of
    them have to be in the incident. `severities`: one of these; none means all.
    """

    alert_type: str
    devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What the rule does; only what belongs to `effect` counts."""

    effect: Effect
    playbook: str = ""  # resource id
    tenant_id: str = ""
    team_id: str = ""  # object id of a group in Entra
    team_name: str = ""
    severity: str = ""  # one of Sentinel's words
    label: str = ""
    task: str = ""


def severities_replaced(severity: str, *, present: str) -> tuple[str, ...]:
    """Return the severities that a rule replaces by `severity`: to raise, all below it, so that it
    never lowers any; to lower, those above it up to the present one.
    """
    new, old = SEVERITIES.index(severity), SEVERITIES.index(present)
    return SEVERITIES[1:new] if new > old else SEVERITIES[new + 1 : old + 1]


def conditions_for(likeness: Likeness, *, types: Iterable[Json] = ()) -> list[Json]:
    """The conditions, all of which have to hold. `types` replace the alert type where the title
    does not: in the Defender portal titles of incidents change.
    """
    return [
        property_condition("AlertProductNames", PRODUCTS),
        *(list(types) or [property_condition("IncidentTitle", titles([likeness.alert_type]))]),
        *(
            [property_condition("IncidentSeverity", likeness.severities)]
            if likeness.severities
            else []
        ),
        *(property_condition("IoTDeviceName", [name]) for name in likeness.devices),
        *(property_condition("IPAddress", [address]) for address in likeness.addresses),
    ]


def actions_for(effects: Effects) -> list[Json]:
    """The actions, in their order."""
    if effects.effect == "playbook":
        app = {"logicAppResourceId": effects.playbook, "tenantId": effects.tenant_id}
        return [_action(1, "RunPlaybook", app)]
    if effects.effect == "assign":
        owner = {"objectId": effects.team_id, "assignedTo": effects.team_name}
        return [_action(1, "ModifyProperties", {"owner": owner | {"ownerType": "Group"}})]
    if effects.effect == "severity":
        return [_action(1, "ModifyProperties", {"severity": effects.severity})]
    actions = []
    if effects.label:
        labels = {"labels": [{"labelName": effects.label}]}
        actions.append(_action(1, "ModifyProperties", labels))
    if effects.task:
        task = {"title": effects.task, "description": ""}
        actions.append(_action(len(actions) + 1, "AddIncidentTask", task))
    return actions


def body_of_rule(
    *,
    number: int,
    title: str,
    order: int,
    ends_at: datetime,
    conditions: list[Json],
    actions: list[Json],
) -> Json:
    """The whole rule. Refuses one without conditions or actions: it would meet every incident."""
    if not conditions or not actions:
        raise ValueError("an automation rule needs conditions and actions")
    return {
        "displayName": f"{NAME_PREFIX}A-{number} {title}"[:MAX_NAME_LENGTH].rstrip(),
        "order": order,
        "triggeringLogic": {
            "isEnabled": True,
            "expirationTimeUtc": instant(ends_at),
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": conditions,
        },
        "actions": actions,
    }


def free_order(taken: Iterable[int | None]) -> int | None:
    """The first order of ours that no rule of the workspace has; None where all are taken."""
    used = set(taken)
    return next((n for n in range(FIRST_ORDER, LAST_ORDER + 1) if n not in used), None)


def _action(order: int, kind: str, configuration: Json) -> Json:
    return {"order": order, "actionType": kind, "actionConfiguration": configuration}
