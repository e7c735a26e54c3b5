"""Techniques and tactics of ATT&CK for ICS that incidents name, as pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from alerts.incidents.engine.functions import (
    CHANGING_TACTIC,
    CHANGING_TECHNIQUES,
    are_reads,
)
from alerts.incidents.models import Alert, Incident
from portal.attack.engine import tactic, technique


@dataclass(frozen=True, slots=True)
class TechniqueChip:
    """A technique with its name; `technique_id` is its current one, empty where ICS has none."""

    technique_id: str
    label: str
    tactics: str

    @property
    def name(self) -> str:
        """The label without the id."""
        return self.label.removeprefix(self.technique_id).strip()


def techniques_of(incident: Incident, alerts: Sequence[Alert]) -> list[TechniqueChip]:
    """The techniques that an incident and its alerts name."""
    of_alerts = (technique_id for alert in alerts for technique_id in alert.techniques)
    return technique_chips([*incident.techniques, *of_alerts], _functions(alerts))


def technique_chips(names: Iterable[str], functions: Iterable[str]) -> list[TechniqueChip]:
    """The techniques of these names, each once, with their tactics. Defender for IoT names them by
    alert type; those that only a write can be are left out where all functions read.
    """
    left_out = CHANGING_TECHNIQUES if are_reads(functions) else frozenset()
    chips: dict[str, TechniqueChip] = {}
    for name in dict.fromkeys(names):
        entry = technique(name)
        if entry is None:
            chips[name] = TechniqueChip("", name, "")
            continue
        now = technique(entry.current_id) or entry
        if now.id in left_out:
            continue
        label = f"{now.id} {now.full_name}"
        former = entry.id if entry.id != now.id else entry.former_id
        if former and former != now.id:
            label = gettext("%(label)s (formerly %(former)s)") % {"label": label, "former": former}
        chips.setdefault(now.id, TechniqueChip(now.id, label, " · ".join(now.tactics)))
    return list(chips.values())


def tactics_of(incident: Incident, alerts: Sequence[Alert]) -> list[str]:
    """The tactics that the incident names, in plain spelling; a read impairs no process."""
    left_out = CHANGING_TACTIC if are_reads(_functions(alerts)) else ""
    names = (name for name in incident.tactics if name.replace(" ", "") != left_out)
    return list(dict.fromkeys(entry.name if (entry := tactic(name)) else name for name in names))


def _functions(alerts: Sequence[Alert]) -> list[str]:
    return [alert.function for alert in alerts]
