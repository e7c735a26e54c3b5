"""The bodies that are sent for a rule: trial and live form, the gate; their hashes; read-back."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from alerts.outbox.engine.labels import GATE_LABEL, our_label
from alerts.rules.compile_sentinel import Compiled
from alerts.rules.rule import canonical, instant
from alerts.rules.sentinel_conditions import (
    MAX_NAME_LENGTH,
    Json,
    every_incident,
    probing,
)

NAME_PREFIX: Final = "Tagout "  # all our rules share it, to be found without Tagout
GATE_ORDER, RULE_ORDER, PROBE_ORDER = 500, 501, 999  # the gate runs before every rule of ours
LEASE: Final = timedelta(hours=24)


def trial_label(number: int) -> str:
    """The label that the trial of rule 12 puts on what it would close."""
    return our_label(f"would-close:R-{number}")


def display_name(number: int, title: str) -> str:
    """How the rule is called in Sentinel."""
    return f"{NAME_PREFIX}R-{number} {title}"[:MAX_NAME_LENGTH].rstrip()


def trial_form(compiled: Compiled, *, number: int, title: str, lease_until: datetime) -> Json:
    """The body whose only action is the label."""
    actions = [_modify(1, {"labels": [{"labelName": trial_label(number)}]})]
    return _form(compiled, display_name(number, title), actions, lease_until)


def live_form(
    compiled: Compiled,
    *,
    number: int,
    title: str,
    attribution: str,
    lease_until: datetime,
) -> Json:
    """The body that closes, with the attribution of S10 as its text."""
    if not attribution.strip():
        raise ValueError("a close without attribution is not made")
    closing = {
        "status": "Closed",
        "classification": "BenignPositive",
        "classificationReason": "SuspiciousButExpected",
        "classificationComment": attribution,
    }
    actions = [_modify(1, closing)]
    return _form(compiled, display_name(number, title), actions, lease_until)


def gate_form(*, is_enabled: bool) -> Json:
    """The gate: labels every new incident while it is enabled; it never expires."""
    return {
        "displayName": f"{NAME_PREFIX}gate: label new incidents {GATE_LABEL}",
        "order": GATE_ORDER,
        "triggeringLogic": {
            "isEnabled": is_enabled,
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": [every_incident()],
        },
        "actions": [_modify(1, {"labels": [{"labelName": GATE_LABEL}]})],
    }


def probe_form(names: Iterable[str], *, until: datetime) -> Json:
    """A rule that never runs: Sentinel's answer to it shows which conditions it takes."""
    properties = sorted(set(names))
    return {
        "displayName": f"{NAME_PREFIX}probe: never runs, goes by itself",
        "order": PROBE_ORDER,
        "triggeringLogic": {
            "isEnabled": False,
            "expirationTimeUtc": instant(until),
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": [probing(name) for name in properties],
        },
        "actions": [_modify(1, {"labels": [{"labelName": "tagout-probe"}]})],
    }


def lease_of(form: Json) -> datetime | None:
    """When the lease of a form ends; None where it has none."""
    until = form["triggeringLogic"].get("expirationTimeUtc")
    return datetime.fromisoformat(until) if until else None


def is_form_within(form: Json | None, expected: Json) -> bool:
    """Whether it is the expected form to the letter, with the same lease or a shorter one. `form`
    may be anything that the database can hold.
    """
    try:
        logic = form["triggeringLogic"] if form else {}
        lease, longest = lease_of({"triggeringLogic": logic}), lease_of(expected)
        if lease is None or longest is None or lease > longest:
            return False
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    same = {"expirationTimeUtc": logic["expirationTimeUtc"]}
    whole = {**expected, "triggeringLogic": {**expected["triggeringLogic"], **same}}
    return canonical(form) == canonical(whole)


def lease_until(now: datetime, *, expires_at: datetime) -> datetime:
    """How long Sentinel may act alone: a day, and never past the approved end."""
    return min(now + LEASE, expires_at)


def form_hash(form: Json) -> str:
    """The SHA-256 that signatures are bound to. The lease changes every few hours, and the text of
    the close names the signers, who sign this hash: both are left out.
    """
    logic = {k: v for k, v in form["triggeringLogic"].items() if k != "expirationTimeUtc"}
    actions = [
        {**action, "actionConfiguration": _unsigned(action["actionConfiguration"])}
        for action in form["actions"]
    ]
    return hashlib.sha256(
        canonical({**form, "triggeringLogic": logic, "actions": actions})
    ).hexdigest()


def _form(compiled: Compiled, name: str, actions: list[Json], until: datetime) -> Json:
    if compiled.verdict == "impossible" or not compiled.conditions:
        raise ValueError("without conditions the rule would act on every incident")
    return {
        "displayName": name,
        "order": RULE_ORDER,
        "triggeringLogic": {
            "isEnabled": True,
            "expirationTimeUtc": instant(until),
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": list(compiled.conditions),
        },
        "actions": actions,
    }


def _modify(order: int, configuration: Json) -> Json:
    return {"order": order, "actionType": "ModifyProperties", "actionConfiguration": configuration}


def _unsigned(configuration: Json) -> Json:
    return {name: value for name, value in configuration.items() if name != "classificationComment"}
