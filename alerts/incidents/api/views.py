"""Incidents and alerts: read them, and do what the pages do, with the same refusals."""

from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from alerts.incidents.acts.aside import put_incidents_aside
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.acts.incident_tasks import (
    add_task,
    complete_task,
    read_tasks_again,
    reopen_task,
)
from alerts.incidents.acts.sentinel_comments import ot_line_of
from alerts.incidents.acts.triage import (
    assign_incidents,
    change_severity,
    comment_on_incidents,
    label_incidents,
    people_for,
)
from alerts.incidents.api.bodies import (
    AssignIn,
    CloseIn,
    CommentIn,
    EscalateIn,
    LabelIn,
    PutAsideIn,
    SeverityIn,
    TaskIn,
    TaskNameIn,
)
from alerts.incidents.api.listings import (
    ALERTS,
    COMMENTS,
    INCIDENTS,
    SENTINEL_CHANGES,
    TASKS,
    TIMELINE,
    aside_columns,
    in_queue,
)
from alerts.incidents.hidden_verdicts import has_label, hidden_from, masked_columns, ot_state_is
from alerts.incidents.models import Alert, Comment, Incident, IncidentTask, TimelineItem
from alerts.incidents.page.sentinel_writes import writes_to
from alerts.incidents.queries import (
    alerts_visible_to,
    comments_of,
    incidents_visible_to,
    timeline_of,
)
from alerts.outbox.models import Change
from alerts.sites.models import Site
from portal import clock
from portal.accounts.models import TokenScope
from portal.accounts.rights import SOC_ROLES
from portal.api.listing import Own
from portal.api.problems import BadInput
from portal.api.requests import NoInput
from portal.api.views import Resource, command, sub_list

WRITE: dict[str, Any] = {"scope": TokenScope.INCIDENTS_WRITE, "roles": SOC_ROLES}


class AlertViewSet(Resource):
    """Alerts as flat records of facts."""

    tag = "alerts"
    title = gettext_lazy("Alerts")
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
    title = gettext_lazy("Incidents")
    listing = INCIDENTS

    def rows(self) -> QuerySet[Incident]:
        """Incidents in the person's reach."""
        return incidents_visible_to(self.person)

    def own(self) -> Own:
        """Return sites by name, looked up when needed; no verdict hidden from the person."""

        @cache
        def names() -> dict[int, str]:
            return dict(Site.objects.values_list("pk", "name"))

        hidden = hidden_from(self.person)
        return Own(
            sources={**masked_columns(hidden), **aside_columns(self.now)},
            reads={"sites": lambda ids: [names()[pk] for pk in ids if pk in names()]},
            conditions={
                "ot_state": lambda these: ot_state_is(these, hidden=hidden),
                "label": lambda word: has_label(word, hidden=hidden),
                "queue": lambda address: in_queue(
                    address, self.person, now=self.now, searched=0 if self._asked else None
                ),
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

    @sub_list(TASKS)
    def tasks(self, row: Incident) -> QuerySet[IncidentTask]:
        """Its tasks in Sentinel, as last read."""
        return row.tasks.all()

    @sub_list(SENTINEL_CHANGES)
    def sentinel_changes(self, row: Incident) -> QuerySet[Change]:
        """What Tagout changed in Sentinel, and how each change ended."""
        return writes_to(row)

    @command(CloseIn, **WRITE)
    def close(self, row: Incident, values: dict[str, Any]) -> None:
        """Close it with a classification and its reason."""
        close_incidents(
            incident_ids=[row.pk], ot_line=ot_line_of([row]), by=self.person, now=self.now, **values
        )

    @command(NoInput, **WRITE)
    def reopen(self, row: Incident, values: dict[str, Any]) -> None:
        """Make a closed one active again. A rule that closed it stops for everybody."""
        reopen_incidents(incident_ids=[row.pk], by=self.person, now=self.now)

    @command(AssignIn, **WRITE)
    def assign(self, row: Incident, values: dict[str, Any]) -> None:
        """Give it to somebody who works there, or to nobody."""
        to = None
        if values["to"] is not None:
            people = {self.person.email: self.person}
            people |= {user.email: user for user in people_for([row])}
            to = people.get(values["to"].lower())
            if to is None:
                reason = "Nobody of this address works in the incident's workspace."
                raise BadInput(reason, {"to": [reason]})
        assign_incidents(incident_ids=[row.pk], to=to, by=self.person, now=self.now)

    @command(EscalateIn, **WRITE)
    def escalate(self, row: Incident, values: dict[str, Any]) -> None:
        """Raise it to High severity, own it where nobody does, and tell the SOC leads."""
        escalate_incidents(incident_ids=[row.pk], by=self.person, now=self.now, **values)

    @command(SeverityIn, **WRITE)
    def severity(self, row: Incident, values: dict[str, Any]) -> None:
        """Change how severe it is."""
        change_severity(incident_ids=[row.pk], by=self.person, now=self.now, **values)

    @command(LabelIn, **WRITE)
    def label(self, row: Incident, values: dict[str, Any]) -> None:
        """Put labels on, take labels off."""
        label_incidents(incident_ids=[row.pk], by=self.person, now=self.now, **values)

    @command(PutAsideIn, **WRITE)
    def put_aside(self, row: Incident, values: dict[str, Any]) -> None:
        """Put it aside: off the lists of work until a moment, or until it changes."""
        put_incidents_aside(incident_ids=[row.pk], by=self.person, now=self.now, **values)

    @command(NoInput, **WRITE)
    def bring_back(self, row: Incident, values: dict[str, Any]) -> None:
        """Bring back what was put aside."""
        put_incidents_aside(incident_ids=[row.pk], until=None, by=self.person, now=self.now)

    @command(CommentIn, **WRITE)
    def comment(self, row: Incident, values: dict[str, Any]) -> None:
        """Comment on it, in Sentinel too."""
        comment_on_incidents(incident_ids=[row.pk], by=self.person, now=self.now, **values)

    @command(NoInput, **WRITE)
    def read_tasks(self, row: Incident, values: dict[str, Any]) -> None:
        """Have its tasks read from Sentinel; `tasks/` lists them when they are there."""
        read_tasks_again(
            incident_id=row.pk, by=self.person, now=self.now, unshifted=clock.unshifted()
        )

    @command(TaskIn, **WRITE)
    def add_task(self, row: Incident, values: dict[str, Any]) -> None:
        """Add a task, in Sentinel too."""
        add_task(incident_id=row.pk, by=self.person, now=self.now, **values)

    @command(TaskNameIn, **WRITE)
    def complete_task(self, row: Incident, values: dict[str, Any]) -> None:
        """Mark a task as done, in Sentinel too."""
        complete_task(incident_id=row.pk, by=self.person, now=self.now, **values)

    @command(TaskNameIn, **WRITE)
    def reopen_task(self, row: Incident, values: dict[str, Any]) -> None:
        """Mark a task as still to be done, in Sentinel too."""
        reopen_task(incident_id=row.pk, by=self.person, now=self.now, **values)
