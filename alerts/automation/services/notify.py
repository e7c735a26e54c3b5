"""Notify people of what concerns them: closing rules of others, requests for consent, decisions."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import Final

from django.utils import translation
from django.utils.translation import gettext

from alerts.automation.engine.rule_facts import RuleFacts
from alerts.automation.models import MadeRule, PlantConsent
from alerts.incidents.page.panel import incident_number_label
from alerts.outbox.models import Change, WantedRule
from alerts.outbox.wording import note_words
from alerts.reviews.policies import ot_people_at
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.deploying.recipients import deployment_leads, leads_and_administrators_of
from portal.accounts.models import User
from portal.notifications.services import notify

OVERVIEW: Final = "/automation/"

type Message = tuple[str, list[str], str]  # subject, lines, why the person gets it


def notify_of_shadow_rules(
    workspace: Workspace, *, rules: Collection[RuleFacts], now: datetime
) -> None:
    """Tell the SOC leads of closing rules of others: they suppress, and nobody signed them."""
    if not rules:
        return

    def message() -> Message:
        subject = gettext("A rule that is not ours closes incidents in %(workspace)s") % {
            "workspace": workspace.name
        }
        return subject, [facts.name for facts in rules], gettext("You get this as SOC lead there.")

    _notify(deployment_leads([workspace]), "automation.shadow", OVERVIEW, message, now)


def notify_of_rule(rule: WantedRule, *, now: datetime) -> None:
    """Tell the SOC leads that a rule made here does not stand in Sentinel as it is wanted."""

    def message() -> Message:
        names = {"rule": rule.label, "workspace": rule.workspace.name}
        subject = gettext("%(rule)s does not stand as wanted in %(workspace)s") % names
        return subject, [note_words(rule.latest_error)], gettext("You get this as SOC lead there.")

    _notify(deployment_leads([rule.workspace]), "automation.rule", OVERVIEW, message, now)


def notify_of_plant_rule(rule: MadeRule, *, now: datetime, is_unread: bool = False) -> None:
    """Tell the SOC leads that a rule is taken away, because its playbook acts on the plant now, or
    cannot be read.
    """

    def message() -> Message:
        names = {"rule": rule.label, "workspace": rule.workspace.name}
        subject = gettext("%(rule)s ends in %(workspace)s: its playbook acts on the plant") % names
        if is_unread:
            subject = gettext("%(rule)s ends in %(workspace)s: its playbook cannot be read") % names
        lines = [rule.playbook.name] if rule.playbook else []
        return subject, lines, gettext("You get this as SOC lead there.")

    _notify(deployment_leads([rule.workspace]), "automation.rule", OVERVIEW, message, now)


def notify_of_unasked_run(change: Change, *, now: datetime) -> None:
    """Tell the SOC leads and all administrators of a run that nobody asked for here: a row of the
    outbox that no act of a person has made. It was not started.
    """

    def message() -> Message:
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
        return subject, lines, gettext("You get this as SOC lead there, or as administrator.")

    people = leads_and_administrators_of(change.workspace)
    _notify(people, "automation.forged", OVERVIEW, message, now)


def notify_approvers(consent: PlantConsent, *, now: datetime) -> None:
    """Tell OT of the incident's sites, and where there is none, the SOC leads."""
    incident = consent.incident
    sites = Site.objects.filter(pk__in=incident.site_ids).order_by("name")
    people = {user.pk: user for site in sites for user in ot_people_at(site, incident.workspace)}
    if not people:
        people = {user.pk: user for user in deployment_leads([incident.workspace])}
    people.pop(consent.asked_by_id, None)

    def message() -> Message:
        words = {"playbook": consent.playbook.name, "incident": incident_number_label(incident)}
        subject = gettext("Consent wanted: %(playbook)s on %(incident)s") % words
        asks = gettext("%(name)s asks.") % {"name": consent.asked_by.name}
        why = gettext("You get this because you can consent for this incident.")
        return subject, [asks, consent.reason], why

    _notify(people.values(), "automation.consent", _path(consent), message, now)


def notify_asker(consent: PlantConsent, *, now: datetime) -> None:
    """Tell who asked."""

    def message() -> Message:
        name = consent.decided_by.name if consent.decided_by else ""
        words = {
            "playbook": consent.playbook.name,
            "incident": incident_number_label(consent.incident),
        }
        if consent.state == PlantConsent.State.GIVEN:
            subject = gettext("Consent given: %(playbook)s on %(incident)s") % words
        else:
            subject = gettext("Consent declined: %(playbook)s on %(incident)s") % words
        lines = [gettext("%(name)s decided.") % {"name": name}, consent.decision_reason]
        return subject, [line for line in lines if line], gettext("You get this because you asked.")

    _notify([consent.asked_by], "automation.consent", _path(consent), message, now)


def _path(consent: PlantConsent) -> str:
    return f"/automation/consents/{consent.uuid}/"


def _notify(
    people: Iterable[User], kind: str, path: str, message: Callable[[], Message], now: datetime
) -> None:
    ordered = sorted(people, key=lambda person: (person.language, person.pk))
    for language, group in groupby(ordered, key=lambda person: person.language):
        with translation.override(language or "en"):
            subject, lines, reason = message()
        notify(
            people=list(group),
            kind=kind,
            subject=subject,
            body="\n".join(lines),
            path=path,
            reason=reason,
            now=now,
        )
