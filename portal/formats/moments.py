"""Moments that people and programs write, read in one place.

PostgreSQL knows offsets up to ±15:59 and UTC no day before the year 1: a moment goes to it in UTC,
or not at all.
"""

from datetime import UTC, datetime


def read_moment(text: str) -> datetime:
    """Return the UTC moment of a text in ISO 8601. Raises ValueError, also without offset."""
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
