"""What the editor offers: values for each field, and verdicts that the rule may rest on."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.models import Alert
from alerts.incidents.queries import sites_in_reach
from alerts.reviews.models import Verdict, VerdictKind
from alerts.reviews.queries.questions import evidence_in_force
from alerts.reviews.queries.second_opinions import without_hidden
from alerts.rules import sql
from alerts.rules.rule import ZONE_MARK, RuleDefinition, reasons_against_rule
from alerts.sentinel.queries import workspaces_visible_to
from alerts.sites.models import Device, Sensor, Site, Zone
from alerts.suppression.backtesting.history_sql import fetch_rows
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import READING_ROLES

MAX_SUGGESTIONS: Final = 300
RECENT: Final = 2000  # alerts that are looked through for words of the protocol
MAX_EVIDENCE: Final = 200  # verdicts that a rule names; all are listed and linked
MAX_ABOUT: Final = 500
BENIGN: Final = (VerdictKind.ROUTINE, VerdictKind.MAINTENANCE)
_DEVICES: Final = frozenset({"source_device", "destination_device", "any_device"})
_ADDRESSES: Final = frozenset({"source_address", "destination_address", "any_address"})
_TRAFFIC_FIELDS: Final = frozenset(
    {
        "protocol",
        "function",
        "port",
        "category",
        "engine",
        "techniques",
        "tactics",
        "product_name",
        "user_defined_title",
    }
)


def suggestions_for(user: User, fields: Collection[str]) -> dict[str, list[str]]:
    """Return sorted values for each of these fields; only what the person may see."""
    found: dict[str, list[str]] = {}
    sites = list(sites_in_reach(user))
    if "workspace" in fields:
        found["workspace"] = list(workspaces_visible_to(user).values_list("name", flat=True))
    if "site" in fields:
        found["site"] = [site.name for site in sites]
    if "zone" in fields:
        zones = Zone.objects.filter(site__in=sites).select_related("site")
        zone_names = [
            (zone.name, f"{zone.site.name}{ZONE_MARK}{zone.name}")
            for zone in zones[:MAX_SUGGESTIONS]
        ]
        found["zone"] = sorted({name for pair in zone_names for name in pair})
    if "sensor" in fields:
        sensors = Sensor.objects.filter(site__in=sites).order_by("name")
        found["sensor"] = list(sensors.values_list("name", flat=True)[:MAX_SUGGESTIONS])
    if "alert_type" in fields:
        found["alert_type"] = sorted({kind.title for kind in all_types()})
    devices = Device.objects.filter(zone__site__in=sites)
    if _DEVICES & set(fields):
        names = devices.exclude(name="").order_by("name").values_list("name", flat=True)
        values = list(names.distinct()[:MAX_SUGGESTIONS])
        found |= dict.fromkeys(_DEVICES & set(fields), values)
    if _ADDRESSES & set(fields):
        addresses = devices.order_by("address").values_list("address", flat=True)
        values = list(addresses.distinct()[:MAX_SUGGESTIONS])
        found |= dict.fromkeys(_ADDRESSES & set(fields), values)
    return found | _words_of_alerts(user, sites, _TRAFFIC_FIELDS & set(fields))


def _words_of_alerts(
    user: User, sites: list[Site], fields: Collection[str]
) -> dict[str, list[str]]:
    """Words that alerts used lately."""
    if not fields:
        return {}
    alerts = Alert.objects.order_by("-at")
    if not reach_of(user, READING_ROLES).everywhere:
        alerts = alerts.filter(
            Q(site__in=sites) | Q(workspace__in=workspaces_visible_to(user).values("pk"))
        )
    names = sorted(fields)
    values_by_field: dict[str, set[str]] = {name: set() for name in names}
    for row in alerts.values_list(*names)[:RECENT]:
        for name, value in zip(names, row, strict=True):
            values_by_field[name].update(_texts(value))
    return {name: sorted(values)[:MAX_SUGGESTIONS] for name, values in values_by_field.items()}


def _texts(value: object) -> Iterable[str]:
    if value in (None, ""):
        return ()
    return map(str, value) if isinstance(value, list) else (str(value),)


@dataclass(frozen=True, slots=True)
class EvidenceChoice:
    """A verdict, and whether the rule names it."""

    verdict: Verdict
    is_chosen: bool


def evidence_offered(
    rule: RuleDefinition | None, chosen: Collection[str], *, reader: User
) -> list[EvidenceChoice]:
    """Return the chosen verdicts, then those in force about what the rule matches, newest first;
    without what is hidden from the reader.
    """

    def latest(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
        visible = without_hidden(reader, verdicts).select_related("by")
        return visible.prefetch_related("incidents").order_by("-given_at", "-pk")

    chosen_rows = list(latest(Verdict.objects.filter(uuid__in=chosen)))
    about = _about(rule) if rule and not reasons_against_rule(rule) else []
    matching = latest(evidence_in_force()).filter(kind__in=BENIGN, pk__in=about)[:MAX_EVIDENCE]
    others = [verdict for verdict in matching if verdict not in chosen_rows]
    return [EvidenceChoice(verdict, verdict in chosen_rows) for verdict in (*chosen_rows, *others)]


def _about(rule: RuleDefinition) -> list[int]:
    """The few verdicts are asked which of their alerts the rule matches; those given last count."""
    piece = sql.rule_condition_sql(rule)
    found = fetch_rows(
        "SELECT n.annotation_id FROM reviews_verdict_alerts n"
        " JOIN reviews_verdicts v ON v.id = n.annotation_id"
        f" JOIN incidents_alerts a ON a.id = n.alert_id WHERE {piece.text}"
        " GROUP BY n.annotation_id, v.given_at"
        f" ORDER BY v.given_at DESC, n.annotation_id DESC LIMIT {MAX_ABOUT}",
        piece.params,
    )
    return [row[0] for row in found]
