"""What the move to the Defender portal breaks: the kinds, and what they are judged from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from alerts.automation.engine.rule_facts import RuleFacts


class MoveKind(StrEnum):
    """What breaks. Each has its sentences in `alerts/readiness/move_wording.py`."""

    NOT_READ = "not-read"
    TITLE_CONDITION = "title-condition"
    DESCRIPTION_CONDITION = "description-condition"
    PROVIDER_CONDITION = "provider-condition"
    UNSCOPED_RULE = "unscoped-rule"
    ALERT_TRIGGER = "alert-trigger"
    UPDATED_BY_CONDITION = "updated-by-condition"
    SINGLE_CHANGE = "single-change"
    TASK_ACTION = "task-action"
    LOST_REASON = "lost-reason"
    GROUP_OWNER = "group-owner"
    RULE_NOT_UNDERSTOOD = "rule-not-understood"
    OWN_RULE_BY_TITLE = "own-rule-by-title"
    CREATION_RULE = "creation-rule"
    OTHER_CREATION_RULE = "other-creation-rule"
    UNCOVERED_TYPES = "uncovered-types"
    REOPENING_RULE = "reopening-rule"
    INCIDENT_TABLE_QUERY = "incident-table-query"
    FUSION = "fusion"
    CORRELATION = "correlation"
    CONNECTOR_SWITCHED_OFF = "connector-switched-off"
    PLAYBOOK_MOVES_ALERTS = "playbook-moves-alerts"
    PLAYBOOK_CREATES_INCIDENTS = "playbook-creates-incidents"
    OPEN_TASKS = "open-tasks"
    INCIDENTS_BY_API = "incidents-by-api"
    GRAPH_CONSENT = "graph-consent"


class MoveState(StrEnum):
    """Whether somebody has to act before the day."""

    OPEN = "open"
    UNKNOWN = "unknown"
    NOTE = "note"  # changes by itself, and nothing has to be done


@dataclass(frozen=True, slots=True)
class MoveFinding:
    """One kind of break in one workspace. `names` are the rules, playbooks, connectors or parts
    that it is about.
    """

    kind: MoveKind
    state: MoveState
    names: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoveRule:
    """An automation rule as it was last read."""

    facts: RuleFacts
    is_ours: bool
    assigns_group: bool


@dataclass(frozen=True, slots=True)
class MovePlaybook:
    """A playbook that is there, with its steps as texts."""

    name: str
    steps: Sequence[str]


@dataclass(frozen=True, slots=True)
class MoveFacts:
    """All that the findings are judged from. A list is None where it was never read; `unread` has
    the reason by part where it cannot be read any more.
    """

    analytics_rules: Sequence[Mapping[str, Any]] | None
    connectors: Sequence[Mapping[str, Any]] | None
    automation_rules: Sequence[MoveRule] | None
    playbooks: Sequence[MovePlaybook] | None
    open_tasks: int = 0
    incidents_by_api: int = 0  # of 90 days, with no alert
    reads_by_graph: bool = False
    is_in_portal: bool = False  # the move is over
    unread: Mapping[str, str] = field(default_factory=dict)


def open_finding(kind: MoveKind, names: Iterable[str], **values: Any) -> Iterator[MoveFinding]:
    """Yield the finding of a kind, where anything has it."""
    if found := sorted(set(names)):
        yield MoveFinding(kind, MoveState.OPEN, found, {"n": len(found)} | values)
