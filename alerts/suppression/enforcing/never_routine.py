"""Whether any rule could be made about an incident, before somebody begins one in vain."""

from django.db.models import Q

from alerts.incidents.models import Incident, Status
from alerts.sites.models import Criticality, Device
from alerts.suppression.backtesting.history import TRUE_POSITIVE
from alerts.suppression.engine.clauses import Clause
from alerts.suppression.engine.guards.never import reasons_against_assets, reasons_against_types
from alerts.suppression.engine.rule import Rule
from alerts.suppression.engine.words import Sentence

CRITICAL = (Criticality.CROWN_JEWEL, Criticality.SAFETY)


def reasons_against_any_rule(incident: Incident) -> list[Sentence]:
    """Return why no rule may ever close incidents like this one: the type of one of its alerts, a
    safety system or crown jewel among its devices, or that it was a true positive itself. Empty
    where a rule can be proposed.
    """
    was_attack = incident.status == Status.CLOSED and incident.classification == TRUE_POSITIVE
    alerts = list(incident.alerts.values_list("alert_type", "engine", "any_device", "any_address"))
    types = {alert_type for alert_type, *_ in alerts} or {incident.alert_type}
    engines = {engine for _, engine, *_ in alerts if engine}
    handles = {name for *_, devices, addresses in alerts for name in (*devices, *addresses)}
    lines = [Clause("alert_type", "is", tuple(sorted(types)))]
    if len(engines) == 1:
        lines.append(Clause("engine", "is", tuple(engines)))
    rule = Rule(title=incident.alert_type[:200] or "?", all_of=tuple(lines))
    return [
        *([Sentence("never.true_positive")] if was_attack else []),
        *reasons_against_types(rule),
        *reasons_against_assets(_critical(incident, handles)),
    ]


def _critical(incident: Incident, handles: set[str]) -> dict[str, str]:
    """Return the critical devices among these names and addresses, by name."""
    devices = Device.objects.filter(
        Q(name__in=handles) | Q(address__in=handles),
        criticality__in=CRITICAL,
        zone__site__in=incident.site_ids,
    )
    return {str(device): device.criticality for device in devices}
