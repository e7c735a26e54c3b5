"""A rule as SQL over the facts table: the same reading as `predicates`, for millions of rows.

The text holds only our own words; all that a person wrote travels as parameters (`%s`, as psycopg
and Django take them). Every clause is true or not true; NULL counts as not true.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alerts.incidents.engine.title_proof import BY_TITLE
from alerts.rules.fields import FIELDS, SEVERITIES, FieldKind, Operator
from alerts.rules.guards.never import HIGH, timeboxed_types, works_of_box
from alerts.rules.rule import ZONE_MARK, Clause, RuleDefinition
from alerts.rules.values import IPV4_FORM, IPV6_FORM
from alerts.rules.windows import ranges_by_zone

_MAX_COUNT: Final = (
    "(SELECT max(i.{column}) FROM incidents_alert_links ia"
    " JOIN incidents_incidents i ON i.id = ia.incident_id WHERE ia.alert_id = a.id)"
)
_COUNTS: Final = {
    "alerts_in_incident": _MAX_COUNT.format(column="alerts_count"),
    "entities_in_incident": _MAX_COUNT.format(column="entities_count"),
}
_TABLES: Final = {
    "workspace": ("workspace_id", "sentinel_workspaces"),
    "site": ("site_id", "sites_sites"),
    "zone": ("zone_id", "sites_zones"),
}
PLAIN: Final = (
    *("sensor", "user_defined_title", "engine", "category", "severity", "protocol"),
    *("port", "function", "techniques", "tactics", "product_name", "source_device"),
    *("source_address", "destination_device", "destination_address", "any_device", "any_address"),
    *("source_kind", "source_zone", "source_subnet", "destination_kind", "destination_zone"),
    *("destination_subnet", "at"),
)
# Of alerts whose title does not prove their type, no line about the type holds.
HAS_TYPE: Final = f"NOT a.flags @> '{{{BY_TITLE}}}'::text[]"
_TYPES: Final = (
    f", CASE WHEN {HAS_TYPE} THEN a.alert_type ELSE '' END AS alert_type"
    f", CASE WHEN {HAS_TYPE} THEN '' ELSE a.alert_type END AS unproved_title"
)
# Of an alert that may be closed at any hour; what is time-boxed travels as a parameter.
IS_SOFT: Final = f"(a.severity < {HIGH} AND {HAS_TYPE} AND a.alert_type <> ALL(%s::text[]))"
# Kinds of planned work beside an alert, as they were known when it came; `now` reads what is known
# at present. The work itself may name its devices, or a whole zone.
_WORKS: Final = (
    "SELECT p.kind FROM incidents_planned_alerts p WHERE p.alert_id = a.id AND p.fit = 'inside'"
)
_VALID_THEN: Final = " AND p.known_from <= a.at AND (p.known_until IS NULL OR p.known_until > a.at)"
_VALID_NOW: Final = " AND p.known_until IS NULL AND NOT p.is_after_fact"
_VALID_HERE: Final = f"{_VALID_THEN} AND NOT p.is_after_fact"  # then, and Tagout had it by then


# Work boxes an alert that did so when it came; read as of now, it must still hold as well.
_BOXES: Final = {
    _VALID_THEN: " AND p.boxes",
    _VALID_HERE: " AND p.boxes",
    _VALID_NOW: (
        " AND p.names_devices AND EXISTS (SELECT FROM incidents_planned_alerts q"
        " WHERE q.alert_id = p.alert_id AND q.work = p.work AND q.kind = p.kind AND q.boxes"
        " AND NOT q.is_after_fact"
        " AND q.known_from <= a.at AND (q.known_until IS NULL OR q.known_until > a.at))"
    ),
}


def _works_of(validity: str) -> str:
    kinds = {"planned_work": "", "planned_work_for_hours": _BOXES[validity]}
    return "".join(
        f", ARRAY({_WORKS}{validity}{named} GROUP BY p.kind ORDER BY p.kind) AS {name}"
        for name, named in kinds.items()
    )


# What Facts(**row) takes, beside the id of the alert; append a WHERE of ours.
_SELECT: Final = (
    "SELECT a.id, w.name AS workspace, coalesce(s.name, '') AS site, coalesce(z.name, '') AS zone, "
    + ", ".join(f"a.{column}" for column in PLAIN)
    + _TYPES
    + "".join(f", {text} AS {name}" for name, text in _COUNTS.items())
    + "{works} FROM incidents_alerts a JOIN sentinel_workspaces w ON w.id = a.workspace_id"
    " LEFT JOIN sites_sites s ON s.id = a.site_id LEFT JOIN sites_zones z ON z.id = a.zone_id"
)
SELECT_FACTS: Final = _SELECT.replace("{works}", _works_of(_VALID_THEN))  # as of the alert
# The same without work of which only a file says that it was known then.
SELECT_FACTS_HERE: Final = _SELECT.replace("{works}", _works_of(_VALID_HERE))
SELECT_FACTS_NOW: Final = _SELECT.replace("{works}", _works_of(_VALID_NOW))  # for matching


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a WHERE over `incidents_alerts a`, with its parameters in order."""

    text: str
    params: tuple[Any, ...] = ()


def rule_condition_sql(rule: RuleDefinition) -> Sql:
    """The whole rule. A rule without a line matches nothing."""
    return prefixes(rule)[-1] if rule.all_of else Sql("false")


def where_any(rules: Iterable[RuleDefinition]) -> Sql:
    """Any of these rules; nothing where there are none."""
    pieces = [rule_condition_sql(rule) for rule in rules]
    return _joined(pieces, " OR ") if pieces else Sql("false")


def prefixes(rule: RuleDefinition) -> list[Sql]:
    """What is left after each line, in the order of the editor, then after each exception."""
    parts = [_line(clause, rule) for clause in rule.all_of]
    parts += [_negated(_exception(clause)) for clause in rule.except_any]
    return [_joined(parts[: place + 1]) for place in range(len(parts))]


def near_misses(rule: RuleDefinition) -> Sql:
    """Alerts of the rule's type, or of all where it names none, that exactly one line keeps out."""
    lines = [(clause, _line(clause, rule)) for clause in rule.all_of]
    fixed = [piece for clause, piece in lines if clause.field == "alert_type"]
    rest = [piece for clause, piece in lines if clause.field != "alert_type"]
    rest += [_negated(_exception(clause)) for clause in rule.except_any]
    if not rest:
        return Sql("false")
    total = " + ".join(f"(({piece.text}) IS TRUE)::int" for piece in rest)
    total_of = Sql(
        f"({total}) = {len(rest) - 1}", tuple(param for piece in rest for param in piece.params)
    )
    return _joined([*fixed, total_of])


def _line(clause: Clause, rule: RuleDefinition) -> Sql:
    """A line of this rule, as `line_predicate` reads it."""
    if clause.field != "planned_work" or not works_of_box(rule):
        return clause_sql(clause)
    return Sql(
        f"EXISTS ({_WORKS}{_VALID_THEN} AND p.kind = ANY(%s) AND (p.boxes OR {IS_SOFT}))",
        (list(clause.texts), list(timeboxed_types())),
    )


def _exception(clause: Clause) -> Sql:
    """An exception of a rule, as `exception_predicate` reads it."""
    piece = clause_sql(clause)
    if clause.field != "alert_type":
        return piece
    return Sql(f"NOT ({HAS_TYPE}) OR ({piece.text})", piece.params)


def clause_sql(clause: Clause) -> Sql:
    """One checked clause."""
    field = FIELDS[clause.field]
    if field.kind is FieldKind.TIME:
        return _time(clause.texts)
    if field.kind is FieldKind.WORK:
        return Sql(f"EXISTS ({_WORKS}{_VALID_THEN} AND p.kind = ANY(%s))", (list(clause.texts),))
    if field.kind is FieldKind.SEVERITY:
        return _severity(clause)
    if field.kind is FieldKind.COUNT:
        return Sql(f"{_COUNTS[field.name]} <= %s", (int(clause.values[0]),))
    if field.kind is FieldKind.PORT:
        return Sql("a.port = ANY(%s::int[])", (list(clause.values),))
    if field.kind is FieldKind.ZONE and clause.operator == Operator.WITHIN:
        return Sql(
            "(a.site_id, a.zone_id) IN (SELECT s.id, z.id FROM sites_sites s, sites_zones z"
            f" WHERE s.name || '{ZONE_MARK}' || z.name = ANY(%s::text[]))",
            (list(clause.texts),),
        )
    if field.name in _TABLES:
        return _named(field.name, clause.texts)
    if clause.operator == Operator.WITHIN:
        return _network(field.name, clause.texts, many=field.many)
    if field.many:
        return Sql(f"a.{field.name} && %s::text[]", (list(clause.texts),))
    proved = f" AND {HAS_TYPE}" if field.name == "alert_type" else ""
    if len(clause.values) == 1:
        return Sql(f"a.{field.name} = %s{proved}", (clause.texts[0],))
    return Sql(f"a.{field.name} = ANY(%s::text[]){proved}", (list(clause.texts),))


def _severity(clause: Clause) -> Sql:
    numbers = [SEVERITIES.index(value) for value in clause.texts]
    if clause.operator == Operator.AT_MOST:
        numbers = list(range(1, numbers[0] + 1))
    return Sql("a.severity = ANY(%s::int[])", (sorted(numbers),))


def _named(field: str, names: Sequence[str]) -> Sql:
    """By name, looked up once for the statement, so that the index on the id still serves."""
    column, table = _TABLES[field]
    if len(names) == 1 and field != "zone":
        return Sql(f"a.{column} = (SELECT n.id FROM {table} n WHERE n.name = %s)", (names[0],))
    return Sql(
        f"a.{column} = ANY(ARRAY(SELECT n.id FROM {table} n WHERE n.name = ANY(%s::text[])))",
        (list(names),),
    )


def _time(windows: tuple[str, ...]) -> Sql:
    pieces = []
    for zone, ranges in ranges_by_zone(windows):
        spans = "{" + ",".join(f"[{start},{end})" for start, end in ranges) + "}"
        local = "(a.at AT TIME ZONE %s)"
        minute = (
            f"((extract(isodow FROM {local})::int - 1) * 1440"
            f" + extract(hour FROM {local})::int * 60 + extract(minute FROM {local})::int)"
        )
        pieces.append(Sql(f"%s::int4multirange @> {minute}", (spans, zone, zone, zone)))
    return _joined(pieces, " OR ")


def _network(column: str, networks: Sequence[str], *, many: bool) -> Sql:
    """Text that is no address is inside no network; the CASE keeps the cast from seeing it."""
    subject = "x.address" if many else f"a.{column}"
    inside = (
        f"CASE WHEN ({subject} ~ %s OR {subject} ~ %s) AND pg_input_is_valid({subject}, 'inet')"
        f" THEN {subject}::inet <<= ANY(%s::inet[]) ELSE false END"
    )
    params = (IPV4_FORM, IPV6_FORM, list(networks))
    if many:
        return Sql(
            f"EXISTS (SELECT 1 FROM unnest(a.{column}) AS x(address) WHERE {inside})", params
        )
    return Sql(f"({inside})", params)


def _negated(piece: Sql) -> Sql:
    return Sql(f"({piece.text}) IS NOT TRUE", piece.params)


def _joined(pieces: Iterable[Sql], word: str = " AND ") -> Sql:
    parts = list(pieces)
    text = word.join(f"({piece.text})" for piece in parts)
    return Sql(text, tuple(param for piece in parts for param in piece.params))
