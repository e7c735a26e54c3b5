"""Routine pairs as rows of a Sentinel watchlist, by which analytics rules leave alerts out before
they become incidents.

A rule is in the list only where every line of it can be written there: a pair of devices or
addresses by name, alert types, hours, and equal texts of what the alert itself states.
`exclusion.kql` reads the rows; what it cannot read, no row states. One more row is the gate: it
holds the lease, and without it, or after it, the whole list has no effect.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID, uuid5

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.outbox.engine.labels import ROUTINE_LIST
from alerts.rules.fields import (
    FIELDS,
    NO_VALUE,
    SEVERITIES,
    FieldKind,
    FieldValues,
    Operator,
)
from alerts.rules.guards.never import (
    needs_hours,
    reasons_against_types,
    severity_ceiling,
)
from alerts.rules.rule import ZONE_MARK, Clause, RuleDefinition, instant
from alerts.rules.sentence import Sentence
from alerts.rules.spans import WeeklySpan, is_in_spans, spans_between

ALIAS: Final = ROUTINE_LIST
LIST: Final[Mapping[str, str]] = {  # the list itself, as it is sent
    "displayName": "Tagout: signed routine",
    "provider": "Tagout",
    "source": "tagout",
    "sourceType": "Local",
    "description": "Pairs of signed rules of Tagout. A change by hand is an alarm there.",
    "itemsSearchKey": "Pair",
}
FORMAT: Final = "1"  # of a row; the exclusion reads this one only
LEASE: Final = timedelta(hours=24)
MAX_PAIRS: Final = 400  # of one rule
MAX_ROW_BYTES: Final = 10_000
NO_TIME: Final = "1970-01-01T00:00:00Z"  # the end of a lease that was taken back

# What the exclusion compares as text, by the column that it makes of an alert.
COLUMNS: Final[Mapping[str, str]] = {
    "site": "Site",
    "zone": "Zone",
    "sensor": "Sensor",
    "user_defined_title": "UserTitle",
    "protocol": "Protocol",
    "port": "Port",
    "function": "Function",
    "product_name": "Product",
    "source_device": "SourceDevice",
    "source_address": "SourceAddress",
    "destination_device": "DestinationDevice",
    "destination_address": "DestinationAddress",
}
_PLACE: Final = "Place"  # "site / zone"
_BOTH: Final = {
    "any_device": ("source_device", "destination_device"),
    "any_address": ("source_address", "destination_address"),
}


@dataclass(frozen=True, slots=True)
class RoutinePair:
    """One alert type from one end to another. An end is `name:` a device or `address:` one."""

    alert_type: str
    source: str
    destination: str

    @property
    def key(self) -> str:
        """By what the exclusion looks the pair up. A bar in a name is no separator, so that two
        pairs never have one key; types of the catalogue hold none.
        """
        ends = (self.source, self.destination)
        escaped = (end.replace("%", "%25").replace("|", "%7C") for end in ends)
        return "|".join((self.alert_type, *escaped))


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """What of a rule is in the list: pairs under the same conditions, or why there are none."""

    pairs: tuple[RoutinePair, ...] = ()
    conditions: Mapping[str, tuple[str, ...]]  # by column: the texts of which one has to be there
    severities: tuple[str, ...] = ()
    spans: tuple[WeeklySpan, ...] = ()
    since: datetime
    until: datetime
    reasons: tuple[Sentence, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Whether the rule is in the list."""
        return bool(self.pairs) and not self.reasons

    def reaches(self, site: str) -> bool:
        """Whether a row can cover alerts of a site."""
        places = {place.partition(ZONE_MARK)[0] for place in self.conditions.get(_PLACE, ())}
        names = self.conditions.get("Site")
        return (names is None or site in names) and (not places or site in places)

    def handles_of(self, pair: RoutinePair) -> tuple[str, ...]:
        """Return every name and address by which a row names its two devices."""
        ends = (pair.source, pair.destination)
        others = ("SourceAddress", "DestinationAddress")
        texts = (text for column in others for text in self.conditions.get(column, ()))
        return (*(end.partition(":")[2] for end in ends), *texts)


def routine_of(
    rule: RuleDefinition, *, workspace: str, since: datetime, until: datetime
) -> Routine:
    """Return the pairs of a rule that lives from `since` on and ends at `until`."""
    draft = _RowDraft(rule, workspace)
    reasons = [*reasons_against_types(rule), *draft.reasons()]
    nothing = Routine(conditions={}, since=since, until=until, reasons=tuple(reasons))
    if reasons:
        return nothing
    spans = spans_between(since, until, inside=draft.windows, outside=draft.outside)
    pairs = draft.pairs()
    if needs_hours(rule) and not draft.windows:
        reasons.append(Sentence("watchlist.hours"))
    if not pairs or not draft.severities or not spans:
        reasons.append(Sentence("watchlist.nothing"))
    if len(pairs) > MAX_PAIRS:
        reasons.append(Sentence("watchlist.many", count=len(pairs), most=MAX_PAIRS))
    routine = Routine(
        pairs=pairs,
        conditions=draft.conditions(),
        severities=draft.severities,
        spans=spans,
        since=since,
        until=until,
        reasons=tuple(reasons),
    )
    if routine.is_listed and any(_size_of(pair, routine) > MAX_ROW_BYTES for pair in pairs):
        large = Sentence("watchlist.large", most=MAX_ROW_BYTES)
        return Routine(conditions={}, since=since, until=until, reasons=(large,))
    return routine


class _RowDraft:
    """What becomes of the lines of a rule: texts by field, hours, and what cannot be written."""

    def __init__(self, rule: RuleDefinition, workspace: str) -> None:
        self.windows = [line.texts for line in rule.all_of if line.field == "time"]
        self.outside = [line.texts for line in rule.except_any if line.field == "time"]
        self.severities = severity_ceiling()
        self._texts: dict[str, set[str]] = {}
        self._obstacles: list[Sentence] = []
        self._workspace = workspace
        for line in rule.all_of:
            self._add(line)
        for line in rule.except_any:
            self._take_out(line)

    def reasons(self) -> list[Sentence]:
        """Why the exclusion cannot express this rule."""
        reasons = list(self._obstacles)
        types = sorted(self._texts.get("alert_type", ()))
        if not types:
            reasons.append(Sentence("watchlist.type"))
        for title in types:
            listed = alert_type_for(title)
            if listed is None or listed.title != title:
                reasons.append(Sentence("watchlist.unlisted", title=title))
        reasons += [
            Sentence("watchlist.side", side=side)
            for side in ("source", "destination")
            if self._end(side) is None
        ]
        return reasons

    def pairs(self) -> tuple[RoutinePair, ...]:
        """Every type from every source to every destination."""
        ends = [self._end(side) or () for side in ("source", "destination")]
        types = sorted(self._texts["alert_type"])
        return tuple(RoutinePair(*parts) for parts in product(types, *ends))

    def conditions(self) -> dict[str, tuple[str, ...]]:
        """What beside the pair has to be so, by column."""
        primary = {f"{side}_{self._kind(side)}" for side in ("source", "destination")}
        return {
            COLUMNS.get(field, _PLACE): tuple(sorted(texts))
            for field, texts in sorted(self._texts.items())
            if field not in primary and field != "alert_type"
        }

    def _add(self, line: Clause) -> None:
        if line.field == "time":
            return
        if line.field == "workspace":
            if self._workspace not in line.texts:
                self._obstacles.append(Sentence("sentinel.not_here", workspace=self._workspace))
        elif line.field == "severity":
            self._keep_severities(_severities(line))
        elif (field := _field_of(line)) is None or NO_VALUE in line.texts:
            self._obstacles.append(Sentence("watchlist.line", label=FIELDS[line.field].label))
        else:
            texts = self._texts.get(field)
            self._texts[field] = set(line.texts) if texts is None else texts & set(line.texts)

    def _take_out(self, line: Clause) -> None:
        """An exception is written by leaving rows out; that takes a line that names what is
        left.
        """
        fields = _BOTH.get(line.field, (_field_of(line),))
        if line.field == "time":
            return
        if line.field == "workspace":
            if self._workspace in line.texts:
                self._obstacles.append(Sentence("sentinel.not_here", workspace=self._workspace))
        elif line.field == "severity":
            self._keep_severities(set(SEVERITIES) - _severities(line))
        elif line.operator == Operator.WITHIN or not all(field in self._texts for field in fields):
            label = FIELDS[line.field].label
            self._obstacles.append(Sentence("watchlist.exception", label=label))
        else:
            for field in filter(None, fields):
                self._texts[field] -= set(line.texts)

    def _keep_severities(self, kept: set[str]) -> None:
        self.severities = tuple(name for name in self.severities if name in kept)

    def _kind(self, side: str) -> str:
        return "device" if f"{side}_device" in self._texts else "address"

    def _end(self, side: str) -> tuple[str, ...] | None:
        kind = self._kind(side)
        texts = self._texts.get(f"{side}_{kind}")
        prefix = "name" if kind == "device" else "address"
        return None if texts is None else tuple(f"{prefix}:{text}" for text in sorted(texts))


def _field_of(line: Clause) -> str | None:
    """The field whose texts the line compares; None where the exclusion has no such column."""
    is_equal = line.operator in (Operator.IS, Operator.IS_ONE_OF)
    if is_equal and (line.field in COLUMNS or line.field == "alert_type"):
        return line.field
    if FIELDS[line.field].kind is FieldKind.ZONE and line.field == "zone":
        return _PLACE
    return None


def _severities(line: Clause) -> set[str]:
    if line.operator == Operator.AT_MOST:
        return set(SEVERITIES[1 : SEVERITIES.index(line.texts[0]) + 1])
    return set(line.texts)


def lookup_keys_of(facts: FieldValues) -> Iterator[str]:
    """Return by what the exclusion looks an alert up."""
    sources = (f"name:{facts.source_device}", f"address:{facts.source_address}")
    destinations = (f"name:{facts.destination_device}", f"address:{facts.destination_address}")
    for source, destination in product(sources, destinations):
        yield RoutinePair(facts.alert_type, source, destination).key


_BY_COLUMN = {column: field for field, column in COLUMNS.items()}


def _text_in(facts: FieldValues, column: str) -> str:
    if column == _PLACE:
        return f"{facts.site}{ZONE_MARK}{facts.zone}"
    value = getattr(facts, _BY_COLUMN[column])
    return "" if value is None else str(value)


type WatchlistRow = dict[str, str]  # `itemsKeyValue` of an item: texts by column


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineSource:
    """Whose rows they are."""

    number: int
    version: int
    rule_hash: str
    hours: str  # as people read them


def watchlist_rows_of(routine: Routine, source: RoutineSource) -> dict[RoutinePair, WatchlistRow]:
    """Return the row of each pair of a rule."""
    return {pair: _row(pair, routine, source) for pair in routine.pairs if routine.is_listed}


def row_leaves_out(row: Mapping[str, str], facts: FieldValues) -> bool:
    """Whether a row leaves an alert of these facts out while the gate is open, as the exclusion
    reads it.
    """
    if not 0 < facts.severity < len(SEVERITIES) or row["Pair"] not in lookup_keys_of(facts):
        return False
    since, until = (datetime.fromisoformat(row[edge]) for edge in ("From", "Until"))
    conditions = _readable_conditions(row["Conditions"])
    if conditions is None:
        return False
    return (
        since <= facts.at < until
        and SEVERITIES[facts.severity] in json.loads(row["Severities"])
        and all(_text_in(facts, name) in texts for name, texts in conditions.items())
        and is_in_spans(facts.at, [WeeklySpan(*span) for span in json.loads(row["Spans"])])
    )


def _readable_conditions(text: str) -> dict[str, list[str]] | None:
    """Return the conditions of a row; None where they cannot be read, which is not "none"."""
    try:
        conditions = json.loads(text)
    except json.JSONDecodeError:
        return None
    return conditions if isinstance(conditions, dict) else None


def gate_row(*, until: datetime | None) -> WatchlistRow:
    """Return the row without which the list has no effect; None while it has none."""
    return {
        "Pair": "gate",
        "Format": FORMAT,
        "Kind": "gate",
        "Until": instant(until) if until else NO_TIME,
    }


def lease_of_gate(row: Mapping[str, Any] | None) -> datetime | None:
    """Return until when a gate is open; None where there is none or it was shut."""
    until = row.get("Until") if row else None
    return None if until in (None, NO_TIME) else datetime.fromisoformat(str(until))


def row_id(*, about: UUID, workspace: UUID, pair: RoutinePair) -> UUID:
    """Return the GUID of the row that a rule has for a pair in a workspace."""
    return uuid5(about, f"{workspace} {pair.key}")


def _row(pair: RoutinePair, routine: Routine, source: RoutineSource) -> WatchlistRow:
    return {
        "Pair": pair.key,
        "Format": FORMAT,
        "Kind": "pair",
        "AlertType": pair.alert_type,
        "Source": pair.source.partition(":")[2],
        "Destination": pair.destination.partition(":")[2],
        "Hours": source.hours,
        "From": instant(routine.since),
        "Until": instant(routine.until),
        "Rule": f"R-{source.number}",
        "Version": str(source.version),
        "RuleHash": source.rule_hash,
        "Severities": _json(routine.severities),
        "Conditions": _json(routine.conditions),
        "Spans": _json(routine.spans),
    }


def _size_of(pair: RoutinePair, routine: Routine) -> int:
    source = RoutineSource(number=99999, version=999, rule_hash="0" * 64, hours="0" * 200)
    return len(_json(_row(pair, routine, source)).encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
