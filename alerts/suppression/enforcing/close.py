"""Close what live rules cover, and tag what the trial of a rule would close."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from alerts.incidents.acts.apply import Actor, lock_incidents
from alerts.incidents.acts.close import close_incidents, mark_closed_by
from alerts.incidents.acts.triage import label_incidents
from alerts.incidents.models import Alert, Incident, Status
from alerts.outbox.models import Change, Urgency
from alerts.suppression.enforcing.acting_rules import Acting
from alerts.suppression.enforcing.cover import Cover
from alerts.suppression.enforcing.judging import was_closed_by_rule
from alerts.suppression.engine.guards.attribution import (
    MAX_TEXT_LENGTH,
    closing_text,
    reasons_against_text,
)
from alerts.suppression.engine.reason import reason_in_words
from alerts.suppression.engine.words import Sentence
from alerts.suppression.models import Act, Ending, LedgerEntry, Where

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
        by=None,
        doer=_doer(name, STILL_COVERED, incident, versions, cover),
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
        by=None,
        doer=_doer(trials[0].name, STILL_ACTING, incident, trials, cover),
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
) -> Actor:
    """The rule as one who acts, with what is asked again at delivery."""
    alerts = Alert.objects.filter(pk__in=cover.by_alert.keys())
    args: Mapping[str, Any] = {
        "incident": incident.pk,
        "versions": {str(one.version_id): one.rule_hash for one in versions},
        "alerts": sorted(alerts.values_list("key", flat=True)),
    }
    return Actor(None, name, Urgency.MACHINE, timedelta(0), check, dict(args))
