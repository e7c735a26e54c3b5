"""What each alert of an incident came from: the sensors that saw it, the violations in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from alerts.incidents.engine.merged_alerts import MAX_LISTED, sensors_in, violations_in
from alerts.incidents.models import Alert, AlertRaw
from portal.ui.words import number


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert with its own members; `violations` is 0 where it lists none."""

    alert: Alert
    sensors: tuple[str, ...]
    violations: int

    @property
    def sensor_words(self) -> str:
        """The sensors by name."""
        return ", ".join(self.sensors) or absent_words()

    @property
    def violation_words(self) -> str:
        """How many violations it counts as."""
        if not self.violations:
            return absent_words()
        if self.violations < MAX_LISTED:
            return number(self.violations)
        return gettext("%(n)s or more") % {"n": number(self.violations)}


def alert_lines(alerts: Sequence[Alert]) -> list[AlertLine]:
    """Return the alerts in their order, each with the facts of its newest version."""
    rows = AlertRaw.objects.filter(alert__in=[alert.pk for alert in alerts])
    bags = dict(rows.values_list("alert", "body__properties__additionalData"))
    return [
        AlertLine(
            alert,
            sensors_in(bags.get(alert.pk)) or ((alert.sensor,) if alert.sensor else ()),
            violations_in(bags.get(alert.pk)),
        )
        for alert in alerts
    ]


def sensors_in_words(lines: Sequence[AlertLine]) -> str:
    """Return all sensors that the alerts name, each once."""
    names = dict.fromkeys(name for line in lines for name in line.sensors)
    return ", ".join(names) or absent_words()


def violations_in_words(lines: Sequence[AlertLine]) -> str:
    """Return how many violations the alerts list, and of how many alerts nothing is known."""
    listing = [line for line in lines if line.violations]
    silent = len(lines) - len(listing)
    if not listing:
        return absent_words()
    listed = gettext("%(n)s listed; an alert lists ten at most.") % {
        "n": number(sum(line.violations for line in listing))
    }
    if not silent:
        return listed
    more = ngettext(
        "Of %(n)s alert Sentinel does not say it.",
        "Of %(n)s alerts Sentinel does not say it.",
        silent,
    ) % {"n": number(silent)}
    return f"{listed} {more}"


def absent_words() -> str:
    """The value where the fields are absent: nothing is made up."""
    return gettext("not said by Sentinel")
