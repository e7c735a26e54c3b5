"""What a rule may see of an alert: a flat record, and nothing else (suppression §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

SEVERITIES: Final = ("Unknown", "Informational", "Low", "Medium", "High")  # by their number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One alert whose details were fetched. An empty text means that the alert does not say.

    `severity` is a place in SEVERITIES; 0 meets no clause. Counts are of the largest incident that
    the alert is part of, None where it is part of none, and None meets no clause either.
    """

    # where
    workspace: str
    site: str = ""
    zone: str = ""
    sensor: str = ""
    # what
    alert_type: str
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
    planned_work_by_name: tuple[str, ...] = ()  # those of work that names its devices
    # around
    alerts_in_incident: int | None = None
    entities_in_incident: int | None = None
