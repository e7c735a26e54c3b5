"""What the page of all workspaces shows: playbooks with their runs, rules in words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from alerts.automation.engine.rule_facts import RuleFacts, colliding, read_rule_facts
from alerts.automation.models import FoundRule, Inventory, Playbook
from alerts.automation.policies import reasons_against_playbook, reasons_against_reading_again
from alerts.automation.queries import (
    found_rules_visible_to,
    inventories_of,
    names_of_made_rules,
    playbooks_visible_to,
    runs_by_playbook,
)
from alerts.automation.web.rule_wording import RuleWords, describe_rule
from alerts.rules.sentinel_forms import NAME_PREFIX
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import analytics_rule_names, workspaces_visible_to
from alerts.sentinel.wire.playbooks import MAX_STEPS
from portal.accounts.models import User
from portal.ui.words import number

WEEK = timedelta(days=7)
MAX_SENTENCES = 5  # of evidence, on a page


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One automation rule. `owner`: ours, theirs, or orphan (named like ours, but not known)."""

    rule: FoundRule
    facts: RuleFacts
    words: RuleWords
    owner: str
    is_shadow: bool  # theirs, acting, and closes: suppression that nobody signed here
    has_ended: bool
    collides: bool


@dataclass(frozen=True, slots=True)
class PlaybookLine:
    """One playbook with its runs of seven days."""

    playbook: Playbook
    problem: str  # why it cannot be run on an incident
    runs: int
    failed: int
    latest_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkspaceAutomation:
    """What was found in one workspace, and how old that is."""

    workspace: Workspace
    inventory: Inventory | None
    may_read_again: bool
    rules: list[RuleLine] = field(default_factory=list)
    playbooks: list[PlaybookLine] = field(default_factory=list)

    @property
    def shadows(self) -> int:
        """How many rules of others close incidents."""
        return sum(line.is_shadow for line in self.rules)


def automation_by_workspace(user: User, *, now: datetime) -> list[WorkspaceAutomation]:
    """Every workspace in the person's reach that is not removed, by name."""
    workspaces = [row for row in workspaces_visible_to(user) if not row.is_removed]
    ids = [row.pk for row in workspaces]
    inventories, ours = inventories_of(ids), names_of_made_rules(ids)
    playbooks = list(
        playbooks_visible_to(user).filter(workspace__in=ids, gone_at=None).order_by("name", "pk")
    )
    runs = runs_by_playbook([row.pk for row in playbooks], since=now - WEEK)
    names = {row.resource_id: row.name for row in playbooks}
    rules = list(found_rules_visible_to(user).filter(workspace__in=ids))
    return [
        WorkspaceAutomation(
            workspace=workspace,
            inventory=inventories.get(workspace.pk),
            may_read_again=not reasons_against_reading_again(workspace, by=user),
            rules=rule_lines(
                [rule for rule in rules if rule.workspace_id == workspace.pk],
                ours={name for place, name in ours if place == workspace.pk},
                playbooks=names,
                analytics_rules=analytics_rule_names(workspace),
                now=now,
            ),
            playbooks=[
                _playbook_line(row, runs) for row in playbooks if row.workspace_id == workspace.pk
            ],
        )
        for workspace in workspaces
    ]


def rule_lines(
    rules: Collection[FoundRule],
    *,
    ours: Collection[str],
    playbooks: Mapping[str, str],
    analytics_rules: Mapping[str, str],
    now: datetime,
) -> list[RuleLine]:
    """The rules of one workspace in the order in which Sentinel runs them, those that act first."""
    facts = {rule.name: read_rule_facts(rule.body) for rule in rules}
    shared = colliding(facts.items(), now=now)
    lines = []
    for rule in rules:
        rule_facts = facts[rule.name]
        owner = _owner(rule, rule_facts, ours)
        is_shadow = owner != "ours" and rule_facts.closes and rule_facts.is_acting(now=now)
        line = RuleLine(
            rule=rule,
            facts=rule_facts,
            words=describe_rule(rule_facts, playbooks=playbooks, analytics_rules=analytics_rules),
            owner=owner,
            is_shadow=is_shadow,
            has_ended=rule_facts.has_ended(now=now),
            collides=rule.name in shared,
        )
        lines.append(line)
    return sorted(
        lines,
        key=lambda line: (
            not line.facts.is_acting(now=now),
            line.facts.order if line.facts.order is not None else 0,
            line.facts.name,
        ),
    )


def _owner(rule: FoundRule, facts: RuleFacts, ours: Collection[str]) -> str:
    if rule.name in ours:
        return "ours"
    return "orphan" if facts.name.startswith(NAME_PREFIX) else "theirs"


def _playbook_line(
    playbook: Playbook, runs: Mapping[int, tuple[int, int, datetime | None]]
) -> PlaybookLine:
    n, failed, latest = runs.get(playbook.pk, (0, 0, None))
    reasons = reasons_against_playbook(playbook)
    return PlaybookLine(playbook, " ".join(reasons), n, failed, latest)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a playbook: its name as people write it, and what it calls as Azure names it."""

    name: str
    call: str


def step_lines(playbook: Playbook) -> list[StepLine]:
    """The steps of a playbook in their order; inner ones follow the branch or loop they are in."""
    parts = [step.partition(" ") for step in playbook.steps]
    return [StepLine(name.replace("_", " "), call) for name, _, call in parts]


def evidence_sentences(playbook: Playbook) -> list[str]:
    """Which parts of a playbook may act on the plant."""
    unread = [] if playbook.has_all_steps else [_unread()]
    sentences = {
        "step": gettext("Not known to be harmless: the step “%(name)s” (%(call)s)."),
        "trigger": gettext("Not known to be harmless: the trigger “%(name)s” (%(call)s)."),
    }
    sentences |= _hidden_values()
    other = gettext("Its definition does not show what it does (%(call)s).")
    shown = playbook.evidence[:MAX_SENTENCES]
    found = [
        _sentence_of(part, sentences, other)
        % {"name": part.get("name", "").replace("_", " "), "call": part.get("call", "")}
        for part in shown
        if "call" in part
    ]
    if (more := len(playbook.evidence) - len(shown)) > 0:
        found.append(gettext("and %(n)s more") % {"n": number(more)})
    return unread + found


def _sentence_of(part: Mapping[str, Any], sentences: Mapping[str, str], other: str) -> str:
    if part.get("place") == "value":
        return sentences.get(str(part.get("call")), other)
    return sentences.get(str(part.get("place")), other) if part.get("name") else other


def _hidden_values() -> dict[str, str]:
    """What decides what a playbook does and is not seen here, by the kind of value. Whatever people
    say of its definition, it acts on the plant.
    """
    return {
        "app setting": gettext("A setting of its Logic App, which is not seen here: %(name)s."),
        "parameter": gettext("A parameter whose value is not seen here: “%(name)s”."),
        "connection": gettext("A connection that could not be read: “%(name)s”."),
        "integration account": gettext(
            "A map or schema of an integration account, which is not seen here (%(name)s)."
        ),
        "Logic App": gettext("Another Logic App, which may change by itself: “%(name)s”."),
    }


def _unread() -> str:
    n = {"n": number(MAX_STEPS)}
    return gettext("It has more than %(n)s steps, or nests them too deep, to be read.") % n
