"""What others do on the same data: watchlist and hours, exact pairs, a severity cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from alerts.incidents.engine.catalogue import alert_type_for
from bench.suppression.world import World
from simulator.scenarios.records import Alert, Incident

MIN_SEEN = 5
BUSY_HOURS = 8
MEDIUM = 3  # a place in SEVERITIES

type Closes = Callable[[Alert], bool]


def run_baselines(world: World) -> dict[str, set[str]]:
    """Return by name which incidents of the future each baseline closes."""
    split = world.scenario.split_at
    past = [i for i in world.scenario.incidents if i.at < split]
    future = [i for i in world.scenario.incidents if i.at >= split]
    return {
        "watchlist and eight hours": _closed(watchlist(world, past, hours=BUSY_HOURS), future),
        "watchlist, all day": _closed(watchlist(world, past, hours=24), future),
        "exact type, source and destination": _closed(exact_pairs(past), future),
        "below Medium": _closed(lambda alert: 0 < alert.severity < MEDIUM, future),
        "careless type and source": _closed(careless(past), future),
    }


def watchlist(world: World, past: list[Incident], *, hours: int) -> Closes:
    """Frequent sources in the busiest hours of their site, as Microsoft's playbook does."""
    seen = Counter(alert.source_address for i in past for alert in i.alerts)
    listed = {address for address, n in seen.items() if address and n >= MIN_SEEN}
    by_site: dict[str, Counter[int]] = {}
    for incident in past:
        for alert in world.alerts[incident.id]:
            counts = by_site.setdefault(incident.site, Counter())
            counts[alert.occurrence.slot % 24] += 1
    busiest = {
        site: {
            (start + n) % 24
            for start in [
                max(range(24), key=lambda s: sum(counts[(s + n) % 24] for n in range(hours)))
            ]
            for n in range(hours)
        }
        for site, counts in by_site.items()
    }

    def closes(alert: Alert) -> bool:
        local = world.local_hour(alert)
        return alert.source_address in listed and local in busiest.get(alert.site, ())

    return closes


def exact_pairs(past: list[Incident]) -> Closes:
    """Type, source and destination that were seen at least five times."""
    seen = Counter(_pair(alert) for i in past for alert in i.alerts)
    return lambda alert: not _is_never(alert) and seen[_pair(alert)] >= MIN_SEEN


def careless(past: list[Incident]) -> Closes:
    """Type and source that were seen at least five times."""
    seen = Counter(_pair(alert)[:3] for i in past for alert in i.alerts)
    return lambda alert: not _is_never(alert) and seen[_pair(alert)[:3]] >= MIN_SEEN


def _pair(alert: Alert) -> tuple[str, ...]:
    return (
        alert.site,
        alert.alert_type,
        alert.source_device or alert.source_address,
        alert.destination_device or alert.destination_address,
    )


def _is_never(alert: Alert) -> bool:
    known = alert_type_for(alert.alert_type)
    return known is not None and known.guard == "never"


def _closed(closes: Closes, future: Iterable[Incident]) -> set[str]:
    return {incident.id for incident in future if all(closes(a) for a in incident.alerts)}
