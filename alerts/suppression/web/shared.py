"""What every page of this room needs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from alerts.sites.models import Site
from alerts.suppression.deploying.kill_switch import stops_in_force
from alerts.suppression.models import RuleVersion
from alerts.suppression.policies import PROPOSING
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of


def version_or_404(request: HttpRequest, uuid: UUID) -> RuleVersion:
    """Return the version, if this person may see it."""
    return get_object_or_404(versions_visible_to(actor_of(request)), uuid=uuid)


def page_frame(user: User, now: datetime) -> dict[str, Any]:
    """Return what every page of the room shows: whether suppression is off, and the time."""
    return {"now": now, "stops": stops_in_force(user), "may_propose": may_propose(user)}


def may_propose(user: User) -> bool:
    """Return whether the person may propose rules anywhere."""
    return not roles_of(user).isdisjoint(PROPOSING)


def plant_clocks(version: RuleVersion) -> list[str]:
    """Return the time zones of the plants that a version names; the first is its page's."""
    names = Site.objects.filter(pk__in=version.site_ids).order_by("name")
    return list(dict.fromkeys(names.values_list("time_zone", flat=True))) or ["UTC"]


def number_in(text: str) -> int:
    """Return a row's number from an address; 0 where it is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
