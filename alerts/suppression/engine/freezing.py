"""A back-test as plain data: frozen into the request, shown by page and API alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from alerts.suppression.engine.backtest import BackTest
from alerts.suppression.engine.backtest_body import (
    VERSION,
    BackTestBody,
    DeployedBody,
    HandlingBody,
    IncidentTotalsBody,
    JudgedBody,
    LookBody,
    OutsideHoursBody,
    SiteBody,
    StopBody,
    TotalBody,
    TotalsBody,
)
from alerts.suppression.engine.evidence import Judged, Row, Total
from alerts.suppression.engine.looks import Look
from alerts.suppression.engine.rule import instant
from alerts.suppression.engine.words import Sentence


def frozen(
    found: BackTest,
    *,
    rule_hash: str,
    start: datetime,
    end: datetime,
    ran_at: datetime,
    after_each: Sequence[int],
    total: int,
    of_type: int,
    history_days: int,
    handling: HandlingBody,
    outside_hours: OutsideHoursBody | None,
    deployed: Sequence[DeployedBody],
) -> dict[str, Any]:
    """What the signers see, with the rule and the period that it is of.

    `after_each` are the counts left after each line, as `sql.count_each` finds them.
    """
    incident_totals = found.incident_totals
    body = BackTestBody(
        version=VERSION,
        rule_hash=rule_hash,
        start=instant(start),
        end=instant(end),
        ran_at=instant(ran_at),
        alerts=found.alerts,
        incidents=found.incidents,
        shared_incidents=found.shared_incidents,
        after_each=list(after_each),
        share_of_type=round(found.share_of_type, 6),
        true_positives=found.true_positives,
        unjudged_alerts=found.unjudged_alerts,
        minutes_saved=round(found.minutes_saved, 1),
        total=total,
        of_type=of_type,
        history_days=history_days,
        minutes_per_incident=handling.minutes,
        totals=TotalsBody(**totals_by_verdict(found.totals)),
        incident_totals=IncidentTotalsBody(
            **asdict(incident_totals), closed=incident_totals.closed
        ),
        outside_hours=outside_hours,
        handling=handling,
        per_day=[(day.isoformat(), count) for day, count in found.per_day],
        sites=[
            SiteBody(each.site, each.matched, each.incidents, round(each.share, 6))
            for each in found.sites
        ],
        stops=[StopBody(**_row(row), why=list(row.stoppers)) for row in found.stops],
        judged=_judged(found.judged),
        check_these=[_look(look) for look in found.check_these],
        nearest=[_look(look) for look in found.nearest],
        evidence=_judged(found.evidence),
        outcome=_judged(found.outcome),
        deployed=list(deployed),
    )
    return plain(body)


def plain(body: msgspec.Struct) -> dict[str, Any]:
    """Return what JSON keeps of a body: objects, lists and single values."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(body))
    return data


def totals_by_verdict(totals: Iterable[Total]) -> dict[str, TotalBody]:
    """Return the totals by the names of `TotalsBody`; `not_judged` is one of them."""
    return {
        each.verdict.replace("-", "_"): TotalBody(each.alerts, each.incidents) for each in totals
    }


def _judged(judged: Judged) -> JudgedBody:
    return JudgedBody(
        trials=judged.trials,
        suspicious=judged.suspicious,
        by_verdict=dict(judged.by_verdict),
        limit=round(judged.limit, 6),
        is_little=judged.is_little,
        words=str(judged.words),
    )


def _row(row: Row) -> dict[str, Any]:
    """Return the members of `RowBody`."""
    return {
        "alert": row.alert,
        "incidents": list(row.incidents),
        "at": instant(row.at),
        "site": row.site,
        "traits": dict(row.traits),
        "verdicts": [annotation for annotation, _ in row.annotations],
    }


def _look(look: Look) -> LookBody:
    why = look.why
    return LookBody(
        **_row(look.row),
        times=look.times,
        unlike=look.unlike,
        why=str(why),
        reason=(why.code, why.detail) if isinstance(why, Sentence) else ("", {}),
        stoppers=list(look.row.stoppers),
        case=look.case,
    )
