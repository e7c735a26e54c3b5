"""Reads of this room: which rules there are, for whom, and what they do now."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Q, QuerySet

from alerts.incidents.queries import groups_visible_to
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_visible_to
from alerts.sites.models import Site
from alerts.suppression.models import ACTING, LedgerEntry, Rule, RuleVersion, State, Stop
from portal.accounts.models import READING_ROLES, User
from portal.accounts.queries import reach_of
from portal.backup.queries import resumed_since

ENDS_SOON: Final = timedelta(days=14)  # from here on both owners are warned
COMPARED = "suppression.ledger-compared"  # the note of the daily comparison with Sentinel


def versions_visible_to(user: User) -> QuerySet[RuleVersion]:
    """Versions that reach a site or a workspace of the person, and those the person made."""
    versions = RuleVersion.objects.select_related("rule", "made_by", "proposed_by", "backtest")
    reach = reach_of(user, READING_ROLES)
    if reach.everywhere:
        return versions
    sites = list(Site.objects.filter(uuid__in=reach.sites).values_list("pk", flat=True))
    where = Q(uuid__in=reach.workspaces) | Q(organisation__uuid__in=reach.organisations)
    workspaces = list(Workspace.objects.filter(where).values_list("pk", flat=True))
    seen = Q(site_ids__overlap=sites) | Q(workspace_ids__overlap=workspaces)
    return versions.filter(seen | Q(made_by=user))


def workspaces_reached_by(user: User) -> QuerySet[Workspace]:
    """Workspaces in the person's reach, and those in which rules or open incidents are about their
    sites: where their word stops suppression, and where they see that it is stopped.
    """
    seen = workspaces_visible_to(user)
    if not reach_of(user).sites:
        return seen
    by_rules = {
        pk
        for ids in versions_visible_to(user).values_list("workspace_ids", flat=True)
        for pk in ids
    }
    by_incidents = groups_visible_to(user).order_by().values("workspace").distinct()
    theirs = Q(pk__in=seen.order_by().values("pk")) | Q(pk__in=by_rules) | Q(pk__in=by_incidents)
    return Workspace.objects.select_related("organisation").filter(theirs).order_by("name")


def rules_visible_to(user: User) -> QuerySet[Rule]:
    """Rules with a version that the person may see."""
    seen = versions_visible_to(user).values("rule")
    return Rule.objects.filter(pk__in=seen).select_related("made_by")


def ledger_visible_to(user: User) -> QuerySet[LedgerEntry]:
    """What rules did to incidents, newest first, as far as the person sees the rule."""
    entries = LedgerEntry.objects.select_related("rule", "version", "incident")
    seen = versions_visible_to(user).values("pk")
    return entries.filter(version__in=seen).order_by("-at", "-pk")


def acting_versions() -> QuerySet[RuleVersion]:
    """Canary and live versions: what matching works with."""
    return RuleVersion.objects.filter(state__in=ACTING).select_related("rule")


def ending_versions(versions: QuerySet[RuleVersion], *, now: datetime) -> QuerySet[RuleVersion]:
    """Those of these versions that end soon unless somebody renews them, the earliest first."""
    alive = versions.filter(state__in=(*ACTING, State.PAUSED))
    ending = alive.filter(expires_at__gt=now, expires_at__lte=now + ENDS_SOON)
    return ending.order_by("expires_at", "pk")


def acting_by_state(workspace_ids: Collection[int] | None = None) -> dict[str, int]:
    """How many rules try themselves out, and how many live: in these workspaces, or in all."""
    versions = acting_versions()
    if workspace_ids is not None:
        versions = versions.filter(workspace_ids__overlap=list(workspace_ids))
    rows = versions.order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def off_in(workspace_ids: Collection[int] | None = None) -> list[str | None]:
    """In which of these workspaces (or of all) suppression is switched off now, by name; None for
    everywhere.
    """
    stops = Stop.objects.filter(lifted_at=None).order_by("workspace__name")
    if workspace_ids is not None:
        stops = stops.filter(Q(workspace=None) | Q(workspace__in=workspace_ids))
    return list(stops.values_list("workspace__name", flat=True))


def is_off(workspace_id: int) -> bool:
    """Whether suppression is switched off there or everywhere. Asked at every decision (S8)."""
    stops = Stop.objects.filter(lifted_at=None)
    return stops.filter(Q(workspace=None) | Q(workspace=workspace_id)).exists()


def on_again_since(workspace_id: int) -> datetime | None:
    """When suppression was last switched on again there, or resumed after a restore; what came
    before that is for people.
    """
    lifted = Stop.objects.filter(Q(workspace=None) | Q(workspace=workspace_id))
    latest: datetime | None = lifted.aggregate(latest=Max("lifted_at"))["latest"]
    return max(filter(None, (latest, resumed_since())), default=None)
