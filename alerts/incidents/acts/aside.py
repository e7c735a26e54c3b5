"""Put incidents aside: off the lists of work until a moment, or until they change."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.apply import ActEffect, SkippedIncidents, apply_act
from alerts.incidents.models import ASIDE, UNDONE, Incident, TimelineItem
from alerts.incidents.policies import reasons_against_aside
from portal.accounts.models import User
from portal.errors import Refused


class CannotPutAside(Refused):
    """The incidents stay where they are."""


def put_incidents_aside(
    *,
    incident_ids: Collection[int],
    until: datetime | None,
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Put incidents aside until then, or bring them back (None). Return the act, for undo."""
    lines = TimelineItem.objects.filter(act=act, incident__in=incident_ids)
    codes = {*lines.values_list("code", flat=True)} if act else set()
    if UNDONE in codes:
        raise CannotPutAside(_("You have undone this. To do it after all, open the form again."))
    if act and codes:
        return act

    def effect_on(row: Incident) -> ActEffect | None:
        before = row.aside_until if row.is_aside_at(now) else None
        if before == until:
            return None
        moments = {"from": before, "to": until}
        details = {name: at.isoformat() if at else None for name, at in moments.items()}
        return ActEffect(ASIDE, details, aside_until=until)

    return apply_act(
        incident_ids=incident_ids,
        effect_on=effect_on,
        by=by,
        action="incidents.incident.put_aside" if until else "incidents.incident.brought_back",
        refusal=CannotPutAside,
        no_effect=_("Already put aside until then.") if until else _("It is not put aside."),
        now=now,
        act=act,
        skipped=skipped,
        reasons_against=lambda rows: reasons_against_aside(rows, until, by=by, now=now),
        until=until,
    )
