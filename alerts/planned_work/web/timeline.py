"""What people did to planned work that concerns an incident, as lines of its timeline."""

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy

from alerts.incidents.models import Incident, PlannedAlert
from alerts.incidents.page.timeline_events import TimelineEvent
from alerts.planned_work.models import WorkStep

_SENTENCES: Final = {
    "made": gettext_lazy("planned work: %(work)s"),
    "changed": gettext_lazy("changed planned work: %(work)s"),
    "extended": gettext_lazy("extended planned work: %(work)s"),
    "confirmed": gettext_lazy("confirmed planned work as the second person: %(work)s"),
    "done": gettext_lazy("said that planned work is done: %(work)s"),
    "cancelled": gettext_lazy("cancelled planned work: %(work)s"),
    "ended": gettext_lazy("ended planned work: %(work)s"),
}


def planned_work_events(incident: Incident) -> list[TimelineEvent]:
    """Return who planned the works that its alerts are part of, and what was done to these works
    since the incident was raised.
    """
    alerts = PlannedAlert.objects.filter(alert__incidents=incident, known_until=None)
    alerts = alerts.exclude(fit=PlannedAlert.Fit.NOT_NAMED)
    names = {
        work: ", ".join(filter(None, (order, title)))
        for work, order, title in alerts.values_list("work", "work_order", "title").distinct()
    }
    if not names:
        return []
    steps = WorkStep.objects.filter(work__uuid__in=names, code__in=_SENTENCES)
    steps = steps.filter(Q(code="made") | Q(at__gte=incident.created_at))
    return [
        TimelineEvent(
            f"w{step.pk}",
            step.at,
            "ot",
            step.by_label,
            str(_SENTENCES[step.code]) % {"work": names[step.work.uuid]},
        )
        for step in steps.select_related("work")
    ]
