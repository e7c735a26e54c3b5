"""A rule as KQL over `SecurityAlert`, for who wants to see in Log Analytics what it is about.

The newest row of each alert of a sensor is taken apart into the facts that rules name. What only
Tagout has (planned work, the plant's inventory, the size of an incident) KQL cannot ask for: those
lines are left out and named, and the query then finds more than the rule.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from alerts.rules.fields import FIELDS, SEVERITIES, FieldKind, Operator
from alerts.rules.rule import ZONE_MARK, Clause, RuleDefinition
from alerts.rules.windows import ranges_by_zone

_COLUMNS: Final = {
    "site": "Site",
    "zone": "Zone",
    "sensor": "Sensor",
    "alert_type": "Kind",
    "user_defined_title": "UserTitle",
    "engine": "ProductComponentName",
    "category": "Category",
    "severity": "AlertSeverity",
    "protocol": "Protocol",
    "port": "Port",
    "function": "Function",
    "product_name": "ProductName",
    "source_device": "SourceDevice",
    "source_address": "SourceAddress",
    "destination_device": "DestinationDevice",
    "destination_address": "DestinationAddress",
}
_LISTS: Final = {"techniques": "TechniqueList", "tactics": "TacticList"}
_BOTH_ENDS: Final = {
    "any_device": ("SourceDevice", "DestinationDevice"),
    "any_address": ("SourceAddress", "DestinationAddress"),
}
_FACTS: Final = r"""SecurityAlert
| where ProviderName == "IoTSecurity"
| summarize arg_max(TimeGenerated, *) by VendorOriginalId
| extend Bag = parse_json(ExtendedProperties)
| extend Kind = DisplayName,
    Site = tostring(Bag.SiteDisplayName),
    Zone = tostring(Bag.SensorZone),
    Sensor = tostring(Bag.SensorId),
    UserTitle = iff(isempty(tostring(Bag["User Defined Title"])),
        tostring(Bag["User Defined Description"]), tostring(Bag["User Defined Title"])),
    Category = tostring(Bag.Category),
    Protocol = tostring(Bag.Protocol),
    Port = toint(Bag.Port),
    Function = tostring(Bag.Function),
    SourceDevice = tostring(Bag.SourceDevice),
    SourceAddress = tostring(Bag.SourceDeviceAddress),
    DestinationDevice = tostring(Bag.DestinationDevice),
    DestinationAddress = tostring(Bag.DestinationDeviceAddress),
    TechniqueList = parse_json(Techniques),
    TacticList = split(replace_string(Tactics, " ", ""), ",")
"""
_SHOWN: Final = (
    "| project StartTime, VendorOriginalId, Kind, AlertSeverity, Site, Zone, SourceDevice,"
    " SourceAddress, DestinationDevice, DestinationAddress, Protocol, Function\n"
)


@dataclass(frozen=True, slots=True)
class Kql:
    """A query, and the lines of the rule that it cannot ask for. Without any it is exact."""

    text: str
    left_out: tuple[Clause, ...]

    @property
    def is_exact(self) -> bool:
        """Whether it finds what the rule matches, and nothing else."""
        return not self.left_out


def compile_kql(rule: RuleDefinition) -> Kql:
    """Return the rule as a query. A line about the workspace is met by asking that workspace."""
    lines, left_out = list[str](), list[Clause]()
    for clause in rule.all_of:
        if clause.field == "workspace":
            lines.append(f"// to be asked in {_listed(clause.texts)}\n")
        elif (condition := _condition(clause)) is None:
            left_out.append(clause)
        else:
            lines.append(f"| where {condition}\n")
    for clause in rule.except_any:
        if (condition := _condition(clause)) is None:
            left_out.append(clause)
        else:
            lines.append(f"| where not(coalesce({condition}, false))\n")
    if not rule.all_of:
        lines.append("| where false\n")
    notes = [
        f"// left out, because only Tagout knows it: {FIELDS[clause.field].label}\n"
        for clause in left_out
    ]
    return Kql("".join([*notes, _FACTS, *lines, _SHOWN]), tuple(left_out))


def _condition(clause: Clause) -> str | None:
    """Return a clause in KQL; None where the logs do not have the field."""
    field = FIELDS[clause.field]
    if field.kind is FieldKind.TIME:
        return _time(clause.texts)
    if field.kind is FieldKind.SEVERITY:
        return _severity(clause)
    if field.kind is FieldKind.ZONE and clause.operator == Operator.WITHIN:
        return f'strcat(Site, "{ZONE_MARK}", Zone) in ({_listed(clause.texts)})'
    if field.name in _LISTS:
        column = _LISTS[field.name]
        return f"array_length(set_intersect({column}, {_array(clause.texts)})) > 0"
    columns = _BOTH_ENDS.get(field.name) or tuple(filter(None, [_COLUMNS.get(field.name)]))
    if not columns:
        return None
    if field.kind is FieldKind.PORT:
        return f"Port in ({', '.join(str(int(value)) for value in clause.values)})"
    if clause.operator == Operator.WITHIN:
        return _any(_network(column, clause.texts) for column in columns)
    return _any(f"{column} in ({_listed(clause.texts)})" for column in columns)


def _severity(clause: Clause) -> str:
    places = [SEVERITIES.index(value) for value in clause.texts]
    if clause.operator == Operator.AT_MOST:
        places = list(range(1, places[0] + 1))
    return f"AlertSeverity in ({_listed(SEVERITIES[place] for place in sorted(places))})"


def _network(column: str, networks: Iterable[str]) -> str:
    """Text that is no address is inside no network."""
    by_version: dict[str, list[str]] = {"ipv4": [], "ipv6": []}
    for network in networks:
        by_version["ipv6" if ":" in network else "ipv4"].append(network)
    return _any(
        f"coalesce({version}_is_in_any_range({column}, {_array(ranges)}), false)"
        for version, ranges in by_version.items()
        if ranges
    )


def _time(windows: tuple[str, ...]) -> str:
    """Minutes of the week on the plant's clock, from Monday on; KQL's weeks begin on Sunday."""
    pieces = []
    for zone, ranges in ranges_by_zone(windows):
        local = f"datetime_utc_to_local(StartTime, {_text(zone)})"
        minute = (
            f"((toint(dayofweek({local}) / 1d) + 6) % 7 * 1440"
            f" + hourofday({local}) * 60 + datetime_part('minute', {local}))"
        )
        pieces += [f"{minute} between ({start} .. {end - 1})" for start, end in ranges]
    return _any(pieces)


def _any(conditions: Iterable[str]) -> str:
    parts = list(conditions)
    return parts[0] if len(parts) == 1 else "(" + " or ".join(parts) + ")"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_text, values))


def _array(values: Iterable[str]) -> str:
    return f"dynamic([{_listed(values)}])"


def _text(value: str) -> str:
    """A text as KQL quotes it, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
