"""Deliver automation rules in the foreground, many workspaces at once, within a time limit.

For the kill switch: needs neither broker nor workers. The stops of all workspaces go first, what is
to be taken away follows as far as time allows; the rest is left to whoever delivers next.
"""

import time
from collections.abc import Callable, Collection
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread

from django.db import connections

from alerts.outbox.services.deliver import Connect
from alerts.outbox.services.deliver_rule import deliver_one_rule

AT_ONCE = 16


def push_rules(
    *,
    workspace_ids: Collection[int],
    connect: Connect,
    now: datetime,
    seconds: float,
    stops_only: bool = False,
) -> None:
    """Deliver what is owed to these workspaces for at most so long. What came of it stands in the
    rows; a call that hangs is left behind.
    """
    ends = time.monotonic() + seconds
    for only in (True,) if stops_only else (True, False):

        def deliver(workspace_id: int, only: bool = only) -> None:
            while time.monotonic() < ends and deliver_one_rule(
                now=now, connect=connect, workspace_id=workspace_id, stops_only=only
            ):
                pass

        _side_by_side(workspace_ids, deliver, ends=ends)


def _side_by_side(ids: Collection[int], work: Callable[[int], None], *, ends: float) -> None:
    waiting: SimpleQueue[int] = SimpleQueue()
    for each in ids:
        waiting.put(each)
    threads = [
        Thread(target=_drain, args=(waiting, work), daemon=True)
        for _ in range(min(AT_ONCE, len(ids)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))


def _drain(waiting: SimpleQueue[int], work: Callable[[int], None]) -> None:
    try:
        while True:
            work(waiting.get_nowait())
    except Empty:
        pass
    finally:
        connections.close_all()
