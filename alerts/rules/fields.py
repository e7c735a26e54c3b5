"""What a rule may see of an alert (`FieldValues`, suppression §1), the fields that a clause may
name, and which operators and values fit each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

SEVERITIES: Final = ("Unknown", "Informational", "Low", "Medium", "High")  # by their number


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValues:
    """One alert whose details were fetched. An empty text means that the alert has no such fact.

    `alert_type` is empty where the title alone states it and proves nothing: that title is then
    `unproved_title`. `severity` is a place in SEVERITIES; 0 meets no clause. Counts are of the
    largest incident that the alert is part of, None where it is part of none, and None meets no
    clause either.
    """

    # where
    workspace: str
    site: str = ""
    zone: str = ""
    sensor: str = ""
    # what
    alert_type: str
    unproved_title: str = ""  # no field of rules
    user_defined_title: str = ""
    engine: str = ""
    category: str = ""
    severity: int
    protocol: str = ""
    port: int | None = None
    function: str = ""
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    product_name: str = ""
    # between
    source_device: str = ""
    source_address: str = ""
    destination_device: str = ""
    destination_address: str = ""
    any_device: tuple[str, ...] = ()
    any_address: tuple[str, ...] = ()
    # where the two ends stood in the plant when it happened
    source_kind: str = ""
    source_zone: str = ""
    source_subnet: str = ""
    destination_kind: str = ""
    destination_zone: str = ""
    destination_subnet: str = ""
    # when
    at: datetime
    # kinds of planned work that covered it, an hour after their end included
    planned_work: tuple[str, ...] = ()
    # those of work that boxes it in: it names the devices, was planned before it began and, where
    # it recurs or lasts longer than a day, was confirmed by a second person
    planned_work_for_hours: tuple[str, ...] = ()
    # around
    alerts_in_incident: int | None = None
    entities_in_incident: int | None = None


class Operator(StrEnum):
    """How a clause compares. There is no pattern match and no `or`: two rules are clearer."""

    IS = "is"
    IS_ONE_OF = "is_one_of"
    WITHIN = "within"
    AT_MOST = "at_most"


class FieldKind(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    ZONE = "zone"
    ADDRESS = "address"
    SEVERITY = "severity"
    PORT = "port"
    COUNT = "count"
    TIME = "time"
    WORK = "work"


NO_VALUE: Final = ""  # a value of some fields: alerts that tell none

_EQUAL = frozenset({Operator.IS, Operator.IS_ONE_OF})
OPERATORS: Final[Mapping[FieldKind, frozenset[Operator]]] = {
    FieldKind.TEXT: _EQUAL,
    FieldKind.ZONE: _EQUAL | {Operator.WITHIN},
    FieldKind.ADDRESS: _EQUAL | {Operator.WITHIN},
    FieldKind.SEVERITY: _EQUAL | {Operator.AT_MOST},
    FieldKind.PORT: _EQUAL,
    FieldKind.COUNT: frozenset({Operator.AT_MOST}),
    FieldKind.TIME: frozenset({Operator.WITHIN}),
    FieldKind.WORK: frozenset({Operator.WITHIN}),
}


@dataclass(frozen=True, slots=True)
class AlertField:
    """One field. `many`: the alert has several values, and one that fits is enough. `or_none`: a
    line that names values may also hold for alerts that show none.
    """

    name: str
    kind: FieldKind
    label: str
    many: bool = False
    least: int = 4  # characters; names picked from a short list of the plant may be shorter
    or_none: bool = False

    @property
    def operators(self) -> frozenset[Operator]:
        """The operators that fit."""
        return OPERATORS[self.kind]


def _field(name: str, kind: FieldKind = FieldKind.TEXT, label: str = "", **more: int) -> AlertField:
    many = name.startswith("any_") or name in {"techniques", "tactics", "planned_work"}
    return AlertField(
        name,
        kind,
        label or name.replace("_", " "),
        many,
        more.get("least", 4),
        or_none=name == "function",
    )


FIELDS: Final[Mapping[str, AlertField]] = {
    field.name: field
    for field in (
        _field("workspace", least=1),
        _field("site", least=1),
        _field("zone", FieldKind.ZONE, least=1),
        _field("sensor"),
        _field("alert_type"),
        _field("user_defined_title", label="title of the sensor's own rule"),
        _field("engine"),
        _field("category"),
        _field("severity", FieldKind.SEVERITY),
        _field("protocol", least=1),
        _field("port", FieldKind.PORT),
        _field("function", least=1),
        _field("techniques", label="technique"),
        _field("tactics", label="tactic"),
        _field("product_name", label="product"),
        _field("source_device"),
        _field("source_address", FieldKind.ADDRESS),
        _field("destination_device"),
        _field("destination_address", FieldKind.ADDRESS),
        _field("source_kind", least=2),
        _field("source_zone", least=1),
        _field("source_subnet"),
        _field("destination_kind", least=2),
        _field("destination_zone", least=1),
        _field("destination_subnet"),
        _field("any_device", label="device"),
        _field("any_address", FieldKind.ADDRESS, label="address"),
        _field("time", FieldKind.TIME),
        _field("planned_work", FieldKind.WORK),
        _field("alerts_in_incident", FieldKind.COUNT, label="number of alerts in the incident"),
        _field("entities_in_incident", FieldKind.COUNT, label="number of entities in the incident"),
    )
}

# What pins one asset: an id or a sensor, never free text (S2).
IDENTITIES: Final = frozenset(
    {
        "sensor",
        "source_device",
        "source_address",
        "destination_device",
        "destination_address",
        "any_device",
        "any_address",
    }
)
