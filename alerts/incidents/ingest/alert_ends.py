"""Where the two ends of an alert stood in the plant when it was stored: kind, zone and subnet."""

from collections.abc import Iterable

from alerts.incidents.ingest.pg_copy import array
from alerts.sites.queries import FIND_DEVICE
from portal.cursors import kept_cursor

_ENDS = ("source", "destination")
_FOUND = " ".join(
    f"LEFT JOIN LATERAL ({FIND_DEVICE.format(end=f'x.{end}', at='x')}) {end} ON true"
    for end in _ENDS
)
_VALUES = ", ".join(
    f"{end}_{column} = coalesce({end}.{column}, '')"
    for end in _ENDS
    for column in ("kind", "zone", "subnet")
)
_RECORD = f"""
    UPDATE incidents_alert a SET {_VALUES} FROM incidents_alert x {_FOUND}
     WHERE a.id = x.id AND x.id = ANY(%s::bigint[])
       AND x.source_zone = '' AND x.destination_zone = ''
       AND (source.zone IS NOT NULL OR destination.zone IS NOT NULL)
"""


def record_ends(alert_ids: Iterable[int]) -> None:
    """Record the ends of these alerts, where that was not done before: rules see an alert as of
    then, whatever the inventory says of its devices later.
    """
    ids = list(alert_ids)
    if ids:
        kept_cursor().execute(_RECORD, [array(ids)])
