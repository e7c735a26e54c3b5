"""What upper rooms contribute to deliveries: checks before one is sent, and what follows its end.

They are listed in the wiring files by the kind of change: what is asked before one is sent is in
code, and no row chooses it. A check returns "" where the change is still right, else the reason
against it. What follows an end runs inside the transaction that settles the change, so what it
writes and the settled row are stored together or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from alerts.outbox.engine.merge import ForeignChange
from alerts.outbox.models import (
    NEED_CHECK,
    NOT_AS_DECIDED,
    Change,
    Landing,
    RuleKind,
    WantedRule,
    WriteKind,
)
from alerts.sentinel.wire.alerts import WireAlert
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.playbooks import WirePlaybook
from alerts.sentinel.wire.records import UnreadableRecord
from portal.rooms import Contribution


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a change ended. `incident` is what Sentinel has now, where we know it."""

    change: Change
    incident: WireIncident | None
    foreign: tuple[ForeignChange, ...]
    now: datetime  # business time


@dataclass(frozen=True, slots=True)
class FreshIncident:
    """The incident as Sentinel has it at this moment, and all alerts in it."""

    incident: WireIncident
    alerts: tuple[WireAlert | UnreadableRecord, ...]


class DeliveryCheck(Protocol):
    """Asked before a change is sent."""

    def __call__(self, change: Change, *, now: datetime) -> str:
        """Return why it must not be sent; "" if it may."""


class FreshCheck(Protocol):
    """Asked between the reading and the writing of a change."""

    def __call__(self, change: Change, *, fresh: FreshIncident, now: datetime) -> str:
        """Return why it must not be written over what was just read; "" if it may."""


class StartCheck(Protocol):
    """Asked between the reading of a playbook and the call that starts it."""

    def __call__(self, change: Change, *, playbook: WirePlaybook, now: datetime) -> str:
        """Return why it must not be started as it is in Azure now; "" if it may."""


NO_CHECK: Final = "Nothing is known here that allows a change of this kind, so it was not sent."


@dataclass(frozen=True, slots=True)
class ChangeHandling(Contribution):
    """What is asked before a change of one kind is sent, and what follows its end."""

    kind: WriteKind
    check: DeliveryCheck | None = None
    fresh_check: FreshCheck | None = None
    start_check: StartCheck | None = None
    follow_up: Callable[[Settlement], None] | None = None


@dataclass(frozen=True, slots=True)
class ChangeListener(Contribution):
    """Called with every change that was settled, put back to life, or discarded."""

    notify: Callable[[Settlement], None]


def _handling_of(change: Change) -> ChangeHandling | None:
    return next((entry for entry in ChangeHandling.entries if entry.kind == change.kind), None)


def reason_not_to_send(change: Change, *, now: datetime) -> str:
    """Return why the check of the change's kind objects; a kind without one is not sent."""
    handling = _handling_of(change)
    if handling is not None and handling.check is not None:
        return handling.check(change, now=now)
    needs_check = change.kind not in WriteKind or change.kind in NEED_CHECK
    return NO_CHECK if needs_check and not has_fresh_check(change) else ""


def has_fresh_check(change: Change) -> bool:
    """Whether the check of the change's kind looks at what Sentinel has now."""
    handling = _handling_of(change)
    return handling is not None and handling.fresh_check is not None


def reason_not_to_write(change: Change, fresh: FreshIncident, *, now: datetime) -> str:
    """Ask the fresh check of the change's kind."""
    handling = _handling_of(change)
    if handling is None or handling.fresh_check is None:
        return NO_CHECK
    return handling.fresh_check(change, fresh=fresh, now=now)


def reason_not_to_start(change: Change, playbook: WirePlaybook, *, now: datetime) -> str:
    """Ask whether the playbook may be started. Without a check it may not."""
    handling = _handling_of(change)
    if handling is None or handling.start_check is None:
        return "Nothing is known here that allows this playbook, so it was not started."
    return handling.start_check(change, playbook=playbook, now=now)


def notify_listeners(settlement: Settlement) -> None:
    """Do what follows the end of a change: first its own kind's, then all others'."""
    handling = _handling_of(settlement.change)
    if handling is not None and handling.follow_up is not None:
        handling.follow_up(settlement)
    for listener in ChangeListener.entries:
        listener.notify(settlement)


@dataclass(frozen=True, slots=True)
class RuleSettlement:
    """How a wish for an automation rule ended; `rule` is the current row."""

    rule: WantedRule
    outcome: Landing
    wrote: bool
    now: datetime  # business time

    @property
    def is_undecided(self) -> bool:
        """Whether it was not sent because nobody has decided exactly this."""
        return self.outcome == Landing.REFUSED and self.rule.error_code == NOT_AS_DECIDED


class RuleCheck(Protocol):
    """Called before desired state goes to Sentinel: a row alone is no signature."""

    def __call__(self, row: WantedRule, /, *, now: datetime) -> str:
        """Return why people or code have not decided exactly this; "" if they have."""


NO_RULE_CHECK: Final = "Nothing is known here that allows a rule of this kind, so it was not sent."


@dataclass(frozen=True, slots=True)
class RuleHandling(Contribution):
    """What is asked before a rule of one kind is brought to Sentinel, and what follows its end.

    check: asked of each row; a kind without one is not sent. wait: returns why a rule must not be
    put there yet, or nothing. follow_up: called where it landed, went, was refused or is held.
    """

    kind: RuleKind
    check: RuleCheck
    wait: Callable[[WantedRule], str] | None = None
    follow_up: Callable[[RuleSettlement], None] | None = None


@dataclass(frozen=True, slots=True)
class RuleListener(Contribution):
    """Called with rules of every kind that landed, went, were refused or are held."""

    notify: Callable[[RuleSettlement], None]


@dataclass(frozen=True, slots=True)
class RuleQuota(Contribution):
    """Returns reasons against one more rule in a workspace that has so many."""

    reasons_against: Callable[[int], Sequence[str]]


def _rule_handling_of(rule: WantedRule) -> RuleHandling | None:
    return next((entry for entry in RuleHandling.entries if entry.kind == rule.kind), None)


def reason_not_to_place(rule: WantedRule, *, now: datetime) -> str:
    """Ask the check of the row's kind. A kind without one is not sent."""
    handling = _rule_handling_of(rule)
    return NO_RULE_CHECK if handling is None else handling.check(rule, now=now)


def reason_to_wait_with(rule: WantedRule) -> str:
    """Return why this rule must not be put there now; what is taken away never waits."""
    handling = _rule_handling_of(rule)
    if rule.wanted is None or handling is None or handling.wait is None:
        return ""
    return handling.wait(rule)


def reasons_against_another_rule(rule_count: int) -> list[str]:
    """Return why a workspace with so many automation rules gets no other one from us."""
    return [reason for quota in RuleQuota.entries for reason in quota.reasons_against(rule_count)]


def notify_rule_listeners(settlement: RuleSettlement) -> None:
    """Do what follows the end of a rule: what its kind has, then the others."""
    handling = _rule_handling_of(settlement.rule)
    if handling is not None and handling.follow_up is not None:
        handling.follow_up(settlement)
    for listener in RuleListener.entries:
        listener.notify(settlement)
