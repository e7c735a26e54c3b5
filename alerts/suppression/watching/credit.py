"""What a trial may count (S4) of the weeks before it: incidents that the version would have closed
and that a person saw and found harmless; of the proposer's own looks, of one file, of what one
lead confirmed, and of what one name closed in Sentinel, at most half of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from django.db.models import Q

from alerts.incidents.models import DetailsState, Incident
from alerts.planned_work.queries import latest_begun
from alerts.rules import sql
from alerts.rules.decision import ActingSet, cover_of
from alerts.rules.guards.closing import HANDS
from alerts.rules.guards.never import holds_strict, is_strict
from alerts.rules.rule import RuleDefinition
from alerts.rules.trial import (
    CREDIT_OCCURRENCES,
    MAX_CREDIT,
    MAX_OWN_CREDIT,
    credit_start,
    max_looks_a_person,
)
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period
from alerts.suppression.enforcing.acting_rules import load_acting
from alerts.suppression.enforcing.judging import DecisionPage, read_surroundings
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.queries import AlertFacts, facts_by_incident
from alerts.suppression.watching.additions import adds_to
from alerts.suppression.watching.looks import HarmlessLook, harmless_looks, limits_of, looks_for

# The person who worked on it; and a true positive that was closed since, whose hold passes, as in
# the trial itself, where what a person found harmless counts although a guard kept it open.
_NOT_THEN: Final = HANDS | {"never.held", "never.meanwhile"}
MAX_CANDIDATES: Final = 200  # the newest looks; more than MAX_CREDIT of them are hardly ever needed


def credited_incidents(version: RuleVersion, *, now: datetime) -> list[int]:
    """Return up to eight incidents of the 28 days before now, or since the last but one occurrence
    of its planned work, that the version would have closed and that a person saw and found
    harmless, the newest first; no two of one look, at most four that its proposer found so, at most
    four of one file, at most four that one lead confirmed, and at most four that one name closed in
    Sentinel: an account of a service may look like a person. Of an amendment half of what it needs
    takes the place of the four. Of a strict rule only those with an alert that may be closed only
    inside hours, of an amendment only those of what it adds. Work that a file brought after an
    alert covers nothing here.
    """
    acting = load_acting(
        RuleVersion.objects.filter(
            Q(pk=version.pk) | Q(state=VersionState.LIVE, expires_at__gt=now)
        )
    )
    strict = is_strict(version.definition)
    if version.pk not in acting.versions or (strict and version.matches_wanted is not None):
        return []  # an amendment of a strict rule is tried again inside its hours
    looks = _candidates(version.definition, _period(version, now=now))
    facts = facts_by_incident([row.pk for row in looks], as_of_alert=True, without_files=True)
    looks = {
        row: look
        for row, look in looks.items()
        if (not strict or holds_strict(facts[row.pk].values()))
        and adds_to(version, facts[row.pk].values())
    }
    closable = _closable_among(version, list(looks), alerts=facts, acting=acting, now=now)
    found: list[int] = []
    counts = Counter[str]()
    wanted = version.matches_wanted
    most = MAX_OWN_CREDIT if wanted is None else max_looks_a_person(wanted)
    for row, look in looks.items():
        limited = limits_of(look, proposer=version.proposed_by)
        if row.pk in closable and all(counts[who] < most for who in limited):
            found.append(row.pk)
            counts.update(limited)
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
    looks = looks_for(harmless_looks(ids), is_strict=is_strict(definition))
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


def _closable_among(
    version: RuleVersion,
    incidents: Sequence[Incident],
    *,
    alerts: Mapping[int, AlertFacts],
    acting: ActingSet,
    now: datetime,
) -> set[int]:
    """Return those of these incidents all of which the rule covers, alone or with those that live,
    and which no guard would have kept open but those of `_NOT_THEN`: the rule closes some of it.
    """
    covers = {
        row.pk: cover_of(alerts[row.pk], acting=acting, created_at=None, now=now)
        for row in incidents
    }
    whole = [row for row in incidents if covers[row.pk].is_whole]
    around = read_surroundings(whole, alerts=alerts, now=now)
    found = set()
    for row in whole:
        decision = DecisionPage(alerts, covers, around, now).decide(row)
        if version.pk not in decision.cover.own_reasons and all(
            reason.code in _NOT_THEN for reason in decision.reasons
        ):
            found.add(row.pk)
    return found
