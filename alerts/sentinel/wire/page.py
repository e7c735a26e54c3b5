"""A page of the incident list: cheap to look at, read in full only where something changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from alerts.sentinel.wire.columns import read_columns
from alerts.sentinel.wire.incident import WireIncident, incident_of
from alerts.sentinel.wire.lenient_json import name_in
from alerts.sentinel.wire.listing import (
    Loaded,
    load_one,
    load_quickly,
    load_slowly,
    next_link_in,
    parse_quickly,
)
from alerts.sentinel.wire.times import read_moment, read_moments
from alerts.sentinel.wire.typed import read_typed
from alerts.sentinel.wire.unreadable import Unfit, Unreadable

type Head = tuple[str | None, str | None]


class IncidentPage:
    """One page of incidents. `heads` tells what changed, `picked` reads those, `items` all.

    A page as documented is read by a typed parser; any other, and any with something odd among
    what is picked, record by record.
    """

    __slots__ = (
        *("_body", "_envelope", "_heads", "_modified_at", "_records", "_typed", "_values"),
        "next_link",
    )

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._records: list[Loaded | Unreadable] | None = None
        self._values: list[Any] = []
        self._envelope: dict[str, Any] = {}
        self._heads: Sequence[Head] | None = None
        self._modified_at: Sequence[datetime] | None = None
        self._typed = read_typed(body)
        if self._typed is None:
            self._read_values()
        else:
            self.next_link = self._typed.nextLink or None

    def __len__(self) -> int:
        return len(self._values if self._typed is None else self._typed.value)

    @property
    def heads(self) -> Sequence[Head]:
        """Name and etag of each record, in the page's order; a part that is not there is None."""
        if self._heads is None:
            if self._typed is None:
                self._heads = [_head_of(value) for value in self._values]
            else:
                self._heads = [(each.name.lower(), each.etag) for each in self._typed.value]
        return self._heads

    def latest_modified(self, *, until: datetime) -> datetime | None:
        """The latest time of change the page names, later ones than `until` left out: those are
        mistakes, and nobody may take them for how far the list was read.
        """
        moments: Iterable[datetime | None] | None = self._usual_moments()
        if moments is None:
            moments = [read_moment(text, "", []) for text in self._modified_texts()]
        return max((each for each in moments if each and each <= until), default=None)

    @property
    def items(self) -> list[WireIncident | Unreadable]:
        """Every record of the page, in its order."""
        return self.picked(range(len(self)))

    def picked(self, places: Sequence[int]) -> list[WireIncident | Unreadable]:
        """The records at these places of the page."""
        if self._typed is not None:
            incidents = read_columns(self._body, self._typed, places, self._usual_moments())
            if incidents is not None:
                return [*incidents]
            self._typed = None
            self._read_values()
        loaded = self._loaded()
        return [_read(loaded[place]) for place in places]

    def _usual_moments(self) -> Sequence[datetime] | None:
        """The times of change of all records; None where one of them is in no way a usual one."""
        if self._modified_at is None:
            try:
                self._modified_at = read_moments(self._modified_texts())
            except (TypeError, ValueError):
                return None
        return self._modified_at

    def _modified_texts(self) -> Sequence[object]:
        if self._typed is None:
            return [_modified_in(value) for value in self._values]
        return [each.properties.lastModifiedTimeUtc for each in self._typed.value]

    def _loaded(self) -> list[Loaded | Unreadable]:
        if self._records is None:
            self._records = load_quickly(self._body, self._envelope, self._values)
        if self._records is None:
            self._read_slowly()
        return self._records or []

    def _read_values(self) -> None:
        parsed = parse_quickly(self._body, "value")
        if parsed is None:
            self._read_slowly()
        else:
            self._envelope, self._values = parsed
            self.next_link = next_link_in(self._envelope)

    def _read_slowly(self) -> None:
        listing = load_slowly(self._body, "value")
        self._records, self.next_link = listing.records, listing.next_link
        self._values = [
            record.raw if isinstance(record, Loaded) else None for record in listing.records
        ]


def read_incident_page(body: bytes) -> IncidentPage:
    """Read one page of the list; raises NotAPage when the answer is none."""
    return IncidentPage(body)


def read_incident(body: bytes) -> WireIncident | Unreadable:
    """Read the answer to a question about one incident."""
    return _read(load_one(body))


def _read(record: Loaded | Unreadable) -> WireIncident | Unreadable:
    if isinstance(record, Unreadable):
        return record
    try:
        return incident_of(*record)
    except Unfit as unfit:
        text = record.raw_json.decode()
        return Unreadable(str(unfit), record.raw_json, name_in(text))


def _head_of(value: Any) -> Head:
    if value.__class__ is not dict:
        return None, None
    name, etag = value.get("name"), value.get("etag")
    if name.__class__ is str and etag.__class__ is str:
        return name.lower(), etag
    return (
        name.lower() if isinstance(name, str) else None,
        etag if isinstance(etag, str) else None,
    )


def _modified_in(value: Any) -> object:
    properties = value.get("properties") if value.__class__ is dict else None
    return properties.get("lastModifiedTimeUtc") if properties.__class__ is dict else None
