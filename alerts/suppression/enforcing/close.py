"""Close what live rules cover, and tag what the trial of a rule would close.

The same judgement is asked again of a fresh read just before the write (`reason_not_to_close`), and
the ledger is told what became of it (`on_close_outcome`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from alerts.incidents.acts.apply import SystemActor, lock_incidents
from alerts.incidents.acts.close import close_incidents, mark_closed_by, take_back_closed_by
from alerts.incidents.acts.triage import label_incidents
from alerts.incidents.ingest.incident_rows import SEVERITIES, alert_type_of, row_of
from alerts.incidents.models import Alert, Incident, Status
from alerts.outbox.models import Change, Outcome
from alerts.outbox.registry import FreshIncident, Settlement
from alerts.sentinel.wire import WireAlert
from alerts.suppression.enforcing.acting_rules import Acting, ActingSet, Cover, load_acting
from alerts.suppression.enforcing.judging import incident_state_of, judge, was_closed_by_rule
from alerts.suppression.engine.guards.closing import (
    MAX_TEXT_LENGTH,
    closing_text,
    reason_in_words,
    reasons_against_text,
)
from alerts.suppression.engine.words import Sentence
from alerts.suppression.models import ACTING, Act, Ending, LedgerEntry, RuleVersion, State, Where
from alerts.suppression.queries import facts_by_incident, is_off

STILL_COVERED = "suppression.still-covered"  # asked again when the close is delivered
STILL_ACTING = "suppression.still-acting"  # asked again when a label is
CLASSIFICATION, REASON = "BenignPositive", "SuspiciousButExpected"


class NotAttributed(ValueError):
    """The text of the close cannot name all that it must."""


@transaction.atomic
def close_covered(*, incident_id: int, cover: Cover, now: datetime) -> bool:
    """Close one incident in the name of the live rules that cover it. False where somebody was
    faster, or a rule closed it before.
    """
    incident = _still_new(incident_id)
    if incident is None or was_closed_by_rule(incident_id):
        return False
    versions = cover.versions
    text, name = text_of(versions), leading(cover).name
    lines = [_write(incident, one, Act.CLOSED, text=text, cover=cover, now=now) for one in versions]
    lines_of_trials = [one for one in cover.canaries if not _has_line(incident_id, one)]
    for one in lines_of_trials:  # a new version tries itself out beside the one that lives
        line = _write(incident, one, Act.TAGGED, cover=cover, now=now)
        LedgerEntry.objects.filter(pk=line.pk).update(landed_at=now)
    mark_closed_by(incident_ids=[incident_id], rule=name, now=now)
    act = close_incidents(
        incident_ids=[incident_id],
        classification=CLASSIFICATION,
        reason=REASON,
        comment=text,
        by=_doer(name, STILL_COVERED, incident, versions, cover),
        now=now,
    )
    _link(lines, act)
    return True


@transaction.atomic
def tag_covered(
    *, incident_id: int, cover: Cover, now: datetime, kept_open: Sequence[Sentence] = ()
) -> bool:
    """Put the label of each trial on an incident that it would close, or that it covers and a guard
    keeps open: why stands in the ledger (`kept_open`).
    """
    incident = _still_open(incident_id) if kept_open else _still_new(incident_id)
    if incident is None or was_closed_by_rule(incident_id):
        return False
    mine = [one for one in cover.canaries if not one.in_sentinel or not cover.is_sentinels]
    trials = [one for one in mine if not _has_line(incident_id, one)]
    if not trials:
        return False
    lines = [
        _write(incident, one, Act.TAGGED, cover=cover, now=now, kept_open=kept_open)
        for one in trials
    ]
    there = {label.casefold() for label in incident.labels}
    labels = [one.label for one in trials if one.label.casefold() not in there]
    if not labels:
        LedgerEntry.objects.filter(pk__in=[line.pk for line in lines]).update(landed_at=now)
        return True
    act = label_incidents(
        incident_ids=[incident_id],
        by=_doer(trials[0].name, STILL_ACTING, incident, trials, cover),
        add=labels,
        now=now,
    )
    _link(lines, act)
    return True


def text_of(versions: Iterable[Acting]) -> str:
    """The attribution of each rule, one below the other; what is sent names all of it (S10)."""
    told = [one.attribution for one in versions]
    text = "\n\n".join(closing_text(each) for each in told)
    reasons = [reason for each in told for reason in reasons_against_text(text, each)]
    if not told or reasons or len(text) > MAX_TEXT_LENGTH:
        raise NotAttributed(" ".join(reasons) or "The text is empty or too long.")
    return text


def leading(cover: Cover) -> Acting:
    """The rule that covers most of the incident: its name stands on the row."""
    counts = [one.version_id for one in cover.by_alert.values() if one]
    return max(cover.versions, key=lambda one: (counts.count(one.version_id), -one.number))


def _still_new(incident_id: int) -> Incident | None:
    incident = _still_open(incident_id)
    return incident if incident is not None and incident.status == Status.NEW else None


def _still_open(incident_id: int) -> Incident | None:
    rows = lock_incidents([incident_id])
    return rows[0] if rows and rows[0].is_open else None


def _has_line(incident_id: int, one: Acting) -> bool:
    lines = LedgerEntry.objects.filter(incident=incident_id, version=one.version_id, act=Act.TAGGED)
    return lines.exclude(ending=Ending.NOT_SENT).exists()


def _write(
    incident: Incident,
    one: Acting,
    act: Act,
    *,
    cover: Cover,
    now: datetime,
    text: str = "",
    kept_open: Sequence[Sentence] = (),
) -> LedgerEntry:
    """One line a version and act; one that was not carried out before begins anew."""
    return LedgerEntry.objects.update_or_create(
        incident=incident,
        version_id=one.version_id,
        act=act,
        defaults={
            "rule_id": one.rule_id,
            "rule_hash": one.rule_hash,
            "where": Where.TAGOUT,
            "at": now,
            "reason": reason_in_words(one.said.reason),
            "signed_ot": one.signed_ot,
            "signed_soc": one.signed_soc,
            "text": text,
            "alerts": cover.alerts_of(one),
            "change_key": None,
            "landed_at": None,
            "ending": Ending.NOTHING,
            "ended_at": None,
            "ending_note": "",
            "kept_open": [[each.code, each.detail] for each in kept_open],
        },
    )[0]


def _link(lines: Iterable[LedgerEntry], act: UUID) -> None:
    keys = Change.objects.filter(act=act).values_list("key", flat=True)
    LedgerEntry.objects.filter(pk__in=[line.pk for line in lines]).update(change_key=keys[0])


def _doer(
    name: str, check: str, incident: Incident, versions: Iterable[Acting], cover: Cover
) -> SystemActor:
    """The rule as one who acts, with what is asked again at delivery."""
    alerts = Alert.objects.filter(pk__in=cover.by_alert.keys())
    args: Mapping[str, Any] = {
        "incident": incident.pk,
        "versions": {str(one.version_id): one.rule_hash for one in versions},
        "alerts": sorted(alerts.values_list("key", flat=True)),
    }
    return SystemActor(name, check, dict(args))


OFF = "Suppression is switched off."


def reason_not_to_close(change: Change, *, fresh: FreshIncident, now: datetime) -> str:
    """Why the incident is not closed after all, judged by what Sentinel says this moment; ""
    where every alert in it is still covered and no guard keeps it open.
    """
    if is_off(change.workspace_id):
        return OFF
    acting, reason = _still_live(change, now)
    if reason := reason or _against_alerts(change, fresh):
        return reason
    incident = Incident.objects.get(pk=change.check_args["incident"])
    seen = incident_state_of(row_of(fresh.incident, now=now))
    alerts = facts_by_incident([incident.pk])[incident.pk]
    judgement = judge(incident, alerts=alerts, acting=acting, now=now, seen=seen)
    if judgement.may_act and judgement.cover.is_live:
        return ""
    return " ".join(judgement.reasons[:5]) or "No live rule covers all of it any more."


def reason_not_to_tag(change: Change, *, now: datetime) -> str:
    """Why a label of a trial is not set after all."""
    if is_off(change.workspace_id):
        return OFF
    return _still(change, ACTING, now)[1]


def _still_live(change: Change, now: datetime) -> tuple[ActingSet, str]:
    return _still(change, (State.LIVE,), now)


def _still(change: Change, states: tuple[State, ...], now: datetime) -> tuple[ActingSet, str]:
    """The versions in whose name it is done, read anew, and what is the matter with them."""
    wanted: dict[str, str] = change.check_args["versions"]
    found = load_acting(RuleVersion.objects.filter(pk__in=list(wanted), state__in=states))
    for version_id, rule_hash in wanted.items():
        one = found.versions.get(int(version_id))
        if one is None:
            return found, "A rule that covered it does not act any more."
        if one.rule_hash != rule_hash:
            return found, f"{one.name} is not the rule that it was."
        if one.expires_at <= now:
            return found, f"{one.name} has ended."
    return found, ""


def _against_alerts(change: Change, fresh: FreshIncident) -> str:
    """The alerts that are there now must be those that were covered, and say what they said."""
    covered = set(change.check_args["alerts"])
    known = {
        row[0]: row[1:]
        for row in Alert.objects.filter(workspace=change.workspace_id, key__in=covered).values_list(
            "key", "severity", "alert_type"
        )
    }
    if not fresh.alerts:
        return "Sentinel lists no alert of the incident now."
    for alert in fresh.alerts:
        if not isinstance(alert, WireAlert):
            return "An alert of the incident cannot be read."
        key = (alert.vendor_original_id or alert.system_alert_id)[:120]
        if key not in covered:
            return f"An alert joined that no rule had covered: {alert.title or key}."
        kind = alert_type_of(alert.title or alert.alert_type or "")
        if known.get(key) != (SEVERITIES.get(alert.severity or "", 0), kind):
            return f"An alert has changed since it was covered: {alert.title or key}."
    return ""


def on_close_outcome(told: Settlement) -> None:
    """A write in the name of a rule was settled; runs in the transaction that settles it."""
    change = told.change
    if change.check_name not in (STILL_COVERED, STILL_ACTING):
        return
    lines = LedgerEntry.objects.filter(
        incident=change.check_args["incident"], change_key=change.key
    )
    closed = change.check_name == STILL_COVERED
    if change.outcome == Outcome.SENT:
        lines.update(landed_at=told.now)
    elif change.outcome == Outcome.OPEN:  # a person has put it back to life
        lines.filter(ending=Ending.NOT_SENT).update(ending=Ending.NOTHING, ended_at=None)
        if closed:
            mark_closed_by(incident_ids=_incidents(lines), rule=change.by_label, now=told.now)
    else:
        lines.update(ending=Ending.NOT_SENT, ended_at=told.now, ending_note=_note(change))
        if closed:
            _take_back(lines, change, told)


def _take_back(lines: QuerySet[LedgerEntry], change: Change, told: Settlement) -> None:
    """Nothing was closed by the rule; nor did the trials beside it see a close."""
    ids = _incidents(lines)
    take_back_closed_by(incident_ids=ids, rule=change.by_label, now=told.now)
    beside = LedgerEntry.objects.filter(
        incident__in=ids, act=Act.TAGGED, change_key=None, ending=Ending.NOTHING, at=change.made_at
    )
    beside.update(ending=Ending.NOT_SENT, ended_at=told.now, ending_note=_note(change))


def _incidents(lines: QuerySet[LedgerEntry]) -> list[int]:
    return list(lines.values_list("incident_id", flat=True).distinct())


def _note(change: Change) -> str:
    return change.note or str(Outcome(change.outcome).label)
