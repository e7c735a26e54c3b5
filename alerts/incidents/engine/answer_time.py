"""Until when OT should answer, by severity."""

from datetime import timedelta

HIGH, MEDIUM = 4, 3  # as incidents order severities

_ANSWER_WITHIN = {HIGH: timedelta(hours=1), MEDIUM: timedelta(hours=4)}
_ORDINARY = timedelta(days=3)


def answer_within(severity: int) -> timedelta:
    """High an hour, Medium four, all others three days; around the clock."""
    return _ANSWER_WITHIN.get(severity, _ORDINARY)
