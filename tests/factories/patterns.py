"""Patterns as rows, with sensible columns where none are given."""

import uuid
from typing import Any

from alerts.patterns.models import Mining, Pattern, SiteMining
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from tests.factories.incidents import NOON

SIDE = {"rung": "listed", "by_address": False, "known": 0, "kinds": [], "zones": [], "networks": []}


def pattern_json(site: str, **changes: Any) -> dict[str, Any]:
    """What a pattern of one station and one controller says."""
    return {
        "version": 1,
        "site": site,
        "types": [{"title": "Modbus Exception", "own_title": ""}],
        "source": {**SIDE, "members": ["ENG-WS-04"]},
        "destination": {**SIDE, "members": ["PLC-4"]},
        "is_directed": True,
        "is_strict": False,
        "protocols": [],
        "functions": [],
        "hours": None,
        "planned_work": "",
        "exceptions": [],
        "except_sources": [],
        "severity": 3,
    } | changes


def make_pattern(workspace: Workspace, site: Site, **columns: Any) -> Pattern:
    """A pattern that nobody has judged or decided about."""
    values: dict[str, Any] = {
        "key": uuid.uuid4(),
        "title": "Modbus Exception: ENG-WS-04 to PLC-4",
        "definition": pattern_json(site.name),
        "alert_types": ["Modbus Exception"],
        "search_text": "Modbus Exception ENG-WS-04 PLC-4",
        "alerts": 9,
        "incidents": 9,
        "days_seen": 9,
        "first_at": NOON,
        "latest_at": NOON,
        "rhythm": [0] * 168,
        "mined_at": NOON,
    }
    return Pattern.objects.create(workspace=workspace, site=site, **values | columns)


def make_site_mining(site: Site, **columns: Any) -> SiteMining:
    """The totals of a mining at a site, with one step in its plan."""
    mining = Mining.objects.create(
        ran_at=NOON, days=60, history_days=90, alerts=9, verdicts=0, patterns=1, seconds=0.1
    )
    values = {
        "history_days": 90,
        "alerts": 9,
        "incidents": 9,
        "verdicts": 0,
        "patterns": 1,
        "living_incidents": 0,
        "plan_incidents": 9,
    }
    return SiteMining.objects.create(mining=mining, site=site, **values | columns)
