"""Reading a rule from JSON: what is unknown, doubled or of the wrong kind is refused in words."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any, Final

from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.rule import VERSION, Rule
from alerts.suppression.engine.words import Sentence, listed

MAX_RULE_BYTES: Final = 256_000  # bytes
_TEXTS = ("title", "reason", "owner_ot", "owner_soc", "enforcement")
_TEXT_LISTS = ("evidence", "actions")
_CLAUSES = ("all_of", "except_any")
MEMBERS: Final = frozenset({"version", *(member.name for member in fields(Rule))})
_NEEDED = ("version", *(member.name for member in fields(Rule) if member.default is MISSING))
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class NotARule(ValueError):
    """The text spells no rule. `reasons` are sentences."""

    def __init__(self, reasons: list[Sentence]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(reasons))


def parse(text: str | bytes) -> Rule:
    """The rule that a JSON text spells. Whether it makes sense, `reasons_against_rule` says."""
    return from_json(load(text))


def load(text: str | bytes) -> Any:
    """What a JSON text spells, read strictly: no member twice, no number that is none."""
    if len(text) > MAX_RULE_BYTES:
        raise NotARule([Sentence("json.large", most=MAX_RULE_BYTES)])
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        found = error.args[0] if error.args and isinstance(error.args[0], Sentence) else None
        raise NotARule([found or Sentence("json.form")]) from None
    return data


def from_json(data: Any) -> Rule:
    """The rule that plain data spells."""
    if not isinstance(data, dict):
        raise NotARule([Sentence("json.form")])
    reasons = _against_members(data, MEMBERS, _NEEDED, "the rule")
    if "version" in data and (data["version"] != VERSION or isinstance(data["version"], bool)):
        reasons.append(Sentence("json.version", version=data["version"], known=VERSION))
    for name in _TEXTS:
        if not isinstance(data.get(name, ""), str):
            reasons.append(Sentence("json.text", member=name))
    for name in _TEXT_LISTS:
        if not _is_list_of(data.get(name, []), str):
            reasons.append(Sentence("json.texts", member=name))
    all_of, except_any = (_clauses(data.get(name, []), name, reasons) for name in _CLAUSES)
    expires_at = _instant(data.get("expires_at"), reasons)
    if reasons:
        raise NotARule(reasons)
    told: dict[str, Any] = {name: data[name] for name in _TEXTS if name in data}
    told |= {name: tuple(data[name]) for name in _TEXT_LISTS if name in data}
    return Rule(**told, all_of=all_of, except_any=except_any, expires_at=expires_at)


def _clauses(data: Any, name: str, reasons: list[Sentence]) -> tuple[Clause, ...]:
    if not _is_list_of(data, dict):
        reasons.append(Sentence("json.clauses", member=name))
        return ()
    return tuple(clause for line in data if (clause := _clause(line, name, reasons)))


def _clause(line: dict[str, Any], name: str, reasons: list[Sentence]) -> Clause | None:
    members = ("field", "operator", "values")
    found = _against_members(line, frozenset(members), members, f"a line of {name}")
    if not found and not (isinstance(line["field"], str) and isinstance(line["operator"], str)):
        found = [Sentence("json.text", member="field and operator")]
    if not found and not _are_values(line["values"]):
        found = [Sentence("json.values", field=line["field"])]
    if found:
        reasons += found
        return None
    return Clause(line["field"], line["operator"], tuple(line["values"]))


def _against_members(
    data: dict[str, Any], known: frozenset[str], needed: tuple[str, ...], where: str
) -> list[Sentence]:
    reasons = []
    if unknown := sorted(set(data) - known):
        reasons.append(Sentence("json.unknown", where=where, members=listed(unknown, "and")))
    if missing := [name for name in needed if name not in data]:
        reasons.append(Sentence("json.missing", where=where, members=listed(missing, "and")))
    return reasons


def _instant(value: Any, reasons: list[Sentence]) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            pass
    reasons.append(Sentence("json.instant", value=value))
    return None


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _are_values(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, (str, int)) and not isinstance(one, bool) for one in value
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError(Sentence("json.twice"))
    return data


def _no_number(text: str) -> Any:
    raise ValueError(Sentence("json.form"))
