"""The alert types of the sensors, and the analytics rules that turn some into incidents."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MDIOT = "(MDIoT) "
USER_RULE = "Unauthorized Operation was detected by a User Defined Rule"
SEVERITIES = ("Informational", "Low", "Medium", "High")


@dataclass(frozen=True, slots=True)
class AnalyticsRule:
    """One rule of the Sentinel solution, and how it rates what it finds."""

    name: str
    id: str
    minutes: int
    severity: str
    tactic: str
    technique: str


@dataclass(frozen=True, slots=True)
class AlertType:
    """One kind of alert with the facts the product attaches to it."""

    title: str
    engine: str
    severity: str
    category: str
    protocol: str | None
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    guard: str
    text: str
    rule: AnalyticsRule | None


@cache
def alert_types() -> dict[str, AlertType]:
    """All alert types by title."""
    raw = json.loads((Path(__file__).parent / "data" / "alert_types.json").read_text("utf-8"))
    rules = {row["name"]: AnalyticsRule(**row) for row in raw["rules"]}
    return {
        row["title"]: AlertType(
            **{
                **row,
                "techniques": tuple(row["techniques"]),
                "tactics": tuple(row["tactics"]),
                "rule": rules.get(row["rule"]),
            }
        )
        for row in raw["types"]
    }
