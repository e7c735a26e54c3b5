"""Child processes of the demo: started together, watched, stopped without a remainder."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 20.0  # seconds a process has to stop by itself


class Died(Exception):
    """A process of the demo ended although it should not; the text names it and its log."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process was started, to start it the same way again."""

    command: Sequence[str]
    place: socket.socket | None
    more: Mapping[str, str]


@dataclass
class Family:
    """The processes of one demo. Each has a log file of its own in `logs`."""

    logs: Path
    environment: dict[str, str]
    may_end: set[str] = field(default_factory=set)  # names of those that finish by themselves
    members: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _launches: dict[str, Launch] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str], place: socket.socket | None = None, **more: str
    ) -> subprocess.Popen[bytes]:
        """Start one process in a session of its own: Ctrl-C is for us, we pass it on in order.
        `place` becomes its own under the same number, and stays ours as well: who comes while it is
        started again waits. `more` goes into its environment.
        """
        self._launches[name] = Launch(command, place, more)
        return self._launch(name)

    def restart(self, name: str) -> None:
        """Start a process that has ended the same way again, without what it left running."""
        _send(self.members[name], signal.SIGKILL)
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
                    **launch.more,
                    "TAGOUT_PROCESS": f"tagout-{name}",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(launch.place.fileno(),) if launch.place else (),
            )
        self.members[name] = process
        return process

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run one process to its end. Raises Died when it fails."""
        process = self.start(name, command)
        while (code := process.poll()) is None:
            time.sleep(0.1)
            self.check(but=name)
        del self.members[name]
        if code:
            raise Died(f"{name} failed. {self.last_words(name)}")

    def check(self, *, but: str = "") -> None:
        """Raise Died when a process has ended (`but` one that is meant to)."""
        for name in self.ended():
            if name != but:
                raise Died(f"{name} stopped by itself. {self.last_words(name)}")

    def ended(self) -> list[str]:
        """Names of the processes that have ended although they should not."""
        codes = {name: process.poll() for name, process in self.members.items()}
        return [
            name
            for name, code in codes.items()
            if code is not None and (code or name not in self.may_end)
        ]

    def last_words(self, name: str) -> str:
        """Where its log is and how it ends."""
        return last_words(self.log_of(name))

    def log_of(self, name: str) -> Path:
        """The file that a process of this name logs to."""
        return self.logs / f"{name}.log"

    def stop(self) -> None:
        """Ask the newest first, all at once within a kind; kill what does not listen."""
        for process in reversed(self.members.values()):
            _send(process, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        for process in reversed(self.members.values()):
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.1))
            _send(process, signal.SIGKILL)  # the whole group: children of children too
            process.wait()
        self.members.clear()
        for launch in self._launches.values():
            if launch.place:
                launch.place.close()


def last_words(log: Path) -> str:
    """Where a log is and how it ends."""
    lines = log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else []
    return f"Its log is {log}; it ends: {' / '.join(lines)}"


def _send(process: subprocess.Popen[bytes], what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if what == signal.SIGTERM:
            process.send_signal(what)
        else:
            os.killpg(process.pid, what)


def hold_port(wanted: int, *, strict: bool) -> socket.socket:
    """A listening socket on the wanted port of 127.0.0.1, or with `strict=False` on the next one
    that is free. It is taken from now on: two demos that start together never get the same, and who
    comes early waits instead of being turned away.
    """
    for port in range(wanted, wanted + (1 if strict else 200)):
        place = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("127.0.0.1", port))
            place.listen(128)
        except OSError:
            place.close()
        else:
            return place
    sys.exit(f"Port {wanted} is taken: set DEMO_PORT to a free one.")


def port_of(place: socket.socket) -> int:
    """The port that a socket holds."""
    port: int = place.getsockname()[1]
    return port
