"""The names that lessons may use in this product: its alert types and its colours."""

import re
from datetime import date
from functools import cache

from django.conf import settings

from alerts.incidents.engine.catalogue import all_types
from training.catalog.engine.faults import Vocabulary

_TOKEN = re.compile(r"^\s*(--[\w-]+): ([^;]+);", re.MULTILINE)


def current_vocabulary(today: date) -> Vocabulary:
    """Return what texts are checked against on this day."""
    titles = frozenset(alert_type.title for alert_type in all_types())
    return Vocabulary(today=today, alert_titles=titles, colours=frozenset(dict(_properties())))


def colour_styles() -> str:
    """Return the custom properties of the style sheet, for pages outside of the site."""
    rows = "".join(f"  {name}: {value};\n" for name, value in _properties())
    return f":root {{\n{rows}}}\n"


@cache
def _properties() -> tuple[tuple[str, str], ...]:
    """Return the custom properties that are at the top of the style sheet, with their values."""
    styles = settings.BASE_DIR / "static" / "ui" / "css" / "base.css"
    properties = _TOKEN.findall(styles.read_text(encoding="utf-8")) if styles.exists() else []
    return tuple(dict(reversed(properties)).items())
