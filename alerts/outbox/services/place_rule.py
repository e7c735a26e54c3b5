"""One automation rule brought to what is wanted: read, decide, write, and read back."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.outbox.engine.rules import Taken, decide_about
from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.services.workspace_health import is_workspace_gone
from alerts.sentinel.client.port import SentinelClient, SentinelConflict, SentinelNotFound
from alerts.sentinel.wire import (
    WireRule,
    differing_places,
    read_automation_rule,
    read_automation_rules,
)
from portal.jobs.models import State

TURNS = 4
ENOUGH = 20.0  # seconds after which no new turn begins, so that the lease outlives the calls
MAX_PAGES = 20

type Pause = Callable[[float], None]
type HasRoom = Callable[[int], list[str]]  # how many rules there are → why not one more


@dataclass(frozen=True, slots=True)
class Placed:
    """How it ended. `body` is what Sentinel holds now; None where there is nothing of ours."""

    outcome: Landing
    body: dict[str, Any] | None
    etag: str = ""
    error: str = ""
    note: str = ""
    wrote: bool = False


class NotOursAnyMore(Exception):
    """Another worker has it, or something else is wanted by now."""


class StillMoving(Exception):
    """Somebody changed the rule each time between our reading and our writing."""


def place_rule(
    row: WantedRule, *, client: SentinelClient, has_room: HasRoom, now: datetime, pause: Pause
) -> Placed:
    """Make Sentinel hold what is wanted, or say why not. Raises SentinelError where the far end
    did not let us.
    """
    began = time.monotonic()
    for turn in range(TURNS):
        held = _read(client, str(row.name))
        found = held.properties if held else None
        verdict = decide_about(
            wanted=row.wanted,
            known=[row.landed, row.sent],
            was_there=row.landed is not None,
            found=found,
            insists=row.insists,
            now=now,
        )
        if verdict.taken is Taken.AS_WANTED:
            return Placed(Landing.LANDED, row.wanted, held.etag if held else "")
        if verdict.taken is Taken.HOLD:
            return Placed(Landing.HELD, row.landed, row.landed_etag, error=verdict.note)
        if held is None and (reasons := has_room(_count_rules(client))):
            return Placed(Landing.REFUSED, None, error=" ".join(reasons))
        try:
            return _write(row, held, client, note=verdict.note)
        except SentinelConflict:
            if time.monotonic() - began > ENOUGH:
                break
            if turn < TURNS - 1:
                pause(random.uniform(0.1, 0.4) * 2**turn)
    raise StillMoving("Somebody else keeps changing this rule in Sentinel.")


def _write(row: WantedRule, held: WireRule | None, client: SentinelClient, *, note: str) -> Placed:
    name, etag = str(row.name), held.etag if held else ""
    _mark_sent(row)
    if row.wanted is None:
        client.delete_automation_rule(name, etag=etag)
        return Placed(Landing.LANDED, None, note=note, wrote=True)
    client.put_automation_rule(name, row.wanted, etag=etag)
    back = _read(client, name)
    if back is None:
        return Placed(Landing.REFUSED, None, error="Sentinel took the rule and does not have it.")
    if places := differing_places(row.wanted, back.properties):
        # It would act in words that nobody signed.
        client.delete_automation_rule(name, etag=back.etag)
        said = f"What Sentinel kept is not what was sent ({', '.join(places)}); it was taken away."
        return Placed(Landing.REFUSED, None, error=said, wrote=True)
    return Placed(Landing.LANDED, row.wanted, back.etag, note=note, wrote=True)


def _mark_sent(row: WantedRule) -> None:
    """Note what goes out, so that a lost answer is known again; stop if more is wanted by now."""
    mine = WantedRule.objects.filter(
        pk=row.pk, fence=row.fence, state=State.RUNNING, wanted_version=row.wanted_version
    )
    if not mine.update(sent=row.wanted):
        raise NotOursAnyMore
    row.sent = row.wanted


def _read(client: SentinelClient, name: str) -> WireRule | None:
    try:
        return read_automation_rule(client.get_automation_rule(name))
    except SentinelNotFound as error:
        if is_workspace_gone(error):
            raise
        return None


def _count_rules(client: SentinelClient) -> int:
    total, link = 0, None
    for _ in range(MAX_PAGES):
        rules, link = read_automation_rules(client.list_automation_rules(next_link=link))
        total += len(rules)
        if not link:
            break
    return total
