"""Reads captures of incidents in a process of its own, bounded by the kernel.

Always: 512 MB of memory, 60 s of the processor and of the clock, no file written, an empty
environment. Where bubblewrap may be run also: no network, no rights, and no files but the capture,
Python and the reader itself.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from signal import SIGXCPU
from typing import IO

from alerts.captures.registry import MAX_READING_SECONDS, PartRead, UnreadableCaptureError
from training.labs import reading_process
from training.pcap.capture_file import format_of

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = os.path.realpath(sys.executable)
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
_INSIDE = "/capture"
_MAX_ANSWER = 96 * 1024 * 1024
_MAX_HEAD = 100
_KILLED_AS_CHILD = 128  # a shell and bubblewrap add the signal to this


class ProcessReader:
    """The reader of this project behind the interface of `alerts.captures`."""

    page_name = "incident_captures:capture"

    def __init__(
        self, *, memory: int = reading_process.MEMORY, seconds: int = MAX_READING_SECONDS
    ) -> None:
        self._memory, self._seconds = memory, seconds

    def format_of(self, head: bytes) -> str:
        """Return pcap or pcapng for the first four bytes of a file, else nothing."""
        return format_of(head)

    def read(self, path: Path) -> Iterator[PartRead]:
        """Yield what is in a file. Raises UnreadableCaptureError."""
        command = command_for(path, str(self._memory), str(self._seconds))
        late = threading.Event()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            cwd=_ROOT,
        ) as process:

            def end() -> None:
                late.set()
                process.kill()

            watch = threading.Timer(self._seconds, end)
            watch.start()
            try:
                assert process.stdout
                yield from _parts(process.stdout)
                process.stdout.close()
                code = process.wait()
            finally:
                watch.cancel()
                process.kill()
        if late.is_set() or code in {-SIGXCPU, _KILLED_AS_CHILD + SIGXCPU}:
            raise UnreadableCaptureError(
                f"Reading it takes longer than {self._seconds} seconds, so it was stopped."
            )
        if code == reading_process.TOO_LARGE:
            mebibytes = self._memory // (1024 * 1024)
            raise UnreadableCaptureError(
                f"Reading it takes more than {mebibytes} MB of memory, so it was stopped."
            )
        if code:
            raise UnreadableCaptureError(
                f"The reader ended before its work was done (code {code})."
            )


def command_for(path: Path, *limits: str) -> list[str]:
    """Return the command line that reads a capture, walled in where that is possible."""
    program = [_PYTHON, "-m", reading_process.__name__]
    if not can_use_bubblewrap():
        return [*program, str(path), *limits]
    return [*_sandbox(path), *program, _INSIDE, *limits]


@cache
def can_use_bubblewrap() -> bool:
    """Whether bubblewrap can be run here; the answer is kept. In most containers it cannot."""
    if shutil.which("bwrap") is None:
        return False
    trial = [*_sandbox(Path("/dev/null")), _PYTHON, "-c", "pass"]
    process = subprocess.run(trial, capture_output=True, check=False, timeout=20)
    return process.returncode == 0


def _sandbox(path: Path) -> list[str]:
    """Return how the command line begins that has no network, no rights, no environment, and no
    files but the capture, the reader and Python.
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--clearenv", "--setenv", "LC_ALL", "C.UTF-8", "--proc", "/proc", "--dev", "/dev"]
    for folder in (*_SYSTEM, sys.base_prefix):
        command += ["--ro-bind-try", folder, folder]
    command += ["--setenv", "PYTHONDONTWRITEBYTECODE", "1"]
    command += ["--ro-bind", str(_ROOT / "training"), "/reader/training", "--chdir", "/reader"]
    return [*command, "--ro-bind", str(path.absolute()), _INSIDE, "--"]


def _parts(answer: IO[bytes]) -> Iterator[PartRead]:
    """Read the documents one by one, whatever the process writes, and not too many."""
    left = _MAX_ANSWER
    while head := answer.readline(_MAX_HEAD):
        kind, number, length = _head(head)
        left -= length
        if left < 0:
            raise UnreadableCaptureError("It holds more than a page can show.")
        document = answer.read(length)
        if len(document) < length:
            return  # its exit code says why
        if kind == "trouble":
            raise UnreadableCaptureError(str(json.loads(document)))
        yield PartRead(kind, number, document)


def _head(line: bytes) -> tuple[str, int, int]:
    kind, number, length = line.split()
    return kind.decode(), int(number), int(length)
