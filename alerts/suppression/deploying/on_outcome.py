"""What Sentinel did with what we wanted: probes teach us, refusals and foreign hands are told."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext

from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.outbox.registry import RuleSettlement
from alerts.suppression.deploying.leases import hurry
from alerts.suppression.deploying.probe import hear_of_probe
from alerts.suppression.deploying.recipients import Told, leads_of, notify_people
from portal.notifications.models import Notification

DEPLOYMENTS: Final = "/deployments/"
_ONCE: Final = timedelta(days=1)


def on_rule_outcome(told: RuleSettlement) -> None:
    """Part of the transaction that settles it."""
    if told.rule.kind == RuleKind.PROBE:
        if hear_of_probe(told):
            hurry()
        return
    if told.outcome in (Landing.REFUSED, Landing.HELD):
        _tell(told.rule, outcome=told.outcome, now=told.now)


def _tell(row: WantedRule, *, outcome: Landing, now: datetime) -> None:
    kind = f"suppression.{outcome.value}"
    people = leads_of([row.workspace])
    told = Notification.objects.filter(
        to__in=people,
        kind=kind,
        subject__contains=row.label,
        made_at__gt=now - _ONCE,
        body__contains=row.workspace.name,
    )
    if not told.exists():
        notify_people(
            people, kind=kind, path=DEPLOYMENTS, told=lambda: _words(row, outcome), now=now
        )


def _words(row: WantedRule, outcome: Landing) -> Told:
    names = {"rule": row.label, "workspace": row.workspace.name}
    if outcome == Landing.REFUSED:
        subject = gettext("Sentinel refuses %(rule)s in %(workspace)s") % names
    else:
        subject = gettext("%(rule)s was changed by hand in %(workspace)s") % names
    return subject, [f"{row.workspace.name}: {row.latest_error}"]
