"""A rule: all of these clauses, except when any of those; its one spelling and its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from msgspec import Meta

from alerts.suppression.engine.clauses import Clause, is_everything, narrows, reasons_against_clause
from alerts.suppression.engine.fields import FIELDS, IDENTITIES, NONE_TOLD
from alerts.suppression.engine.lookalikes import reasons_against_text
from alerts.suppression.engine.words import Sentence, listed

VERSION: Final = 1
ACTIONS: Final = ("close",)
ENFORCEMENTS: Final = ("tagout", "sentinel")
MAX_CLAUSES: Final = 20
MIN_TITLE_LENGTH: Final = 4
MAX_TITLE_LENGTH: Final = 200
# The generic title under which sensors report what their own rules found: never enough alone.
USER_RULE_TITLE: Final = "Unauthorized Operation was detected by a User Defined Rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What two people sign. `reason` is the routine cause, `evidence` names annotations.

    Its members and their bounds are also those of the published schema (`schema.py`).
    """

    title: Annotated[str, Meta(min_length=MIN_TITLE_LENGTH, max_length=MAX_TITLE_LENGTH)]
    all_of: Annotated[tuple[Clause, ...], Meta(min_length=1, max_length=MAX_CLAUSES)]
    except_any: Annotated[tuple[Clause, ...], Meta(max_length=MAX_CLAUSES)] = ()
    reason: str = ""
    evidence: tuple[str, ...] = ()
    owner_ot: str = ""
    owner_soc: str = ""
    actions: Annotated[tuple[str, ...], Meta(extra_json_schema={"const": list(ACTIONS)})] = ACTIONS
    enforcement: Annotated[str, Meta(extra_json_schema={"enum": list(ENFORCEMENTS)})] = "tagout"
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every line, the exceptions last."""
        return self.all_of + self.except_any


def as_json(rule: Rule) -> dict[str, Any]:
    """The rule as plain data; `reading.parse` reads it back."""
    return {
        "version": VERSION,
        "title": rule.title,
        "reason": rule.reason,
        "evidence": sorted(set(rule.evidence)),
        "owner_ot": rule.owner_ot,
        "owner_soc": rule.owner_soc,
        "all_of": [clause.as_json() for clause in rule.all_of],
        "except_any": [clause.as_json() for clause in rule.except_any],
        "actions": list(rule.actions),
        "enforcement": rule.enforcement,
        "expires_at": rule.expires_at and instant(rule.expires_at),
    }


def canonical(data: Any) -> bytes:
    """The one spelling of plain data: sorted keys, no blanks, UTF-8."""
    text = json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def rule_hash(rule: Rule) -> str:
    """The SHA-256 that signatures and ledger refer to."""
    return hashlib.sha256(canonical(as_json(rule))).hexdigest()


def instant(at: datetime) -> str:
    """A moment as rules spell it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reasons_against_rule(rule: Rule) -> list[Sentence]:
    """Why the rule cannot be held against any alert, or would be held against every one."""
    reasons = _against_frame(rule)
    for clause in rule.clauses:
        reasons += reasons_against_clause(clause)
    reasons += [
        Sentence("clause.exception_open", label=FIELDS[clause.field].label)
        for clause in rule.except_any
        if clause.field in FIELDS and FIELDS[clause.field].or_none and NONE_TOLD in clause.values
    ]
    if len(rule.all_of) > MAX_CLAUSES or len(rule.except_any) > MAX_CLAUSES:
        reasons.append(Sentence("rule.many", most=MAX_CLAUSES))
    if not rule.all_of:
        code = "rule.negation_only" if rule.except_any else "rule.empty"
        return [*reasons, Sentence(code)]
    if reasons:
        return reasons
    if not any(narrows(clause) for clause in rule.all_of):
        reasons.append(Sentence("rule.match_all"))
    if any(is_everything(clause) for clause in rule.except_any):
        reasons.append(Sentence("rule.never"))
    return reasons + _against_generic_title(rule)


def _against_frame(rule: Rule) -> list[Sentence]:
    reasons = reasons_against_text(rule.title, label="title", least=MIN_TITLE_LENGTH)
    if len(rule.title) > MAX_TITLE_LENGTH:
        reasons.append(Sentence("value.long", label="title", most=MAX_TITLE_LENGTH))
    if rule.actions != ACTIONS:
        reasons.append(Sentence("rule.actions", known=listed(ACTIONS)))
    if rule.enforcement not in ENFORCEMENTS:
        reasons.append(Sentence("rule.enforcement", known=listed(ENFORCEMENTS)))
    return reasons


def _against_generic_title(rule: Rule) -> list[Sentence]:
    types = [value for each in rule.all_of if each.field == "alert_type" for value in each.texts]
    own = any(clause.field == "user_defined_title" for clause in rule.all_of)
    if USER_RULE_TITLE in types and not own:
        return [Sentence("rule.generic_title")]
    return []


def names_an_asset(rule: Rule) -> bool:
    """Whether some line pins an asset by id or sensor; a network is no identity."""
    return any(
        clause.field in IDENTITIES and clause.operator in ("is", "is_one_of")
        for clause in rule.all_of
    )
