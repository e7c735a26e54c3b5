"""How pages describe the row into which a storm is folded."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from portal.ui.words import length, number

# What a storm may be, and the remedy at its source.
REMEDIES: Final[tuple[tuple[Promise, Promise], ...]] = (
    (
        gettext_lazy("Broken device or sensor"),
        gettext_lazy(
            "Repair or replace it. A faulty sensor is taken off its span port until then."
        ),
    ),
    (
        gettext_lazy("Loop"),
        gettext_lazy("End the loop: a cable, a gateway or a master that repeats what failed."),
    ),
    (
        gettext_lazy("Commissioning"),
        gettext_lazy("Record it as planned work that names these devices, until it is over."),
    ),
    (
        gettext_lazy("Scan"),
        gettext_lazy("Find who started it. Mark a scanner of your own as one at the sensor."),
    ),
)


def storm_words(row: Mapping[str, Any]) -> str:
    """Return how many came how fast and what came before; empty for what is no storm."""
    if row["storm_since"] is None:
        return ""
    facts = {"count": count_words(row), "pace": pace_words(row), "before": before_words(row)}
    if not facts["before"]:
        return gettext("Storm: %(count)s, %(pace)s") % facts
    return gettext("Storm: %(count)s, %(pace)s; %(before)s") % facts


def count_words(row: Mapping[str, Any]) -> str:
    """Return how many came in which time: "500 in 2 min"."""
    span = {"n": number(row["n"]), "span": length(_span_of(row))}
    return gettext("%(n)s in %(span)s") % span


def pace_words(row: Mapping[str, Any]) -> str:
    """Return how fast they come: "84 a minute"."""
    a_minute = row["n"] / max(_span_of(row) / timedelta(minutes=1), 1)
    if a_minute >= 1:
        return gettext("%(n)s a minute") % {"n": number(round(a_minute))}
    return gettext("%(n)s an hour") % {"n": number(max(1, round(a_minute * 60)))}


def before_words(row: Mapping[str, Any]) -> str:
    """Return what came at most in the four weeks before: "before: at most 3 an hour". Empty for a
    row that was made anew since its storm was measured.
    """
    n, hours = row["storm_before"] or 0, row["storm_hours"]
    if hours is None:
        return ""
    if not n:
        return gettext("before: none in four weeks")
    if hours == 1:
        return gettext("before: at most %(n)s an hour") % {"n": number(n)}
    return gettext("before: at most %(n)s a day") % {"n": number(n)}


def peers_words(row: Mapping[str, Any]) -> str:
    """Return the destination of a row; of a storm that reaches several devices, how many."""
    n = row["storm_peers"] or 0
    if n < 2:
        return str(row["destination"])
    return ngettext("%(n)s device", "%(n)s devices", n) % {"n": number(n)}


def _span_of(row: Mapping[str, Any]) -> timedelta:
    span: timedelta = row["latest_at"] - row["storm_since"]
    return max(span, timedelta(minutes=1))
