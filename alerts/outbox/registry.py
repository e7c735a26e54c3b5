"""What upper rooms write down here: delivery checks, and who wants to hear how a write ended.

They register in `AppConfig.ready`, by the kind of change: what is asked before one is sent is in
code, and no row chooses it. A check answers "is this still right?" just before sending:
"" for yes, else the reason why not. A fresh check is asked later still, between reading the
incident in Sentinel and writing it, and sees what was read. A listener runs inside the transaction
that settles, so what it writes and the settled row stand or fall together.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from alerts.outbox.engine.merge import Foreign
from alerts.outbox.models import (
    NEED_CHECK,
    NOT_AS_DECIDED,
    Change,
    Landing,
    RuleKind,
    WantedRule,
    WriteKind,
)
from alerts.sentinel.wire import UnreadableRecord, WireAlert, WireIncident, WirePlaybook


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a change ended. `incident` is what Sentinel has now, where we know it."""

    change: Change
    incident: WireIncident | None
    foreign: tuple[Foreign, ...]
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
        """Return why it must not be started as it stands in Azure now; "" if it may."""


NO_CHECK: Final = "Nothing is known here that allows a change of this kind, so it was not sent."

type Listener = Callable[[Settlement], None]

_checks: dict[str, DeliveryCheck] = {}  # by kind
_fresh_checks: dict[str, FreshCheck] = {}
_start_checks: list[StartCheck] = []
_listeners: list[Listener] = []
_listeners_by_kind: dict[str, Listener] = {}


def register_check(kind: WriteKind, fn: DeliveryCheck) -> None:
    """Have this asked before a change of this kind is sent."""
    _checks[kind] = fn


def register_fresh_check(kind: WriteKind, fn: FreshCheck) -> None:
    """Have this asked between the reading and the writing of a change of this kind."""
    _fresh_checks[kind] = fn


def register_start_check(fn: StartCheck) -> None:
    """Have this asked of a playbook as it was just read, before it is started."""
    if fn not in _start_checks:
        _start_checks.append(fn)


def register_outcome(fn: Listener, *, kinds: Collection[WriteKind] = ()) -> None:
    """Have this called with every change that was settled, put back to life, or discarded; with
    `kinds` only with those of these kinds.
    """
    if kinds:
        _listeners_by_kind.update(dict.fromkeys(kinds, fn))
    elif fn not in _listeners:
        _listeners.append(fn)


def reason_not_to_send(change: Change, *, now: datetime) -> str:
    """Ask the check of the change's kind. A kind that needs one which nobody registered, or that
    nobody knows, is not sent: in doubt nothing is done.
    """
    if (check := _checks.get(change.kind)) is not None:
        return check(change, now=now)
    needs_check = change.kind not in WriteKind or change.kind in NEED_CHECK
    return NO_CHECK if needs_check and change.kind not in _fresh_checks else ""


def has_fresh_check(change: Change) -> bool:
    """Whether the check of the change's kind looks at what Sentinel has now."""
    return change.kind in _fresh_checks


def reason_not_to_write(change: Change, fresh: FreshIncident, *, now: datetime) -> str:
    """Ask the fresh check of the change's kind."""
    return _fresh_checks[change.kind](change, fresh=fresh, now=now)


def reason_not_to_start(change: Change, playbook: WirePlaybook, *, now: datetime) -> str:
    """Ask whether the playbook may be started. Where nobody can say so, it may not."""
    if not _start_checks:
        return "Nothing is known here that allows this playbook, so it was not started."
    reasons = (check(change, playbook=playbook, now=now) for check in _start_checks)
    return next(filter(None, reasons), "")


def notify_listeners(settlement: Settlement) -> None:
    """Call all listeners. That of its kind comes first: what that room writes on the incident is
    then shown by the others.
    """
    if listener_of_kind := _listeners_by_kind.get(settlement.change.kind):
        listener_of_kind(settlement)
    for listener in _listeners:
        listener(settlement)


@dataclass(frozen=True, slots=True)
class RuleSettlement:
    """How a wish for an automation rule ended; `rule` is the row as it stands now."""

    rule: WantedRule
    outcome: Landing
    wrote: bool
    now: datetime  # business time

    @property
    def is_undecided(self) -> bool:
        """Whether it was not sent because nobody has decided exactly this."""
        return self.outcome == Landing.REFUSED and self.rule.error_code == NOT_AS_DECIDED


type RuleListener = Callable[[RuleSettlement], None]
type Quota = Callable[[int], Sequence[str]]

_rule_listeners: list[RuleListener] = []
_quotas: list[Quota] = []


def register_rule_outcome(fn: RuleListener) -> None:
    """Have this told of every automation rule that landed, went, was refused or is held."""
    if fn not in _rule_listeners:
        _rule_listeners.append(fn)


def register_rule_quota(fn: Quota) -> None:
    """Have this asked, with how many rules a workspace holds, before one more is put there."""
    if fn not in _quotas:
        _quotas.append(fn)


def reasons_against_another_rule(rule_count: int) -> list[str]:
    """Why a workspace with so many automation rules gets no other one from us."""
    return [reason for quota in _quotas for reason in quota(rule_count)]


def notify_rule_listeners(settlement: RuleSettlement) -> None:
    """Tell everybody who asked to hear of automation rules."""
    for listener in _rule_listeners:
        listener(settlement)


type RuleWait = Callable[[WantedRule], str]
_rule_waits: list[RuleWait] = []


def register_rule_wait(fn: RuleWait) -> None:
    """Have this asked just before a rule is put into Sentinel: why it must wait, or nothing."""
    if fn not in _rule_waits:
        _rule_waits.append(fn)


def reason_to_wait_with(rule: WantedRule) -> str:
    """Why this rule must not be put there now; what is taken away never waits."""
    if rule.wanted is None:
        return ""
    return next((reason for check in _rule_waits if (reason := check(rule))), "")


class RuleCheck(Protocol):
    """Asked of desired state before it is brought to Sentinel."""

    def __call__(self, row: WantedRule, /, *, now: datetime) -> str:
        """Return why people or code have not decided exactly this; "" if they have."""


NO_RULE_CHECK: Final = "Nothing is known here that allows a rule of this kind, so it was not sent."

_rule_checks: dict[str, RuleCheck] = {}  # by kind


def register_rule_check(kind: RuleKind, fn: RuleCheck) -> None:
    """Have this asked of each row of this kind before anything is sent for it: whoever can write a
    row in the database has not thereby signed it.
    """
    _rule_checks[kind] = fn


def reason_not_to_place(rule: WantedRule, *, now: datetime) -> str:
    """Ask the check of the row's kind. What nobody can answer for is not sent."""
    check = _rule_checks.get(rule.kind)
    return NO_RULE_CHECK if check is None else check(rule, now=now)
