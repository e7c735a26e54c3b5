"""What the gates of Azure Resource Manager and of Graph share: how a call finds who answers it, and
the journal of writes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from simulator.azure import Azure
from simulator.replies import ArmRefusal, Reply


@dataclass(kw_only=True)
class AzureRequest:
    """One request as it came over the network; names of headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json_object(self, *, invalid: ArmRefusal, other: ArmRefusal) -> dict[str, Any]:
        """Return the body; refuse what is no JSON, and what is no object."""
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise invalid from None
        if not isinstance(body, dict):
            raise other
        return body


class AnyRoute(Protocol):
    """One address of either."""

    @property
    def method(self) -> str:
        """The method that it takes."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What matches its path as a whole; its groups are the handler's arguments."""

    @property
    def writes(self) -> bool:
        """Whether it may change something."""


@dataclass(frozen=True)
class Answered:
    """An answer, and the number of its journal entry when it was a write."""

    reply: Reply
    entry: int | None = None


def find_route[R: AnyRoute](
    routes: Sequence[R], request: AzureRequest
) -> tuple[R | None, dict[str, str]]:
    """Return the route of a call with its arguments; None where nobody answers."""
    for route in routes:
        if route.method != request.method:
            continue
        if match := route.pattern.fullmatch(request.path):
            return route, match.groupdict()
    return None, {}


class Journalled:
    """One call as the journal records it, once there is an answer; mere reads are left out."""

    def __init__(
        self, azure: Azure, route: AnyRoute | None, request: AzureRequest, *, at: int
    ) -> None:
        self._journal = azure.store.journal
        self._writes = route is not None and route.writes
        self._at, self._request = at, request
        self._transaction = azure.store.transaction

    def note(self, reply: Reply, *, principal: str) -> int | None:
        """Inside the transaction of its effect; returns the number of the entry."""
        if not self._writes:
            return None
        return self._journal.write(
            at=self._at,
            method=self._request.method,
            path=self._request.path,
            principal=principal,
            body=self._request.body,
            reply=reply,
        )

    def note_refused(self, reply: Reply, *, principal: str) -> int | None:
        """The same in a transaction of its own: a refused call had no effect."""
        if not self._writes:
            return None
        with self._transaction():
            return self.note(reply, principal=principal)
