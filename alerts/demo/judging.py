"""The demo's past: simulated engineers who have judged a part of the history, with errors.

They know what the plant did (the simulator tells) and are wrong in three of a hundred, so that
what Tagout shows about a pattern looks like life. About what they see all the time they are right.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.incidents.models import DetailsState, Incident, Status
from alerts.reviews.engine.causes import causes_for
from alerts.reviews.services.past_verdicts import PastVerdict, record_past_verdicts
from portal.accounts.models import User

BATCH, NEWEST = 200, 20_000
SHARE, OFTEN_ASKED, WRONG = 0.15, 0.6, 0.03
DOWNLOADS = "tuesday-download"  # asked about often and judged right: a rule of the story
COMMON = 0.04  # of a site's incidents: a process that everybody there knows

type SiteProcess = tuple[str, str]


def judge_history(*, truth: Mapping[str, Mapping[str, Any]], seen: set[int], now: datetime) -> int:
    """Judge closed incidents whose details are known by now; return how many were judged. `truth`
    by incident name: process, verdict, site. `seen` keeps the rows looked at, to call again.
    """
    known = Incident.objects.filter(status=Status.CLOSED, details_state=DetailsState.FETCHED)
    rows = known.order_by("-pk").values_list("pk", "name", "alert_type", "created_at")
    fresh = [row for row in rows[:NEWEST] if row[0] not in seen]
    people = {user.email.split("@")[0]: user for user in User.objects.all()}
    common = _common_processes(truth)
    judged = 0
    for start in range(0, len(fresh), BATCH):
        batch = fresh[start : start + BATCH]
        given = [
            _verdict(row, truth[row[1]], people, common)
            for row in batch
            if row[1] in truth and _dice(row[1], "asked") < _chance(truth[row[1]])
        ]
        judged += record_past_verdicts(given=given, by="demo", now=now)
        seen.update(row[0] for row in batch)
    return judged


def _chance(known: Mapping[str, Any]) -> float:
    return OFTEN_ASKED if known["process"] == DOWNLOADS else SHARE


def _common_processes(truth: Mapping[str, Mapping[str, Any]]) -> set[SiteProcess]:
    """The processes that make a large part of their site's incidents, and the story's downloads."""
    by_process = Counter((str(known["site"]), str(known["process"])) for known in truth.values())
    by_site: Counter[str] = Counter()
    for (site, _), count in by_process.items():
        by_site[site] += count
    return {
        (site, process)
        for (site, process), count in by_process.items()
        if count >= COMMON * by_site[site] or process == DOWNLOADS
    }


def _verdict(
    row: tuple[int, str, str, datetime],
    known: Mapping[str, Any],
    people: Mapping[str, User],
    common: set[SiteProcess],
) -> PastVerdict:
    pk, name, alert_type, created_at = row
    verdict, note = str(known["verdict"]), ""
    is_common = (str(known["site"]), str(known["process"])) in common
    if _dice(name, "wrong") < WRONG and not is_common:
        verdict = "suspicious" if verdict != "suspicious" else "routine"
    causes = [cause.id for cause in causes_for(alert_type, verdict)] or ["other"]
    cause = causes[int(_dice(name, "cause") * min(2, len(causes)))]
    if verdict == "suspicious":
        note = "None of us did this."
    elif verdict == "maintenance":
        note = f"Planned, WO-{20000 + int(_dice(name, 'order') * 999)}"
    who = "pia" if known["site"] == "porto" else ("oda" if _dice(name, "who") < 0.8 else "olaf")
    return PastVerdict(
        incident_id=pk,
        verdict=verdict,
        cause=cause,
        by=people[who],
        note=note,
        given_at=created_at + timedelta(minutes=5 + 180 * _dice(name, "when")),
    )


def _dice(name: str, what: str) -> float:
    """The same number between 0 and 1 for the same incident and purpose, always."""
    digest = hashlib.sha256(f"{what} {name}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
