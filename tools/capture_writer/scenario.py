"""A capture as it is written: what happened, who took part, and which frames matter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tools.capture_writer.hosts import Host
from tools.capture_writer.tape import Tape

Step = tuple[float, Callable[[float], object]]


@dataclass
class Scenario:
    """One capture of the lessons.

    `text` is three sentences in plain words. `odd` names what a learner should find: it is the
    teacher's key and not shown beside the capture.
    """

    name: str
    title: str
    text: str
    odd: str
    tape: Tape
    hosts: tuple[Host, ...]
    protocols: tuple[str, ...]
    is_pcapng: bool = False

    def __post_init__(self) -> None:
        """Put the text on one line."""
        self.text = " ".join(self.text.split())

    def content(self) -> bytes:
        """Return the file."""
        return self.tape.pcapng() if self.is_pcapng else self.tape.pcap()


def steps_in_order(*steps: Step) -> None:
    """Take the steps of one connection in the order of their times, for its counters to grow."""
    for at, step in sorted(steps, key=lambda timed: timed[0]):
        step(at)


def november(day: int, hour: int, minute: int) -> int:
    """Return a moment of November 2026 in UTC, in seconds since 1970; Gdańsk is an hour ahead."""
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp())
