"""The reader of captures, which a room above provides."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from portal.rooms import Contribution

MAX_READING_SECONDS = 60  # seconds


class UnreadableCaptureError(Exception):
    """The file cannot be read as a capture. The text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class PartRead:
    """A piece of what was read: its kind and number as of `CapturePart`, and JSON as UTF-8."""

    kind: str
    number: int
    document: bytes


class CaptureReader(Protocol):
    """Reads captures. The page of a capture that was read has the address `page_name`."""

    page_name: str

    def format_of(self, head: bytes) -> str:
        """Return pcap or pcapng for the first four bytes of a file, else nothing."""

    def read(self, path: Path) -> Iterator[PartRead]:
        """Yield what is in a file, read in a bounded process. Raises UnreadableCaptureError."""


@dataclass(frozen=True, slots=True)
class CaptureReaderSource(Contribution):
    """The reader that reads captures."""

    reader: CaptureReader


def capture_reader() -> CaptureReader:
    """Return the reader. Raises LookupError where no room contributes one."""
    for source in CaptureReaderSource.entries:
        return source.reader
    raise LookupError("No room contributes a reader of captures.")
