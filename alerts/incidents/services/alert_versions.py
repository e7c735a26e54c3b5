"""Alerts that come more than once in a batch: one row, with all that any version says."""

from collections.abc import Iterable

from alerts.incidents.services.details_work import Work
from alerts.incidents.services.facts import AlertRow

type Key = tuple[int, str]  # workspace and key


class Incoming:
    """The newest version of an alert, and the incidents it came with."""

    __slots__ = ("incident_ids", "raw", "row")

    def __init__(self, row: AlertRow, raw: bytes, incident_id: int) -> None:
        self.row, self.raw, self.incident_ids = row, raw, [incident_id]


def newest_of_each(work: Iterable[Work]) -> dict[Key, Incoming]:
    """The alerts of these incidents, each once."""
    incoming: dict[Key, Incoming] = {}
    again: list[tuple[AlertRow, bytes, int]] = []
    for one in work:
        for (row, _), alert in zip(one.rows, one.alerts, strict=True):
            made = Incoming(row, alert.raw_json, one.row.id)
            if incoming.setdefault((row.workspace_id, row.key), made) is not made:
                again.append((row, alert.raw_json, one.row.id))
    _add_versions(incoming, again)
    return incoming


def _add_versions(
    incoming: dict[Key, Incoming], again: Iterable[tuple[AlertRow, bytes, int]]
) -> None:
    """Alerts that came more than once: from the oldest on, each completes the next."""
    versions: dict[Key, list[tuple[AlertRow, bytes]]] = {}
    for row, raw, incident_id in again:
        key = row.workspace_id, row.key
        first = incoming[key]
        versions.setdefault(key, [(first.row, first.raw)]).append((row, raw))
        if incident_id not in first.incident_ids:
            first.incident_ids.append(incident_id)
    for key, found in versions.items():
        found.sort(key=lambda version: version[0].latest_at)
        merged = found[0][0]
        for newer, _ in found[1:]:
            merged = _completed(newer, merged)
        incoming[key].row, incoming[key].raw = merged, found[-1][1]


def _completed(row: AlertRow, older: AlertRow) -> AlertRow:
    """The newer version, with what only the older one says."""
    said = {
        name: value
        for name, value in older._asdict().items()
        if getattr(row, name) in ("", None, [], ()) and value
    }
    if older.source_address or older.source_device or older.destination_address:
        said |= {"any_device": older.any_device, "any_address": older.any_address}
    if older.at < row.at:
        said |= {name: getattr(older, name) for name in ("at", "plant_weekday", "plant_minute")}
    return row._replace(**said)
