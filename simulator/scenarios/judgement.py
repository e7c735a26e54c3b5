"""What people say: engineers who judge incidents and sometimes err, and a SOC that closes some."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulator.scenarios.chance import dice
from simulator.scenarios.records import (
    Answer,
    Closing,
    Density,
    Incident,
    Person,
    Site,
    Verdict,
)

COMMON_ERROR = 0.01
"""How often an incident misleads everybody who looks at it."""
OWN_ERROR = 0.02
"""How often one person errs on their own."""
ANSWERED = 0.1
"""Which share of the history was judged."""
FOUND_OUT = 0.95
"""How often an investigation by the SOC finds out what an incident was."""


def people_of(sites: list[Site], pool: list[str], *names: object) -> tuple[Person, ...]:
    """Return three to five engineers and a lead for each site, named from a pool."""
    rng = dice(*names, "people")
    pool = rng.sample(pool, len(pool))
    people: list[Person] = []
    for site in sites:
        people += [
            Person(name=pool.pop(), site=site.name, role="engineer")
            for _ in range(rng.randint(3, 5))
        ]
        people.append(Person(name=pool.pop(), site=site.name, role="lead"))
    return tuple(people)


def verdict_of(incident: Incident, person: Person, rarity: float, *names: object) -> Verdict:
    """Return this person's verdict on this incident, the same however often asked.

    `rarity` is between 0 and 1: of what is rare, people are less often sure.
    """
    together, alone = dice(*names, incident.id), dice(*names, incident.id, person.name)
    if together.random() < COMMON_ERROR or alone.random() < OWN_ERROR / (1 - COMMON_ERROR):
        return _wrong(incident, alone.random())
    if alone.random() < 0.03 + 0.12 * rarity:
        return "not-sure"
    return incident.right_verdict


def _wrong(incident: Incident, chance: float) -> Verdict:
    if incident.is_attack:
        return "routine" if chance < 0.7 else "maintenance"
    if chance < 0.85:
        return "suspicious"
    return "maintenance" if incident.right_verdict == "routine" else "routine"


def answer_of(
    incident: Incident, person: Person, site: Site, at: datetime, rarity: float, *names: object
) -> Answer:
    """Return the answer of a person who was asked at a moment, given in their working hours."""
    verdict = verdict_of(incident, person, rarity, *names)
    rng = dice(*names, incident.id, person.name, "delay")
    answered = _at_work(at + timedelta(hours=rng.expovariate(1 / 4)), site.time_zone)
    is_harmless = verdict in {"routine", "maintenance"}
    return Answer(
        incident_id=incident.id,
        verdict=verdict,
        cause=incident.right_cause if is_harmless else "",
        person=person.name,
        at=answered,
    )


def _at_work(at: datetime, time_zone: str) -> datetime:
    """Return the next moment between 06:30 and 16:30 of a working day."""
    local = at.astimezone(ZoneInfo(time_zone))
    if local.weekday() < 5 and time(6, 30) <= local.time() < time(16, 30):
        return at
    day = local.date()
    if local.weekday() >= 5 or local.time() >= time(16, 30):
        day += timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
    minute = at.minute + at.second / 60
    begin = datetime.combine(day, time(6, 30), ZoneInfo(time_zone)).astimezone(UTC)
    return begin + timedelta(minutes=minute)


def closing_of(
    incident: Incident, at: datetime, *names: object, density: Density = "few"
) -> Closing | None:
    """Return how the SOC closes an incident that reached it; None if it stays open. Where attacks
    are many it recognises most of them.
    """
    rng = dice(*names, incident.id, "soc")
    chance, hours = rng.random(), rng.expovariate(1 / 9)
    if incident.is_attack and density == "many":
        outcomes = ((0.9, "TruePositive"), (0.92, "BenignPositive"), (0.96, "Undetermined"))
    elif incident.is_attack:
        outcomes = ((0.5, "TruePositive"), (0.54, "BenignPositive"), (0.7, "Undetermined"))
    else:
        outcomes = ((0.001, "TruePositive"), (0.36, "BenignPositive"), (0.75, "Undetermined"))
    for limit, classification in outcomes:
        if chance < limit:
            return _closing(incident, classification, at + timedelta(hours=0.2 + hours))
    return None


def investigation_of(incident: Incident, at: datetime, *names: object) -> Closing:
    """Return how the SOC closes what two people of OT called suspicious: nobody leaves that in the
    queue. It finds out what it was in nineteen of twenty cases.
    """
    rng = dice(*names, incident.id, "investigation")
    is_right = rng.random() < FOUND_OUT
    right = "TruePositive" if incident.is_attack else "BenignPositive"
    hours = 2 + rng.expovariate(1 / 12)
    return _closing(incident, right if is_right else "Undetermined", at + timedelta(hours=hours))


def _closing(incident: Incident, classification: str, at: datetime) -> Closing:
    benign = classification == "BenignPositive"
    suspicious = classification == "TruePositive"
    return Closing(
        incident_id=incident.id,
        classification="BenignPositive"
        if benign
        else "TruePositive"
        if suspicious
        else "Undetermined",
        reason="SuspiciousButExpected" if benign else "SuspiciousActivity" if suspicious else "",
        comment="Expected here, no action." if benign else "",
        at=at,
    )
