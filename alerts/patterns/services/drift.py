"""Hold the live rules of a site against what mining has just read, and have OT asked about what
changed in the plant (suppression §9).
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from alerts.patterns.engine.drift import Drift, DriftKind, find_drifts
from alerts.patterns.engine.drift_facts import DeviceRecord, DriftFact, facts_of_more
from alerts.patterns.engine.sightings import SiteCells
from alerts.patterns.services.site_history import SiteHistory
from alerts.planned_work.models import NamedDevice
from alerts.rules.rule import NotARule
from alerts.suppression.drafting.drift_questions import (
    DriftFinding,
    LineFinding,
    ask_about_drift,
    versions_to_compare,
)
from alerts.suppression.models import DriftQuestion, RuleVersion

LOOKED_BACK: Final = timedelta(days=90)  # for planned work that may say why a plant changed
log = logging.getLogger(__name__)
type DriftByRule = tuple[RuleVersion, Drift]


def ask_about_changes(history: SiteHistory, *, now: datetime) -> list[DriftQuestion]:
    """Compare what fell silent with what began, for each live rule of the site. Return what OT is
    asked that it was not asked before.
    """
    site, versions = history.site, versions_to_compare(history.site)
    if not versions:
        return ask_about_drift(site=site, findings=[], now=now)
    zone, cells = ZoneInfo(site.time_zone), SiteCells(history.cells)
    described = _with_works(history, now=now)
    found: dict[tuple[str, ...], list[DriftByRule]] = defaultdict(list)
    for version in versions:
        try:
            definition = version.definition
        except NotARule as problem:  # of whatever rule: nobody is asked about it, others go on
            log.warning("rule %s cannot be read: %s", version.rule_id, problem)
            continue
        since = version.proposed_at or version.made_at
        for drift in find_drifts(
            definition,
            cells,
            signed_day=since.astimezone(zone).toordinal(),
            today=now.astimezone(zone).toordinal(),
            described=described,
        ):
            # Two jobs at one hour that both move are two changes; one device in two rules is one.
            place = str(version.rule_id) if drift.kind == DriftKind.MOVED else ""
            found[drift.kind, drift.before, drift.after, place].append((version, drift))
    return ask_about_drift(site=site, findings=_findings(found), now=now)


def _findings(found: Mapping[tuple[str, ...], list[DriftByRule]]) -> list[DriftFinding]:
    """One change each; of two moves with the same hours the first, the other comes next night."""
    by_key: dict[tuple[str, str, str], DriftFinding] = {}
    for rows in found.values():
        finding = _finding(rows)
        by_key.setdefault(finding.key, finding)
    return list(by_key.values())


def _finding(rows: list[DriftByRule]) -> DriftFinding:
    """Return one change as all rules show it: what any rule holds against it is against it, and
    what one of them covers is nothing more.
    """
    main = max((drift for _, drift in rows), key=lambda drift: drift.alerts)
    more = set(main.more).intersection(*(drift.more for _, drift in rows))
    against = {code: detail for _, drift in rows for code, detail in drift.against}
    against |= dict(main.against)
    against.pop("more", None)
    in_favour = [(code, detail) for code, detail in main.in_favour if code not in against]
    lines: dict[int, LineFinding] = {}
    for version, drift in rows:
        lines.setdefault(version.pk, _line(version, drift))
    return DriftFinding(
        kind=main.kind.value,
        before=main.before,
        after=main.after,
        latest_on=date.fromordinal(main.latest_day) if main.latest_day else None,
        first_on=date.fromordinal(min(drift.first_day for _, drift in rows)),
        against=[*facts_of_more(tuple(sorted(more))), *_sorted(against)],
        in_favour=in_favour,
        lines=list(lines.values()),
    )


def _sorted(facts: Mapping[str, dict[str, str]]) -> Iterable[DriftFact]:
    return sorted(facts.items())


def _line(version: RuleVersion, drift: Drift) -> LineFinding:
    return LineFinding(
        version=version,
        line=drift.line,
        new_line=drift.new_line,
        alerts=drift.alerts,
        days=drift.days,
    )


def _with_works(history: SiteHistory, *, now: datetime) -> dict[str, DeviceRecord]:
    """Return what the inventory holds about devices, with planned work that names them."""
    described = dict(history.descriptions)
    zone = ZoneInfo(history.site.time_zone)
    rows = NamedDevice.objects.filter(
        revision__work__site=history.site,
        revision__occurrences__starts_at__range=(now - LOOKED_BACK, now),
        revision__occurrences__known_until=None,
    ).values_list("name", "address", "revision__title", "revision__occurrences__starts_at")
    for name, address, title, starts_at in rows.distinct():
        work = (starts_at.astimezone(zone).toordinal(), title)
        for handle in {name.casefold(), address.casefold()} - {""}:
            record = described.get(handle, DeviceRecord())
            described[handle] = replace(record, works=(*record.works, work))
    return described
