"""Azure's published limits: ARM's token buckets, and the Sentinel provider's five-minute minima."""

import math
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulator.replies import ArmRefusal

WINDOW_SECONDS = 300
# Bucket -> how many at once, and how many come back each second; per principal and subscription.
BUCKETS: dict[str, tuple[float, float]] = {
    "reads": (250, 25),
    "writes": (200, 10),
    "deletes": (200, 10),
}
# Provider limit -> calls in five minutes; per subscription.
WINDOWS: dict[str, int] = {
    "alerts": 100,
    "entities": 100,
    "GET comments": 100,
    "GET relations": 100,
    "PUT incidents": 75,
    "PUT comments": 75,
    "PUT relations": 75,
    "GET automationRules": 100,
    "PUT automationRules": 100,
}
# Limit of Graph -> calls in a minute; per application and tenant.
GRAPH_SECONDS = 60
GRAPH: dict[str, int] = {"graph security": 150}


@dataclass
class _Bucket:
    tokens: float
    at: float


class Throttle:
    """Counts calls on the simulator's clock and refuses with 429 once a limit is reached."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.windows = dict(WINDOWS)
        self.buckets = dict(BUCKETS)
        self.graph = dict(GRAPH)
        self.refused = 0
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def configure(self, body: dict[str, Any]) -> None:
        """Switch on or off, and change single limits; raises ValueError for unknown ones."""
        for name, limit in (body.get("limits") or {}).items():
            if name in self.windows:
                self.windows[name] = int(limit)
            elif name in self.graph:
                self.graph[name] = int(limit)
            elif name in self.buckets:
                burst, refill = limit
                self.buckets[name] = (float(burst), float(refill))
            else:
                raise ValueError(f"unknown limit {name!r}")
        self.on = bool(body.get("on", self.on))
        self._buckets.clear()
        self._calls.clear()

    def admit(
        self, *, method: str, limit: str, principal: str, subscription: str, now: datetime
    ) -> dict[str, str]:
        """Count one call and return what is left as headers; refuses with 429."""
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(method, "writes")
        if not self.on:
            return {f"x-ms-ratelimit-remaining-subscription-{kind}": str(int(BUCKETS[kind][0]))}
        at = now.astimezone(UTC).timestamp()
        tokens = self._take(kind, principal, subscription, at)
        header = {f"x-ms-ratelimit-remaining-subscription-{kind}": str(int(max(tokens, 0)))}
        if tokens < 0:
            wait = math.ceil(-tokens / self.buckets[kind][1])
            raise self._refuse("SubscriptionRequestsThrottled", wait, header)
        if limit:
            self._count(limit, subscription, at, header)
        return header

    def wait_for_graph(self, *, limit: str, application: str, tenant: str, now: datetime) -> int:
        """Count one call to Graph; the seconds to wait where it is one too many, else 0."""
        if not self.on:
            return 0
        name, at = f"graph {limit}", now.astimezone(UTC).timestamp()
        moments = self._calls.setdefault((name, f"{application} {tenant}"), deque())
        while moments and moments[0] <= at - GRAPH_SECONDS:
            moments.popleft()
        if len(moments) < self.graph[name]:
            moments.append(at)
            return 0
        self.refused += 1
        first = moments[0] if moments else at
        return max(1, math.ceil(first + GRAPH_SECONDS - at))

    def _take(self, kind: str, principal: str, subscription: str, at: float) -> float:
        burst, refill = self.buckets[kind]
        key = (kind, principal, subscription)
        bucket = self._buckets.setdefault(key, _Bucket(burst, at))
        bucket.tokens = min(burst, bucket.tokens + (at - bucket.at) * refill)
        bucket.at = at
        if bucket.tokens < 1:
            return bucket.tokens - 1
        bucket.tokens -= 1
        return bucket.tokens

    def _count(self, limit: str, subscription: str, at: float, header: dict[str, str]) -> None:
        moments = self._calls.setdefault((limit, subscription), deque())
        while moments and moments[0] <= at - WINDOW_SECONDS:
            moments.popleft()
        if len(moments) >= self.windows[limit]:
            wait = (
                max(1, math.ceil(moments[0] + WINDOW_SECONDS - at)) if moments else WINDOW_SECONDS
            )
            raise self._refuse("TooManyRequests", wait, header)
        moments.append(at)

    def _refuse(self, code: str, wait: int, header: dict[str, str]) -> ArmRefusal:
        self.refused += 1
        return ArmRefusal(
            429,
            code,
            f"Number of requests exceeded the limit. Try again in {wait} seconds.",
            {**header, "Retry-After": str(max(wait, 1))},
        )
