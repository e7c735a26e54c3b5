"""What a candidate says as a rule, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from alerts.incidents.engine.rhythm import Moment, Window, usual_window
from alerts.suppression.engine.bound import upper_share
from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.facts import SEVERITIES
from alerts.suppression.engine.guards.life import usual_end
from alerts.suppression.engine.guards.never import HIGH, needs_hours
from alerts.suppression.engine.rule import LONGEST_TITLE, Rule
from alerts.suppression.engine.windows import DAYS

HOURS: Final = 168  # of a week, Monday 00 first
MONTH: Final = 30.0  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What all alerts of a candidate have in common. Ends are a device or, failing that, an
    address; where no alert says who began it, `devices` and `addresses` are all that it names.
    """

    workspace: str
    site: str
    zone: str  # the time zone of the site
    alert_type: str
    own_title: str = ""
    source_device: str = ""
    source_address: str = ""
    destination_device: str = ""
    destination_address: str = ""
    devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    severity: int = 0  # the highest that was seen

    @property
    def source(self) -> str:
        """The sending end."""
        return self.source_device or self.source_address

    @property
    def destination(self) -> str:
        """The receiving end."""
        return self.destination_device or self.destination_address

    @property
    def title(self) -> str:
        """One line, as short as a rule's title must be."""
        ends = " to ".join(filter(None, (self.source, self.destination)))
        ends = ends or ", ".join((*self.devices, *self.addresses)[:3])
        what = f"{self.alert_type}: {ends}" if ends else self.alert_type
        return " ".join(what[:LONGEST_TITLE].split())


def window_of(rhythm: Sequence[int]) -> Window | None:
    """The usual hours of a week's 168 counts."""
    moments: list[Moment] = []
    for at, count in enumerate(rhythm):
        moments += [(at // 24, at % 24 * 60)] * count
    return usual_window(moments)


def holds_slot(window: Window, slot: int) -> bool:
    """Whether an hour of the week lies inside the usual hours."""
    return window.holds((slot // 24, slot % 24 * 60))


def windows_of(window: Window, zone: str) -> tuple[str, ...]:
    """The same as a rule spells hours."""
    hours = f"{window.start:02}:00-{window.end:02}:00"
    return tuple(f"{DAYS[day]} {hours} {zone}" for day in window.weekdays)


def tagout_rule(
    parts: Parts, window: Window | None, *, now: datetime, reason: str = "",
    evidence: Sequence[str] = (),
) -> Rule:  # fmt: skip
    """The rule that says what the candidate is, for Tagout to enforce: place, type, ends, hours."""
    lines = [Clause("workspace", "is", (parts.workspace,))]
    if parts.site:
        lines.append(Clause("site", "is", (parts.site,)))
    lines += _what(parts)
    for name in ("source_device", "source_address", "destination_device", "destination_address"):
        kind = name.partition("_")[0]
        if getattr(parts, name) and not (
            name.endswith("address") and getattr(parts, f"{kind}_device")
        ):
            lines.append(Clause(name, "is", (getattr(parts, name),)))
    if not parts.source and not parts.destination:
        lines += _any(parts.devices, parts.addresses)
    if window is not None:
        lines.append(Clause("time", "within", windows_of(window, parts.zone)))
    return _made(parts, lines, now=now, reason=reason, evidence=evidence)


def lower_share(benign: int, judged: int) -> float:
    """The lower 95 % limit of the share that is routine; nothing judged, nothing known: 0."""
    return 1 - upper_share(judged - benign, judged)


def _what(parts: Parts) -> list[Clause]:
    lines = [Clause("alert_type", "is", (parts.alert_type,))]
    if parts.own_title:
        lines.append(Clause("user_defined_title", "is", (parts.own_title,)))
    if 0 < parts.severity < HIGH and needs_hours(_bare(parts, lines)):
        # Of High severity as a rule, but never here. What else needs hours needs them anyway.
        mild = [*lines, Clause("severity", "at_most", (SEVERITIES[parts.severity],))]
        return lines if needs_hours(_bare(parts, mild)) else mild
    return lines


def _bare(parts: Parts, lines: Sequence[Clause]) -> Rule:
    return Rule(title=parts.title, all_of=tuple(lines))


def _any(devices: Sequence[str], addresses: Sequence[str]) -> list[Clause]:
    """One line each: the alert names them all."""
    return [Clause("any_device", "is", (device,)) for device in dict.fromkeys(devices)] + [
        Clause("any_address", "is", (address,)) for address in dict.fromkeys(addresses)
    ]


def _made(
    parts: Parts, lines: Sequence[Clause], *, now: datetime, reason: str, evidence: Sequence[str]
) -> Rule:
    rule = Rule(title=parts.title, all_of=tuple(lines), reason=reason, evidence=tuple(evidence))
    return replace(rule, expires_at=usual_end(rule, now=now))
