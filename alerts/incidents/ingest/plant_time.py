"""Time as the plant's own clock shows it: rules speak of its weekdays and shifts."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.sites.services import Found


def plant_time(at: datetime, *, found: Found) -> tuple[int | None, int | None]:
    """Weekday and minute as the plant's clock shows them; nothing where the plant is not known."""
    if found.site_id is None:
        return None, None
    local = at.astimezone(_zone(found.time_zone))
    return local.weekday(), local.hour * 60 + local.minute


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
