"""What Log Analytics is asked, one text a file. Microsoft's own parser checks each of them
(`tests/contract/test_kql.py`).

A window is put before a text as `let` statements, because Log Analytics takes no parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
# An alert may be part of an incident that began up to so long after it (grouping looks back seven
# days) and may be updated long after; alerts that are older still are left to Sentinel itself.
LOOK_BACK = timedelta(days=14)


@cache
def _text(name: str) -> str:
    return (_HERE / f"{name}.kql").read_text("utf-8")


def incidents_between(since: datetime, until: datetime) -> str:
    """Ask for the incidents created in a window, each as its newest row tells it."""
    return _let(since=since, until=until) + _text("incidents")


def alerts_of_incidents_between(since: datetime, until: datetime) -> str:
    """Ask for the alerts of the incidents created in a window, the newest row of each."""
    return _let(since=since, until=until, alerts_since=since - LOOK_BACK) + _text(
        "alerts_of_incidents"
    )


def alerts_without_incident_between(since: datetime, until: datetime) -> str:
    """Ask for the alerts of Defender for IoT in a window that no incident names."""
    return _let(since=since, until=until) + _text("alerts_without_incident")


def oldest() -> str:
    """Ask since when there is anything."""
    return _text("oldest")


def exclusion() -> str:
    """Return the lines that an analytics rule has behind its filters of SecurityAlert: they leave
    out what a signed routine pair covers.
    """
    return _text("exclusion")


def write_instant(at: datetime) -> str:
    """A moment as KQL spells it."""
    return f"datetime({at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')})"


def _let(**moments: datetime) -> str:
    return "".join(f"let {name} = {write_instant(at)};\n" for name, at in moments.items())
