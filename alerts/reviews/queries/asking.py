"""What asking OT would mean: who is asked, and by when they should answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.incidents.models import Incident
from alerts.reviews.engine.due import answer_within
from alerts.reviews.policies import ot_people_at
from alerts.sites.models import Site
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class AskPreview:
    """A question to one site. Where it is about several rows, they may be due at several times."""

    site: Site
    people: Sequence[User]
    earliest_due_at: datetime
    latest_due_at: datetime


def previews_of_asking(
    leads: Sequence[Incident], *, site_ids: Collection[int], by: User, now: datetime
) -> list[AskPreview]:
    """Return what asking about these incidents, one a question, would mean at each of the sites."""
    dues = [now + answer_within(lead.severity) for lead in leads]
    sites = Site.objects.filter(pk__in=site_ids).order_by("name")
    return [
        AskPreview(site, people_asked_at(site, leads[0], by=by), min(dues), max(dues))
        for site in sites
    ]


def people_asked_at(site: Site, lead: Incident, *, by: User) -> list[User]:
    """Return everyone who is told of a question to this site: OT there, without who asks."""
    return [person for person in ot_people_at(site, lead.workspace) if person != by]
