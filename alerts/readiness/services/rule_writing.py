"""Write analytics rules of a customer so that no member of them is lost.

A PUT replaces the whole rule. So it starts from a read, made just before, by the api-version that
declares every member, goes out by that version alone, and is read back; a rule of which any view
lacks a member is not written.
"""

from typing import Any

from alerts.readiness.engine.answers import read_answer
from alerts.readiness.engine.content import changed_rule
from alerts.readiness.engine.rule_members import different_members, missing_members
from alerts.sentinel.client.port import SentinelClient, SentinelNotFound, SentinelRefused
from alerts.sentinel.client.versions import is_refusal_of_version

type Json = dict[str, Any]


class RuleWriteRefused(Exception):
    """An analytics rule was not written, or not kept as it was sent; the text is the reason."""


def change_rule(client: SentinelClient, *, rule: Json, changes: Json) -> None:
    """Change these properties of a rule, as a list returned it, and nothing else of it."""
    stored = _read_whole(client, rule["name"], label=_label(rule))
    if stored is None:
        raise RuleWriteRefused(f"“{_label(rule)}” is no longer in Sentinel, so it was not written.")
    if lost := missing_members(_properties(rule), _properties(stored)):
        raise RuleWriteRefused(
            f"“{_label(rule)}” was not written, because a read of it lacks members that the list of"
            f" rules has: {', '.join(lost)}. Make the change in Sentinel."
        )
    body = changed_rule(stored, **changes)
    client.put_analytics_rule(rule["name"], body)
    kept = _read_whole(client, rule["name"], label=_label(rule)) or {}
    _refuse_differences(rule, different_members(body["properties"], _properties(kept)))


def make_analytics_rule(client: SentinelClient, *, name: str, body: Json) -> None:
    """Write a rule of Tagout's own name; what people added to one that is there already stays."""
    if (stored := _read_whole(client, name, label=_label(body))) is not None:
        change_rule(client, rule={**stored, "name": name}, changes=body["properties"])
        return
    client.put_analytics_rule(name, body)
    kept = _read_whole(client, name, label=_label(body)) or {}
    _refuse_differences(body, missing_members(body["properties"], _properties(kept)))


def _read_whole(client: SentinelClient, name: str, *, label: str) -> Json | None:
    """A rule with all its members; None where there is none."""
    try:
        return read_answer(client.get_analytics_rule(name))
    except SentinelNotFound as error:
        if error.is_of_the_workspace:
            raise
        return None
    except SentinelRefused as error:
        if not is_refusal_of_version(error):
            raise
        raise RuleWriteRefused(
            f"“{label}” was not written, because this workspace does not have the api-version that"
            " declares all members of an analytics rule. Make the change in Sentinel."
        ) from None


def _refuse_differences(rule: Json, differences: list[str]) -> None:
    if differences:
        raise RuleWriteRefused(
            f"Sentinel did not keep “{_label(rule)}” as it was sent. Compare these members with its"
            f" template: {', '.join(differences)}. No other rule was written."
        )


def _properties(rule: Json) -> Json:
    properties = rule.get("properties")
    return properties if isinstance(properties, dict) else {}


def _label(rule: Json) -> str:
    return str(_properties(rule).get("displayName") or rule.get("name"))[:200]
