"""While the demo runs: what dies is started again, and so are the two servers it brings.

What dies over and over is broken rather than unlucky: then the demo ends with one sentence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from alerts.demo.processes import Died, Family, last_words
from portal import embedded
from portal.errors import Misconfigured

FIRST_WAIT, MAX_WAIT = 1.0, 15.0  # seconds; each wait is twice the one before
STEADY = 60.0  # seconds after which a process that ran is no longer one that dies over and over
MAX_DEATHS = 6  # in a row
ASKED_EVERY = 2.0  # seconds between two questions to a server
PATIENCE = 5.0  # seconds the broker has to answer, before it hangs


@dataclass(frozen=True, slots=True)
class Server:
    """A server that the demo brings and that is not its child."""

    name: str
    log: Path
    answers: Callable[[], bool]
    restart: Callable[[], None]


@dataclass(slots=True)
class _Deaths:
    """Deaths in a row of one process, and when it is started the next time."""

    count: int = 0
    started_at: float | None = None
    due_at: float | None = None

    def add(self, now: float) -> float:
        """Count one more; return the seconds to wait."""
        if self.started_at is not None and now - self.started_at >= STEADY:
            self.count = 0
        self.count += 1
        wait: float = min(FIRST_WAIT * 2 ** (self.count - 1), MAX_WAIT)
        self.due_at = now + wait
        return wait

    def start(self, now: float) -> None:
        """It is started now."""
        self.started_at, self.due_at = now, None


@dataclass
class Supervisor:
    """Looks after the processes of a demo, each time it is asked to."""

    family: Family
    servers: Sequence[Server]
    say: Callable[[str], None]
    _deaths: dict[str, _Deaths] = field(default_factory=dict)
    _asked_at: float | None = None

    def look(self, *, now: float) -> None:
        """Start again what has ended and is due. Raises Died when something ended too often."""
        if self._asked_at is None or now - self._asked_at >= ASKED_EVERY:
            self._asked_at = now
            for server in self.servers:
                if server.answers():
                    self._deaths.pop(server.name, None)
                else:
                    self._restart(server.name, "does not answer", server.log, server.restart, now)
        for name in self.family.ended():
            log = self.family.log_of(name)
            self._restart(name, "stopped by itself", log, partial(self.family.restart, name), now)

    def _restart(
        self, name: str, what: str, log: Path, restart: Callable[[], None], now: float
    ) -> None:
        deaths = self._deaths.setdefault(name, _Deaths())
        if deaths.due_at is None:
            wait = deaths.add(now)
            if deaths.count >= MAX_DEATHS:
                raise Died(f"{name} {what}, {MAX_DEATHS} times in a row. {last_words(log)}")
            self.say(f"{name} {what}: it is started again in {wait:.0f} s. Its log is {log}.")
        elif deaths.due_at <= now:
            deaths.start(now)
            try:
                restart()
            except (Misconfigured, OSError):
                return  # seen as another death at the next look


def servers_of(data: Path) -> list[Server]:
    """The servers that the demo brings: those whose address no setting gives."""
    found = []
    if not embedded.is_given("DATABASE_URL"):
        found.append(
            Server(
                "The database",
                embedded.log_of_database(data),
                lambda: embedded.database_answers(data),
                lambda: embedded.restart_database(data),
            )
        )
    if not embedded.is_given("REDIS_URL"):
        found.append(
            Server(
                "The broker",
                data / "valkey" / "log",
                lambda: embedded.broker_answers(data, within=PATIENCE),
                lambda: embedded.restart_broker(data),
            )
        )
    return found
