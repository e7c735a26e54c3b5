"""Moments that people and programs write, read in one place.

PostgreSQL takes offsets up to ±15:59 and UTC has no day before the year 1: a moment goes to it in
UTC, or not at all.
"""

from datetime import UTC, datetime


def read_moment(text: str) -> datetime:
    """Return the moment in UTC that a text in ISO 8601 names.

    Raises ValueError where it names none, has no offset, or lies where UTC has no calendar.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return in_utc(moment)


def in_utc(moment: datetime) -> datetime:
    """Return an aware moment in UTC; ValueError in the first and last hours of the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(moment)) from error
