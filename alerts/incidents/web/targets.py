"""What an act is about: rows of the queue (`group=`), single incidents (`incident=`), or both; or
all that a list of the queue held at a moment (`all=` with its view, its filter and the moment).
A form is about what it showed: what came in after it was opened is not meant, and where what it
showed has changed, the fingerprint differs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import md5
from uuid import UUID

from django.db.models import Q
from django.http import Http404, QueryDict
from django.utils.translation import gettext, ngettext

from alerts.incidents.acts.apply import lock_incidents_of_act
from alerts.incidents.acts.bulk import AT_ONCE, MAX_INCIDENTS
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import Incident
from alerts.incidents.page.panel import incident_number_label
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.queue.queries import CLOSED, Queue, owner_ids_of, queue_params
from portal.accounts.models import User
from portal.formats.moments import read_moment
from portal.ui.words import number

NAMES = ("group", "incident", "all")  # how an address names them


@dataclass(frozen=True, slots=True)
class Targets:
    """The incidents meant, newest first, and how the form names them again."""

    incidents: Sequence[Incident]
    fields: tuple[tuple[str, str], ...]
    is_cut: bool = False  # there are more than one act takes
    picked: frozenset[int] = frozenset()  # those that were named one by one

    @property
    def are_many(self) -> bool:
        """Whether they are too many to act on at once."""
        return len(self.incidents) > AT_ONCE

    @property
    def lead(self) -> Incident:
        """The one that stands for all."""
        return self.incidents[0]

    @property
    def to_escalate(self) -> "Targets":
        """Of each row of the queue those that OT calls suspicious and nobody has escalated; where
        it has none, all that nobody has escalated. What was named one by one stays.
        """
        suspicious = {row.group_key for row in self.incidents if row.needs_escalation}
        rows = [
            row
            for row in self.incidents
            if row.pk in self.picked
            or (row.needs_escalation if row.group_key in suspicious else not row.is_escalated)
        ]
        return replace(self, incidents=rows or self.incidents)

    @property
    def fingerprint(self) -> str:
        """A short name of what a form shows: which incidents, and how each is for the reader. Who
        closes is asked about closed ones by name, so `status` is not in it.
        """
        lines = sorted(
            f"{row.pk} {row.severity} {row.ot_state} {row.owner_id}" for row in self.incidents
        )
        return md5("\n".join(lines).encode(), usedforsecurity=False).hexdigest()

    def other_owners(self, user: User) -> str:
        """Who else than this person owns how many of them; empty where nobody does."""
        own = ("", *owner_ids_of(user))
        owners = Counter(
            row.owner_name or row.owner_email or row.owner_id
            for row in self.incidents
            if row.owner_id not in own
        )
        if len(self.incidents) == 1:
            return ", ".join(owners)
        return ", ".join(f"{name} ×{number(n)}" for name, n in owners.most_common())

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return [row.pk for row in self.incidents]

    @property
    def words(self) -> str:
        """What the act is about, short enough for a toast."""
        kinds = {(row.alert_type, row.source, row.destination) for row in self.incidents}
        n = len(self.incidents)
        if len(kinds) > 1:
            return ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}
        title = bare_title(self.lead.title)
        if n == 1:
            return f"{incident_number_label(self.lead)} {title}"
        return gettext("%(title)s ×%(n)s") % {"title": title, "n": number(n)}


def targets_of(query: QueryDict, user: User, *, now: datetime, locks: bool = False) -> Targets:
    """Read the targets within the person's reach. 404 where there are none. With `locks` nobody
    changes them until the transaction ends, unless they are too many to act on at once.
    """
    try:
        chosen, fields = _all_of(query, user) if query.get("all") else _picked(query, now)
    except ValueError:
        raise Http404 from None
    rows = incidents_visible_to(user).filter(chosen).select_related("workspace__organisation")
    if locks:
        ids = rows.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1]
        lock_incidents_of_act(list(ids))
    incidents = list(rows.order_by("-created_at", "-pk")[: MAX_INCIDENTS + 1])
    if not incidents:
        raise Http404
    picked = frozenset(int(value) for name, value in fields if name == "incident")
    is_cut = len(incidents) > MAX_INCIDENTS
    return Targets(incidents[:MAX_INCIDENTS], fields, is_cut=is_cut, picked=picked)


def _picked(query: QueryDict, now: datetime) -> tuple[Q, tuple[tuple[str, str], ...]]:
    """A row goes on: what came in after its form was opened is not meant."""
    keys, ids = query.getlist("group"), query.getlist("incident")
    chosen = Q(pk__in=[int(pk) for pk in ids])
    fields = [*(("group", key) for key in keys), *(("incident", pk) for pk in ids)]
    if keys:
        moment = query.get("until")
        until = read_moment(moment) if moment else now
        chosen |= Q(group_key__in=[UUID(key) for key in keys], stored_at__lte=until)
        fields.append(("until", until.isoformat()))
    return chosen, tuple(fields)


def _all_of(query: QueryDict, user: User) -> tuple[Q, tuple[tuple[str, str], ...]]:
    """What came in later than the moment is not meant: nobody has seen it in that number."""
    until = read_moment(query.get("until", ""))
    params = queue_params(query.get("view", ""), query.get("q", ""))
    if params.view == CLOSED:
        raise ValueError(params.view)
    chosen = Queue(user, params, now=until).incidents() & Q(stored_at__lte=until)
    fields = {"all": "1", "view": params.view, "q": params.query, "until": until.isoformat()}
    return chosen, tuple(fields.items())
