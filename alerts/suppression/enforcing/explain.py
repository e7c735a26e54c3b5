"""Why a rule closed an incident, why none did, and whether any rule ever could."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from alerts.incidents.engine.title_proof import BY_TITLE
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident, IncidentStatus
from alerts.rules.decision import ActingRule
from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import reasons_against_assets, reasons_against_types
from alerts.rules.match import exception_predicate, line_predicate, matches
from alerts.rules.rule import Clause, RuleDefinition, instant
from alerts.rules.sentence import Sentence
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Device
from alerts.suppression.backtesting.history import TRUE_POSITIVE
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.enforcing.judging import decide_incident
from alerts.suppression.models import LedgerEntry
from alerts.suppression.queries import AlertFacts, facts_by_incident, is_off
from portal.accounts.models import User

MAX_REASONS = 3


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that nearly covered an alert: its first line that failed, in words."""

    rule: str
    version: UUID  # of the version's page
    title: str
    is_live: bool
    alert: str
    why: Sentence
    failed_lines: int


@dataclass(frozen=True, slots=True)
class Why:
    """What rules did to an incident and, while it is open, what kept them from closing it."""

    acted: tuple[LedgerEntry, ...]
    near: tuple[NearMiss, ...] = ()
    reasons: tuple[Sentence, ...] = ()
    trials: tuple[str, ...] = ()  # rules on trial without which it is not covered
    covering: tuple[str, ...] = ()  # rules that live and cover all of it
    is_off: bool = False


def why_of(incident: Incident, *, now: datetime) -> Why:
    """Explain one incident to somebody who may see it. Lines of the ledger come newest first; rule,
    version, signers, reason and text stand in them, the end of the rule in the version.
    """
    lines = LedgerEntry.objects.filter(incident=incident).select_related("rule", "version")
    acted = tuple(lines.order_by("-at", "-pk"))
    if not incident.is_open:
        return Why(acted)
    acting, alerts = acting_set(), facts_by_incident([incident.pk])[incident.pk]
    if not acting.versions:
        return Why(acted, is_off=is_off(incident.workspace_id))
    judgement = decide_incident(incident, alerts=alerts, acting=acting, now=now)
    uncovered = {pk: alerts[pk] for pk, by in judgement.cover.by_alert.items() if by is None}
    cover = judgement.cover
    trials = [version.name for version in cover.versions if not version.is_live]
    return Why(
        acted,
        near=_nearest(uncovered, acting.versions, incident=incident, now=now),
        reasons=judgement.reasons,
        trials=tuple(trials) if cover.is_whole else (),
        covering=tuple(version.name for version in cover.versions) if cover.is_live else (),
        is_off=is_off(incident.workspace_id),
    )


def _nearest(
    alerts: AlertFacts, versions: Mapping[int, ActingRule], *, incident: Incident, now: datetime
) -> tuple[NearMiss, ...]:
    """The rules of the alerts' own types that came closest, each by its best alert."""
    found: list[NearMiss] = []
    for version in versions.values():
        misses = [
            miss
            for facts in alerts.values()
            if (miss := _miss(version, facts, incident=incident, now=now))
        ]
        if misses:
            found.append(min(misses, key=lambda miss: miss.failed_lines))
    found.sort(key=lambda miss: (miss.failed_lines, not miss.is_live, miss.rule))
    return tuple(found[:MAX_REASONS])


def _miss(
    version: ActingRule, facts: FieldValues, *, incident: Incident, now: datetime
) -> NearMiss | None:
    definition = version.definition
    types = [clause for clause in definition.all_of if clause.field == "alert_type"]
    if not all(line_predicate(clause, definition)(facts) for clause in types):
        return None
    why = matches(definition, facts).why
    if why is None and version.expires_at <= now:
        why = Sentence("life.lapsed")
    elif why is None:
        why = Sentence("miss.before", at=instant(incident.created_at), since=instant(version.since))
    return NearMiss(
        version.name,
        version.uuid,
        definition.title,
        version.is_live,
        facts.alert_type,
        why,
        _failed(definition, facts),
    )


def _failed(definition: RuleDefinition, facts: FieldValues) -> int:
    failed = sum(not line_predicate(clause, definition)(facts) for clause in definition.all_of)
    return failed + sum(exception_predicate(clause)(facts) for clause in definition.except_any)


def reasons_against_any_rule(incident: Incident) -> list[Sentence]:
    """Return why no rule may ever close incidents like this one: the type of one of its alerts, or
    that only a title says it, a safety system or crown jewel among its devices, or that it was a
    true positive itself. Empty where a rule can be proposed.
    """
    was_attack = (
        incident.status == IncidentStatus.CLOSED and incident.classification == TRUE_POSITIVE
    )
    alerts = list(
        incident.alerts.values_list("flags", "alert_type", "engine", "any_device", "any_address")
    )
    unproved = sorted({title for flags, title, *_ in alerts if BY_TITLE in flags})
    types = {alert_type for _, alert_type, *_ in alerts} or {incident.alert_type}
    engines = {engine for *_, engine, _, _ in alerts if engine}
    handles = {name for *_, devices, addresses in alerts for name in (*devices, *addresses)}
    lines = [Clause("alert_type", "is", tuple(sorted(types)))]
    if len(engines) == 1:
        lines.append(Clause("engine", "is", tuple(engines)))
    rule = RuleDefinition(title=incident.alert_type[:200] or "?", all_of=tuple(lines))
    return [
        *([Sentence("never.true_positive")] if was_attack else []),
        *(Sentence("scene.untyped", title=title) for title in unproved),
        *reasons_against_types(rule),
        *reasons_against_assets(_critical(incident, handles)),
    ]


def _critical(incident: Incident, handles: set[str]) -> dict[str, str]:
    """Return the critical devices among these names and addresses, by name."""
    devices = Device.objects.filter(
        Q(name__in=handles) | Q(address__in=handles),
        criticality__in=CRITICAL.keys(),
        zone__site__in=incident.site_ids,
    )
    return {str(device): device.criticality for device in devices}


OF_SUSPICIONS: Final = "never.suspicion"


def reasons_visible_to(user: User, reasons: Iterable[Sentence]) -> list[Sentence]:
    """Return the reasons; none of a suspicion, whosever it is, while the person is asked for a
    second opinion: it may be the answer that they must not know.
    """
    visible = list(reasons)
    if any(reason.code == OF_SUSPICIONS for reason in visible) and hidden_from(user):
        return [reason for reason in visible if reason.code != OF_SUSPICIONS]
    return visible
