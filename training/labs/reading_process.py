"""The program that reads one capture in a process of its own, as `capture_reader` starts it.

It writes lines `KIND NUMBER LENGTH`, each with a JSON document behind it, to standard output; of
the kind `trouble` is the sentence with the reason a file cannot be read. It imports nothing but the
reader: no Django, no settings, no database, and it may run where there is none of them.
"""

import resource
import sys
from pathlib import Path
from typing import Any

from training.labs.engine.documents import BLOCK, as_bytes, frames_as_json, operations_as_json
from training.labs.engine.operations import GRAVITY, OperationReader
from training.pcap.capture_file import CaptureFrame
from training.pcap.messages import CaptureError, Dissection, Limits, OperationKind
from training.pcap.summary import summarize

MAX_FRAMES = 5_000  # that a page can turn through; all frames are counted
MAX_ROWS = 2_000
MAX_CONVERSATIONS = 200
MAX_OPERATIONS = 200
SECONDS, MEMORY = 60, 512 * 1024 * 1024
TOO_LARGE = 4  # exit code: there was not enough memory
_MARKS = ("stops", "restarts", "downloads", "writes", "starts", "uploads")


class _Collector:
    """Takes the first frames in, and hands them on in blocks."""

    def __init__(self) -> None:
        self.operations = OperationReader({})
        self.n_shown = 0
        self._block: list[tuple[CaptureFrame, Dissection]] = []
        self._blocks = 0

    def take(self, frame: CaptureFrame | None, result: Dissection) -> None:
        """Keep a frame if there is room for it."""
        if result.number > MAX_FRAMES or len(self.operations.rows) >= MAX_ROWS:
            return
        self.operations.read([result])
        if frame is None:
            return
        self.n_shown = result.number
        self._block.append((frame, result))
        if len(self._block) == BLOCK:
            self.flush()

    def flush(self) -> None:
        """Write the block that has begun."""
        if self._block:
            _write("frames", self._blocks, frames_as_json(self._block))
            self._blocks += 1
            self._block = []


def main(path: str, memory: int = MEMORY, seconds: int = SECONDS) -> int:
    """Read the capture at `path` within so many bytes and seconds of the processor."""
    _bound(memory, seconds)
    collector = _Collector()
    try:
        summary = summarize(Path(path), Limits(), collector.take).as_json()
        collector.flush()
        operations = collector.operations
        _write("operations", 0, operations_as_json(operations.conversations, operations.rows))
        _write("summary", 0, _cut(summary) | {"frames_shown": collector.n_shown})
    except CaptureError as error:
        _write("trouble", 0, str(error))
    except MemoryError:
        return TOO_LARGE
    return 0


def _bound(memory: int, seconds: int) -> None:
    """Let the kernel hold this process to its limits, before it has looked at the file."""
    for resource_id, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(resource_id, (limit, limit))


def _cut(summary: dict[str, Any]) -> dict[str, Any]:
    """Leave the summary what a page shows: what changes a controller first."""
    conversations = sorted(
        summary["conversations"],
        key=lambda row: (*(-row[mark] for mark in _MARKS), -row["operations"], -row["frames"]),
    )
    operations = sorted(
        summary["operations"],
        key=lambda row: (GRAVITY.index(OperationKind(row["kind"])), -row["count"]),
    )
    return summary | {
        "conversations": conversations[:MAX_CONVERSATIONS],
        "conversation_count": len(conversations),
        "operations": operations[:MAX_OPERATIONS],
        "operation_count": len(operations),
    }


def _write(kind: str, number: int, document: object) -> None:
    data = as_bytes(document)
    out = sys.stdout.buffer
    out.write(b"%s %d %d\n" % (kind.encode(), number, len(data)))
    out.write(data)
    out.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], *map(int, sys.argv[2:])))
