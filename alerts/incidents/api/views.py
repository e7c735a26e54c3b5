"""Incidents and alerts: read them, and do what the pages do, with the same refusals."""

from functools import cache
from typing import Any

from django.db.models import QuerySet

from alerts.incidents.acts.assign import assign_incidents
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.acts.comment import comment_on_incidents
from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.acts.label import label_incidents
from alerts.incidents.acts.people import ot_line_of, people_for
from alerts.incidents.acts.severity import change_severity
from alerts.incidents.api.alerts import ALERTS
from alerts.incidents.api.bodies import (
    AssignIn,
    CloseIn,
    CommentIn,
    EscalateIn,
    LabelIn,
    SeverityIn,
)
from alerts.incidents.api.listings import COMMENTS, INCIDENTS, TIMELINE
from alerts.incidents.hidden_verdicts import (
    has_label,
    hidden_from,
    masked_columns,
    ot_state_is,
)
from alerts.incidents.models import Alert, Comment, Incident, TimelineItem
from alerts.incidents.queries import (
    alerts_visible_to,
    comments_of,
    incidents_visible_to,
    timeline_of,
)
from alerts.sites.models import Site
from portal.accounts.models import SOC_ROLES, TokenScope
from portal.api.bodies import Nothing
from portal.api.listing import Own
from portal.api.problems import BadInput
from portal.api.views import Resource, command, sub_list

WRITE: dict[str, Any] = {"scope": TokenScope.INCIDENTS_WRITE, "roles": SOC_ROLES}


class AlertViewSet(Resource):
    """Alerts as flat records of facts."""

    tag = "alerts"
    listing = ALERTS

    def rows(self) -> QuerySet[Alert]:
        """Alerts of the person's workspaces and sites."""
        return alerts_visible_to(self.person)

    def workspace_of(self, row: Alert) -> str:
        """Where it came from."""
        return row.workspace.name


class IncidentViewSet(Resource):
    """Incidents: read them, triage them."""

    tag = "incidents"
    listing = INCIDENTS

    def rows(self) -> QuerySet[Incident]:
        """Incidents in the person's reach."""
        return incidents_visible_to(self.person)

    def own(self) -> Own:
        """Sites by their names, looked up where they are asked for; no verdict that is hidden from
        the person.
        """

        @cache
        def names() -> dict[int, str]:
            return dict(Site.objects.values_list("pk", "name"))

        hidden = hidden_from(self.person)
        return Own(
            sources=masked_columns(hidden),
            reads={"sites": lambda ids: [names()[pk] for pk in ids if pk in names()]},
            conditions={
                "ot_state": lambda these: ot_state_is(these, hidden=hidden),
                "label": lambda word: has_label(word, hidden=hidden),
            },
        )

    def found(self, pk: Any) -> Incident:
        """The incident with its workspace, or 404."""
        row: Incident = super().found(pk)
        return row

    def workspace_of(self, row: Incident) -> str:
        """Where it came from."""
        return row.workspace.name

    @sub_list(TIMELINE)
    def timeline(self, row: Incident) -> QuerySet[TimelineItem]:
        """What happened to it."""
        return timeline_of(row)

    @sub_list(ALERTS)
    def alerts(self, row: Incident) -> QuerySet[Alert]:
        """All its alerts."""
        return Alert.objects.filter(incidents=row)

    @sub_list(COMMENTS)
    def comments(self, row: Incident) -> QuerySet[Comment]:
        """Its comments."""
        return comments_of(row)

    @command(CloseIn, **WRITE)
    def close(self, row: Incident, said: dict[str, Any]) -> None:
        """Close it with a classification and its reason."""
        close_incidents(
            incident_ids=[row.pk], ot_line=ot_line_of([row]), by=self.person, now=self.now, **said
        )

    @command(Nothing, **WRITE)
    def reopen(self, row: Incident, said: dict[str, Any]) -> None:
        """Make a closed one active again."""
        reopen_incidents(incident_ids=[row.pk], by=self.person, now=self.now)

    @command(AssignIn, **WRITE)
    def assign(self, row: Incident, said: dict[str, Any]) -> None:
        """Give it to somebody who works there, or to nobody."""
        to = None
        if said["to"] is not None:
            people = {self.person.email: self.person}
            people |= {each.email: each for each in people_for([row])}
            to = people.get(said["to"].lower())
            if to is None:
                reason = "Nobody of this address works in the incident's workspace."
                raise BadInput(reason, {"to": [reason]})
        assign_incidents(incident_ids=[row.pk], to=to, by=self.person, now=self.now)

    @command(EscalateIn, **WRITE)
    def escalate(self, row: Incident, said: dict[str, Any]) -> None:
        """Raise it to High severity, own it where nobody does, and tell the SOC leads."""
        escalate_incidents(incident_ids=[row.pk], by=self.person, now=self.now, **said)

    @command(SeverityIn, **WRITE)
    def severity(self, row: Incident, said: dict[str, Any]) -> None:
        """Change how severe it is."""
        change_severity(incident_ids=[row.pk], by=self.person, now=self.now, **said)

    @command(LabelIn, **WRITE)
    def label(self, row: Incident, said: dict[str, Any]) -> None:
        """Put labels on, take labels off."""
        label_incidents(incident_ids=[row.pk], by=self.person, now=self.now, **said)

    @command(CommentIn, **WRITE)
    def comment(self, row: Incident, said: dict[str, Any]) -> None:
        """Say something, in Sentinel too."""
        comment_on_incidents(incident_ids=[row.pk], by=self.person, now=self.now, **said)
