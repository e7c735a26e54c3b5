"""Processes of the demo: started together, watched, started again when they die, stopped without a
remainder.

What dies over and over is broken rather than unlucky: then the demo ends with one sentence.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import embedded
from portal.errors import Misconfigured

PATIENCE = 20.0  # seconds a process has to stop by itself
FIRST_WAIT, MAX_WAIT = 1.0, 15.0  # seconds; each wait is twice the one before
STEADY = 60.0  # seconds after which a process that ran is no longer one that dies over and over
MAX_DEATHS = 6  # in a row
ASKED_EVERY = 2.0  # seconds between two questions to a server
BROKER_PATIENCE = 5.0  # seconds the broker has to answer, before it hangs


class ProcessDied(Exception):
    """A process of the demo ended although it should not; the text names it and its log."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process was started, to start it the same way again."""

    command: Sequence[str]
    listener: socket.socket | None
    environment: Mapping[str, str]


@dataclass
class ProcessGroup:
    """The processes of one demo. Each has a log file of its own in `logs`."""

    logs: Path
    environment: dict[str, str]
    may_end: set[str] = field(default_factory=set)  # names of those that finish by themselves
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _launches: dict[str, Launch] = field(default_factory=dict)

    def start(
        self,
        name: str,
        command: Sequence[str],
        listener: socket.socket | None = None,
        **environment: str,
    ) -> subprocess.Popen[bytes]:
        """Start one process in a session of its own: Ctrl-C is for us, we pass it on in order.
        `place` becomes its own under the same number, and stays ours as well: who comes while it is
        started again waits. `more` goes into its environment.
        """
        self._launches[name] = Launch(command, listener, environment)
        return self._launch(name)

    def restart(self, name: str) -> None:
        """Start a process that has ended the same way again, without what it left running."""
        _send(self.processes[name], signal.SIGKILL)
        self._launch(name)

    def _launch(self, name: str) -> subprocess.Popen[bytes]:
        launch = self._launches[name]
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(name).open("ab") as log:
            process = subprocess.Popen(
                launch.command,
                env={
                    **os.environ,
                    **self.environment,
                    **launch.environment,
                    "TAGOUT_PROCESS": f"tagout-{name}",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(launch.listener.fileno(),) if launch.listener else (),
            )
        self.processes[name] = process
        return process

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run one process to its end. Raises Died when it fails."""
        process = self.start(name, command)
        while (code := process.poll()) is None:
            time.sleep(0.1)
            self.check(but=name)
        del self.processes[name]
        if code:
            raise ProcessDied(f"{name} failed. {self.log_tail(name)}")

    def check(self, *, but: str = "") -> None:
        """Raise Died when a process has ended (`but` one that is meant to)."""
        for name in self.ended():
            if name != but:
                raise ProcessDied(f"{name} stopped unexpectedly. {self.log_tail(name)}")

    def ended(self) -> list[str]:
        """Names of the processes that have ended although they should not."""
        codes = {name: process.poll() for name, process in self.processes.items()}
        return [
            name
            for name, code in codes.items()
            if code is not None and (code or name not in self.may_end)
        ]

    def log_tail(self, name: str) -> str:
        """Where its log is and how it ends."""
        return log_tail(self.log_of(name))

    def log_of(self, name: str) -> Path:
        """The file that a process of this name logs to."""
        return self.logs / f"{name}.log"

    def stop(self) -> None:
        """Ask the newest first, all at once within a kind; kill what does not listen."""
        for process in reversed(self.processes.values()):
            _send(process, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        for process in reversed(self.processes.values()):
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.1))
            _send(process, signal.SIGKILL)  # the whole group: children of children too
            process.wait()
        self.processes.clear()
        for launch in self._launches.values():
            if launch.listener:
                launch.listener.close()


def log_tail(log: Path) -> str:
    """Where a log is and how it ends."""
    last_lines = log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else []
    return f"Its log is {log}; it ends: {' / '.join(last_lines)}"


def _send(process: subprocess.Popen[bytes], signal_number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if signal_number == signal.SIGTERM:
            process.send_signal(signal_number)
        else:
            os.killpg(process.pid, signal_number)


def hold_port(first: int, *, strict: bool) -> socket.socket:
    """A listening socket on the wanted port of 127.0.0.1, or with `strict=False` on the next one
    that is free. It is taken from now on: two demos that start together never get the same, and who
    comes early waits instead of being turned away.
    """
    for port in range(first, first + (1 if strict else 200)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError:
            listener.close()
        else:
            return listener
    sys.exit(f"Port {first} is taken: set DEMO_PORT to a free one.")


def port_of(listener: socket.socket) -> int:
    """The port that a socket holds."""
    port: int = listener.getsockname()[1]
    return port


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

    group: ProcessGroup
    servers: Sequence[Server]
    report: Callable[[str], None]
    _deaths: dict[str, _Deaths] = field(default_factory=dict)
    _asked_at: float | None = None

    def check(self, *, now: float) -> None:
        """Start again what has ended and is due. Raises Died when something ended too often."""
        if self._asked_at is None or now - self._asked_at >= ASKED_EVERY:
            self._asked_at = now
            for server in self.servers:
                if server.answers():
                    self._deaths.pop(server.name, None)
                else:
                    self._restart(server.name, "does not answer", server.log, server.restart, now)
        for name in self.group.ended():
            log = self.group.log_of(name)
            self._restart(name, "stopped unexpectedly", log, partial(self.group.restart, name), now)

    def _restart(
        self, name: str, symptom: str, log: Path, restart: Callable[[], None], now: float
    ) -> None:
        deaths = self._deaths.setdefault(name, _Deaths())
        if deaths.due_at is None:
            wait = deaths.add(now)
            if deaths.count >= MAX_DEATHS:
                raise ProcessDied(f"{name} {symptom}, {MAX_DEATHS} times in a row. {log_tail(log)}")
            self.report(
                f"{name} {symptom} and will be restarted in {wait:.0f} s. Its log is {log}."
            )
        elif deaths.due_at <= now:
            deaths.start(now)
            try:
                restart()
            except (Misconfigured, OSError):
                return  # seen as another death at the next look


def servers_of(data: Path) -> list[Server]:
    """The servers that the demo brings: those whose address no setting gives."""
    servers = []
    if not embedded.is_set("DATABASE_URL"):
        servers.append(
            Server(
                "The database",
                embedded.log_of_database(data),
                lambda: embedded.database_answers(data),
                lambda: embedded.restart_database(data),
            )
        )
    if not embedded.is_set("REDIS_URL"):
        servers.append(
            Server(
                "The broker",
                data / "valkey" / "log",
                lambda: embedded.broker_answers(data, within=BROKER_PATIENCE),
                lambda: embedded.restart_broker(data),
            )
        )
    return servers
