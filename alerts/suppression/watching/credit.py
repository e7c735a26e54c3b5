"""What a trial may count from the weeks before it (S4)."""

from datetime import datetime

from django.db.models import Q

from alerts.incidents.models import DetailsState, Incident
from alerts.planned_work.queries import latest_begun
from alerts.suppression.backtesting.history_sql import Period, ask, inside
from alerts.suppression.enforcing.acting_rules import ActingSet, load_acting
from alerts.suppression.enforcing.cover import AlertFacts, cover_of, facts_by_incident
from alerts.suppression.enforcing.scenes import incident_state_of, scene_of
from alerts.suppression.engine import sql
from alerts.suppression.engine.guards.lifecycle import CREDIT_OCCURRENCES, MAX_CREDIT, credit_start
from alerts.suppression.engine.guards.never import holds_strict, is_strict
from alerts.suppression.engine.guards.scene import HANDS, reasons_to_keep_open
from alerts.suppression.engine.rule import Rule
from alerts.suppression.models import RuleVersion, State
from alerts.suppression.watching.harmless import harmless_looks

MAX_CANDIDATES = 200  # the newest looks; more than MAX_CREDIT of them are hardly ever needed


def credited_incidents(version: RuleVersion, *, now: datetime) -> list[int]:
    """Return up to eight incidents of the 28 days before now, or since the last but one occurrence
    of its planned work, that the version would have closed and that a person saw and found
    harmless, the newest first; no two of one look. Of a strict rule only those with an alert that
    may be closed only inside hours.
    """
    acting = load_acting(
        RuleVersion.objects.filter(Q(pk=version.pk) | Q(state=State.LIVE, expires_at__gt=now))
    )
    if version.pk not in acting.versions:
        return []
    found: list[int] = []
    rows = _candidates(version.said, _period(version, now=now))
    facts = facts_by_incident([row.pk for row in rows], as_of_alert=True)
    strict = is_strict(version.said)
    for row in rows:
        if strict and not holds_strict(facts[row.pk].values()):
            continue
        if _would_have_closed(row, facts[row.pk], acting=acting, now=now):
            found.append(row.pk)
        if len(found) == MAX_CREDIT:
            break
    return found


def _period(version: RuleVersion, *, now: datetime) -> Period:
    lines = [clause for clause in version.said.all_of if clause.field == "planned_work"]
    kinds = [kind for clause in lines for kind in clause.texts]
    begun = latest_begun(kinds, version.site_ids, now=now, most=CREDIT_OCCURRENCES) if kinds else []
    return Period(credit_start([each.starts_at for each in begun], now=now), now)


def _candidates(said: Rule, period: Period) -> list[Incident]:
    """Incidents with a match that somebody found harmless, the newest first, one a look."""
    matching = inside(period, sql.where(said))
    ids = [
        row[0]
        for row in ask(
            "SELECT DISTINCT l.incident_id FROM incidents_alert a"
            f" JOIN incidents_incidentalert l ON l.alert_id = a.id WHERE {matching.text}",
            matching.params,
        )
    ]
    looks = harmless_looks(ids)
    rows = Incident.objects.filter(
        pk__in=looks,
        created_at__gte=period.start,
        created_at__lt=period.end,
        details_state=DetailsState.FETCHED,
        gone_at=None,
        merged_into=None,
    )
    by_look: dict[str, Incident] = {}
    for row in rows.order_by("-created_at", "-pk"):
        by_look.setdefault(looks[row.pk], row)
    return list(by_look.values())[:MAX_CANDIDATES]


def _would_have_closed(
    incident: Incident, alerts: AlertFacts, *, acting: ActingSet, now: datetime
) -> bool:
    """Whether the rule, alone or with those that live, covers all of it and no guard but the person
    who worked on it would have kept it open.
    """
    cover = cover_of(alerts, acting=acting, created_at=None, now=now)
    if not cover.is_whole:
        return False
    scene = scene_of(
        incident, seen=incident_state_of(incident), alerts=alerts, cover=cover, now=now
    )
    reasons = reasons_to_keep_open(scene)
    return all(reason.code in HANDS for reason in reasons)
