"""Alerts that joined an incident which rules have closed: may rules close each of them? Where only
the titles do not prove the types, because the analytics rules that wrote them have still to be
read, this is judged after that look (readiness: `unread_rules.py`), or without it an hour later:
Sentinel closes by such a title at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.incidents.engine.title_proof import unread_rules
from alerts.incidents.models import Alert, Incident
from alerts.rules.decision import ActingSet, Cover, choose_rules, cover_of
from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import (
    reasons_against_alert,
    reasons_against_assets,
    reasons_of_rule,
)
from alerts.rules.match import holds
from alerts.rules.sentence import listed
from alerts.rules.sentinel_conditions import PRODUCTS
from alerts.suppression.enforcing.group_members import introduce_members
from alerts.suppression.enforcing.judging import blocking_devices, criticality_by_incident
from alerts.suppression.enforcing.stored_records import STORED
from alerts.suppression.models import LedgerEntry, Where
from alerts.suppression.watching.roll_back import reopen_on_hold, reopen_uncovered

MAX_WAIT = timedelta(hours=1)
MAX_WAITING = 1000  # incidents; beyond that none waits


@dataclass(slots=True)
class UnjudgedCloses:
    """Incidents that wait for a look, each with the time from which it has waited: those of the
    rounds before, and those that go on waiting after this one.
    """

    since: Mapping[int, datetime] = field(default_factory=dict)
    remaining: dict[int, datetime] = field(default_factory=dict)

    @classmethod
    def of_payload(cls, payload: Mapping[str, str]) -> "UnjudgedCloses":
        """Return them as a job stores them."""
        return cls({int(pk): datetime.fromisoformat(at) for pk, at in payload.items()})

    def as_payload(self, *, with_older: bool) -> dict[str, str]:
        """Return those that go on waiting as a job stores them; `with_older`: all of the rounds
        before as well, some of which could not be judged.
        """
        rows = {**(self.since if with_older else {}), **self.remaining}
        return {str(pk): at.isoformat() for pk, at in rows.items()}

    def keep_unjudged(self, judged: Collection[int]) -> None:
        """Have those go on waiting that could not be judged in this round, because their details
        are fetched again.
        """
        if others := self.since.keys() - set(judged):
            closed = Incident.objects.filter(pk__in=others).exclude(closed_by="")
            self.remaining |= {pk: self.since[pk] for pk in closed.values_list("pk", flat=True)}

    def keep(self, incident_id: int, *, now: datetime) -> bool:
        """Have an incident wait; False where it has waited long enough, or too many do."""
        since = self.since.get(incident_id, now)
        if now - since >= MAX_WAIT or len(self.remaining) >= MAX_WAITING:
            return False
        self.remaining[incident_id] = since
        return True


def reopen_where_uncovered(
    lines: Sequence[LedgerEntry],
    facts: Mapping[int, FieldValues],
    *,
    acting: ActingSet,
    waiting: UnjudgedCloses,
    now: datetime,
) -> bool:
    """Open the incident of these lines again where an alert in it is not covered, and stop the
    rules, or where an alert joined while a device of it is held; False where it stays closed.
    """
    covered = {alert for line in lines for alert in line.alerts}
    new = {alert: alert_facts for alert, alert_facts in facts.items() if alert not in covered}
    if not new:
        return False
    incident = lines[0].incident
    devices = blocking_devices(incident, alerts=new.values(), now=now).of_cases
    # Among live rules: what a trial may close nothing closes.
    cover = cover_of(new, acting=acting, created_at=None, now=now).of_live
    choice = choose_rules(incident.pk, alerts=new, cover=cover, records=STORED, now=now)
    uncovered, late = _uncovered(new, cover, lines), choice.new_ends
    if (
        uncovered
        and not late
        and _may_be_covered(uncovered, lines, acting=acting, now=now)
        and waiting.keep(incident.pk, now=now)
    ):
        return False
    # A new member goes to a person, as an alert does that no rule may close.
    if uncovered or late or choice.wide_works or _is_for_people(incident, new):
        introduce_members(incident_id=incident.pk, ends=late, now=now)
        return reopen_uncovered(incident=incident, lines=lines, now=now)
    if devices:
        return reopen_on_hold(incident=incident, lines=lines, what=listed(devices, "and"), now=now)
    line = lines[0]
    LedgerEntry.objects.filter(pk=line.pk).update(alerts=sorted({*line.alerts, *new}))
    return False


def _is_for_people(incident: Incident, alerts: Mapping[int, FieldValues]) -> bool:
    """Whether no rule may close these alerts, whichever it is: one of them names a safety system or
    a crown jewel, or another product saw it too.
    """
    criticality = criticality_by_incident({incident.pk: dict(alerts)}, {})[incident.pk]
    products = {*incident.product_names, *(facts.product_name for facts in alerts.values())}
    return bool(reasons_against_assets(criticality) or products.difference(PRODUCTS, {""}))


def _uncovered(
    alerts: Mapping[int, FieldValues], cover: Cover, lines: Iterable[LedgerEntry]
) -> dict[int, FieldValues]:
    """The alerts that no live rule covers which may close them, nor one by which Sentinel has just
    closed.
    """
    first = [
        line.version.definition
        for line in lines
        if line.where == Where.SENTINEL and not line.alerts
    ]
    return {
        alert: facts
        for alert, facts in alerts.items()
        if not any(
            by.is_live and not reasons_against_alert(facts, by.definition)
            for by in cover.matching[alert]
        )
        and not any(
            holds(definition, facts) and not reasons_of_rule(facts, definition)
            for definition in first
        )
    }


def _may_be_covered(
    alerts: Mapping[int, FieldValues],
    lines: Sequence[LedgerEntry],
    *,
    acting: ActingSet,
    now: datetime,
) -> bool:
    """Whether these alerts are covered if the analytics rules that wrote their titles, none of
    which was read, name alerts.
    """
    flags = Alert.objects.filter(pk__in=alerts).values_list("flags", flat=True)
    if not all(facts.unproved_title for facts in alerts.values()) or not all(
        map(unread_rules, flags)
    ):
        return False
    typed = {
        pk: replace(facts, alert_type=facts.unproved_title, unproved_title="")
        for pk, facts in alerts.items()
    }
    cover = cover_of(typed, acting=acting, created_at=None, now=now)
    return not _uncovered(typed, cover, lines)
