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

from alerts.incidents.acts.apply import SystemActor, lock_incidents_of_act
from alerts.incidents.acts.close import close_incidents, mark_closed_by, take_back_closed_by
from alerts.incidents.acts.triage import label_incidents
from alerts.incidents.engine.catalogue import alert_type_of
from alerts.incidents.engine.title_proof import TitleRules, title_flags
from alerts.incidents.ingest.incident_rows import SEVERITIES, incident_row_of
from alerts.incidents.models import Alert, Incident, IncidentStatus
from alerts.outbox.engine.merge import close_patch
from alerts.outbox.models import Change, ChangeOutcome, WriteKind
from alerts.outbox.registry import FreshIncident, Settlement
from alerts.rules.decision import ActingRule, ActingSet, Cover
from alerts.rules.guards.closing import reason_in_words
from alerts.rules.sentence import Sentence
from alerts.rules.sentinel_comments import (
    MAX_TEXT_LENGTH,
    reasons_against_closing_text,
    rule_closing_text,
)
from alerts.sentinel.queries import ANALYTICS_RULES
from alerts.sentinel.wire.alerts import WireAlert
from alerts.suppression.enforcing.acting_rules import load_acting
from alerts.suppression.enforcing.judging import (
    decide_incident,
    incident_state_of,
)
from alerts.suppression.models import (
    ACTING,
    Ending,
    LedgerAct,
    LedgerEntry,
    RuleVersion,
    VersionState,
    Where,
)
from alerts.suppression.queries import facts_by_incident, is_off

CLASSIFICATION, REASON = "BenignPositive", "SuspiciousButExpected"


class NotAttributed(ValueError):
    """The text of the close cannot name all that it must."""


@transaction.atomic
def close_covered(*, incident_id: int, cover: Cover, now: datetime) -> bool:
    """Close one incident in the name of the live rules that cover it. False where somebody was
    faster, or a rule closed it before.
    """
    incident = _lock_if_new(incident_id)
    if incident is None or _was_closed_by_rule(incident_id):
        return False
    versions = cover.versions
    text, name = closing_comment(versions), main_rule(cover).name
    lines = _write_entries(incident, versions, LedgerAct.CLOSED, text=text, cover=cover, now=now)
    # A new version tries itself out beside the one that lives.
    trials = _without_entry(incident_id, cover.trials)
    _write_entries(incident, trials, LedgerAct.TAGGED, cover=cover, now=now, landed_at=now)
    mark_closed_by(incident_ids=[incident_id], rule=name, now=now)
    act = close_incidents(
        incident_ids=[incident_id],
        classification=CLASSIFICATION,
        reason=REASON,
        comment=text,
        by=_actor_of(name, WriteKind.CLOSE, incident, versions, cover),
        now=now,
    )
    _link(lines, act)
    return True


def tag_covered(*, incident_id: int, cover: Cover, acting: ActingSet, now: datetime) -> bool:
    """Put the label of each trial on an incident that it would close, or that it covers and a guard
    keeps open: why is in the ledger. It is decided anew, because `cover` was read with a page of
    incidents: what somebody has called suspicious meanwhile is no match that a rule would close.
    """
    trials = _without_entry(incident_id, _trials_of_tagout(cover))
    return bool(trials) and _tag_if_covered(incident_id, acting=acting, now=now)


@transaction.atomic
def _tag_if_covered(incident_id: int, *, acting: ActingSet, now: datetime) -> bool:
    incident = _lock_if_open(incident_id)
    if incident is None or _was_closed_by_rule(incident_id):
        return False
    alerts = facts_by_incident([incident_id])[incident_id]
    judgement = decide_incident(incident, alerts=alerts, acting=acting, now=now)
    cover = judgement.cover
    if not judgement.is_kept_open and (not judgement.may_act or cover.is_live):
        return False
    trials = _without_entry(incident_id, _trials_of_tagout(cover))
    if not trials:
        return False
    lines = _write_entries(
        incident, trials, LedgerAct.TAGGED, cover=cover, now=now, kept_open=judgement.reasons
    )
    present = {label.casefold() for label in incident.labels}
    labels = [version.label for version in trials if version.label.casefold() not in present]
    if not labels:
        LedgerEntry.objects.filter(pk__in=[line.pk for line in lines]).update(landed_at=now)
        return True
    act = label_incidents(
        incident_ids=[incident_id],
        by=_actor_of(trials[0].name, WriteKind.TAG, incident, trials, cover),
        add=labels,
        now=now,
        is_kept_open=judgement.is_kept_open,
    )
    _link(lines, act)
    return True


def _trials_of_tagout(cover: Cover) -> list[ActingRule]:
    """Return the trials in a cover whose labels Tagout sets, not Sentinel itself."""
    return [
        version for version in cover.trials if not version.in_sentinel or not cover.is_sentinels
    ]


def closing_comment(versions: Iterable[ActingRule]) -> str:
    """The attribution of each rule, one below the other; what is sent names all of it (S10)."""
    attributions = [version.attribution for version in versions]
    text = "\n\n".join(rule_closing_text(attribution) for attribution in attributions)
    reasons = [
        reason
        for attribution in attributions
        for reason in reasons_against_closing_text(text, attribution)
    ]
    if not attributions or reasons or len(text) > MAX_TEXT_LENGTH:
        raise NotAttributed(" ".join(reasons) or "The text is empty or too long.")
    return text


def main_rule(cover: Cover) -> ActingRule:
    """The rule that covers most of the incident: its name stands on the row."""
    counts = [version.version_id for version in cover.by_alert.values() if version]
    return max(
        cover.versions, key=lambda version: (counts.count(version.version_id), -version.number)
    )


def _lock_if_new(incident_id: int) -> Incident | None:
    incident = _lock_if_open(incident_id)
    return incident if incident is not None and incident.status == IncidentStatus.NEW else None


def _lock_if_open(incident_id: int) -> Incident | None:
    rows = lock_incidents_of_act([incident_id])
    return rows[0] if rows and rows[0].is_open else None


def _was_closed_by_rule(incident_id: int) -> bool:
    """Whether a rule closed it before, whatever became of that: rules do not close it again."""
    lines = LedgerEntry.objects.filter(incident=incident_id, act=LedgerAct.CLOSED)
    return lines.exclude(ending=Ending.NOT_SENT).exists()


def _without_entry(incident_id: int, trials: Sequence[ActingRule]) -> list[ActingRule]:
    """Return those trials that have not spoken about the incident."""
    if not trials:
        return []
    lines = LedgerEntry.objects.filter(
        incident=incident_id,
        version__in=[version.version_id for version in trials],
        act=LedgerAct.TAGGED,
    ).exclude(ending=Ending.NOT_SENT)
    found = set(lines.values_list("version", flat=True))
    return [version for version in trials if version.version_id not in found]


_ONE_ACT = ("incident", "version", "act")
_ANEW = (
    *("rule", "rule_hash", "where", "at", "reason", "signed_ot", "signed_soc", "text", "alerts"),
    *("change_key", "landed_at", "ending", "ended_at", "ending_note", "kept_open"),
)


def _write_entries(
    incident: Incident,
    versions: Sequence[ActingRule],
    act: LedgerAct,
    *,
    cover: Cover,
    now: datetime,
    text: str = "",
    landed_at: datetime | None = None,
    kept_open: Sequence[Sentence] = (),
) -> list[LedgerEntry]:
    """One line a version and act; one that was not carried out before begins anew."""
    lines = [
        LedgerEntry(
            incident=incident,
            version_id=version.version_id,
            act=act,
            rule_id=version.rule_id,
            rule_hash=version.rule_hash,
            where=Where.TAGOUT,
            at=now,
            reason=reason_in_words(version.definition.reason),
            signed_ot=version.signed_ot,
            signed_soc=version.signed_soc,
            text=text,
            alerts=cover.alerts_of(version),
            landed_at=landed_at,
            kept_open=[
                [reason.code, reason.detail]
                for reason in dict.fromkeys((*kept_open, *_reasons_of(version, cover)))
            ],
        )
        for version in versions
    ]
    return LedgerEntry.objects.bulk_create(
        lines, update_conflicts=True, unique_fields=_ONE_ACT, update_fields=_ANEW
    )


def _reasons_of(version: ActingRule, cover: Cover) -> Sequence[Sentence]:
    """Why a trial may not close what another rule does."""
    return () if version.is_live else cover.own_reasons.get(version.version_id, ())


def _link(lines: Iterable[LedgerEntry], act: UUID) -> None:
    keys = Change.objects.filter(act=act).values_list("key", flat=True)
    LedgerEntry.objects.filter(pk__in=[line.pk for line in lines]).update(change_key=keys[0])


def _actor_of(
    name: str, kind: WriteKind, incident: Incident, versions: Iterable[ActingRule], cover: Cover
) -> SystemActor:
    """The rule as one who acts, with what is asked again at delivery."""
    alerts = Alert.objects.filter(pk__in=cover.by_alert.keys())
    args: Mapping[str, Any] = {
        "incident": incident.pk,
        "versions": {str(version.version_id): version.rule_hash for version in versions},
        "alerts": sorted(alerts.values_list("key", flat=True)),
    }
    return SystemActor(name, kind, dict(args))


OFF = "Suppression is switched off."
FOREIGN = "No decision of rules is on record for it, so it was not sent."


def reason_not_to_close(change: Change, *, fresh: FreshIncident, now: datetime) -> str:
    """Why the incident is not closed after all, judged by what Sentinel says this moment; ""
    where every alert in it is still covered and no guard keeps it open.
    """
    if is_off(change.workspace_id):
        return OFF
    incident = _subject_of(change, LedgerAct.CLOSED)
    if incident is None or not _is_close_of_rules(change):
        return FOREIGN
    acting, reason = _live_versions_in_force(change, now)
    if reason := reason or _reason_against_alerts(change, fresh):
        return reason
    incident_state = incident_state_of(incident_row_of(fresh.incident, now=now))
    alerts = facts_by_incident([incident.pk])[incident.pk]
    judgement = decide_incident(
        incident, alerts=alerts, acting=acting, now=now, state=incident_state
    )
    if judgement.may_act and judgement.cover.is_live:
        return ""
    return " ".join(judgement.reasons[:5]) or "Live rules no longer cover all of it."


def reason_not_to_tag(change: Change, *, now: datetime) -> str:
    """Why a label of a trial is not set after all."""
    if is_off(change.workspace_id):
        return OFF
    if _subject_of(change, LedgerAct.TAGGED) is None or change.patch.keys() != {"labels_add"}:
        return FOREIGN
    acting, reason = _versions_in_force(change, ACTING, now)
    labels = {version.label for version in acting.versions.values()}
    return reason or ("" if labels.issuperset(change.patch["labels_add"]) else FOREIGN)


def _subject_of(change: Change, act: LedgerAct) -> Incident | None:
    """The incident that the change is about, where the ledger has it as what these versions did;
    None for a row that no decision of rules has made.
    """
    names = {"workspace": change.workspace_id, "name": change.incident_name}
    incident = Incident.objects.filter(pk=change.check_args.get("incident"), **names).first()
    if incident is None or not change.check_args.get("versions"):
        return None
    lines = LedgerEntry.objects.filter(incident=incident, change_key=change.key, act=act)
    versions = {str(pk) for pk in lines.values_list("version", flat=True)}
    return incident if versions == change.check_args["versions"].keys() else None


def _is_close_of_rules(change: Change) -> bool:
    """Whether it writes what a rule writes: no other classification, and nothing beside it."""
    patch = close_patch(classification=CLASSIFICATION, reason=REASON, comment="")
    return {**change.patch, "classificationComment": ""} == patch


def _live_versions_in_force(change: Change, now: datetime) -> tuple[ActingSet, str]:
    return _versions_in_force(change, (VersionState.LIVE,), now)


def _versions_in_force(
    change: Change, states: tuple[VersionState, ...], now: datetime
) -> tuple[ActingSet, str]:
    """The versions in whose name it is done, read anew, and what is the matter with them."""
    hashes: dict[str, str] = change.check_args["versions"]
    found = load_acting(RuleVersion.objects.filter(pk__in=list(hashes), state__in=states))
    for version_id, rule_hash in hashes.items():
        version = found.versions.get(int(version_id))
        if version is None:
            return found, "A rule that covered it is no longer active."
        if version.rule_hash != rule_hash:
            return found, f"{version.name} is no longer the rule that covered it."
        if version.expires_at <= now:
            return found, f"{version.name} has ended."
    return found, ""


def _reason_against_alerts(change: Change, fresh: FreshIncident) -> str:
    """The alerts that are there now must be those that were covered, and say what they said."""
    covered = set(change.check_args["alerts"])
    stored = {
        row[0]: row[1:]
        for row in Alert.objects.filter(workspace=change.workspace_id, key__in=covered).values_list(
            "key", "severity", "alert_type"
        )
    }
    if not fresh.alerts:
        return "Sentinel no longer lists any alert in the incident."
    titles = TitleRules.of_capability(change.workspace.capabilities.get(ANALYTICS_RULES) or {})
    for alert in fresh.alerts:
        if not isinstance(alert, WireAlert):
            return "An alert of the incident cannot be read."
        key = (alert.vendor_original_id or alert.system_alert_id)[:120]
        if key not in covered:
            return f"An alert joined after rules had decided: {alert.title or key}."
        kind = alert_type_of(alert.title or alert.alert_type or "")
        if stored.get(key) != (SEVERITIES.get(alert.severity or "", 0), kind):
            return f"An alert has changed since it was covered: {alert.title or key}."
        if title_flags(alert, titles):
            return Sentence("scene.untyped", title=alert.title or key)
    return ""


def on_close_outcome(settlement: Settlement) -> None:
    """A write in the name of a rule was settled; runs in the transaction that settles it."""
    change = settlement.change
    lines = LedgerEntry.objects.filter(
        incident=change.check_args.get("incident"), change_key=change.key
    )
    closed = change.kind == WriteKind.CLOSE
    if change.outcome == ChangeOutcome.SENT:
        lines.update(landed_at=settlement.now)
    elif change.outcome == ChangeOutcome.OPEN:  # a person has put it back to life
        lines.filter(ending=Ending.NOT_SENT).update(ending=Ending.NOTHING, ended_at=None)
        if closed:
            mark_closed_by(incident_ids=_incidents(lines), rule=change.by_label, now=settlement.now)
    else:
        lines.update(ending=Ending.NOT_SENT, ended_at=settlement.now, ending_note=_note(change))
        if closed:
            _take_back(lines, change, settlement)


def _take_back(lines: QuerySet[LedgerEntry], change: Change, settlement: Settlement) -> None:
    """Nothing was closed by the rule; nor did the trials beside it see a close."""
    ids = _incidents(lines)
    take_back_closed_by(incident_ids=ids, rule=change.by_label, now=settlement.now)
    tagged = LedgerEntry.objects.filter(
        incident__in=ids,
        act=LedgerAct.TAGGED,
        change_key=None,
        ending=Ending.NOTHING,
        at=change.made_at,
    )
    tagged.update(ending=Ending.NOT_SENT, ended_at=settlement.now, ending_note=_note(change))


def _incidents(lines: QuerySet[LedgerEntry]) -> list[int]:
    return list(lines.values_list("incident_id", flat=True).distinct())


def _note(change: Change) -> str:
    return change.note or str(ChangeOutcome(change.outcome).label)
