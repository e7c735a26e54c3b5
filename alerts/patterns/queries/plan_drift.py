"""Changes of a plant as steps of its plan: what OT is asked, and what waits to be signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Prefetch, Q, prefetch_related_objects

from alerts.incidents.models import Incident, IncidentAlert
from alerts.patterns.queries.plan import StepState
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import NotARule
from alerts.rules.sql import Sql, rule_condition_sql
from alerts.sites.models import Site
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period
from alerts.suppression.models import OPEN, DriftLine, DriftQuestion, RuleVersion, VersionState
from alerts.suppression.queries import versions_visible_to
from alerts.suppression.signing.amend import amended
from alerts.suppression.signing.awaiting_signature import with_signatures
from portal.accounts.models import User

MAX_DRIFTS: Final = 20  # of one site; the others follow when these are decided


@dataclass(frozen=True, slots=True)
class DriftStep:
    """One change of the plant. `gain`: of the `incidents` of the site since then, how many came to
    people that the changed rules cover wholly.
    """

    question: DriftQuestion
    state: StepState
    rules: Sequence[str]
    gain: int
    incidents: int

    @property
    def share(self) -> float:
        """What it adds, of the incidents since the change."""
        return self.gain / self.incidents if self.incidents else 0.0


def drift_steps_at(site: Site, user: User, *, now: datetime) -> list[DriftStep]:
    """Return the changes of a site that this person sees: those that wait for OT's answer, and
    those that OT confirmed and that wait for signatures, the oldest first.
    """
    in_work = DriftLine.objects.filter(question=OuterRef("pk"), amendment__state__in=OPEN)
    is_asked = Q(state=DriftQuestion.State.WAITING)
    is_confirmed = Q(Exists(in_work), state=DriftQuestion.State.YES)
    rows = DriftQuestion.objects.filter(is_asked | is_confirmed, site=site)
    found = list(rows.select_related("site").order_by("asked_at", "pk")[:MAX_DRIFTS])
    if not found:
        return []
    versions = with_signatures(versions_visible_to(user))
    lines = DriftLine.objects.order_by("pk").prefetch_related(
        Prefetch("version", versions), Prefetch("amendment", versions)
    )
    prefetch_related_objects(found, Prefetch("lines", lines))
    return [_step(row, now=now) for row in found]


def _step(question: DriftQuestion, *, now: datetime) -> DriftStep:
    lines = list(question.lines.all())
    amendments = [line.amendment for line in lines if line.amendment]
    if question.state == DriftQuestion.State.YES:
        lines = [line for line in lines if line.amendment and line.amendment.state in OPEN]
    zone = ZoneInfo(question.site.time_zone)
    since = datetime.combine(question.first_on, time.min, tzinfo=zone)
    came = Incident.objects.filter(
        site_ids__contains=[question.site_id],
        created_at__range=(since, now),
        gone_at=None,
        merged_into=None,
    )
    alerts = _alerts_of(lines, TimeSpan(since, now))
    links = IncidentAlert.objects.filter(incident=OuterRef("pk"))
    covered = came.filter(
        Exists(links.filter(alert__in=alerts)),
        ~Exists(links.exclude(alert__in=alerts)),
        closed_by="",
    )
    return DriftStep(
        question,
        _state_of(amendments),
        [line.version.rule.label for line in lines if line.version],
        covered.count() if alerts else 0,
        came.count(),
    )


def _state_of(amendments: Sequence[RuleVersion]) -> StepState:
    """Whose turn it is: of several amendments that of OT, then that of the SOC."""
    if not amendments:
        return StepState.OT
    proposed = [version for version in amendments if version.state == VersionState.PROPOSED]
    if not proposed:
        return StepState.DRAFT
    sides = [
        {signature.side for signature in version.valid_signatures}  # type: ignore[attr-defined]  # prefetched
        for version in proposed
    ]
    return StepState.SOC if all(SigningSide.OT in side for side in sides) else StepState.OT


def _alerts_of(lines: Sequence[DriftLine], period: TimeSpan) -> list[int]:
    """Return the alerts that only the changed rules cover."""
    conditions = [found for line in lines if line.version and (found := _difference(line))]
    if not conditions:
        return []
    text = " OR ".join(f"({condition.text})" for condition in conditions)
    params = tuple(param for condition in conditions for param in condition.params)
    matched = in_period(period, Sql(f"({text})", params))
    rows = fetch_rows(f"SELECT a.id FROM incidents_alerts a WHERE {matched.text}", matched.params)
    return [row[0] for row in rows]


def _difference(line: DriftLine) -> Sql | None:
    try:
        rule = line.version.definition
        changed = line.amendment.definition if line.amendment else amended(rule, line)
        new, old = rule_condition_sql(changed), rule_condition_sql(rule)
    except NotARule:  # it covers nothing, as far as anybody can say
        return None
    return Sql(f"({new.text}) AND ({old.text}) IS NOT TRUE", (*new.params, *old.params))
