"""Take into the ledger what Sentinel did by itself in a rule's name: closes and labels. Only the
text of a close says which rule it was; it is read strictly, and believed where its hash is right.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.acts.close import show_closed_in_sentinel
from alerts.incidents.models import Incident, IncidentRaw, IncidentStatus, TimelineItem
from alerts.rules.guards.closing import reason_in_words
from alerts.rules.sentinel_forms import trial_label
from alerts.sentinel.queries import read_until
from alerts.suppression.deploying.recipients import deployment_leads
from alerts.suppression.enforcing.acting_rules import NotSigned, acting_set, names_of_signers
from alerts.suppression.enforcing.caps import note_trips
from alerts.suppression.enforcing.close import CLASSIFICATION, REASON
from alerts.suppression.models import (
    OPEN,
    Ending,
    LedgerAct,
    LedgerEntry,
    RuleVersion,
    VersionState,
    Where,
)
from portal.audit.services import record
from portal.notifications.services import notify_people

BEGINS = "Closed by Tagout, rule R-"
_BLOCK = re.compile(
    r"Closed by Tagout, rule R-(?P<number>\d{1,9}), version (?P<version>\d{1,5}): "
    r".*?Rule hash (?P<hash>[0-9a-f]{64})",
    re.DOTALL,
)
_NEVER_ACTED = (*OPEN, VersionState.REJECTED, VersionState.DISCARDED)


@dataclass(frozen=True, slots=True)
class Named:
    """The versions that a text names; `reason` says why the text is not trusted."""

    versions: tuple[RuleVersion, ...] = ()
    reason: str = ""


def rules_named_in(text: str) -> list[tuple[int, int, str]]:
    """Rule, version and hash of each block of a text, believed or not."""
    return [
        (int(block["number"]), int(block["version"]), block["hash"])
        for block in _BLOCK.finditer(text)
    ]


def named_in(text: str) -> Named:
    """Read a text that Sentinel's own rule has written. Only versions that Sentinel may carry out,
    and whose hash is the one in the text, are believed.
    """
    found = []
    for number, version, digest in rules_named_in(text):
        row = (
            RuleVersion.objects.filter(rule__number=number, number=version)
            .exclude(state__in=_NEVER_ACTED)
            .select_related("rule", "proposed_by")
            .first()
        )
        if row is None:
            return Named(reason=f"There is no rule R-{number}, version {version}, that acted.")
        if row.rule_hash != digest:
            return Named(reason=f"The hash is not that of R-{number}, version {version}.")
        if row.enforcement != "sentinel":
            return Named(reason=f"R-{number} is carried out by Tagout, which did not close it.")
        found.append(row)
    if not found or text.count(BEGINS) != len(found):
        return Named(reason="It does not name rule, version and hash.")
    return Named(tuple(found))


OVERLAP = timedelta(minutes=20)  # intake reads again what changed in the last quarter of an hour
UNTRUSTED = "untrusted"  # in the timeline


def record_sentinel_acts(*, workspace_id: int, since: datetime, now: datetime) -> datetime:
    """Look at what changed in Sentinel since then; returns up to where it has been looked at, which
    is no further than intake has read.
    """
    until = read_until(workspace_id) or since
    changed = Incident.objects.filter(workspace=workspace_id, modified_at__gte=since - OVERLAP)
    _record_closes(changed, now=now)
    _record_labels(changed, now=now)
    return max(since, until)


def _record_closes(changed: Any, *, now: datetime) -> None:
    rows = changed.filter(
        status=IncidentStatus.CLOSED,
        closed_by="",
        owed=0,
        classification=CLASSIFICATION,
        classification_reason=REASON,
        raw__body__properties__classificationComment__startswith=BEGINS,
    )
    for incident in rows.order_by("modified_at", "pk"):
        text = str(
            IncidentRaw.objects.get(pk=incident.pk).body["properties"]["classificationComment"]
        )
        named = _ours_that_landed(incident, text) or named_in(text)
        if isinstance(named, list):
            _restore_close(named, incident=incident, now=now)
        elif named.reason:
            _distrust(incident, text=text, reason=named.reason, now=now)
        else:
            _write_close(incident, named.versions, text=text, now=now)


def _ours_that_landed(incident: Incident, text: str) -> list[LedgerEntry]:
    """Lines of our own close that was given up although Sentinel had taken it."""
    lines = LedgerEntry.objects.filter(incident=incident, act=LedgerAct.CLOSED, text=text)
    return list(lines.filter(where=Where.TAGOUT, ending=Ending.NOT_SENT).select_related("rule"))


@transaction.atomic
def _restore_close(lines: list[LedgerEntry], *, incident: Incident, now: datetime) -> None:
    LedgerEntry.objects.filter(pk__in=[line.pk for line in lines]).update(
        ending=Ending.NOTHING, ended_at=None, ending_note="", landed_at=now
    )
    rule = lines[0].rule.label
    if show_closed_in_sentinel(incident_ids=[incident.pk], rule=rule, now=now):
        record("suppression.close.landed", on=lines[0], by="suppression", at=now)


@transaction.atomic
def _write_close(
    incident: Incident, versions: Iterable[RuleVersion], *, text: str, now: datetime
) -> None:
    lines = [
        line
        for version in versions
        if (line := _line(incident, version, LedgerAct.CLOSED, text=text, now=now))
    ]
    if not lines:
        return
    acting = acting_set()
    acted = [
        acting.versions[pk] for pk in (line.version_id for line in lines) if pk in acting.versions
    ]
    note_trips(incident, acted, acting=acting, more=0, now=now)
    show_closed_in_sentinel(incident_ids=[incident.pk], rule=lines[0].rule.label, now=now)
    write_timeline(
        incident_ids=[incident.pk],
        code="closed-by-rule",
        side=TimelineItem.Side.PORTAL,
        by=lines[0].rule.label,
        now=lines[0].at,
        details={"classification": CLASSIFICATION, "reason": REASON, "comment": text[:1000]},
    )
    record(
        "suppression.incident.closed_in_sentinel",
        on=lines[0],
        by=f"{lines[0].rule.label} in Sentinel",
        at=now,
        incident=incident.number or incident.name,
        text=text,
    )


def _record_labels(changed: Any, *, now: datetime) -> None:
    """What a trial in Sentinel has labelled, it would have closed: also where an alert is not
    covered, because there Sentinel closes as soon as any entity fits.
    """
    trials = RuleVersion.objects.filter(state=VersionState.IN_TRIAL, enforcement="sentinel")
    for version in trials.select_related("rule", "proposed_by"):
        label = trial_label(version.rule.number)
        rows = changed.filter(labels__contains=[label], created_at__gte=version.state_since)
        rows = rows.exclude(ledger__version=version, ledger__act=LedgerAct.TAGGED)
        for incident in rows.order_by("pk"):
            with transaction.atomic():
                if line := _line(incident, version, LedgerAct.TAGGED, now=now):
                    write_timeline(
                        incident_ids=[incident.pk],
                        code="would-close",
                        side=TimelineItem.Side.PORTAL,
                        by=version.rule.label,
                        now=line.at,
                    )
                    record(
                        "suppression.incident.tagged_in_sentinel",
                        on=line,
                        by=f"{version.rule.label} in Sentinel",
                        at=now,
                        incident=incident.number or incident.name,
                    )


def _line(
    incident: Incident, version: RuleVersion, act: LedgerAct, *, now: datetime, text: str = ""
) -> LedgerEntry | None:
    """One line a version and act; None where it is there. What it covered is found later, because
    the details of the incident may still be owed.
    """
    try:
        ot, soc = names_of_signers(version)
    except NotSigned:
        _distrust(incident, text=text, reason=f"{version.rule.label} was not signed.", now=now)
        return None
    at = min(incident.modified_at, now)
    line, is_new = LedgerEntry.objects.get_or_create(
        incident=incident,
        version=version,
        act=act,
        defaults={
            "rule": version.rule,
            "rule_hash": version.rule_hash,
            "where": Where.SENTINEL,
            "at": at,
            "landed_at": at,
            "reason": reason_in_words(str(version.body.get("reason", ""))),
            "signed_ot": ot,
            "signed_soc": soc,
            "text": text,
        },
    )
    return line if is_new else None


@transaction.atomic
def _distrust(incident: Incident, *, text: str, reason: str, now: datetime) -> None:
    """Somebody closed it in the name of a rule, and it was none: say so once, to SOC leads."""
    Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    if incident.timeline.filter(code=UNTRUSTED).exists():
        return
    write_timeline(
        incident_ids=[incident.pk],
        code=UNTRUSTED,
        side=TimelineItem.Side.SENTINEL,
        by="",
        now=now,
        details={"comment": text[:1000], "reason": reason},
    )

    def wording() -> tuple[str, list[str]]:
        subject = gettext("Closed in a rule's name, but not by it: %(incident)s")
        return subject % {"incident": incident}, [reason]

    notify_people(
        deployment_leads([incident.workspace]),
        kind=kinds.FALSE_RULE_NAME,
        wording=wording,
        path=f"/incidents/{incident.pk}/",
        now=now,
    )
    record("suppression.incident.distrusted", on=incident, by="suppression", at=now, reason=reason)
