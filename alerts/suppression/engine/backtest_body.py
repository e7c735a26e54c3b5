"""What is frozen of a back-test: one definition for its writer, the API and docs/schemas."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from alerts.suppression.engine.evidence import STOPPERS

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
    """What was said of alerts that only the hours of a rule leave out."""

    true_positives: Count


class IncidentTotalsBody(Body):
    """Each incident once: matched = touched + shared + closed."""

    matched: Count
    touched: Count
    shared: Count
    harmless: Count
    suspicious: Count
    closed_benign: Count
    not_judged: Count
    closed: Count


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
    """An alert that speaks against the rule, and why."""

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


def backtest_schema() -> dict[str, Any]:
    """Return the JSON Schema that is published as docs/schemas/backtest-1.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"tagout:backtest:{VERSION}",
        **msgspec.json.schema(BackTestBody),
    }
