"""Builds a scenario: the only door of this package."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from simulator.scenarios import judgement
from simulator.scenarios.attacks import Ground, plant_attacks
from simulator.scenarios.chance import dice
from simulator.scenarios.incidents import GuardBook, alerts_of, merged, names_of
from simulator.scenarios.inventory import SitePlan, build_sites
from simulator.scenarios.planned_work import Window, plan_work
from simulator.scenarios.records import (
    Answer,
    Closing,
    Density,
    Device,
    GuardClass,
    Incident,
    Person,
    Process,
    Site,
    Work,
)
from simulator.scenarios.streams import (
    Group,
    Stream,
    build_stream,
    expected_groups,
    happenings,
    lasting_part,
)
from simulator.scenarios.tables import DAYS, SPLIT_DAY, Setting, Tables, tables_of

SHAPES: Final = ("process", "building", "utility")
_MONDAYS: Final = tuple(
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((1, 5), (2, 2), (7, 27), (8, 24), (9, 28))
)
"""Each begins a history that crosses a change of the clocks, in its first or its second half."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything about one company in 120 days, and people who can be asked about it."""

    shape: str
    seed: int
    density: Density
    starts_at: datetime
    split_at: datetime
    ends_at: datetime
    sites: tuple[Site, ...]
    devices: tuple[Device, ...]
    works: tuple[Work, ...]
    people: tuple[Person, ...]
    incidents: tuple[Incident, ...]
    answers: tuple[Answer, ...]
    closings: tuple[Closing, ...]
    processes: tuple[Process, ...]
    by_id: dict[str, Incident] = field(repr=False)
    rarity: dict[str, float] = field(repr=False)

    def ask(self, incident_id: str, at: datetime, person: str) -> Answer:
        """Return the answer of a person of the incident's site, asked about it at a moment.

        The same person answers the same again. `answer.at` is when they get to it. Raises
        ValueError if the incident does not exist yet, or the person belongs to another site.
        """
        incident = self.by_id[incident_id]
        colleague = next((candidate for candidate in self.people if candidate.name == person), None)
        if colleague is None or colleague.site != incident.site:
            raise ValueError(f"{person} does not work at {incident.site}.")
        if at < incident.at:
            raise ValueError(f"Incident {incident_id} is created at {incident.at}, after {at}.")
        site = next(site for site in self.sites if site.name == incident.site)
        rarity = self.rarity[incident_id]
        return judgement.answer_of(incident, colleague, site, at, rarity, self.shape, self.seed)

    def triage(self, incident_id: str, at: datetime) -> Closing | None:
        """Return how the SOC closes an incident that reaches it then; None: it stays open."""
        incident = self.by_id[incident_id]
        return judgement.closing_of(incident, at, self.shape, self.seed, density=self.density)

    def investigate(self, incident_id: str, at: datetime) -> Closing:
        """Return how the SOC closes an incident that several people of OT call suspicious."""
        return judgement.investigation_of(self.by_id[incident_id], at, self.shape, self.seed)


@dataclass(slots=True)
class _SiteHistory:
    """One site with what happens there."""

    plan: SitePlan
    windows: list[Window]
    works: list[Work]
    streams: dict[str, list[Stream]]
    routine: list[Group]


def build_scenario(shape: str, seed: int, *, density: Density = "few") -> Scenario:
    """Return the scenario of a shape and a seed, the same to the letter each time. `density` is of
    attacks; what the plant itself does depends on it only where alerts of both met.
    """
    if shape not in SHAPES:
        raise ValueError(f"'{shape}' is not a shape. Use {', '.join(SHAPES)}.")
    tables = tables_of(shape)
    setting = Setting(tables, seed, dice(shape, seed, "start").choice(_MONDAYS))
    histories = [_live(setting, plan) for plan in build_sites(setting)]
    grounds = {
        history_of_site.plan.row.name: Ground(history_of_site.streams, history_of_site.windows)
        for history_of_site in histories
    }
    incidents = _incidents(setting, histories, plant_attacks(setting, grounds, density))
    split_at = setting.starts_at + timedelta(days=SPLIT_DAY)
    history = [incident for incident in incidents if incident.at < split_at]
    closings = (
        judgement.closing_of(incident, incident.at, shape, seed, density=density)
        for incident in history
    )
    sites = [site_history.plan.site for site_history in histories]
    scenario = Scenario(
        shape=shape,
        seed=seed,
        density=density,
        starts_at=setting.starts_at,
        split_at=split_at,
        ends_at=setting.ends_at,
        sites=tuple(sites),
        devices=tuple(
            device
            for site_history in histories
            for seat in site_history.plan.seats
            for device in seat.devices
        ),
        works=tuple(work for site_history in histories for work in site_history.works),
        people=judgement.people_of(sites, tables.people, shape, seed),
        incidents=tuple(incidents),
        answers=(),
        closings=tuple(closing for closing in closings if closing and closing.at < split_at),
        processes=_processes(tables, histories, incidents),
        by_id={incident.id: incident for incident in incidents},
        rarity=_rarity(incidents),
    )
    return _with_answers(scenario, history)


def _live(setting: Setting, plan: SitePlan) -> _SiteHistory:
    windows, works = plan_work(setting, plan)
    streams: dict[str, list[Stream]] = {}
    for process in setting.tables.processes:
        if setting.dice(plan.row.name, process.name, "is there").random() < process.chance:
            numbers = range(len(process.stream))
            built = (build_stream(setting, plan, process, number) for number in numbers)
            streams[process.name] = [stream for stream in built if stream]
    every = [stream for streams_of_process in streams.values() for stream in streams_of_process]
    _scale_flows(setting, plan, every, windows)
    routine = [
        group for stream in every for group in happenings(stream, windows, setting.starts_at)
    ]
    return _SiteHistory(plan, windows, works, streams, routine)


def _scale_flows(
    setting: Setting, plan: SitePlan, streams: list[Stream], windows: list[Window]
) -> None:
    """Bring the rates of all flows of a site to what is left after everything else."""
    limits = setting.tables.incidents_per_week
    weekly, weeks = setting.dice(plan.row.name, "total").uniform(*limits), DAYS / 7
    parts = {id(stream): lasting_part(stream, setting.starts_at) for stream in streams}
    others = sum(expected_groups(stream, windows) * parts[id(stream)] for stream in streams)
    flows = [stream for stream in streams if stream.row.mode == "flow"]
    total = sum(stream.rate * parts[id(stream)] for stream in flows) * weeks
    for stream in flows:
        stream.rate *= (weekly * weeks - others) / total


def _rarity(incidents: list[Incident]) -> dict[str, float]:
    """Return by incident how seldom its like happens, from 0 (often) to 1."""
    counts = Counter((incident.site, incident.truth) for incident in incidents)
    return {
        incident.id: 1 - min(1.0, counts[incident.site, incident.truth] / 100)
        for incident in incidents
    }


def _incidents(
    setting: Setting, histories: list[_SiteHistory], attacks: dict[str, list[Group]]
) -> list[Incident]:
    """Return all incidents in order of time."""
    rows = {process.name: process for process in setting.tables.processes}
    groups: list[tuple[datetime, _SiteHistory, Group, GuardClass]] = []
    for site_history in histories:
        site = site_history.plan.row.name
        guards = GuardBook(
            setting.tables, site_history.plan, site_history.works, site_history.routine
        )
        rng = setting.dice(site, "lag")
        for group in merged([*site_history.routine, *attacks[site]], *setting.names, site):
            at = group[-1].at + timedelta(minutes=rng.uniform(1, 9))
            is_attack = any(draft.is_attack for draft in group)
            groups.append((at, site_history, group, guards.guard_class(group) if is_attack else ""))
    groups.sort(key=lambda entry: (entry[0], entry[1].plan.row.name))
    incidents = []
    for number, (at, site_history, group, guard_class) in enumerate(groups, 1):
        attack = next((draft for draft in group if draft.is_attack), None)
        truth = (attack or group[0]).truth
        incident_id = f"{setting.tables.shape}-{setting.seed}-{number:05d}"
        incidents.append(
            Incident(
                id=incident_id,
                at=at,
                site=site_history.plan.row.name,
                alerts=tuple(alerts_of(group, incident_id, names_of(site_history.plan))),
                truth=truth,
                alert_truths=tuple(draft.truth for draft in group),
                is_attack=attack is not None,
                guard_class=guard_class,
                right_verdict="suspicious" if attack else rows[truth].verdict,
                right_cause="" if attack else rows[truth].cause,
            )
        )
    return incidents


def _processes(
    tables: Tables, histories: list[_SiteHistory], incidents: list[Incident]
) -> tuple[Process, ...]:
    members: dict[tuple[str, str], list[str]] = {}
    for incident in incidents:
        if set(incident.alert_truths) == {incident.truth} and not incident.is_attack:
            members.setdefault((incident.site, incident.truth), []).append(incident.id)
    return tuple(
        Process(
            name=row.name,
            site=site_history.plan.row.name,
            verdict=row.verdict,
            cause=row.cause,
            recurs=row.recurs,
            incident_ids=tuple(members.get((site_history.plan.row.name, row.name), ())),
        )
        for site_history in histories
        for row in tables.processes
        if row.name in site_history.streams
    )


def _with_answers(scenario: Scenario, history: list[Incident]) -> Scenario:
    """Return the scenario with what was judged before the split: the frequent rather than the rare.

    Half of the attacks are judged, too: what looks odd is asked about.
    """
    rng = dice(scenario.shape, scenario.seed, "answered")
    weights = {incident.id: 3.0 - 2.0 * scenario.rarity[incident.id] for incident in history}
    order = sorted(
        (incident for incident in history if not incident.is_attack),
        key=lambda incident: -(rng.random() ** (1 / weights[incident.id])),
    )
    chosen = order[: round(judgement.ANSWERED * len(history))]
    chosen += [incident for incident in history if incident.is_attack and rng.random() < 0.5]
    answers = []
    for incident in sorted(chosen, key=lambda incident: incident.at):
        team = [candidate for candidate in scenario.people if candidate.site == incident.site]
        person = rng.choices(team, [1 / (place + 1) for place in range(len(team))])[0]
        answer = scenario.ask(incident.id, incident.at, person.name)
        if answer.at < scenario.split_at:
            answers.append(answer)
    return replace(scenario, answers=tuple(answers))
