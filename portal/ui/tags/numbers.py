"""Numbers in templates, as `portal.ui.words` writes them: `|number`, `|percent`, `|hours` and
`|duration`. What is no number stays as it is, like the dash of a value that is not known.
"""

from datetime import timedelta

from django.template import Library

from portal.ui import words

register = Library()


@register.filter
def number(value: object, digits: int = 0) -> object:
    """1,234; with digits, 5.2."""
    return words.number(value, digits) if isinstance(value, (int, float)) else value


@register.filter
def percent(value: object, digits: int = 1) -> object:
    """A share of 1 as 10.5 %."""
    return words.percent(value, digits) if isinstance(value, (int, float)) else value


@register.filter
def hours(minutes: object) -> object:
    """Minutes of work as 45 min or 5.2 h."""
    return words.hours(minutes) if isinstance(minutes, (int, float)) else minutes


@register.filter
def duration(span: object) -> object:
    """A length of time as 12 min, 2 h 10 or 3 days."""
    return words.length(span) if isinstance(span, timedelta) else span
