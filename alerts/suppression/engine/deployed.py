"""What a deployed condition would really catch: the rule without the lines that Sentinel lost.

Read by the same readings as the rule itself, it gives the extra incidents of a *wider* deployment:
what it matches on history and the rule does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.compile_sentinel import Compiled
from alerts.suppression.engine.guards.never import severity_ceiling
from alerts.suppression.engine.rule import Rule

_KEPT: Final = frozenset({"sentinel.not_one", "sentinel.unlisted"})  # inexact, but still there


def deployed(rule: Rule, compiled: Compiled) -> Rule:
    """The rule as Sentinel would read it. Its lost exceptions are lost too."""
    if compiled.verdict == "impossible":
        raise ValueError("what cannot be deployed catches nothing")
    lost = {reason.clause for reason in compiled.reasons if reason.why.code not in _KEPT}
    ceiling = Clause("severity", "at_most", (severity_ceiling()[-1],))
    return replace(
        rule,
        all_of=(*(clause for clause in rule.all_of if clause not in lost), ceiling),
        except_any=tuple(clause for clause in rule.except_any if clause not in lost),
    )
