"""How the hosts answer that many workspaces share, in rows: all processes leave one alone that does
not answer.
"""

from alerts.sentinel.client.breakers import GRAPH_HOST, LOGS_HOST
from portal import clock
from portal.jobs import circuit_breakers

HOST_KINDS = (GRAPH_HOST, LOGS_HOST)
_MAX_NAME = 60


class StoredBreaker:
    """The breaker of one host, by the name of its row."""

    def __init__(self, name: str) -> None:
        self._name = name[:_MAX_NAME]

    def may_call(self) -> bool:
        """Whether to call now; when a probe is due, True for only one caller."""
        return circuit_breakers.may_call(self._name, now=clock.unshifted())

    def note_answer(self) -> None:
        """It answered, with whatever."""
        circuit_breakers.note_answer(self._name, now=clock.unshifted())

    def note_failure(self, error: str) -> None:
        """It did not answer."""
        circuit_breakers.note_failure(self._name, error=error, now=clock.unshifted())
