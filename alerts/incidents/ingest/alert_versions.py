"""Alerts that come more than once in a batch: one row, with all that any version says."""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from alerts.incidents.ingest.alert_facts import AlertColumns, AlertRow, alert_facts_of
from alerts.incidents.ingest.details_work import Work

type Key = tuple[int, str]  # workspace and key


def newest_of_each(work: Iterable[Work]) -> tuple[dict[Key, AlertRow], dict[Key, list[int]]]:
    """The alerts of these incidents, each once; and the incidents of those that came again."""
    rows = [row for one in work for row in one.rows]
    newest = {(row.workspace_id, row.key): row for row in rows}
    owners: dict[Key, list[int]] = {}
    if len(newest) < len(rows):
        versions: dict[Key, list[AlertRow]] = {}
        for row in rows:
            versions.setdefault((row.workspace_id, row.key), []).append(row)
        for key, found in versions.items():
            if len(found) > 1:
                newest[key] = _merged(found)
                owners[key] = list(dict.fromkeys(row.incident_id for row in found))
    return newest, owners


def _merged(versions: Sequence[AlertRow]) -> AlertRow:
    """From the oldest on, each completes the next."""
    merged, *newer = sorted(versions, key=attrgetter("latest_at"))
    for row in newer:
        merged = _completed(row, merged)
    return merged


def _completed(row: AlertRow, older: AlertRow) -> AlertRow:
    """The newer version, with what only the older one says."""
    said = {
        name: getattr(older, name)
        for name in ("plant_weekday", "plant_minute", "flags")
        if getattr(row, name) in (None, ()) and getattr(older, name)
    }
    if older.at < row.at:
        said |= {name: getattr(older, name) for name in ("at", "plant_weekday", "plant_minute")}
    return row._replace(
        **said, sight=alert_facts_of(_completed_seen(row.sight.seen, older.sight.seen))
    )


def _completed_seen(seen: AlertColumns, older: AlertColumns) -> AlertColumns:
    said = {
        name: value
        for name, value in older._asdict().items()
        if getattr(seen, name) in ("", None, ()) and value
    }
    if older.source_address or older.source_device or older.destination_address:
        said |= {"any_device": older.any_device, "any_address": older.any_address}
    return seen._replace(**said)
