"""Which incidents of history stay open although rules cover them, and why: the guards of a close,
asked of the past. Back-test, draft, plan, sitting and the share of signed rules ask here.

As of then: planned work, and in which incident a person meets a new member of a group. As of now:
the inventory, with its criticalities and members. Not asked, since history does not keep it: what
true positives and suspicions held at that moment (verdicts are corrected, ends of holds set anew),
and how old our reading was. Details and products that history lacks are gaps of the reading, and
no guard. What people had taken before a rule acts is `history.touched_incidents`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from alerts.incidents.models import Incident
from alerts.incidents.unnamed_entities import incidents_with_unnamed_entities
from alerts.rules.fields import SEVERITIES
from alerts.rules.guards.closing import (
    ANY_RULE,
    MAX_ENTITIES,
    NEW_MEMBER,
    CoveredEnd,
    Scene,
    grouped_sides,
    names_sensors,
    reasons_to_keep_open,
)
from alerts.rules.guards.never import (
    HIGH,
    MAX_WINDOW_HOURS,
    has_windows,
    is_soft,
    is_too_wide,
    lacks_hours,
    never_types,
    reasons_against_alert,
    reasons_against_assets,
    timeboxed_types,
    works_of_box,
)
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sentinel_conditions import PRODUCTS
from alerts.rules.sql import HAS_TYPE
from alerts.sentinel.wire.values import ENTITY_KIND
from alerts.suppression.backtesting.critical_devices import critical_devices_of
from alerts.suppression.backtesting.history import touched_incidents
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, ids_array
from alerts.suppression.drafting.group_devices import devices_in_groups
from alerts.suppression.drafting.work_size import most_work_hours, work_hours_around
from alerts.suppression.queries import (
    NAMED_KINDS,
    THE_ALERT_ITSELF,
    entities_of,
    facts_by_incident,
    facts_of,
    findings_on_entities,
    unknown_words,
)

type Reasons = dict[int, tuple[Sentence, ...]]

# Most incidents have nothing that a guard could ask about: those that may have are looked at one by
# one. This may find too many, never too few; a test holds both together. Alerts are an array,
# which PostgreSQL looks up: as a join it read all alerts there are, for each site of a mining.
_DOUBTFUL_ALERTS: Final = f"""
SELECT l.incident_id FROM incidents_alert_links l
 WHERE l.incident_id = ANY(%(ids)s::bigint[]) AND l.alert_id IN (
       SELECT a.id FROM incidents_alerts a
        WHERE a.id = ANY(ARRAY(SELECT m.alert_id FROM incidents_alert_links m
                                WHERE m.incident_id = ANY(%(ids)s::bigint[])))
          AND (a.severity NOT BETWEEN 1 AND {len(SEVERITIES) - 1} OR NOT ({HAS_TYPE})
               OR a.alert_type = ANY(%(never)s) OR lower(a.engine) = 'malware'
               OR a.product_name <> '' AND a.product_name <> ALL(%(products)s)))
"""
# Private addresses and network cards are inside of the plant wherever they are.
_MAY_BE_PUBLIC: Final = (
    r"(a.{side}_zone = '' AND a.{side}_address <> '' AND a.{side}_address !~*"
    r" '^(10|127)\.|^192\.168\.|^172\.(1[6-9]|2[0-9]|3[01])\.|^([0-9a-f]{{2}}[:-]){{5}}')"
)
_OUTSIDE: Final = " OR ".join(
    _MAY_BE_PUBLIC.format(side=side) for side in ("source", "destination")
)
_STRICT: Final = f"(a.severity >= {HIGH} OR a.alert_type = ANY(%(timeboxed)s))"
_ENDS: Final = """
SELECT array_agg(a.id), a.site_id, coalesce(s.name, ''), a.{side}_zone, a.{side}_device,
       a.{side}_address
  FROM incidents_alerts a LEFT JOIN sites_sites s ON s.id = a.site_id
 WHERE a.id = ANY(%s::bigint[]) GROUP BY 2, 3, 4, 5, 6
"""
_INCIDENTS: Final = """
SELECT i.id, array_agg(l.alert_id) FROM incidents_alert_links l
  JOIN incidents_incidents i ON i.id = l.incident_id
 WHERE l.alert_id = ANY(%s::bigint[]) GROUP BY i.id, i.created_at
 ORDER BY i.created_at, i.id
"""


def reasons_whichever_rule(incident_ids: Collection[int]) -> Reasons:
    """Return, of these incidents, those that no rule closes, whichever covers them, and why."""
    critical = critical_devices_of(incident_ids)
    found = {pk: tuple(reasons_against_assets(devices)) for pk, devices in critical.items()}
    doubtful = _doubtful_among(incident_ids)
    if not doubtful:
        return found
    alerts = facts_by_incident(doubtful, as_of_alert=True)
    entities = entities_of(doubtful)
    for incident in Incident.objects.filter(pk__in=doubtful):
        facts = alerts[incident.pk].values()
        findings = findings_on_entities(entities.get(incident.pk, ()), alerts=facts)
        products = {*incident.product_names, *(alert.product_name for alert in facts)} - {""}
        scene = Scene(
            alerts=tuple((alert, ANY_RULE) for alert in facts),
            products=tuple(sorted(products or PRODUCTS)),
            unknown_words=unknown_words(incident.flags, severity=incident.severity, found=findings),
            entities_count=incident.entities_count,
            unexplained=findings.unexplained,
            criticality=critical.get(incident.pk, {}),
        )
        if facts and (reasons := reasons_to_keep_open(scene)):
            found[incident.pk] = tuple(reasons)
    return found


def incidents_for_people(incident_ids: Collection[int]) -> set[int]:
    """Return those that no rule closes, whichever covers them: people were faster, or a guard that
    holds for every rule keeps them open.
    """
    return touched_incidents(incident_ids) | reasons_whichever_rule(incident_ids).keys()


def refused_alerts(rule: RuleDefinition, alerts: Collection[int], *, period: TimeSpan) -> Reasons:
    """Return, of the alerts that the rule matches, those that it may not close, and why: they need
    hours that it does not set, or one of their ends is outside the plant and not named. A draft
    that still lacks the hours it needs is counted as if it had them: nobody can sign it so.
    """
    asks_hours = not (has_windows(rule) or lacks_hours(rule))
    conditions = f"{_OUTSIDE} OR {_STRICT}" if asks_hours else _OUTSIDE
    params = {"ids": ids_array(alerts), "timeboxed": list(timeboxed_types())}
    rows = fetch_rows(
        "SELECT a.id FROM incidents_alerts a"
        f" WHERE a.id = ANY(%(ids)s::bigint[]) AND ({conditions})",
        params,
    )
    facts = facts_of([pk for (pk,) in rows], as_of_alert=True)
    wide = works_of_box(rule) and _sites_of_wide_works(
        rule, {alert.site for alert in facts.values()}, period
    )
    found = {}
    for pk, alert in facts.items():
        reasons = reasons_against_alert(alert, rule)
        if not asks_hours:
            reasons = [reason for reason in reasons if reason.code != "never.hours"]
        if wide and alert.site in wide and not is_soft(alert):
            hours = work_hours_around(rule, site=alert.site, at=alert.at, known_at=alert.at)
            if is_too_wide(hours):
                size = {"site": alert.site, "hours": hours, "most": MAX_WINDOW_HOURS}
                reasons.append(Sentence("never.work_size", **size))
        if reasons:
            found[pk] = tuple(reasons)
    return found


def late_ends(rule: RuleDefinition, alerts: Collection[int]) -> dict[int, list[CoveredEnd]]:
    """Return by alert its ends that are in a group of the rule and no members of it."""
    ids = ids_array(alerts)
    rows = {side: fetch_rows(_ENDS.format(side=side), [ids]) for side in grouped_sides(rule)}
    names = {site_id: site for found in rows.values() for _, site_id, site, *_ in found if site}
    members: set[tuple[Any, ...]] = set()
    for side, device in devices_in_groups(rule, names) if names else ():
        place = side, names[device.site_id], device.zone
        address, name = device.address.casefold(), device.name.casefold()
        members |= {(*place, address, ""), (*place, "", name), (*place, address, name)}
    late: dict[int, list[CoveredEnd]] = defaultdict(list)
    for side, found in rows.items():
        for alert_ids, _, site, zone, device, address in found:
            end = CoveredEnd(side, site, zone, device, address, comes_and_goes=names_sensors(rule))
            if not end.handle or (side, site, zone, *end.identity) not in members:
                for alert in alert_ids:
                    late[alert].append(end)
    return late


def first_of_new_members(
    rule: RuleDefinition, alerts: Collection[int], *, covered: Collection[int]
) -> Reasons:
    """Return, of the `covered` incidents with these alerts of the rule, those in which a person
    would have met a device that the rule's groups did not have: today's inventory has the members.
    """
    found: Reasons = {}
    late = late_ends(rule, alerts)
    if not late:
        return found
    introduced: set[tuple[str, str, str]] = set()
    for incident, its_alerts in fetch_rows(_INCIDENTS, [ids_array(late)]):
        ends = [end for alert in its_alerts for end in late.get(alert, ())]
        new = [end for end in ends if end.place not in introduced]
        if incident not in covered or not new:
            continue
        introduced |= {end.place for end in ends if end.handle}
        names = tuple(dict.fromkeys(end.name for end in new))
        found[incident] = (Sentence(NEW_MEMBER, names=listed(names, "and")),)
    return found


def reasons_for_rule(
    rule: RuleDefinition,
    by_alert: Mapping[int, Iterable[int]],
    *,
    shared: Collection[int],
    period: TimeSpan,
) -> Reasons:
    """Return why incidents with matches of the rule stay open. `by_alert`: the incidents of each
    alert that it matches, `shared` those that hold another alert, which it does not match.
    """
    incidents = {incident for found in by_alert.values() for incident in found}
    found: dict[int, list[Sentence]] = defaultdict(list)
    for incident, reasons in reasons_whichever_rule(incidents).items():
        found[incident] += reasons
    for alert, reasons in refused_alerts(rule, by_alert, period=period).items():
        for incident in by_alert[alert]:
            found[incident] += [reason for reason in reasons if reason not in found[incident]]
    whole = incidents.difference(shared)
    covered = whole - touched_incidents(whole) if grouped_sides(rule) else set()
    news = first_of_new_members(rule, by_alert, covered=covered)
    for incident, reasons in news.items():
        found[incident] += reasons
    return {incident: tuple(reasons) for incident, reasons in found.items()}


def _doubtful_among(incident_ids: Collection[int]) -> set[int]:
    if not incident_ids:
        return set()
    ids, products = ids_array(incident_ids), list(PRODUCTS)
    odd = Q(severity=0) | Q(entities_count__gt=MAX_ENTITIES) | ~Q(flags=[])
    odd |= ~Q(product_names__contained_by=products)
    among = RawSQL("id = ANY(%s::bigint[])", [ids], output_field=BooleanField())
    rows = Incident.objects.filter(odd, among)
    params = {"ids": ids, "products": products, "never": list(never_types())}
    return {
        *rows.values_list("pk", flat=True),
        *(pk for (pk,) in fetch_rows(_DOUBTFUL_ALERTS, params)),
        *incidents_with_unnamed_entities(
            incident_ids, kinds=ENTITY_KIND, labelled=NAMED_KINDS, but=THE_ALERT_ITSELF
        ),
    }


def _sites_of_wide_works(rule: RuleDefinition, sites: Iterable[str], period: TimeSpan) -> set[str]:
    """Return the sites where the works of a rule took too many hours of some week of the period, as
    is known now: only there it is worth asking what was known at each alert.
    """
    return {
        site
        for site in sites
        if is_too_wide(most_work_hours(rule, site=site, start=period.start, end=period.end))
    }
