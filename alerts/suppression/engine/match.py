"""Whether a rule matches an alert and, if not, which line failed first and why, in words."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.planned_work.engine.kinds import KINDS
from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.facts import SEVERITIES, Facts
from alerts.suppression.engine.fields import FIELDS, Kind, Operator
from alerts.suppression.engine.predicates import predicate
from alerts.suppression.engine.rule import Rule
from alerts.suppression.engine.windows import why_outside
from alerts.suppression.engine.words import Sentence, listed


@dataclass(frozen=True, slots=True)
class Match:
    """The answer. `failed` is the first line that failed; `is_exception`: it was an exception."""

    holds: bool
    failed: Clause | None = None
    is_exception: bool = False
    why: Sentence | None = None


MATCHES = Match(True)


def holds(rule: Rule, facts: Facts) -> bool:
    """Whether the rule matches, without explanation. A rule without a line matches nothing."""
    return (
        bool(rule.all_of)
        and all(predicate(clause)(facts) for clause in rule.all_of)
        and not any(predicate(clause)(facts) for clause in rule.except_any)
    )


def matches(rule: Rule, facts: Facts) -> Match:
    """Whether the rule matches and, if not, the first line that failed with its words."""
    if not rule.all_of:
        return Match(False, why=Sentence("miss.empty"))
    for clause in rule.all_of:
        if not predicate(clause)(facts):
            return Match(False, clause, False, why_not(clause, facts))
    for clause in rule.except_any:
        if predicate(clause)(facts):
            return Match(False, clause, True, _exception(clause))
    return MATCHES


def why_not(clause: Clause, facts: Facts) -> Sentence:
    """What the alert said where the rule asked for something else."""
    field = FIELDS[clause.field]
    if field.kind is Kind.TIME:
        return why_outside(facts.at, clause.texts)
    if field.kind is Kind.WORK:
        return Sentence("miss.work", works=_works(clause))
    wanted = listed(clause.named)
    said = getattr(facts, field.name)
    if field.kind is Kind.SEVERITY:
        said = SEVERITIES[said] if 0 < said < len(SEVERITIES) else ""
    if field.kind is Kind.ZONE and said and clause.operator == Operator.WITHIN:
        said = f"{facts.site} / {said}"
    if said in ("", None, ()):
        return Sentence("miss.unsaid", label=field.label, wanted=wanted)
    if field.many:
        said = listed(said, "and")
    code = {Operator.AT_MOST: "miss.more", Operator.WITHIN: "miss.outside"}
    found = code.get(Operator(clause.operator), "miss.other")
    return Sentence(found, label=field.label, said=said, wanted=wanted)


def _works(clause: Clause) -> str:
    return listed(KINDS.get(kind, kind) for kind in clause.texts)


def _exception(clause: Clause) -> Sentence:
    field = FIELDS[clause.field]
    if field.kind is Kind.WORK:
        return Sentence("miss.exception_work", works=_works(clause))
    code = "miss.exception_time" if field.kind is Kind.TIME else "miss.exception"
    return Sentence(code, label=field.label, wanted=listed(clause.named))
