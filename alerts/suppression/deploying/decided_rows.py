"""Is what is about to be sent what two people have signed, or what Tagout itself writes there?

Asked of each row of desired state just before it goes out, by its kind. Whoever can write the row
in the database cannot sign: so nothing of the row is believed but what it is about, and what it
should hold is made once more, of signed versions and signed requests.
"""

from datetime import datetime
from typing import Any, Final
from uuid import uuid5

from alerts.outbox.models import RulePriority, WantedRule
from alerts.rules.rule import NotARule
from alerts.rules.sentinel_conditions import PROBED
from alerts.rules.sentinel_forms import gate_form, is_form_within, probe_form
from alerts.rules.watchlist import LEASE as LIST_LEASE
from alerts.rules.watchlist import LIST, gate_row, lease_of_gate
from alerts.sentinel.models import Workspace
from alerts.suppression.deploying.desired import GATE, acting_in_sentinel, signed_body
from alerts.suppression.deploying.probe import LASTS, PROBE
from alerts.suppression.deploying.watchlist_gate import LIST_GATE
from alerts.suppression.deploying.watchlist_rows import WATCHLIST, listed_rules
from alerts.suppression.deploying.watchlist_switch import is_watchlist_on
from alerts.suppression.enforcing.acting_rules import NotSigned
from alerts.suppression.models import Rule
from alerts.suppression.queries import is_off
from alerts.suppression.signing.compiled_forms import compiled_forms

NO_VERSION: Final = "No signed version of this rule acts in Sentinel, so it was not sent."
NOT_SIGNED: Final = "It is not what two people have signed, so it was not sent."
NOT_OURS: Final = "It is not what Tagout itself writes there, so it was not sent."
GATE_STAYS: Final = "The gate is not taken away from a workspace that is in use."
GATE_IS_NEEDED: Final = "Suppression is switched off here, so the gate stays enabled."


def reason_against_rule(row: WantedRule, *, now: datetime) -> str:
    """A suppression rule: the form of its acting version that both sides have signed, with the text
    that names them, and a lease of a day at most.
    """
    if row.wanted is None:
        return ""
    try:
        body = _signed_body(row, now=now)
    except NotARule:
        return NOT_SIGNED
    except NotSigned as problem:
        return " ".join(problem.args)
    return "" if is_form_within(row.wanted, body) and not _insists(row) else NOT_SIGNED


def _signed_body(row: WantedRule, *, now: datetime) -> dict[str, Any]:
    rule = Rule.objects.filter(uuid=row.about).first()
    version = acting_in_sentinel(rule, now=now) if rule else None
    if rule is None or version is None or row.workspace_id not in version.workspace_ids:
        raise NotSigned(NO_VERSION)
    forms = compiled_forms(version.definition, rule=rule, workspace_ids=[row.workspace_id])
    return signed_body(version, forms[row.workspace.name], now=now)


def reason_against_gate(row: WantedRule, *, now: datetime) -> str:
    """The gate before our rules: it may be enabled at any time, disabled only while nothing is
    switched off, and is not taken away.
    """
    if row.wanted is None:
        return "" if row.workspace.state == Workspace.State.REMOVED else GATE_STAYS
    if row.about != GATE:
        return NOT_OURS
    if row.wanted == gate_form(is_enabled=True):
        return ""
    if row.wanted != gate_form(is_enabled=False) or _insists(row):
        return NOT_OURS
    return GATE_IS_NEEDED if is_off(row.workspace_id) else ""


def reason_against_probe(row: WantedRule, *, now: datetime) -> str:
    """A probe: disabled, of conditions of ours, and gone within its hour."""
    if row.wanted is None:
        return ""
    groups = [sorted(PROBED), *([name] for name in PROBED)]
    names = next((group for group in groups if row.about == _about_probe(group)), [])
    is_probe = bool(names) and is_form_within(row.wanted, probe_form(names, until=now + LASTS))
    return "" if is_probe and row.urgency != RulePriority.STOP else NOT_OURS


def _about_probe(names: list[str]) -> object:
    return uuid5(PROBE, names[0] if len(names) == 1 else "all")


def reason_against_list(row: WantedRule, *, now: datetime) -> str:
    """The watchlist itself, where two people of two sides have signed it."""
    if row.wanted is None:
        return ""
    if row.about != WATCHLIST or row.wanted != dict(LIST) or _insists(row):
        return NOT_OURS
    return "" if is_watchlist_on(row.workspace) else NOT_SIGNED


def reason_against_list_gate(row: WantedRule, *, now: datetime) -> str:
    """The gate of the watchlist: shut at any time, open only where the list is signed, for a day at
    most.
    """
    if row.wanted is None or row.wanted == gate_row(until=None):
        return ""
    try:
        until = lease_of_gate(row.wanted)
        is_ours = until is not None and until <= now + LIST_LEASE
    except (TypeError, ValueError):
        return NOT_OURS
    is_ours = is_ours and row.about == LIST_GATE and row.wanted == gate_row(until=until)
    if not is_ours or _insists(row):
        return NOT_OURS
    return "" if is_watchlist_on(row.workspace) else NOT_SIGNED


def reason_against_pair(row: WantedRule, *, now: datetime) -> str:
    """A row of the watchlist: one that its live version has there now."""
    if row.wanted is None:
        return ""
    if _insists(row) or not is_watchlist_on(row.workspace):
        return NOT_SIGNED
    listed = listed_rules(row.workspace, about=row.about, now=now)
    return "" if any(rule.rows.get(row.name) == row.wanted for rule in listed) else NOT_SIGNED


def _insists(row: WantedRule) -> bool:
    """Whether it would go before a stop, or over what a person changed there by hand."""
    return row.insists or row.urgency == RulePriority.STOP
