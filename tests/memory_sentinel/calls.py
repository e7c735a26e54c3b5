"""What every part of the in-memory Sentinel asks of the whole."""

from abc import ABC, abstractmethod
from typing import Any


class MemoryCalls(ABC):
    """The calls, the clock and the incidents of the twin, which its parts share."""

    @abstractmethod
    def _called(self, verb: str, name: str = "", body: Any = None) -> None:
        """Note the call, and fail as the test wants it to."""

    @abstractmethod
    def _incident(self, name: str) -> dict[str, Any]:
        """Return the stored incident. Raises SentinelNotFound."""

    @abstractmethod
    def _now(self) -> str:
        """Return the twin's time as Sentinel writes it."""

    @abstractmethod
    def _etag(self) -> str:
        """Return an etag that was never used."""
