"""The captures of the lessons: the list, and one of them read for its page."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

import yaml

from training.labs.engine.operations import ConversationRow, OperationReader, OperationRow
from training.pcap import CaptureFile, Dissection, Dissector, Frame, Kind, Limits

FOLDER = Path(__file__).resolve().parents[1] / "content" / "captures"
_LIMITS = Limits(frames=5_000, seconds=5.0)


@dataclass(frozen=True, slots=True)
class CaptureEntry:
    """A capture of the list, with its story. `devices` maps IP and hardware addresses to names."""

    name: str
    title: str
    story: str
    site: str
    time_zone: str
    protocols: tuple[str, ...]
    frames: int
    began_at: datetime
    devices: dict[str, str]

    @property
    def path(self) -> Path:
        """Where the file stands."""
        return FOLDER / f"{self.name}.pcap"


@dataclass(frozen=True, slots=True)
class CaptureReading:
    """A capture taken apart: its frames, conversations and operations."""

    frames: tuple[tuple[Frame, Dissection], ...]
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
    def kinds(self) -> Counter[Kind]:
        """How many operations there are of each kind."""
        return sum((conversation.kinds for conversation in self.conversations), Counter())


@cache
def list_captures() -> tuple[CaptureEntry, ...]:
    """Return the captures of the lessons in the order of their list."""
    listing = FOLDER / "captures.yaml"
    rows = yaml.safe_load(listing.read_text(encoding="utf-8")) if listing.is_file() else []
    return tuple(
        CaptureEntry(
            name=row["file"].removesuffix(".pcap"),
            title=row["title"],
            story=row["story"],
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
    capture, dissector = CaptureFile(entry.path, _LIMITS), Dissector(_LIMITS)
    frames = tuple((frame, dissector.dissect(frame)) for frame in capture.frames())
    reader = OperationReader(entry.devices)
    reader.read(result for _, result in frames)
    reader.read(dissector.finish())
    return CaptureReading(
        frames,
        tuple(reader.conversations),
        tuple(reader.rows),
        tuple(capture.problems),
        entry.path.stat().st_size,
    )
