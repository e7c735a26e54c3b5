"""Where a rule reaches, and what is there: sites and workspaces, clocks, critical devices."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from alerts.incidents.models import Alert
from alerts.rules.guards.never import assets_of
from alerts.rules.rule import ZONE_MARK, RuleDefinition, pinned
from alerts.sentinel.models import Workspace
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Site
from alerts.suppression.drafting.same_devices import same_devices


@dataclass(frozen=True, slots=True)
class RuleReach:
    """The sites and workspaces that a rule can meet alerts of."""

    workspace_ids: tuple[int, ...]
    site_ids: tuple[int, ...]


def reach_of_rule(rule: RuleDefinition) -> RuleReach:
    """Return what the rule pins; what it leaves open is taken from the alerts of its types, so that
    nobody signs for less than the rule can meet.
    """
    site_names = {*pinned(rule.all_of, "site"), *_sites_of_zones(rule)}
    sites = set(Site.objects.filter(name__in=site_names).values_list("pk", flat=True))
    names = pinned(rule.all_of, "workspace")
    workspaces = set(Workspace.objects.filter(name__in=names).values_list("pk", flat=True))
    if not names and sites:
        workspaces = _ids_in_alerts(rule, "workspace_id", Q(site__in=sites))
    if not site_names and workspaces:
        sites = _ids_in_alerts(rule, "site_id", Q(workspace__in=workspaces))
    return RuleReach(tuple(sorted(workspaces)), tuple(sorted(sites)))


@dataclass(frozen=True, slots=True)
class PlantContext:
    """The clocks of some sites, and their devices that are never silenced."""

    clocks: dict[int, str]
    grave: dict[int, dict[str, str]]  # site → folded name or address → criticality

    def zones(self, site_ids: Collection[int]) -> set[str]:
        """Return the time zones of these sites."""
        return {self.clocks[site] for site in site_ids if site in self.clocks}

    def criticality(self, rule: RuleDefinition, site_ids: Collection[int]) -> dict[str, str]:
        """Return safety systems and crown jewels that the rule names, with their criticality."""
        found = {}
        for name in assets_of(rule):
            for site in site_ids:
                if level := self.grave.get(site, {}).get(name.casefold()):
                    found[name] = level
        return found


def plant_of(site_ids: Collection[int], *, named: Collection[str] = ()) -> PlantContext:
    """Return the context of rules at these sites now. `named` is what the rules name that is to be
    compared with it: one of these may be a grave device by a name or address that the inventory
    has not.
    """
    clocks = dict(Site.objects.filter(pk__in=site_ids).values_list("pk", "time_zone"))
    grave: dict[int, dict[str, str]] = {}
    seeds = Q(criticality__in=CRITICAL.keys(), zone__site__in=site_ids)
    for device in same_devices(seeds, named=named):
        levels = {row.criticality for row in device.rows} & CRITICAL.keys()
        level = next(level for level in CRITICAL if level in levels)
        for site in {row.zone.site_id for row in device.rows}:
            grave.setdefault(site, {}).update(dict.fromkeys(device.handles, level))
    return PlantContext(clocks, grave)


def _sites_of_zones(rule: RuleDefinition) -> set[str]:
    values = [
        value
        for clause in rule.all_of
        if clause.field == "zone" and clause.operator == "within"
        for value in clause.texts
    ]
    return {value.partition(ZONE_MARK)[0] for value in values}


def _ids_in_alerts(rule: RuleDefinition, column: str, where: Q) -> set[int]:
    types: Collection[str] = pinned(rule.all_of, "alert_type")
    alerts = Alert.objects.filter(where, **{f"{column}__isnull": False})
    if types:
        alerts = alerts.filter(alert_type__in=types)
    return set(alerts.order_by().values_list(column, flat=True).distinct())
