"""Playbooks: which there are, how they ran, and running one on an incident."""

from typing import Any

from django.db.models import CharField as TextColumn
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from rest_framework.serializers import CharField, UUIDField

from alerts.automation.api.listings import AUTOMATION_RULES, PLAYBOOK_RUNS, PLAYBOOKS
from alerts.automation.models import FoundRule, Playbook, PlaybookRun
from alerts.automation.policies import MAX_REASON_LENGTH
from alerts.automation.queries import (
    found_rules_visible_to,
    playbooks_visible_to,
    runs_visible_to,
)
from alerts.automation.services.run_playbook import PlantConsentMissing, run_playbook
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.models import WantedRule
from portal.accounts.models import TokenScope
from portal.accounts.rights import SOC_ROLES
from portal.api.problems import BadInput, refused
from portal.api.requests import In
from portal.api.views import Resource, command


class RunIn(In):
    """Which playbook, and why."""

    playbook = UUIDField(help_text="id of the playbook")
    reason = CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=MAX_REASON_LENGTH,
        help_text="why, for the record",
    )


class PlaybookViewSet(Resource):
    """Playbooks."""

    tag = "playbooks"
    title = gettext_lazy("Playbooks")
    listing = PLAYBOOKS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[Playbook]:
        """Those of the person's workspaces."""
        return playbooks_visible_to(self.person)

    def workspace_of(self, row: Playbook) -> str:
        """Where it was found."""
        return row.workspace.name


class PlaybookRunViewSet(Resource):
    """Runs of playbooks."""

    tag = "playbook-runs"
    title = gettext_lazy("Runs of playbooks")
    listing = PLAYBOOK_RUNS
    lookup_field = "uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[PlaybookRun]:
        """Those on incidents that the person sees."""
        return runs_visible_to(self.person)


class AutomationRuleViewSet(Resource):
    """Automation rules, ours and others'."""

    tag = "automation-rules"
    title = gettext_lazy("Automation rules")
    listing = AUTOMATION_RULES

    def rows(self) -> QuerySet[FoundRule]:
        """Those of the person's workspaces."""
        ours = WantedRule.objects.annotate(text=Cast("name", TextColumn())).filter(
            workspace=OuterRef("workspace"), text=OuterRef("name")
        )
        return found_rules_visible_to(self.person).annotate(ours=Exists(ours))


class OnIncident(Resource):
    """What a playbook does about one incident."""

    tag = "incidents"
    listing = PLAYBOOK_RUNS

    def rows(self) -> QuerySet[Incident]:
        """Incidents in the person's reach."""
        return incidents_visible_to(self.person)

    @command(
        RunIn,
        scope=TokenScope.INCIDENTS_WRITE,
        roles=SOC_ROLES,
        answers=PLAYBOOK_RUNS,
        keeps_refusals=True,
    )
    def playbook(self, row: Incident, values: dict[str, Any]) -> HttpResponse:
        """Run a playbook on this incident; answers the run. One that acts on the plant needs
        consent, which people give by the page: without it this is forbidden, and on record.
        """
        playbook = playbooks_visible_to(self.person).filter(uuid=values["playbook"]).first()
        if playbook is None:
            reason = "There is no such playbook, or you may not see it."
            raise BadInput(reason, {"playbook": [reason]})
        try:
            act = run_playbook(
                playbook_id=playbook.pk,
                incident_ids=[row.pk],
                by=self.person,
                now=self.now,
                reason=values["reason"],
            )
        except PlantConsentMissing as refusal:
            return refused(refusal, 403)
        only = runs_visible_to(self.person).filter(incident=row, change__act=act)
        return self.single(PLAYBOOK_RUNS, only, workspace=row.workspace.name)
