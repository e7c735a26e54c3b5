"""A rule in the words that Sentinel has: it knows which devices an alert names, not who began."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from alerts.suppression.engine.clauses import Clause, pinned
from alerts.suppression.engine.rule import Rule

_WITHOUT_DIRECTION: Final = {
    "source_device": "any_device",
    "destination_device": "any_device",
    "source_address": "any_address",
    "destination_address": "any_address",
}


def undirected(rule: Rule) -> Rule:
    """Return the rule for Sentinel to enforce: source and destination become the devices and
    addresses that an alert names, and the site goes where a workspace is named. It matches all that
    the rule matches, and the other direction too; the compiler says whether Sentinel can hold it.
    """
    has_workspace = bool(pinned(rule.all_of, "workspace"))
    return replace(
        rule,
        all_of=tuple(
            _undirected(clause)
            for clause in rule.all_of
            if not (has_workspace and clause.field == "site")
        ),
        except_any=tuple(map(_undirected, rule.except_any)),
        enforcement="sentinel",
    )


def _undirected(clause: Clause) -> Clause:
    return replace(clause, field=_WITHOUT_DIRECTION.get(clause.field, clause.field))
