"""When Tagout asks people of a plant on its own account: in their working hours, and so that the
time to answer lies in them too. Questions of the SOC go out, and are due, around the clock.
"""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BEGIN: Final = time(7)
END: Final = time(17)
WORKING_DAYS: Final = range(5)  # Monday to Friday


def is_working(moment: datetime, *, zone: str) -> bool:
    """Whether a moment lies in the working hours of a place."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.weekday() in WORKING_DAYS and BEGIN <= local.time() < END


def until_working(moment: datetime, *, zone: str) -> timedelta:
    """Return how long it is until people of a place work; nothing where they do."""
    return due_in_working_hours(moment, timedelta(), zone=zone) - moment


def due_in_working_hours(moment: datetime, span: timedelta, *, zone: str) -> datetime:
    """Return when a span of working time is over: whole days are working days, what is left counts
    from opening to closing.
    """
    place = ZoneInfo(zone)
    local = _opening(moment.astimezone(place).replace(tzinfo=None))
    for _ in range(span.days):
        local += timedelta(days=1)
        while local.weekday() not in WORKING_DAYS:
            local += timedelta(days=1)
    left = timedelta(seconds=span.seconds)
    while left > (until_closing := datetime.combine(local, END) - local):
        left -= until_closing
        local = _opening(datetime.combine(local, END))
    return (local + left).replace(tzinfo=place).astimezone(moment.tzinfo)


def _opening(local: datetime) -> datetime:
    """Return the moment itself where people work then, else when they begin next."""
    if local.time() >= END:
        local = datetime.combine(local + timedelta(days=1), BEGIN)
    elif local.time() < BEGIN:
        local = datetime.combine(local, BEGIN)
    while local.weekday() not in WORKING_DAYS:
        local = datetime.combine(local + timedelta(days=1), BEGIN)
    return local
