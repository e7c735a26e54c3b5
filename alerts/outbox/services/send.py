"""One write to Sentinel: read, decide, write, and read again where somebody was in between."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alerts.outbox.engine.merge import (
    AsWanted,
    Foreign,
    Overtaken,
    ToWrite,
    decide,
)
from alerts.outbox.engine.words import said_of
from alerts.outbox.models import Change, Kind, Outcome
from alerts.sentinel.client.port import SentinelClient, SentinelConflict, SentinelNotFound
from alerts.sentinel.wire import WireIncident, comment_body, incident_put_body, read_incident

TURNS = 4  # the first and three more
ENOUGH = 20.0  # seconds after which no new turn begins, so that the lease outlives two calls

type Pause = Callable[[float], None]
type Ask = Callable[[WireIncident], str]  # why this must not be written after all; "" if it may


@dataclass(frozen=True, slots=True)
class Sent:
    """How sending ended."""

    outcome: Outcome
    note: str = ""
    raw: dict[str, Any] | None = None
    etag: str = ""
    foreign: tuple[Foreign, ...] = ()
    wrote: bool = False


class Unreadable(Exception):
    """Sentinel's answer about this incident is none that can be decided on."""


class StillMoving(Exception):
    """Somebody changed the incident each time between our reading and our writing."""


def send(
    change: Change, *, client: SentinelClient, pause: Pause = time.sleep, ask: Ask | None = None
) -> Sent:
    """Send one change. Raises SentinelError where the far end did not let us. `ask` is asked of
    each reading that is about to be written over.
    """
    if change.kind == Kind.COMMENT:
        return _send_comment(change, client)
    return _send_update(change, client, pause, ask)


def _send_update(change: Change, client: SentinelClient, pause: Pause, ask: Ask | None) -> Sent:
    began = time.monotonic()
    for turn in range(TURNS):
        fresh = _read(client.get_incident(change.incident_name))
        match decide(change.patch, change.base, fresh.raw["properties"]):
            case AsWanted():
                return Sent(Outcome.SENT, raw=fresh.raw, etag=fresh.etag or "")
            case Overtaken() as lost:
                note = said_of(lost)
                return Sent(
                    Outcome.CONFLICTED, note, fresh.raw, fresh.etag or "", foreign=lost.foreign
                )
            case ToWrite() as plan:
                if ask and (reason := ask(fresh)):
                    return Sent(Outcome.DROPPED, reason, fresh.raw, fresh.etag or "")
                body = incident_put_body(
                    fresh.raw,
                    plan.changes,
                    add_labels=plan.add_labels,
                    remove_labels=plan.remove_labels,
                )
        try:
            receipt = client.put_incident(change.incident_name, body)
        except SentinelConflict:
            if time.monotonic() - began > ENOUGH:
                break
            if turn < TURNS - 1:
                pause(random.uniform(0.1, 0.4) * 2**turn)
            continue
        return _written(receipt.body, receipt.etag)
    raise StillMoving("Somebody else keeps changing this incident in Sentinel.")


def _send_comment(change: Change, client: SentinelClient) -> Sent:
    key = str(change.key)
    if change.fence > 1:  # it was in a worker's hands before: perhaps the answer was lost
        try:
            client.get_comment(change.incident_name, key)
        except SentinelNotFound:
            pass
        else:
            return Sent(Outcome.SENT)
    client.put_comment(change.incident_name, key, comment_body(change.message))
    return Sent(Outcome.SENT, wrote=True)


def _read(body: bytes) -> WireIncident:
    incident = read_incident(body)
    if not isinstance(incident, WireIncident):
        raise Unreadable(f"Sentinel's answer could not be read: {incident.reason}.")
    return incident


def _written(body: bytes, etag: str | None) -> Sent:
    """What came of a write that succeeded, even where its answer is of no use."""
    try:
        saved = _read(body)
    except (ValueError, Unreadable):
        return Sent(Outcome.SENT, etag=etag or "", wrote=True)
    return Sent(Outcome.SENT, raw=saved.raw, etag=etag or saved.etag or "", wrote=True)
