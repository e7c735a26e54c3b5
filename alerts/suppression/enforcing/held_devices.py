"""What cases of true positives hold, for people: which devices, since when and until when, which
rules had closed something there, and how many incidents wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from alerts.incidents.models import Entity, Incident
from alerts.rules.guards.holds import DeviceRef, can_exclude, is_same_device
from alerts.rules.rule import NotARule
from alerts.suppression.enforcing.held_incidents import incidents_touching
from alerts.suppression.enforcing.plant_holds import ends_by_incident, handles_of
from alerts.suppression.enforcing.true_positive_cases import (
    TruePositiveCase,
    hold_ends_of,
    true_positive_cases,
)
from alerts.suppression.models import (
    ACTING,
    Ending,
    HeldIncident,
    HoldEnd,
    LedgerAct,
    LedgerEntry,
    RuleVersion,
)
from alerts.suppression.queries import incidents_of_plant


@dataclass(frozen=True, slots=True)
class DeviceHold:
    """A true positive that holds its devices, and what that means for rules."""

    case: TruePositiveCase
    devices: tuple[str, ...]
    ends: Sequence[HoldEnd] = ()  # set by leads
    rules: Sequence[RuleVersion] = ()  # that act, and had closed something on these devices
    waiting: int = 0  # incidents that rules would close but for a hold

    @property
    def incident(self) -> Incident:
        """The true positive."""
        return self.case.incident


def device_holds(cases: Sequence[TruePositiveCase]) -> list[DeviceHold]:
    """Return what each of these cases holds, in their order."""
    ids = [case.incident.pk for case in cases]
    names, ends = device_names_of(ids), hold_ends_of(ids)
    waiting = incidents_touching(ids, Incident.objects.filter(pk__in=HeldIncident.objects.all()))
    lines = LedgerEntry.objects.filter(
        act=LedgerAct.CLOSED, ending__in=(Ending.LINKED, Ending.ON_HOLD)
    )
    closed = incidents_touching(ids, Incident.objects.filter(ledger__in=lines).distinct())
    return [
        DeviceHold(
            case,
            names[case.incident.pk],
            ends=ends.get(case.incident.pk, ()),
            rules=_rules_of(lines.filter(incident__in=closed.get(case.incident.pk, ()))),
            waiting=len(waiting.get(case.incident.pk, ())),
        )
        for case in cases
    ]


def holds_on_rule(
    version: RuleVersion, incidents: QuerySet[Incident], *, now: datetime
) -> list[DeviceHold]:
    """Return the cases that hold something which the rule may touch, of these incidents: what is at
    its sites and in its workspaces, unless it lists other devices at both ends.
    """
    try:
        rule = version.definition
    except NotARule:
        return []
    plant = Incident.objects.none()
    for workspace_id in version.workspace_ids:
        plant |= incidents_of_plant(workspace_id, version.site_ids)
    cases = true_positive_cases(incidents.filter(pk__in=plant.values("pk")), now=now)
    touching = [
        case for case in cases if not can_exclude(rule, handles_of([case.incident.pk], named=()))
    ]
    names = device_names_of([case.incident.pk for case in touching])
    return [DeviceHold(case, names[case.incident.pk]) for case in touching]


def device_names_of(incident_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return what people call the devices of these incidents, each once, by incident. A network
    card is no device beside the one that it is in.
    """
    labels: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    for pk, kind, label in Entity.objects.filter(incident__in=incident_ids).values_list(
        "incident", "kind", "label"
    ):
        labels[kind == "Nic"].add((pk, label))
    cards = labels[True] - labels[False]
    found = {}
    for pk, ends in ends_by_incident(incident_ids).items():
        devices: list[DeviceRef] = []
        for ref in sorted(ends.devices, key=lambda ref: (not ref.zone, not ref.name, ref.label)):
            if not any(is_same_device(ref, other) for other in devices):
                devices.append(ref)
        found[pk] = tuple(sorted({ref.label for ref in devices if (pk, ref.label) not in cards}))
    return found


def _rules_of(lines: QuerySet[LedgerEntry]) -> list[RuleVersion]:
    versions = RuleVersion.objects.filter(state__in=ACTING, rule__in=lines.values("rule"))
    return list(versions.select_related("rule").order_by("rule__number", "number"))
