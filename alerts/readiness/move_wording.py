"""Labels, evidence and fixes of the findings before the move to the Defender portal."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.readiness.engine.move_findings import MoveFinding, MoveKind, MoveState
from alerts.readiness.stored_wording import stored_words
from portal.ui.words import number

type Words = str | Promise

MAX_NAMES = 10  # in a sentence; the page lists all
_PARTS: Mapping[str, Words] = {
    "analytics rules": _("Analytics rules"),
    "connectors": _("Data connectors"),
    "automation rules": _("Automation rules"),
    "playbooks": _("Playbooks"),
}
# By kind: what it is called, what shows it, and what to do.
_WORDS: Mapping[MoveKind, tuple[Words, Words, Words]] = {
    MoveKind.NOT_READ: (
        _("Not looked at"),
        _("%(names)s: not read, so nothing is known of what breaks there. %(error)s"),
        _("Have the workspace checked, and give our identity the rights that the check names."),
    ),
    MoveKind.PROVIDER_CONDITION: (
        _("Automation rules that ask for the incident provider"),
        _("%(names)s: the portal ignores this condition, so the rule runs on every incident."),
        _("Ask for the analytics rule instead, before the move."),
    ),
    MoveKind.UNSCOPED_RULE: (
        _("Automation rules that will meet every incident"),
        _(
            "%(names)s: no condition keeps the rule to an analytics rule, a product or a device. "
            "In the portal it also runs on mail, endpoint and identity incidents."
        ),
        _("Add a condition on the analytics rule."),
    ),
    MoveKind.TITLE_CONDITION: (
        _("Automation rules that ask for a title"),
        _("%(names)s: the portal gives incidents its own titles and changes them later."),
        _("Ask for the analytics rule instead."),
    ),
    MoveKind.DESCRIPTION_CONDITION: (
        _("Automation rules that ask for the description"),
        _("%(names)s: incidents of the portal have no description when rules run on them."),
        _("Ask for the analytics rule or a custom detail instead."),
    ),
    MoveKind.ALERT_TRIGGER: (
        _("Automation rules that start on any alert"),
        _("%(names)s: after the move only alerts of scheduled and NRT rules start a rule."),
        _("Start on the incident, or name the analytics rules."),
    ),
    MoveKind.UPDATED_BY_CONDITION: (
        _("Automation rules that ask who updated the incident"),
        _("%(names)s: the portal writes other values there, so the rule runs too often or never."),
        _("Compare with the portal's values: application, user, alert grouping, playbook, rule."),
    ),
    MoveKind.SINGLE_CHANGE: (
        _("Automation rules that wait for one change"),
        _("%(names)s: of several changes within five to ten minutes the rule sees the last alone."),
        _("Ask for the state of the incident instead of its change."),
    ),
    MoveKind.TASK_ACTION: (
        _("Automation rules that add tasks"),
        _("%(names)s: the portal does not show tasks of incidents."),
        _("Write a comment by a playbook instead, or accept that nobody sees the task there."),
    ),
    MoveKind.LOST_REASON: (
        _("Automation rules that close for incorrect alert logic"),
        _("%(names)s: the portal has no such reason; it comes back as inaccurate data."),
        _("Close with another reason, and read both as one in reports."),
    ),
    MoveKind.GROUP_OWNER: (
        _("Automation rules that assign to a group"),
        _("%(names)s: the portal keeps an owner as a text and loses the group."),
        _("Assign to a person, or mark the incident with a tag."),
    ),
    MoveKind.RULE_NOT_UNDERSTOOD: (
        _("Automation rules that Tagout cannot read"),
        _("%(names)s: parts of the rule are unknown here, so it may break in other ways."),
        _("Read the rule in Sentinel with this list beside it."),
    ),
    MoveKind.OWN_RULE_BY_TITLE: (
        _("Rules of Tagout that ask for a title"),
        _(
            "%(names)s: Tagout replaces them where a form for the portal was signed; else it takes "
            "them out of Sentinel, and its worker closes what they cover."
        ),
        "",
    ),
    MoveKind.CREATION_RULE: (
        _("The connector's rule creates incidents"),
        _("%(names)s: the portal switches it off, and its alerts become no incident any more."),
        _("Enable the analytics rules of the solution, then disable this rule."),
    ),
    MoveKind.OTHER_CREATION_RULE: (
        _("Rules that create incidents for other products"),
        _("%(names)s: the portal switches them off."),
        _("Let Defender XDR or scheduled rules create these incidents."),
    ),
    MoveKind.UNCOVERED_TYPES: (
        _("Alert types that only the connector's rule covers"),
        _("%(n)s alert types of Defender for IoT become no incident in the Defender portal."),
        _("Create the rule for the rest on the page of the workspace."),
    ),
    MoveKind.REOPENING_RULE: (
        _("Analytics rules that reopen closed incidents"),
        _("%(names)s: the portal does not reopen an incident; it makes a new one."),
        _("Switch reopening off, so that both sides do the same."),
    ),
    MoveKind.INCIDENT_TABLE_QUERY: (
        _("Analytics rules that read texts of incidents"),
        _(
            "%(names)s: the query reads a title, description or provider in SecurityIncident. "
            "There is no description any more, and titles and providers are others."
        ),
        _("Read SecurityAlert, or ids of analytics rules, instead."),
    ),
    MoveKind.FUSION: (
        _("Fusion"),
        _("The Fusion rule is switched off; Defender XDR puts attacks of several stages together."),
        "",
    ),
    MoveKind.CORRELATION: (
        _("Merging of incidents"),
        _(
            "%(n)s analytics rules do not say whether their incidents may be merged. The tenant "
            "decides; by default they are not merged."
        ),
        "",
    ),
    MoveKind.CONNECTOR_SWITCHED_OFF: (
        _("Data connectors that are switched off"),
        _("%(names)s: onboarding switches them off; their alerts come from Defender XDR instead."),
        _("See which analytics rules, workbooks and playbooks read their alerts."),
    ),
    MoveKind.PLAYBOOK_MOVES_ALERTS: (
        _("Playbooks that add or remove alerts"),
        _("%(names)s: alerts of an incident cannot be changed through Sentinel after the move."),
        _("Take the step out, or link incidents by a tag."),
    ),
    MoveKind.PLAYBOOK_CREATES_INCIDENTS: (
        _("Playbooks that create incidents"),
        _("%(names)s: incidents that are made through Sentinel do not reach the portal."),
        _("Let a scheduled analytics rule create them."),
    ),
    MoveKind.OPEN_TASKS: (
        _("Open tasks"),
        _("%(n)s open tasks stand on incidents; the portal does not show them."),
        _("Finish them, or write what is left into a comment."),
    ),
    MoveKind.INCIDENTS_BY_API: (
        _("Incidents without an alert"),
        _(
            "%(n)s incidents of the last 90 days have no alert: a person or a program made them. "
            "Such incidents do not reach the portal."
        ),
        _("Find out who makes them, and let a scheduled analytics rule do it."),
    ),
    MoveKind.GRAPH_CONSENT: (
        _("Incidents are read from Azure Resource Manager"),
        _(
            "That goes on after the move. Microsoft recommends Microsoft Graph for the portal and "
            "has announced, without a day, that the other way ends."
        ),
        _("When it suits you: consent to Graph for our identity, then `workspace source`."),
    ),
}


def move_label(finding: MoveFinding) -> str:
    """Return what a finding is called."""
    return str(_WORDS[finding.kind][0])


def move_evidence(finding: MoveFinding, *, max_names: int = MAX_NAMES) -> str:
    """Return what shows a finding, with the names of at most so many things."""
    names = [str(_PARTS.get(name, name)) for name in finding.names]
    shown = ", ".join(names[:max_names])
    more = len(names) - max_names
    if more > 0:
        shown = gettext("%(names)s and %(n)s more") % {"names": shown, "n": number(more)}
    values: dict[str, Any] = {
        name: number(value) if isinstance(value, int) else value
        for name, value in finding.values.items()
    }
    if "error" in values:
        values["error"] = stored_words(str(values["error"]))
    return (str(_WORDS[finding.kind][1]) % {"names": shown, **values}).strip()


def move_fix(finding: MoveFinding) -> str:
    """Return what to do before the day; empty where nothing is to be done."""
    return str(_WORDS[finding.kind][2])


def move_state(state: MoveState, *, is_in_portal: bool) -> str:
    """Return how grave a finding is, in a word or two; before the move or after it."""
    return {
        MoveState.OPEN: gettext("Broken now") if is_in_portal else gettext("Will break"),
        MoveState.UNKNOWN: gettext("Not known"),
        MoveState.NOTE: gettext("Good to know") if is_in_portal else gettext("Changes by itself"),
    }[state]


def findings_for_programs(findings: Iterable[MoveFinding]) -> list[dict[str, Any]]:
    """Return findings with the members that programs are promised, in English."""
    with translation.override("en"):
        return [
            {
                "kind": finding.kind.value,
                "state": finding.state.value,
                "what": move_label(finding),
                "evidence": move_evidence(finding, max_names=len(finding.names)),
                "fix": move_fix(finding),
            }
            for finding in findings
        ]
