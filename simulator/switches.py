"""Switches of the pretend Azure: faults, limits, workspaces, applications, settings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from simulator.azure import WORKSPACE_FACTS
from simulator.identity import ROLES

if TYPE_CHECKING:
    from simulator.simulator import Simulator

Json = dict[str, Any]


def faults(one: Simulator, asked: Json, _at: int) -> Json:
    """Put one fault or several in force."""
    told = asked.get("faults") or [asked]
    now = one.azure.clock.now()
    return {"faults": [one.faults.add(_plain(fault), now=now).name for fault in told]}


def _plain(fault: Json) -> Json:
    return {key: value for key, value in fault.items() if key not in {"do", "at", "faults"}}


def throttle(one: Simulator, asked: Json, _at: int) -> Json:
    """Switch throttling, or change its limits."""
    one.throttle.configure(asked)
    return {"on": one.throttle.on, "windows": one.throttle.windows, "buckets": one.throttle.buckets}


def workspace(one: Simulator, asked: Json, _at: int) -> Json:
    """Flip switches around a workspace: Sentinel, connector, plan, Defender portal."""
    place = one.azure.workspace(asked["workspace"])
    changed = {key: value for key, value in asked.items() if key not in {"do", "workspace"}}
    if unknown := changed.keys() - WORKSPACE_FACTS.keys():
        raise ValueError(f"there is no switch called {sorted(unknown)[0]}")
    kept = {**one.azure.store.fact(f"workspace:{place.key}", {}), **changed}
    one.azure.store.keep(f"workspace:{place.key}", kept)
    return one.azure.facts(place)


def application(one: Simulator, asked: Json, _at: int) -> Json:
    """Change an application: enabled, roles, denied actions; or make all tokens worthless."""
    found = one.azure.identities.named(asked["application"])
    if unknown := set(asked.get("roles", [])) - ROLES.keys():
        raise ValueError(f"there is no role called {sorted(unknown)[0]}")
    found.enabled = bool(asked.get("enabled", found.enabled))
    found.roles = list(asked.get("roles", found.roles))
    found.denied = list(asked.get("denied", found.denied))
    found.secret = str(asked.get("secret", found.secret))
    if asked.get("revoke_tokens"):
        one.azure.identities.revoke_all()
    one.azure.identities.save()
    return {"application": found.key, "enabled": found.enabled, "roles": found.roles}


def settings(one: Simulator, asked: Json, _at: int) -> Json:
    """Change how the simulator behaves: living, per_day, list_lag_seconds, token_seconds."""
    store = one.azure.store
    if "living" in asked:
        one.life.living = bool(asked["living"])
    if "per_day" in asked:
        one.life.per_day = float(asked["per_day"])
        store.keep("per_day", one.life.per_day)
    if "list_lag_seconds" in asked:
        one.azure.list_lag = timedelta(seconds=float(asked["list_lag_seconds"]))
        store.keep("list_lag_seconds", asked["list_lag_seconds"])
    if "token_seconds" in asked:
        one.azure.identities.lifetime = int(asked["token_seconds"])
        one.azure.identities.save()
    return {
        "living": one.life.living,
        "per_day": one.life.per_day,
        "list_lag_seconds": one.azure.list_lag.total_seconds(),
        "token_seconds": one.azure.identities.lifetime,
    }
