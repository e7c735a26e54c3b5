"""The tab Playbooks of an incident: what can be run on it, who must consent, what has run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from alerts.automation.models import PlantConsent, Playbook
from alerts.automation.policies import (
    VALID,
    consent_in_force,
    reasons_against_deciding_consent,
    reasons_against_playbook,
    reasons_of_unread_list,
)
from alerts.automation.policies.rules import reasons_against_making_rules
from alerts.automation.queries import inventories_of, runs_of_incident
from alerts.automation.web.overview import evidence_sentences
from alerts.automation.web.run_wording import run_line
from alerts.incidents.models import Incident
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.registry import TabVisit
from alerts.sentinel.policies import reason_against_starting
from portal.accounts.models import User

MAX_RUNS = 30


@dataclass(frozen=True, slots=True)
class PlaybookChoice:
    """A playbook that could be run: `consent` in force, `request` that waits, or neither."""

    playbook: Playbook
    act: str  # of the form: sent twice, it is one run
    evidence: list[str]
    consent: PlantConsent | None
    request: PlantConsent | None
    may_decide: bool
    against: str  # why our identity could not start it


def count_runs(incident: Incident) -> int | None:
    """How many runs an incident has; None for none, so that the tab shows no zero."""
    return incident.playbook_runs.count() or None


def show_playbooks(visit: TabVisit) -> dict[str, Any]:
    """Everything that the tab shows."""
    incident, user = visit.incident, visit.user
    runs = [run_line(run) for run in runs_of_incident(incident)[:MAX_RUNS]]
    reasons = reasons_against_acting(incident, by=user)
    unread = reasons_of_unread_list(incident.workspace_id, now=visit.now)
    playbooks = Playbook.objects.filter(workspace=incident.workspace_id, gone_at=None)
    return {
        "choices": [
            _choice(playbook, incident, user, visit.now)
            for playbook in playbooks.order_by("name", "pk")
            if not reasons_against_playbook(playbook)
        ],
        "runs": runs,
        "inventory": inventories_of([incident.workspace_id]).get(incident.workspace_id),
        "unread": unread,
        "may_run": not reasons,
        "may_ask": not reasons and not unread,
        "may_make_rule": not reasons_against_making_rules(incident, by=user),
        "is_changing": any(line.kind == "medium" for line in runs),
    }


def _choice(playbook: Playbook, incident: Incident, user: User, now: datetime) -> PlaybookChoice:
    consent = request = None
    if playbook.acts_on_plant:
        consent = consent_in_force(playbook, incident, now=now)
        request = (
            PlantConsent.objects.filter(
                playbook=playbook,
                incident=incident,
                definition_digest=playbook.definition_digest,
                state=PlantConsent.State.ASKED,
                asked_at__gt=now - VALID,
            )
            .select_related("asked_by", "incident__workspace__organisation", "playbook")
            .first()
        )
    return PlaybookChoice(
        playbook=playbook,
        act=str(uuid4()),
        evidence=evidence_sentences(playbook) if playbook.acts_on_plant else [],
        consent=consent,
        request=request,
        against=reason_against_starting(incident.workspace_id, playbook.resource_id),
        may_decide=request is not None
        and not reasons_against_deciding_consent(request, by=user, now=now),
    )
