"""A rule: all of these clauses, except when any of those. How it is read from JSON, its one
spelling and hash, and why a rule that a person wrote makes no sense.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from msgspec import Meta

from alerts.planned_work.engine.kinds import KINDS_FOR_RULES
from alerts.rules.fields import (
    FIELDS,
    IDENTITIES,
    NO_VALUE,
    SEVERITIES,
    AlertField,
    FieldKind,
    Operator,
)
from alerts.rules.sentence import Sentence, listed
from alerts.rules.values import (
    reasons_against_address_value,
    reasons_against_network,
    reasons_against_text,
)
from alerts.rules.windows import WEEK, minutes_a_week, reasons_against_window

MAX_VALUES: Final = 200
MAX_VALUE_LENGTH: Final = 300
ZONE_MARK: Final = " / "  # between site and zone
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?", re.ASCII)
type Value = str | int


@dataclass(frozen=True, slots=True)
class Clause:
    """`field operator values`. Values are kept sorted and single: their order means nothing."""

    field: str
    operator: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        """Bring the values into their one order."""
        sorted_values = sorted(set(self.values), key=lambda value: (isinstance(value, str), value))
        object.__setattr__(self, "values", tuple(sorted_values))

    def as_json(self) -> dict[str, Any]:
        """The clause as plain data."""
        return {"field": self.field, "operator": str(self.operator), "values": list(self.values)}

    @property
    def named(self) -> tuple[Value, ...]:
        """The values without that of alerts that have none."""
        return tuple(value for value in self.values if value != NO_VALUE)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as texts."""
        return tuple(str(value) for value in self.values)


def reasons_against_clause(clause: Clause) -> list[Sentence]:
    """Why this line has nothing that an alert could be compared with; one sentence each."""
    field = FIELDS.get(clause.field)
    if field is None:
        return [Sentence("clause.field", field=clause.field, known=listed(FIELDS))]
    if clause.operator not in field.operators:
        operators = listed(sorted(str(operator) for operator in field.operators))
        return [
            Sentence(
                "clause.operator", label=field.label, operator=clause.operator, fitting=operators
            )
        ]
    if not clause.values:
        return [Sentence("clause.empty", label=field.label)]
    if len(clause.values) > MAX_VALUES:
        return [Sentence("clause.many", label=field.label, most=MAX_VALUES)]
    if clause.operator in (Operator.IS, Operator.AT_MOST) and len(clause.values) > 1:
        return [Sentence("clause.one", label=field.label, operator=clause.operator)]
    reasons: list[Sentence] = []
    values = clause.named if field.or_none else clause.values
    if not values:
        return [Sentence("clause.empty", label=field.label)]
    for value in values:
        reasons += _against_value(field, clause.operator, value)
    return reasons


def _against_value(field: AlertField, operator: str, value: Value) -> list[Sentence]:
    if field.kind in (FieldKind.PORT, FieldKind.COUNT):
        lowest, highest = (0, 65535) if field.kind is FieldKind.PORT else (1, 500)
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return []
        return [
            Sentence("value.number", label=field.label, value=value, least=lowest, most=highest)
        ]
    if not isinstance(value, str):
        return [Sentence("value.text", label=field.label, value=value)]
    if len(value) > MAX_VALUE_LENGTH:
        return [Sentence("value.long", label=field.label, most=MAX_VALUE_LENGTH)]
    if field.kind is FieldKind.SEVERITY:
        fits = value in SEVERITIES[1:]
        return (
            [] if fits else [Sentence("value.severity", value=value, known=listed(SEVERITIES[1:]))]
        )
    if field.kind is FieldKind.TIME:
        return reasons_against_window(value)
    if field.kind is FieldKind.WORK:
        fits, kinds = value in KINDS_FOR_RULES, listed(KINDS_FOR_RULES)
        return [] if fits else [Sentence("value.work", value=value, known=kinds)]
    if field.kind is FieldKind.ADDRESS:
        within = operator == Operator.WITHIN
        return reasons_against_network(value) if within else reasons_against_address_value(value)
    if field.name == "techniques" and not _TECHNIQUE.fullmatch(value):
        return [Sentence("value.technique", value=value)]
    return _against_text(field, operator, value)


def _against_text(field: AlertField, operator: str, value: str) -> list[Sentence]:
    if field.kind is FieldKind.ZONE and operator == Operator.WITHIN:
        site, mark, zone = value.partition(ZONE_MARK)
        if not (mark and site and zone):
            return [Sentence("value.zone", value=value)]
    return reasons_against_text(value, label=field.label, least=field.least)


def is_everything(clause: Clause) -> bool:
    """Whether a checked clause holds for each alert that has a value in its field."""
    if clause.field == "severity":
        if clause.operator == Operator.AT_MOST:
            return clause.values == (SEVERITIES[-1],)
        return len(clause.values) == len(SEVERITIES) - 1
    return clause.field == "time" and minutes_a_week(clause.texts) >= WEEK


def narrows(clause: Clause) -> bool:
    """Whether a checked clause narrows what the rule is about; a count alone does not."""
    return not is_everything(clause) and FIELDS[clause.field].kind is not FieldKind.COUNT


def pinned(clauses: Iterable[Clause], field: str) -> tuple[str, ...]:
    """The values that a field is held to by name; none where no clause holds it so."""
    for clause in clauses:
        if clause.field == field and clause.operator in (Operator.IS, Operator.IS_ONE_OF):
            return clause.texts
    return ()


VERSION: Final = 1
ACTIONS: Final = ("close",)
ENFORCEMENTS: Final = ("tagout", "sentinel")
MAX_CLAUSES: Final = 20
MIN_TITLE_LENGTH: Final = 4
MAX_TITLE_LENGTH: Final = 200
# The generic title under which sensors report what their own rules found: never enough alone.
USER_RULE_TITLE: Final = "Unauthorized Operation was detected by a User Defined Rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDefinition:
    """What two people sign. `reason` is the routine cause, `evidence` names verdicts.

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


def as_json(rule: RuleDefinition) -> dict[str, Any]:
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


def rule_hash(rule: RuleDefinition) -> str:
    """The SHA-256 that signatures and ledger refer to."""
    return hashlib.sha256(canonical(as_json(rule))).hexdigest()


def instant(at: datetime) -> str:
    """A moment as rules spell it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reasons_against_rule(rule: RuleDefinition) -> list[Sentence]:
    """Why the rule cannot be held against any alert, or would be held against every one."""
    reasons = _against_frame(rule)
    for clause in rule.clauses:
        reasons += reasons_against_clause(clause)
    reasons += [
        Sentence("clause.exception_open", label=FIELDS[clause.field].label)
        for clause in rule.except_any
        if clause.field in FIELDS and FIELDS[clause.field].or_none and NO_VALUE in clause.values
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


def _against_frame(rule: RuleDefinition) -> list[Sentence]:
    reasons = reasons_against_text(rule.title, label="title", least=MIN_TITLE_LENGTH)
    if len(rule.title) > MAX_TITLE_LENGTH:
        reasons.append(Sentence("value.long", label="title", most=MAX_TITLE_LENGTH))
    if rule.actions != ACTIONS:
        reasons.append(Sentence("rule.actions", known=listed(ACTIONS)))
    if rule.enforcement not in ENFORCEMENTS:
        reasons.append(Sentence("rule.enforcement", known=listed(ENFORCEMENTS)))
    return reasons


def _against_generic_title(rule: RuleDefinition) -> list[Sentence]:
    types = [value for line in rule.all_of if line.field == "alert_type" for value in line.texts]
    own = any(clause.field == "user_defined_title" for clause in rule.all_of)
    if USER_RULE_TITLE in types and not own:
        return [Sentence("rule.generic_title")]
    return []


def names_an_asset(rule: RuleDefinition) -> bool:
    """Whether some line pins an asset by id or sensor; a network is no identity."""
    return any(
        clause.field in IDENTITIES and clause.operator in ("is", "is_one_of")
        for clause in rule.all_of
    )


MAX_RULE_BYTES: Final = 256_000  # bytes
_TEXTS = ("title", "reason", "owner_ot", "owner_soc", "enforcement")
_TEXT_LISTS = ("evidence", "actions")
_CLAUSES = ("all_of", "except_any")
MEMBERS: Final = frozenset({"version", *(member.name for member in fields(RuleDefinition))})
_NEEDED = (
    "version",
    *(member.name for member in fields(RuleDefinition) if member.default is MISSING),
)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class NotARule(ValueError):
    """The text spells no rule. `reasons` are sentences."""

    def __init__(self, reasons: list[Sentence]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(reasons))


def parse_rule(text: str | bytes) -> RuleDefinition:
    """The rule that a JSON text spells. Whether it makes sense is for `reasons_against_rule`."""
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


def from_json(data: Any) -> RuleDefinition:
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
    values: dict[str, Any] = {name: data[name] for name in _TEXTS if name in data}
    values |= {name: tuple(data[name]) for name in _TEXT_LISTS if name in data}
    return RuleDefinition(**values, all_of=all_of, except_any=except_any, expires_at=expires_at)


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
    data: dict[str, Any], allowed: frozenset[str], needed: tuple[str, ...], where: str
) -> list[Sentence]:
    reasons = []
    if unknown := sorted(set(data) - allowed):
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
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _are_values(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, (str, int)) and not isinstance(item, bool) for item in value
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError(Sentence("json.twice"))
    return data


def _no_number(text: str) -> Any:
    raise ValueError(Sentence("json.form"))
