"""What came of it, measured against the truth: the only part of this bench that reads it. Beside
it: what others do on the same data (watchlist and hours, exact pairs, a severity cut).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.engine.confidence_limits import upper_share
from bench.suppression.decisions import decision_figures
from bench.suppression.drift_days import drift_figures
from simulator.scenarios.records import Alert, Incident
from simulator.scenarios.scenario import Scenario
from simulator.scenarios.tables import tables_of

CRITICAL = ("safety", "crown-jewel")
TRIAL_DAYS = timedelta(days=7)  # after the first signatures: what the promise leaves out

MIN_SEEN = 5
BUSY_HOURS = 8
MEDIUM = 3  # a place in SEVERITIES

type Closes = Callable[[Alert], bool]


def run_baselines(scenario: Scenario) -> dict[str, set[str]]:
    """Return by name which incidents of the future each baseline closes."""
    split = scenario.split_at
    past = [i for i in scenario.incidents if i.at < split]
    future = [i for i in scenario.incidents if i.at >= split]
    return {
        "watchlist and eight hours": _closed(watchlist(scenario, past, hours=BUSY_HOURS), future),
        "watchlist, all day": _closed(watchlist(scenario, past, hours=24), future),
        "exact type, source and destination": _closed(exact_pairs(past), future),
        "below Medium": _closed(lambda alert: 0 < alert.severity < MEDIUM, future),
        "careless type and source": _closed(careless(past), future),
    }


def watchlist(scenario: Scenario, past: list[Incident], *, hours: int) -> Closes:
    """Frequent sources in the busiest hours of their site, as Microsoft's playbook does."""
    address_counts = Counter(alert.source_address for i in past for alert in i.alerts)
    listed = {address for address, n in address_counts.items() if address and n >= MIN_SEEN}
    zones = {site.name: ZoneInfo(site.time_zone) for site in scenario.sites}
    by_site: dict[str, Counter[int]] = {}
    for incident in past:
        counts = by_site.setdefault(incident.site, Counter())
        counts.update(alert.at.astimezone(zones[alert.site]).hour for alert in incident.alerts)
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
        local = alert.at.astimezone(zones[alert.site]).hour
        return alert.source_address in listed and local in busiest.get(alert.site, ())

    return closes


def exact_pairs(past: list[Incident]) -> Closes:
    """Type, source and destination that were seen at least five times."""
    counts = Counter(_pair(alert) for i in past for alert in i.alerts)
    return lambda alert: not _is_never(alert) and counts[_pair(alert)] >= MIN_SEEN


def careless(past: list[Incident]) -> Closes:
    """Type and source that were seen at least five times."""
    counts = Counter(_pair(alert)[:3] for i in past for alert in i.alerts)
    return lambda alert: not _is_never(alert) and counts[_pair(alert)[:3]] >= MIN_SEEN


def _pair(alert: Alert) -> tuple[str, ...]:
    return (
        alert.site,
        alert.alert_type,
        alert.source_device or alert.source_address,
        alert.destination_device or alert.destination_address,
    )


def _is_never(alert: Alert) -> bool:
    known_type = alert_type_for(alert.alert_type)
    return known_type is not None and known_type.guard == "never"


def _closed(closes: Closes, future: Iterable[Incident]) -> set[str]:
    return {incident.id for incident in future if all(closes(a) for a in incident.alerts)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the incidents after the first signatures, by the scenario's names of them."""

    until: datetime
    closed: dict[str, list[int]]  # by rules, and not given back to people: the places of its rules
    ready: frozenset[str]  # what the rules of the first plan match, without trial or stop
    figures: dict[str, Any]  # what Tagout's tables count, as it is reported
    account: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of what reached people: why no rule closed it, and which rule or pattern was nearest."""
    amended: tuple[frozenset[str], ...] = ()
    """By amendment of a rule, the incidents that it matches beyond what it amends."""
    decisions: int = 0
    """What people decided in Tagout, by its own measure."""


def measure(scenario: Scenario, outcome: Outcome) -> dict[str, Any]:
    """Return the figures of one scenario, by the names that `contracts.md` promises."""
    future = [i for i in scenario.incidents if scenario.split_at <= i.at < outcome.until]
    after_trial = [i for i in future if i.at >= scenario.split_at + TRIAL_DAYS]
    closed = outcome.closed.keys() & {incident.id for incident in future}
    attacks = [i for i in future if i.is_attack]
    missed = [i for i in attacks if i.id in closed]
    guarded = [i for i in missed if i.guard_class]
    return {
        "shape": scenario.shape,
        "seed": scenario.seed,
        "density": scenario.density,
        "incidents": len(future),
        "reduction_after_trial": _reduction(after_trial, closed),
        "reduction_from_day_one": _reduction(future, closed),
        "first_ten_rules_reduction": _reduction(after_trial, _closed_by_first_ten(outcome)),
        "ready_rules_reduction": _reduction(after_trial, outcome.ready),
        "ready_rules_attacks": sum(i.id in outcome.ready for i in attacks),
        "attack_incidents": len(attacks),
        "attack_incidents_suppressed": len(missed),
        "missed_classes": dict(Counter(i.truth for i in missed)),
        "guarded_missed": len(guarded),
        "suppressed": len(closed),
        "share_suspicious": len(missed) / len(closed) if closed else 0.0,
        "bound95": upper_share(len(missed), len(closed)) if closed else 1.0,
        "delayed_attacks": _delayed(attacks, closed),
        "perfect_clustering": _perfect(scenario, after_trial),
        "perfect_thirty": _perfect(scenario, after_trial, most=30),
        "perfect_ten": _perfect(scenario, after_trial, most=10),
        "baselines": {
            name: _compare(after_trial, attacks, closed_ids)
            for name, closed_ids in run_baselines(scenario).items()
        },
        "days_drift_to_silence": drift_figures(scenario, closed, until=outcome.until),
        "drift_attacks_amended": sum(
            any(scenario.by_id[pk].is_attack for pk in ids) for ids in outcome.amended
        ),
        **decision_figures(
            scenario,
            future,
            closed=closed,
            in_tagout=outcome.decisions,
            unasked=sum(
                scenario.split_at <= answer.at < outcome.until for answer in scenario.answers
            ),
        ),
        "account": account_of(scenario, outcome, after_trial) if outcome.account else {},
    } | outcome.figures


def account_of(
    scenario: Scenario, outcome: Outcome, after_trial: Collection[Incident]
) -> dict[str, Any]:
    """Return where the points of harmless incidents after the trial days are lost: by reason and
    true kind, and the largest by process, reason and the nearest rule or pattern.
    """
    kinds = _kinds(scenario)
    harmless = [incident for incident in after_trial if not incident.is_attack]
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    largest: Counter[tuple[str, ...]] = Counter()
    for incident in harmless:
        if incident.id not in outcome.closed:
            why, by = outcome.account.get(incident.id, ("not asked", ""))
            by_kind[why][kinds[incident.truth]] += 1
            largest[incident.site, incident.truth, why, by] += 1
    points = 100 / max(len(harmless), 1)
    return {
        "by_reason": {
            why: {kind: round(n * points, 2) for kind, n in counts.most_common()}
            for why, counts in sorted(by_kind.items(), key=lambda row: -row[1].total())
        },
        "largest": [[round(n * points, 2), *words] for words, n in largest.most_common()],
    }


def _kinds(scenario: Scenario) -> dict[str, str]:
    """By process, what kind of process it is."""
    kinds = {}
    for row in tables_of(scenario.shape).processes:
        mode = row.stream[0].mode
        kind = {"work": "planned work", "scatter": "long tail"}.get(mode, mode)
        if mode == "work" and not row.recurs:
            kind = "one-time work"
        if row.begins[0] > 0 or row.moves:
            kind = "new process" if row.begins[0] > 0 else "job that moves"
        kinds[row.name] = kind
    return kinds


def _reduction(incidents: Collection[Incident], closed: Collection[str]) -> float:
    """Share of harmless incidents that no longer reach the SOC."""
    harmless = [i.id for i in incidents if not i.is_attack]
    return sum(pk in closed for pk in harmless) / len(harmless) if harmless else 0.0


def _closed_by_first_ten(outcome: Outcome) -> set[str]:
    """Incidents that the first ten rules of their site closed among themselves."""
    return {pk for pk, numbers in outcome.closed.items() if all(n <= 10 for n in numbers)}


def _delayed(attacks: Collection[Incident], closed: Collection[str]) -> int:
    """Attacks whose first incident did not reach a person's screen."""
    first: dict[tuple[str, str], Incident] = {}
    for incident in attacks:
        first.setdefault((incident.site, incident.truth), incident)
    return sum(incident.id in closed for incident in first.values())


def _perfect(scenario: Scenario, incidents: Collection[Incident], *, most: int = 1000) -> float:
    """What rules drawn from the true processes, seen before the split, would take off the SOC: of
    the largest processes of each site, as far as a rule may close them at all.
    """
    split, by_id = scenario.split_at, scenario.by_id
    ids = {incident.id for incident in incidents}
    by_site: dict[str, list[set[str]]] = defaultdict(list)
    for process in scenario.processes:
        is_known = any(by_id[pk].at < split - timedelta(days=1) for pk in process.incident_ids)
        if process.recurs and is_known:
            open_ids = {pk for pk in process.incident_ids if not is_guarded(by_id[pk])}
            by_site[process.site].append(open_ids & ids)
    largest = [sorted(open_ids, key=len, reverse=True)[:most] for open_ids in by_site.values()]
    return _reduction(
        incidents, {pk for open_ids in largest for process_ids in open_ids for pk in process_ids}
    )


def is_guarded(incident: Incident) -> bool:
    """Whether no rule may close it: its type, or a safety system or crown jewel in it."""
    return any(
        ((known_type := alert_type_for(a.alert_type)) is not None and known_type.guard == "never")
        or a.source_criticality in CRITICAL
        or a.destination_criticality in CRITICAL
        for a in incident.alerts
    )


def _compare(
    after_trial: Collection[Incident], attacks: Collection[Incident], closed: Collection[str]
) -> dict[str, Any]:
    return {
        "reduction": _reduction(after_trial, closed),
        "attack_incidents_suppressed": sum(i.id in closed for i in attacks),
    }
