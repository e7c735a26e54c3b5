"""What is frozen of a back-test, and how: one definition for writer, page, API and docs/schemas."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from alerts.rules.backtest import BackTest
from alerts.rules.evidence import STOPPERS, EvidenceRow, Judged, Total
from alerts.rules.looks import SampleRow
from alerts.rules.rule import instant
from alerts.rules.sentence import Sentence

VERSION: Final = 1
type Count = Annotated[int, Meta(ge=0)]
type Share = Annotated[float, Meta(ge=0, le=1)]
type Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
type Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
type Stopper = Annotated[str, Meta(extra_json_schema={"enum": list(STOPPERS)})]
type Catches = Literal["same", "more", "nothing"]
type Coded = Annotated[tuple[str, dict[str, Any]], Meta(description="code and parts of a sentence")]


class Body(Struct, forbid_unknown_fields=True):
    """An object that holds exactly these members."""


class TotalBody(Body):
    """How many alerts and incidents count under a verdict."""

    alerts: Count
    incidents: Count


class TotalsBody(Body):
    """Each alert and incident once, under its verdict."""

    routine: TotalBody
    maintenance: TotalBody
    suspicious: TotalBody
    not_sure: TotalBody = field(name="not-sure")
    not_judged: TotalBody = field(name="not-judged")


class OutsideHoursBody(TotalsBody):
    """The verdicts on alerts that only the hours of a rule leave out."""

    true_positives: Count


class IncidentTotalsBody(Body):
    """Each incident once: matched = touched + guarded + shared + closed."""

    matched: Count
    touched: Count
    shared: Count
    harmless: Count
    suspicious: Count
    closed_benign: Count
    not_judged: Count
    closed: Count
    guarded: Count = 0  # back-tests from before it was counted have none


class GuardReasonBody(Body):
    """Why a guard keeps matched incidents open, and how many."""

    reason: Coded
    incidents: Count


class SiteBody(Body):
    """What a rule takes off one site."""

    site: str
    matched: Count
    incidents: Count
    share: float


class RowBody(Body):
    """An alert that is listed."""

    alert: int
    incidents: list[int]
    at: Moment
    site: str
    traits: dict[str, str]
    verdicts: Annotated[list[str], Meta(description="ids of annotations")]


class StopBody(RowBody):
    """An alert that contradicts the rule, and why."""

    why: list[Stopper]


class LookBody(RowBody):
    """An alert for a person's eye, standing for `times` of the same kind."""

    times: Count
    unlike: float
    why: str
    reason: Coded
    stoppers: list[Stopper]
    case: Annotated[int | None, Meta(description="id of a true positive near it")]


class JudgedBody(Body):
    """What people said."""

    trials: Count
    suspicious: Count
    by_verdict: dict[str, Count]
    limit: Share
    is_little: bool
    words: str


class HandlingBody(Body):
    """How long people took to close such incidents."""

    minutes: float | None
    closings: Count
    of: Literal["matches", "all"]


class DeployedBody(Body):
    """What Sentinel would catch in one workspace beyond the rule."""

    workspace: str
    catches: Catches
    reasons: list[Coded]
    extra: Count
    incidents: list[int]


class BusiestBody(Body):
    """The most incidents of any hour and of any 24 hours, by when they came."""

    hour: Count
    day: Count


class BackTestBody(Body):
    """A back-test of a suppression rule, as it is frozen into a request for signatures."""

    version: Literal[1]
    rule_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    start: Moment
    end: Moment
    ran_at: Moment
    alerts: Count
    incidents: Count
    shared_incidents: Annotated[
        Count, Meta(description="incidents that hold another alert too, which it does not match")
    ]
    after_each: Annotated[list[Count], Meta(description="alerts left after each line")]
    share_of_type: Share
    true_positives: Count
    unjudged_alerts: Count
    minutes_saved: float
    total: Annotated[Count, Meta(description="alerts of the period")]
    of_type: Annotated[Count, Meta(description="alerts of its types and places")]
    history_days: Annotated[Count, Meta(description="how much history there was")]
    minutes_per_incident: Annotated[
        float | None, Meta(description="null where too few closings were measured")
    ]
    totals: TotalsBody
    incident_totals: IncidentTotalsBody
    outside_hours: Annotated[OutsideHoursBody | None, Meta(description="null without hours")]
    handling: HandlingBody
    per_day: list[tuple[Day, Count]]
    sites: list[SiteBody]
    stops: list[StopBody]
    judged: JudgedBody
    check_these: list[LookBody]
    nearest: list[LookBody]
    evidence: JudgedBody
    outcome: JudgedBody
    deployed: list[DeployedBody]
    guard_reasons: Annotated[
        list[GuardReasonBody], Meta(description="those of most incidents first, at most ten")
    ] = []
    closed_per_day: Annotated[
        list[tuple[Day, Count]],
        Meta(description="incidents that the rule alone would have closed, by day of the plant"),
    ] = []
    busiest: Annotated[
        BusiestBody | None,
        Meta(description="of the matches that no guard keeps open; caps are multiples of it"),
    ] = None


def backtest_schema() -> dict[str, Any]:
    """Return the JSON Schema that is published as docs/schemas/backtest-1.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"tagout:backtest:{VERSION}",
        **msgspec.json.schema(BackTestBody),
    }


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

    `after_each` are the counts left after each line, as `sql.prefixes` finds them.
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
            SiteBody(site.site, site.matched, site.incidents, round(site.share, 6))
            for site in found.sites
        ],
        stops=[StopBody(**_row(row), why=list(row.stoppers)) for row in found.stops],
        judged=_judged(found.judged),
        check_these=[_look(look) for look in found.check_these],
        nearest=[_look(look) for look in found.nearest],
        evidence=_judged(found.evidence),
        outcome=_judged(found.outcome),
        deployed=list(deployed),
        guard_reasons=[
            GuardReasonBody((kept.reason.code, kept.reason.detail), kept.incidents)
            for kept in found.guard_reasons[:10]
        ],
        closed_per_day=[(day.isoformat(), count) for day, count in found.closed_per_day],
        busiest=BusiestBody(**asdict(found.busiest)),
    )
    return plain_json(body)


def plain_json(body: msgspec.Struct) -> dict[str, Any]:
    """Return what JSON keeps of a body: objects, lists and single values."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(body))
    return data


def totals_by_verdict(totals: Iterable[Total]) -> dict[str, TotalBody]:
    """Return the totals by the names of `TotalsBody`; `not_judged` is one of them."""
    return {
        total.verdict.replace("-", "_"): TotalBody(total.alerts, total.incidents)
        for total in totals
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


def _row(row: EvidenceRow) -> dict[str, Any]:
    """Return the members of `RowBody`."""
    return {
        "alert": row.alert,
        "incidents": list(row.incidents),
        "at": instant(row.at),
        "site": row.site,
        "traits": dict(row.traits),
        "verdicts": [uuid for uuid, _ in row.verdicts],
    }


def _look(look: SampleRow) -> LookBody:
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
