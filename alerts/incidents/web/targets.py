"""What an act is about: rows of the queue (`group=`), single incidents (`incident=`), or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.http import Http404, QueryDict
from django.utils.translation import gettext, ngettext

from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.reads.panel import number_of
from portal.accounts.models import User

AT_ONCE = 50  # incidents that one request acts on; more are a bulk act
MOST = 5000  # incidents in one act


@dataclass(frozen=True, slots=True)
class Targets:
    """The incidents meant, newest first, and how the form names them again."""

    incidents: Sequence[Incident]
    fields: tuple[tuple[str, str], ...]

    @property
    def are_many(self) -> bool:
        """Whether they are too many to act on at once."""
        return len(self.incidents) > AT_ONCE

    @property
    def lead(self) -> Incident:
        """The one that stands for all."""
        return self.incidents[0]

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return [each.pk for each in self.incidents]

    @property
    def words(self) -> str:
        """What the act is about, short enough for a toast."""
        kinds = {(each.alert_type, each.source, each.destination) for each in self.incidents}
        n = len(self.incidents)
        if len(kinds) > 1:
            return ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": n}
        title = bare_title(self.lead.title)
        if n == 1:
            return f"{number_of(self.lead)} {title}"
        return gettext("%(title)s ×%(n)s") % {"title": title, "n": n}


def targets_of(given: QueryDict, user: User) -> Targets:
    """Read the targets within the person's reach. 404 where there are none."""
    keys, ids = given.getlist("group"), given.getlist("incident")
    try:
        wanted = Q(group_key__in=[UUID(key) for key in keys]) if keys else Q(pk__in=[])
        wanted |= Q(pk__in=[int(each) for each in ids])
    except ValueError:
        raise Http404 from None
    rows = incidents_visible_to(user).filter(wanted).select_related("workspace__organisation")
    incidents = list(rows.order_by("-created_at", "-pk")[:MOST])
    if not incidents:
        raise Http404
    fields = (*(("group", key) for key in keys), *(("incident", each) for each in ids))
    return Targets(incidents, fields)
