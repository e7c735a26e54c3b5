"""What a trial may count (S4): incidents that a person saw and found harmless, also of the weeks
before it. Of one person's verdicts the first sixty of an hour count (S12), and of the proposer's
own looks at most half of what may be credited.
"""

from collections.abc import Collection
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from django.db.models import Q

from alerts.incidents.acts.close import BY_TOKEN
from alerts.incidents.models import CLOSE_IN_FORCE, DetailsState, Incident, TimelineItem
from alerts.planned_work.queries import latest_begun
from alerts.reviews.models import CameBy, VerdictIncident, VerdictKind
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.rules import sql
from alerts.rules.guards.closing import HANDS, reasons_to_keep_open
from alerts.rules.guards.never import holds_strict, is_strict
from alerts.rules.rule import RuleDefinition
from alerts.rules.trial import (
    CREDIT_OCCURRENCES,
    MAX_CREDIT,
    MAX_OWN_CREDIT,
    credit_start,
)
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period
from alerts.suppression.enforcing.acting_rules import ActingSet, cover_of, load_acting
from alerts.suppression.enforcing.judging import incident_state_of, scene_of
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.queries import AlertFacts, facts_by_incident
from alerts.suppression.signing.signing_context import without_flood

HARMLESS: Final = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
BENIGN: Final = "BenignPositive"


class HarmlessLook(NamedTuple):
    """By which verdict or closing an incident was found harmless, and by whom, if that is known."""

    act: str
    person: int | None


def harmless_looks(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """Return, of these incidents, those that a person saw and found harmless, and by which look:
    one verdict of OT, or one closing by the SOC. Whoever counts them counts looks, because one tap
    is one trial however many incidents it covers. What somebody called suspicious, what turned out
    a true positive and what was opened again is not among them.
    """
    looks = _closings_of(incident_ids) | _verdicts_on(incident_ids)
    for incident in _doubted_among(looks):
        del looks[incident]
    return looks


def _verdicts_on(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """By incident, the first verdict of OT in force that calls it harmless and that a person gave
    on a page. Behind what a token or a file brings, nobody has seen the incidents.
    """
    of_pages = verdicts_in_force().filter(kind__in=HARMLESS, came_by=CameBy.PAGE)
    verdicts = without_flood(of_pages)
    links = VerdictIncident.objects.filter(
        incident__in=incident_ids, verdict__in=verdicts.values("pk")
    )
    found: dict[int, HarmlessLook] = {}
    rows = links.order_by("verdict").values_list("incident", "verdict", "verdict__by")
    for incident, verdict, person in rows:
        found.setdefault(incident, HarmlessLook(f"verdict {verdict}", person))
    return found


def _closings_of(incident_ids: Collection[int]) -> dict[int, HarmlessLook]:
    """By incident, the act by which a person closed it as benign: in Tagout, or in Sentinel where
    somebody had taken it. What rules of ours or a token close, and what nobody owned, no person has
    seen.
    """
    closed = Incident.objects.filter(
        CLOSE_IN_FORCE, pk__in=incident_ids, classification=BENIGN, closed_by=""
    )
    owners = {
        pk: bool(owner or name)
        for pk, owner, name in closed.values_list("pk", "owner_id", "owner_name")
    }
    acts: dict[int, HarmlessLook] = {}
    closings = TimelineItem.objects.filter(incident__in=owners, code="closed", by__isnull=False)
    rows = closings.order_by("at", "pk").values_list("incident", "act", "pk", "by", "details")
    of_tokens = set[int]()
    for incident, act, pk, person, details in rows:
        acts[incident] = HarmlessLook(f"closing {act or pk}", person)
        (of_tokens.add if details.get(BY_TOKEN) else of_tokens.discard)(incident)
    closings_in_sentinel = {
        pk: HarmlessLook(f"closing of {pk}", None) for pk, is_owned in owners.items() if is_owned
    }
    looks = closings_in_sentinel | acts
    return {pk: look for pk, look in looks.items() if pk not in of_tokens}


def _doubted_among(incident_ids: Collection[int]) -> set[int]:
    """Those that were called suspicious, turned out a true positive, or were opened again."""
    ids = list(incident_ids)
    suspicious = verdicts_in_force().filter(kind=VerdictKind.SUSPICIOUS, incidents__in=ids)
    found = set(suspicious.values_list("incidents", flat=True))
    found |= set(
        Incident.objects.filter(pk__in=ids, classification="TruePositive").values_list(
            "pk", flat=True
        )
    )
    reopened = TimelineItem.objects.filter(incident__in=ids, code="reopened")
    return (found | set(reopened.values_list("incident", flat=True))) & set(ids)


MAX_CANDIDATES = 200  # the newest looks; more than MAX_CREDIT of them are hardly ever needed


def credited_incidents(version: RuleVersion, *, now: datetime) -> list[int]:
    """Return up to eight incidents of the 28 days before now, or since the last but one occurrence
    of its planned work, that the version would have closed and that a person saw and found
    harmless, the newest first; no two of one look, and at most four that its proposer found so. Of
    a strict rule only those with an alert that may be closed only inside hours.
    """
    acting = load_acting(
        RuleVersion.objects.filter(
            Q(pk=version.pk) | Q(state=VersionState.LIVE, expires_at__gt=now)
        )
    )
    if version.pk not in acting.versions:
        return []
    found: list[int] = []
    looks = _candidates(version.definition, _period(version, now=now))
    rows, own = list(looks), 0
    facts = facts_by_incident([row.pk for row in rows], as_of_alert=True)
    strict = is_strict(version.definition)
    for row in rows:
        if strict and not holds_strict(facts[row.pk].values()):
            continue
        is_own = looks[row].person in {version.proposed_by_id} - {None}
        if is_own and own == MAX_OWN_CREDIT:
            continue
        if _would_have_closed(row, facts[row.pk], acting=acting, now=now):
            found.append(row.pk)
            own += is_own
        if len(found) == MAX_CREDIT:
            break
    return found


def _period(version: RuleVersion, *, now: datetime) -> TimeSpan:
    lines = [clause for clause in version.definition.all_of if clause.field == "planned_work"]
    kinds = [kind for clause in lines for kind in clause.texts]
    begun = (
        latest_begun(kinds, version.site_ids, now=now, limit=CREDIT_OCCURRENCES) if kinds else []
    )
    return TimeSpan(credit_start([occurrence.starts_at for occurrence in begun], now=now), now)


def _candidates(definition: RuleDefinition, period: TimeSpan) -> dict[Incident, HarmlessLook]:
    """Incidents with a match that somebody found harmless, the newest first, one a look."""
    matching = in_period(period, sql.rule_condition_sql(definition))
    ids = [
        row[0]
        for row in fetch_rows(
            "SELECT DISTINCT l.incident_id FROM incidents_alerts a"
            f" JOIN incidents_alert_links l ON l.alert_id = a.id WHERE {matching.text}",
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
    by_look: dict[HarmlessLook, Incident] = {}
    for row in rows.order_by("-created_at", "-pk"):
        by_look.setdefault(looks[row.pk], row)
    newest = islice(by_look.items(), MAX_CANDIDATES)
    return {row: look for look, row in newest}


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
        incident, state=incident_state_of(incident), alerts=alerts, cover=cover, now=now
    )
    reasons = reasons_to_keep_open(scene)
    return all(reason.code in HANDS for reason in reasons)
