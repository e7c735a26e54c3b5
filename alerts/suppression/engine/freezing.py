"""A back-test as plain data: frozen into the request, shown by page and API alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from alerts.suppression.engine.backtest import BackTest
from alerts.suppression.engine.evidence import Judged, Row, Total
from alerts.suppression.engine.looks import Look
from alerts.suppression.engine.rule import instant
from alerts.suppression.engine.words import Sentence

VERSION: Final = 1


def frozen(
    found: BackTest,
    *,
    rule_hash: str,
    start: datetime,
    end: datetime,
    ran_at: datetime,
    after_each: tuple[int, ...] = (),
) -> dict[str, Any]:
    """What the signers see, with the rule and the period that it is of.

    `after_each` are the counts left after each line, as `sql.count_each` finds them.
    """
    return {
        "version": VERSION,
        "rule_hash": rule_hash,
        "start": instant(start),
        "end": instant(end),
        "ran_at": instant(ran_at),
        "alerts": found.alerts,
        "incidents": found.incidents,
        "totals": totals_as_json(found.totals),
        "incident_totals": asdict(found.incident_totals)
        | {"closed": found.incident_totals.closed},
        "shared_incidents": found.shared_incidents,
        "after_each": list(after_each),
        "per_day": [[day.isoformat(), count] for day, count in found.per_day],
        "sites": [
            {"site": each.site, "matched": each.matched, "incidents": each.incidents,
             "share": round(each.share, 6)}
            for each in found.sites
        ],
        "share_of_type": round(found.share_of_type, 6),
        "true_positives": found.true_positives,
        "stops": [{**_row(row), "why": list(row.stoppers)} for row in found.stops],
        "judged": _judged(found.judged),
        "unjudged_alerts": found.unjudged_alerts,
        "check_these": [_look(look) for look in found.check_these],
        "nearest": [_look(look) for look in found.nearest],
        "minutes_saved": round(found.minutes_saved, 1),
        "evidence": _judged(found.evidence),
        "outcome": _judged(found.outcome),
    }  # fmt: skip


def totals_as_json(totals: Iterable[Total]) -> dict[str, dict[str, int]]:
    """Return the totals by verdict; `not-judged` is one of them."""
    return {each.verdict: {"alerts": each.alerts, "incidents": each.incidents} for each in totals}


def _judged(judged: Judged) -> dict[str, Any]:
    return {
        "trials": judged.trials,
        "suspicious": judged.suspicious,
        "by_verdict": dict(judged.by_verdict),
        "limit": round(judged.limit, 6),
        "is_little": judged.is_little,
        "words": str(judged.words),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "alert": row.alert,
        "incidents": list(row.incidents),
        "at": instant(row.at),
        "site": row.site,
        "traits": dict(row.traits),
        "verdicts": [annotation for annotation, _ in row.annotations],
    }


def _look(look: Look) -> dict[str, Any]:
    why = look.why
    reason: list[Any] = [why.code, why.detail] if isinstance(why, Sentence) else ["", {}]
    return {
        **_row(look.row),
        "times": look.times,
        "unlike": look.unlike,
        "why": str(why),
        "reason": reason,
        "stoppers": list(look.row.stoppers),
        "case": look.case,
    }
