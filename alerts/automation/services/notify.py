"""Notify people of what concerns them: closing rules of others, requests for consent, decisions."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.automation.engine.rule_facts import RuleFacts
from alerts.automation.models import MadeRule, PlantConsent
from alerts.incidents.page.panel import incident_number_label
from alerts.outbox.models import Change, WantedRule
from alerts.outbox.wording import note_words
from alerts.reviews.policies import ot_people_at
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.deploying.recipients import deployment_leads, leads_and_administrators_of
from portal.notifications.services import notify_people

OVERVIEW: Final = "/automation/"


def notify_of_shadow_rules(
    workspace: Workspace, *, rules: Collection[RuleFacts], now: datetime
) -> None:
    """Notify the SOC leads of closing rules of others: they suppress, and nobody signed them."""
    if not rules:
        return

    def wording() -> tuple[str, list[str]]:
        subject = gettext("A rule that is not ours closes incidents in %(workspace)s") % {
            "workspace": workspace.name
        }
        return subject, [facts.name for facts in rules]

    people = deployment_leads([workspace])
    notify_people(people, kind=kinds.SHADOW_RULE, wording=wording, path=OVERVIEW, now=now)


def notify_of_rule(rule: WantedRule, *, now: datetime) -> None:
    """Notify the SOC leads that a rule made here is not in Sentinel as it should be."""

    def wording() -> tuple[str, list[str]]:
        names = {"rule": rule.label, "workspace": rule.workspace.name}
        subject = gettext("%(rule)s does not stand as wanted in %(workspace)s") % names
        return subject, [note_words(rule.latest_error)]

    people = deployment_leads([rule.workspace])
    notify_people(people, kind=kinds.AUTOMATION_RULE, wording=wording, path=OVERVIEW, now=now)


def notify_of_plant_rule(rule: MadeRule, *, now: datetime, is_unread: bool = False) -> None:
    """Notify the SOC leads that a rule is taken away, because its playbook acts on the plant now,
    or cannot be read.
    """

    def wording() -> tuple[str, list[str]]:
        names = {"rule": rule.label, "workspace": rule.workspace.name}
        subject = gettext("%(rule)s ends in %(workspace)s: its playbook acts on the plant") % names
        if is_unread:
            subject = gettext("%(rule)s ends in %(workspace)s: its playbook cannot be read") % names
        lines = [rule.playbook.name] if rule.playbook else []
        return subject, lines

    people = deployment_leads([rule.workspace])
    notify_people(people, kind=kinds.AUTOMATION_RULE, wording=wording, path=OVERVIEW, now=now)


def notify_of_unasked_run(change: Change, *, now: datetime) -> None:
    """Notify the SOC leads and all administrators of a run that nobody asked for here: a row of
    the outbox that no act of a person has made. It was not started.
    """

    def wording() -> tuple[str, list[str]]:
        subject = gettext("A playbook that nobody asked for was not started in %(workspace)s") % {
            "workspace": change.workspace.name
        }
        lines = [
            change.playbook,
            gettext(
                "A row in the outbox has no act of a person behind it. Somebody may write to the"
                " database who must not: see the audit record."
            ),
        ]
        return subject, lines

    people = leads_and_administrators_of(change.workspace)
    notify_people(people, kind=kinds.FORGED_RUN, wording=wording, path=OVERVIEW, now=now)


def notify_approvers(consent: PlantConsent, *, now: datetime) -> None:
    """Notify OT of the incident's sites, and where there is none, the SOC leads."""
    incident = consent.incident
    sites = Site.objects.filter(pk__in=incident.site_ids).order_by("name")
    people = {user.pk: user for site in sites for user in ot_people_at(site, incident.workspace)}
    if not people:
        people = {user.pk: user for user in deployment_leads([incident.workspace])}
    people.pop(consent.asked_by_id, None)

    def wording() -> tuple[str, list[str]]:
        words = {"playbook": consent.playbook.name, "incident": incident_number_label(incident)}
        subject = gettext("Consent wanted: %(playbook)s on %(incident)s") % words
        asks = gettext("%(name)s asks.") % {"name": consent.asked_by.name}
        return subject, [asks, consent.reason]

    notify_people(
        people.values(), kind=kinds.CONSENT_ASKED, wording=wording, path=_path(consent), now=now
    )


def notify_asker(consent: PlantConsent, *, now: datetime) -> None:
    """Notify the person who asked."""

    def wording() -> tuple[str, list[str]]:
        name = consent.decided_by.name if consent.decided_by else ""
        words = {
            "playbook": consent.playbook.name,
            "incident": incident_number_label(consent.incident),
        }
        if consent.state == PlantConsent.State.CONSENTED:
            subject = gettext("Consent given: %(playbook)s on %(incident)s") % words
        else:
            subject = gettext("Consent declined: %(playbook)s on %(incident)s") % words
        lines = [gettext("%(name)s decided.") % {"name": name}, consent.decision_reason]
        return subject, [line for line in lines if line]

    notify_people(
        [consent.asked_by],
        kind=kinds.CONSENT_DECIDED,
        wording=wording,
        path=_path(consent),
        now=now,
    )


def _path(consent: PlantConsent) -> str:
    return f"/automation/consents/{consent.uuid}/"
