"""Captures for their pages: those of the list, of a lesson, and of an incident."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import yaml

from alerts.captures.models import Capture, CapturePart
from alerts.captures.queries import document_of, names_of_addresses
from training.catalog.models import LessonCapture
from training.labs.engine.documents import BLOCK, frame_from_json, operations_from_json
from training.labs.engine.operations import ConversationRow, OperationReader, OperationRow
from training.pcap.capture_file import CaptureFile, CaptureFrame
from training.pcap.dissector import Dissector
from training.pcap.messages import Dissection, Limits

FOLDER = Path(__file__).resolve().parents[1] / "content" / "captures"
_LIMITS = Limits(frames=5_000, seconds=5.0)


@dataclass(frozen=True, slots=True)
class CaptureEntry:
    """A capture of the list. `devices` maps IP and hardware addresses to names."""

    name: str
    title: str
    description: str
    site: str
    time_zone: str
    protocols: tuple[str, ...]
    frames: int
    began_at: datetime
    devices: dict[str, str]

    @property
    def path(self) -> Path:
        """The path of the file."""
        return FOLDER / f"{self.name}.pcap"


@dataclass(frozen=True, slots=True)
class CaptureReading:
    """A capture that was read just now."""

    frames: tuple[tuple[CaptureFrame, Dissection], ...]
    conversations: tuple[ConversationRow, ...]
    rows: tuple[OperationRow, ...]
    problems: tuple[str, ...]
    size: int

    @property
    def span_ns(self) -> tuple[int, int]:
        """The time of the first and of the last frame."""
        times = [frame.time_ns for frame, _ in self.frames] or [0]
        return min(times), max(times)

    @property
    def n_frames(self) -> int:
        """How many frames it has."""
        return len(self.frames)

    def frame(self, number: int) -> tuple[CaptureFrame, Dissection]:
        """Return a frame by its number, which counts from 1."""
        return self.frames[number - 1]


class StoredReading:
    """A capture of an incident that a worker has read: a frame is fetched when it is shown."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.size = capture.size
        self.summary: dict[str, Any] = document_of(capture, CapturePart.Kind.SUMMARY)
        self.n_frames: int = self.summary["frames_shown"]
        self.problems = tuple(self.summary["problems"][:3])
        operations = document_of(capture, CapturePart.Kind.OPERATIONS)
        rows = [*operations["conversations"], *operations["rows"]]
        ends = ("client", "server", "source", "target")
        addresses = {row[end] for row in rows for end in ends if end in row}
        names = names_of_addresses(capture.incident, addresses)
        self.conversations, self.rows = operations_from_json(
            operations, lambda address: names.get(address, address)
        )
        self._blocks: dict[int, list[Any]] = {}

    @property
    def span_ns(self) -> tuple[int, int]:
        """The times of the first and of the last frame that can be shown."""
        if not self.n_frames:
            return 0, 0
        first, last = self.frame(1)[0].time_ns, self.frame(self.n_frames)[0].time_ns
        times = [first, last, *(at for row in self.rows for at in row.times_ns)]
        return min(times), max(times)

    def frame(self, number: int) -> tuple[CaptureFrame, Dissection]:
        """Return a frame by its number, which counts from 1."""
        block, place = divmod(number - 1, BLOCK)
        if block not in self._blocks:
            self._blocks[block] = document_of(self._capture, CapturePart.Kind.FRAMES, block)
        return frame_from_json(number, self._blocks[block][place])


type Reading = CaptureReading | StoredReading
"""A capture taken apart: its frames, conversations and operations."""


@cache
def list_captures() -> tuple[CaptureEntry, ...]:
    """Return the captures of the lessons in the order of their list."""
    listing = FOLDER / "captures.yaml"
    rows = yaml.safe_load(listing.read_text(encoding="utf-8")) if listing.is_file() else []
    return tuple(
        CaptureEntry(
            name=row["file"].removesuffix(".pcap"),
            title=row["title"],
            description=row["description"],
            site=row["site"],
            time_zone=row["time_zone"],
            protocols=tuple(row["protocols"]),
            frames=row["frames"],
            began_at=datetime.fromisoformat(row["began"]),
            devices={
                device[address]: device["name"]
                for device in row["devices"]
                for address in ("ip", "mac")
            },
        )
        for row in rows
    )


def find_capture(name: str) -> CaptureEntry | None:
    """Return the capture of this name."""
    return next((entry for entry in list_captures() if entry.name == name), None)


@lru_cache(maxsize=16)
def read_capture(entry_name: str) -> CaptureReading:
    """Take a capture of the list apart. Raises CaptureError; LookupError for no such name."""
    entry = find_capture(entry_name)
    if entry is None:
        raise LookupError(entry_name)
    return _read_file(entry.path, entry.devices)


@lru_cache(maxsize=16)
def read_lesson_capture(capture_id: int, sha256: str) -> CaptureReading:
    """Take a capture of a lesson apart, as it was imported. Raises CaptureError."""
    data = LessonCapture.objects.values_list("data", flat=True).get(pk=capture_id)
    with NamedTemporaryFile(suffix=".pcap") as copy:
        copy.write(bytes(data))
        copy.flush()
        return _read_file(Path(copy.name), {})


def _read_file(path: Path, devices: dict[str, str]) -> CaptureReading:
    capture, dissector = CaptureFile(path, _LIMITS), Dissector(_LIMITS)
    frames = tuple((frame, dissector.dissect(frame)) for frame in capture.frames())
    reader = OperationReader(devices)
    reader.read(result for _, result in frames)
    reader.read(dissector.finish())
    return CaptureReading(
        frames,
        tuple(reader.conversations),
        tuple(reader.rows),
        tuple(capture.problems),
        path.stat().st_size,
    )
