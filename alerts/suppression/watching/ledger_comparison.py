"""S10: once a day our ledger is compared with Sentinel; there should be no difference."""

import logging
from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Q

from alerts.incidents.models import IncidentRaw
from alerts.rules.guards.closing import ledger_differences
from alerts.rules.sentence import Sentence
from alerts.sentinel.queries import workspaces_to_read
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry
from alerts.suppression.queries import COMPARED
from alerts.suppression.watching.sentinel_acts import BEGINS, record_sentinel_acts, rules_named_in
from portal import clock
from portal.jobs.failures import RoundFailures
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, ensure_job, keep_note, put_back_after

log = logging.getLogger(__name__)

COMPARE = "suppression.compare-ledger"
EVERY, AGAIN = timedelta(hours=24), timedelta(minutes=10)
PERIOD = timedelta(days=7)
MAX_LISTED = 20


def compare_ledger_if_due(*, now: datetime) -> bool:
    """Compare once a day, as soon as there is a ledger; returns whether it was done."""
    if not LedgerEntry.objects.exists():
        return False
    if not Job.objects.filter(kind=COMPARE, state=JobState.WAITING).exists():
        ensure_job(kind=COMPARE, key="all", now=clock.unshifted())
    jobs = Job.objects.filter(kind=COMPARE)
    job = claim_due(jobs, now=clock.unshifted(), max_attempts=None)
    if job is None:
        return False
    with put_back_after(job, wait=AGAIN) as turn:
        failures = RoundFailures()
        found = compare_ledger(now=now, failures=failures)
        turn.error = str(failures)
        if not found and not turn.error:  # a difference vanishes from the status once mended
            turn.wait = EVERY
    return True


def compare_ledger(*, now: datetime, failures: RoundFailures | None = None) -> list[Sentence]:
    """Compare what was closed in the last seven days, and note what was found."""
    failed = RoundFailures() if failures is None else failures
    for workspace in workspaces_to_read():  # first what a sweep of intake has found late
        with failed.isolate(workspace):
            record_sentinel_acts(workspace_id=workspace.pk, since=now - PERIOD, now=now)
    ours, names = _ours(since=now - PERIOD)
    theirs = _theirs(ours, since=now - PERIOD, names=names)
    ended = _ended(theirs)
    found = ledger_differences(
        {names[pk]: rules for pk, rules in ours.items() if pk not in ended},
        {names[pk]: rules for pk, rules in theirs.items() if pk not in ended},
    )
    for difference in found[:MAX_LISTED]:
        log.error("Ledger and Sentinel differ: %s", difference)
    texts: list[object] = [str(difference) for difference in found[:MAX_LISTED]]
    keep_note(
        kind=COMPARED,
        key="ledger",
        now=clock.unshifted(),
        payload={
            "differences": len(found),
            "told": texts,
            "compared": len({*ours, *theirs} - ended),
            "at": now.isoformat(),
        },
    )
    return found


def _ours(*, since: datetime) -> tuple[dict[int, str], dict[int, str]]:
    """Closes that landed and stand, by incident, and how people call the incidents."""
    lines = LedgerEntry.objects.filter(
        act=LedgerAct.CLOSED, ending=Ending.NOTHING, landed_at__gte=since
    )
    rules_by_incident: dict[int, list[str]] = defaultdict(list)
    names: dict[int, str] = {}
    for line in lines.select_related("rule", "incident").order_by("rule__number"):
        rules_by_incident[line.incident_id].append(_spelled(line.rule.number, line.rule_hash))
        names[line.incident_id] = _name(line.incident.number, line.incident.name)
    return {pk: ", ".join(sorted(rules)) for pk, rules in rules_by_incident.items()}, names


def _theirs(ours: dict[int, str], *, since: datetime, names: dict[int, str]) -> dict[int, str]:
    """What Sentinel's own texts say, of those incidents and of all that changed since."""
    rows = IncidentRaw.objects.filter(
        Q(incident__in=ours) | Q(incident__modified_at__gte=since),
        body__properties__status="Closed",
        body__properties__classificationComment__startswith=BEGINS,
    ).select_related("incident")
    found = {}
    for row in rows:
        named = rules_named_in(row.body["properties"]["classificationComment"])
        rules = [_spelled(number, digest) for number, _, digest in named]
        found[row.pk] = ", ".join(sorted(rules)) or "an unreadable text"
        names[row.pk] = _name(row.incident.number, row.incident.name)
    return found


def _ended(theirs: dict[int, str]) -> set[int]:
    """A close that did not stand has its own ending, and need not be what Sentinel has now."""
    ended = LedgerEntry.objects.filter(act=LedgerAct.CLOSED, incident__in=theirs)
    ended = ended.exclude(ending__in=(Ending.NOTHING, Ending.NOT_SENT))
    return set(ended.values_list("incident_id", flat=True))


def _spelled(number: int, digest: str) -> str:
    return f"R-{number} ({digest[:8]})"


def _name(number: int | None, name: str) -> str:
    return f"#{number}" if number else name
