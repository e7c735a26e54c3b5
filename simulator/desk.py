"""The SOC desk at work: while time passes, its analysts close incidents as they did in the history.

They take what has waited long enough, oldest first, and no more than the desk can do in an hour.
What was put off for weeks comes last. What was not harmless is open for months, as a case is: each
true positive holds its devices, and the demo would show little else. They leave alone what somebody
else has in hand, and what a test or the demo provoked.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from simulator.azure import Azure
from simulator.clock import TICKS_PER_SECOND, to_moment
from simulator.incident_records import incident_path
from simulator.incidents import change_incident
from simulator.plant.cases import (
    CLOSED_SOON,
    DAY_US,
    analysts,
    kind_of,
    owner_of,
    rank_of,
    wait_of,
    write_closing,
)
from simulator.plant.recipes import read
from simulator.plant.records import Truth
from simulator.replies import Reply
from simulator.store.incidents import Incident, OpenIncident

HOUR = 3_600 * TICKS_PER_SECOND
PACE, WEEKEND_PACE = 1.1, 0.8  # closings that the desk manages a day, by incidents that come a day
PUT_OFF, A_CASE = 20 * DAY_US, 90 * DAY_US  # how long it takes at least
TRIAL_LABEL = "tagout:would-close"  # of a rule in its trial: nobody has the incident in hand
_IN_HAND = "tagout:"
_ANALYSTS = frozenset(str(owner["assignedTo"]) for owner in analysts())
_ADDRESSES = frozenset(str(owner["email"]) for owner in analysts())


class _WaitingIncident(NamedTuple):
    """An incident that the desk will close, in the order in which it does."""

    is_put_off: bool
    due: int
    workspace: str
    name: str


def work_until(azure: Azure, until: int, *, after: int) -> int:
    """Let the desk work in every hour that ended after `after` and until `until`; return how many
    incidents it closed.
    """
    hours = range(after // HOUR, until // HOUR)
    if not hours:
        return 0
    waiting = sorted(_waiting_incidents(azure, until=until, came_by=after))
    closed = 0
    for hour in hours:
        begin = hour * HOUR
        due = [entry for entry in waiting if entry.due <= begin][: _capacity(azure, hour)]
        for place, entry in enumerate(due, 1):
            at = max(begin + place * HOUR // (len(due) + 1), after + place)
            closed += _close(azure, entry, at=at)
            waiting.remove(entry)
    return closed


def _capacity(azure: Azure, hour: int) -> int:
    """How many incidents the desk can close in this hour since 1970."""
    is_weekend = to_moment(hour * HOUR).weekday() >= 5
    rate = azure.per_day * (WEEKEND_PACE if is_weekend else PACE) / 24
    return int(rate * (hour + 1)) - int(rate * hour)


def _waiting_incidents(azure: Azure, *, until: int, came_by: int) -> Iterator[_WaitingIncident]:
    """What comes while the clock leaps waits for the next look: whoever reads the workspace, such
    as rules, sees it open first.
    """
    for row in azure.store.incidents.open_of_plant():
        if row.created > came_by or not _is_at_desk(row) or "!" in row.recipe:
            continue
        bits = read(row.recipe).bits
        over = rank_of(bits) - CLOSED_SOON
        wait_us = wait_of(bits) if over < 0 else PUT_OFF + over * DAY_US
        if not row.is_benign:
            wait_us += A_CASE
        due = row.created + wait_us * 10
        if due <= until:
            yield _WaitingIncident(over >= 0, due, row.workspace, row.name)


def _is_at_desk(row: OpenIncident) -> bool:
    """Whether nobody but the desk has touched an incident; a trial's label is no touch."""
    if row.status == "New":
        return not row.owner
    return row.owner in _ANALYSTS and row.author in {None, *_ADDRESSES}


def _close(azure: Azure, entry: _WaitingIncident, *, at: int) -> bool:
    incident = azure.store.incidents.get(entry.workspace, entry.name)
    if incident is None or _is_in_hand(incident):
        return False
    bits = read(str(incident.recipe)).bits
    kind = kind_of(Truth(**orjson.loads(str(incident.truth))))
    owner, before = owner_of(bits), incident.etag

    def close(properties: dict[str, Any]) -> None:
        properties["owner"] = owner
        write_closing(properties, bits, kind=kind)

    incident = change_incident(azure, incident, close, at=at, source="User", by=owner["email"])
    path = incident_path(azure.workspace(incident.workspace), incident.name)
    reply = Reply(200, effect="closed", before=before, after=incident.etag)
    azure.store.journal.write(
        at=at, method="PERSON", path=path, principal=owner["assignedTo"], body=b"", reply=reply
    )
    return True


def _is_in_hand(incident: Incident) -> bool:
    """Whether somebody discusses it, or has marked it for people."""
    labels = [str(label["labelName"]) for label in incident.properties.get("labels") or []]
    is_marked = any(
        label.startswith(_IN_HAND) and not label.startswith(TRIAL_LABEL) for label in labels
    )
    return is_marked or incident.properties["additionalData"]["commentsCount"] > 0
