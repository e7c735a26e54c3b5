"""Make an automation rule from an incident: the form, its preview, the rule; take one away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from alerts.automation.engine.rule_facts import read_rule_facts
from alerts.automation.models import MadeRule, Playbook
from alerts.automation.policies import reasons_against_playbook
from alerts.automation.policies.rules import (
    reasons_against_making_rules,
    reasons_against_removing_rule,
)
from alerts.automation.queries import (
    made_rules_visible_to,
    playbooks_visible_to,
    wanted_by_rule,
)
from alerts.automation.services.made_rules import (
    UNREAD_PLAYBOOK,
    CannotMakeRule,
    CannotRemoveRule,
    RulePreview,
    likeness_of,
    make_rule,
    preview_rule,
    remove_rule,
)
from alerts.automation.web.forms import RuleForm
from alerts.automation.web.rule_wording import RuleWords, describe_rule
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.queries import incidents_visible_to
from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.wording import note_words
from alerts.sentinel.engine.rights import RULES
from alerts.sentinel.policies import reason_against_calling
from alerts.sentinel.queries import analytics_rule_names, is_in_defender_portal
from portal import clock
from portal.accounts.models import User
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page

_LINKED = ("effect", "severity")  # what a link to the form may choose
SHOWN = 5  # incidents of the preview
SHOWN_AFTER_END = timedelta(days=30)


@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: HttpRequest, incident_id: int) -> HttpResponse:
    """The form; then what the rule would have met in 90 days; then the rule."""
    user, now = actor_of(request), clock.now()
    rows = incidents_visible_to(user).select_related("workspace__organisation")
    incident = get_object_or_404(rows, pk=incident_id)
    chosen = {name: request.GET[name] for name in _LINKED if name in request.GET}
    form = RuleForm(_playbooks_for(incident, user), request.POST or None, initial=chosen)
    reasons = reasons_against_making_rules(incident, by=user)
    if reasons or request.method != "POST" or not form.is_valid():
        status = 403 if reasons else 200
        return _form_page(request, incident, form, problems=reasons, status=status)
    plan = form.plan(incident)
    try:
        if digest := request.POST.get("digest"):
            rule = make_rule(plan=plan, digest=digest, by=user, now=now)
            answer = HttpResponseRedirect(reverse("automation:overview"))
            words = gettext("%(rule)s is on its way to Sentinel") % {"rule": rule.label}
            return leave_toast(request, answer, words)
        preview = preview_rule(plan=plan, by=user, now=now)
    except CannotMakeRule as refusal:
        return _form_page(request, incident, form, problems=list(refusal.reasons), status=422)
    return _preview_page(request, incident, form, preview, now)


@post_only(otherwise=lambda rule: reverse("automation:overview"))
def remove_rule_view(request: HttpRequest, rule: UUID) -> HttpResponse:
    """Take a rule away that was made here."""
    user = actor_of(request)
    row = get_object_or_404(made_rules_visible_to(user), uuid=rule)
    try:
        remove_rule(rule_id=row.pk, by=user, now=clock.now())
    except CannotRemoveRule as refusal:
        page = {"rule": row, "reasons": refusal.reasons, "back": reverse("automation:overview")}
        return render_page(request, "alerts/automation/kept.html", page, status=403)
    answer = HttpResponseRedirect(reverse("automation:overview"))
    return leave_toast(request, answer, gettext("%(rule)s is taken away") % {"rule": row.label})


def _playbooks_for(incident: Incident, user: User) -> list[Playbook]:
    """Those that a rule may run: none that acts on the plant."""
    rows = playbooks_visible_to(user).filter(workspace=incident.workspace_id).order_by("name")
    return [row for row in rows if not row.acts_on_plant and not reasons_against_playbook(row)]


def _form_page(
    request: HttpRequest,
    incident: Incident,
    form: RuleForm,
    *,
    problems: list[str],
    status: int = 200,
) -> HttpResponse:
    page = _frame(incident) | {"form": form, "problems": problems, "may_make": status != 403}
    return render_page(request, "alerts/automation/new_rule.html", page, form=form, status=status)


def _preview_page(
    request: HttpRequest, incident: Incident, form: RuleForm, preview: RulePreview, now: datetime
) -> HttpResponse:
    logic = {"triggersOn": "Incidents", "triggersWhen": "Created"}
    body = {
        "triggeringLogic": logic | {"conditions": preview.conditions},
        "actions": preview.actions,
    }
    names = {row.resource_id: row.name for row in form.playbooks.values()}
    page = _frame(incident) | {
        "now": now,
        "form": form,
        "values": [(name, value) for name, value in request.POST.items() if name in form.fields],
        "preview": preview,
        "words": describe_rule(
            read_rule_facts(body),
            playbooks=names,
            analytics_rules=analytics_rule_names(incident.workspace),
        ),
        "incidents": [(row, incident_number_label(row)) for row in preview.incidents[:SHOWN]],
    }
    return render_page(request, "alerts/automation/preview.html", page)


def _frame(incident: Incident) -> dict[str, Any]:
    both = likeness_of(incident, same_devices=True)
    return {
        "incident": incident,
        "number": incident_number_label(incident),
        "ends": ", ".join([*both.devices, *both.addresses]),
        "against": reason_against_calling(
            incident.workspace_id, "put_automation_rule", purpose=RULES
        ),
        "is_in_portal": is_in_defender_portal(incident.workspace_id),
        "back": f"{reverse('incidents:incident', args=[incident.pk])}?tab=playbooks",
    }


@dataclass(frozen=True, slots=True)
class MadeRuleLine:
    """A rule that was made here, and its state in Sentinel."""

    rule: MadeRule
    words: RuleWords
    label: str
    kind: str
    icon: str
    error: str
    has_ended: bool  # Sentinel does not hold it any more, so it acts on nothing
    may_remove: bool


def made_rule_lines(user: User, *, playbooks: dict[str, str], now: datetime) -> list[MadeRuleLine]:
    """The rules of the person's workspaces that were made here and not taken away: those that
    Sentinel may hold, and those whose time was over at most 30 days ago.
    """
    rules = list(made_rules_visible_to(user))
    wanted = wanted_by_rule(rules)
    lines = []
    for rule in rules:
        row = wanted.get(rule.uuid)
        has_ended = _has_ended(rule, row, now=now)
        if has_ended and rule.ends_at <= now - SHOWN_AFTER_END:
            continue
        lines.append(
            MadeRuleLine(
                rule,
                describe_rule(
                    read_rule_facts(rule.body),
                    playbooks=playbooks,
                    analytics_rules=analytics_rule_names(rule.workspace),
                ),
                *_rule_chip(rule, row, now=now),
                has_ended=has_ended,
                may_remove=_is_to_stay(rule, row, now=now)
                and not reasons_against_removing_rule(rule, by=user),
            )
        )
    return lines


def _is_to_stay(rule: MadeRule, row: WantedRule | None, *, now: datetime) -> bool:
    return rule.ends_at > now and (row is None or row.wanted is not None)


def _has_ended(rule: MadeRule, row: WantedRule | None, *, now: datetime) -> bool:
    """Whether it is not to stay, and Sentinel was seen to be without it: until then it may act."""
    return not _is_to_stay(rule, row, now=now) and (
        row is None or (row.wanted is None and row.is_as_wanted)
    )


def _rule_chip(
    rule: MadeRule, row: WantedRule | None, *, now: datetime
) -> tuple[str, str, str, str]:
    """Label, kind and icon of the chip, and what went wrong."""
    error = note_words(row.latest_error) if row else ""
    if row is not None and row.outcome == Landing.REFUSED:
        return gettext("Refused by Sentinel"), "high", "circle-alert", error
    if row is not None and row.outcome == Landing.CHANGED_BY_HAND:
        return gettext("Changed by hand in Sentinel"), "high", "triangle-alert", error
    if not (_is_to_stay(rule, row, now=now) or _has_ended(rule, row, now=now)):
        return gettext("Being taken out of Sentinel"), "medium", "timer", error
    if rule.ends_at <= now:
        return gettext("Ended: its time is over"), "", "calendar-x-2", ""
    if row is not None and row.wanted is None and row.reason == UNREAD_PLAYBOOK:
        return gettext("Ended: its playbook cannot be read"), "high", "circle-question-mark", ""
    if row is not None and row.wanted is None:
        return gettext("Ended: its playbook acts on the plant"), "high", "factory", ""
    if row is not None and row.is_as_wanted:
        return gettext("In Sentinel"), "ok", "check", ""
    return gettext("On its way"), "medium", "timer", error
