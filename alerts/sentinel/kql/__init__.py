"""What Log Analytics is asked, one text a file. Microsoft's own parser checks each of them
(`tests/contract/test_kql.py`).

A window is put before a text as `let` statements, because Log Analytics takes no parameters.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from alerts.sentinel.wire.values import RULE_MARK, OtScope

_HERE = Path(__file__).parent
# An alert may be part of an incident that began up to so long after it (grouping looks back seven
# days) and may be updated long after; alerts that are older still are left to Sentinel itself.
LOOK_BACK = timedelta(days=14)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_RULE_NAME = re.compile(r"[0-9a-z][0-9a-z_-]*")


@cache
def _text(name: str) -> str:
    return (_HERE / f"{name}.kql").read_text("utf-8")


def incidents_between(since: datetime, until: datetime, scope: OtScope) -> str:
    """Ask for the incidents created in a window that are in scope, each as its newest row has it,
    and those whose row does not show it.
    """
    return _let(since=since, until=until) + _scoped("incidents", scope)


def count_outside_between(since: datetime, until: datetime, scope: OtScope) -> str:
    """Ask how many incidents created in a window are left out by that."""
    return _let(since=since, until=until) + _scoped("count_outside", scope)


def closers_between(
    since: datetime,
    until: datetime,
    scope: OtScope,
) -> str:
    """Ask by whom the incidents created in a window were closed, of those in scope."""
    return _let(since=since, until=until, changed_since=since) + _scoped("closers", scope)


def closers_since(changed_since: datetime, until: datetime, scope: OtScope) -> str:
    """Ask by whom incidents in scope were closed since, whenever they were created."""
    moments = _let(since=_LONG_AGO, until=until, changed_since=changed_since)
    return moments + _scoped("closers", scope)


def alerts_of_incidents_between(since: datetime, until: datetime, scope: OtScope) -> str:
    """Ask for the alerts of the incidents in scope created in a window, the newest row of each."""
    moments = _let(since=since, until=until, alerts_since=since - LOOK_BACK)
    return moments + _scoped("alerts_of_incidents", scope)


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


def _scoped(name: str, scope: OtScope) -> str:
    return _text(name).replace("IN_SCOPE", _condition(scope))


def _condition(scope: OtScope) -> str:
    """What a row of SecurityIncident in scope fulfils. All names of Defender for IoT end alike."""
    if scope.kind == "all":
        return "true"
    products, rules = (
        "tostring(AdditionalData.alertProductNames)",
        "tostring(RelatedAnalyticRuleIds)",
    )
    has_no_source = f'{rules} in ("", "[]")'
    ways = [f'Title startswith "{RULE_MARK}"']
    if scope.kind == "d4iot":
        ways.append(f'{products} contains "for IoT"')
        has_no_source = f'({has_no_source} and {products} in ("", "[]"))'
    if names := sorted(name for name in scope.iot_rules if _RULE_NAME.fullmatch(name)):
        listed = ", ".join(f'"{name}"' for name in names)
        ways.append(f"{rules} has_any ({listed})")
    return " or ".join([*ways, has_no_source])


def _let(**moments: datetime) -> str:
    return "".join(f"let {name} = {write_instant(at)};\n" for name, at in moments.items())
