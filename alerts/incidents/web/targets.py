"""What an act is about: rows of the queue (`group=`), single incidents (`incident=`), or both; or
all that a list of the queue held at a moment (`all=` with its view, its filter and the moment).
A form is about what it showed: what came in after it was opened is not meant, and where what it
showed has changed, the fingerprint differs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import md5
from heapq import nlargest
from itertools import batched
from sys import intern
from uuid import UUID

from django.db.models import FETCH_RAISE, Q, QuerySet, prefetch_related_objects
from django.http import Http404, QueryDict
from django.utils.translation import gettext, ngettext

from alerts.incidents.acts.apply import lock_incidents_of_act
from alerts.incidents.acts.bulk import AT_ONCE
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.models import ESCALATED_LABEL, Incident, OtState
from alerts.incidents.page.panel import MAX_LISTED, incident_number_label
from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.queue.queries import CLOSED, Queue, owner_ids_of, queue_params
from alerts.sentinel.engine.pacing import WRITES_A_SECOND
from portal.accounts.models import User
from portal.formats.moments import read_moment
from portal.ui.words import number

BATCH = 2000  # incidents that are read at once
NAMES = ("group", "incident", "all")  # how an address names them
# What forms and policies read of an incident.
_COLUMNS = (
    *("workspace", "number", "title", "severity", "status", "ot_state", "ot_due_at"),
    *("classification", "owner_id", "owner_name", "owner_email", "labels", "site_ids"),
    *("created_at", "modified_at", "first_activity_at", "latest_activity_at"),
    *("alert_type", "source", "destination", "group_key", "closed_by", "merged_into", "gone_at"),
    *("priority_parts", "aside_until"),
)


@dataclass(frozen=True, slots=True)
class Targets:
    """The incidents meant, newest first, and how the form names them again. Of more than one
    request acts on, one of each kind is kept: forms and policies look no further.
    """

    incidents: Sequence[Incident]
    counts: Mapping[int, int]  # by the id of each of these, how many are of its kind
    chosen: Mapping[int, str]  # every incident with its standing
    shown: Sequence[Incident]  # the last that happened, and the first
    fingerprint: str  # which incidents, and how each is for the reader
    are_alike: bool  # one type between the same ends
    fields: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False  # there are more than one act takes

    @property
    def n(self) -> int:
        """How many they are."""
        return len(self.chosen)

    @property
    def are_many(self) -> bool:
        """Whether they are too many to act on at once."""
        return self.n > AT_ONCE

    @property
    def minutes_to_send(self) -> int:
        """How many minutes Sentinel takes for so many changes at best."""
        return int(self.n / (60 * WRITES_A_SECOND))

    @property
    def lead(self) -> Incident:
        """The one that stands for all."""
        return self.incidents[0]

    def count(self, ot_state: OtState) -> int:
        """Return how many are in this state with OT."""
        return sum(self.counts[row.pk] for row in self.incidents if row.ot_state == ot_state)

    def other_owners(self, user: User) -> str:
        """Who else than this person owns how many of them; empty where nobody does."""
        own = ("", *owner_ids_of(user))
        owners: Counter[str] = Counter()
        for row in self.incidents:
            if row.owner_id not in own:
                owners[row.owner_name or row.owner_email or row.owner_id] += self.counts[row.pk]
        if self.n == 1:
            return ", ".join(owners)
        return ", ".join(f"{name} ×{number(n)}" for name, n in owners.most_common())

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return list(self.chosen)

    @property
    def words(self) -> str:
        """What the act is about, short enough for a toast."""
        if not self.are_alike:
            return ngettext("%(n)s incident", "%(n)s incidents", self.n) % {"n": number(self.n)}
        title = bare_title(self.lead.title)
        if self.n == 1:
            return f"{incident_number_label(self.lead)} {title}"
        return gettext("%(title)s ×%(n)s") % {"title": title, "n": number(self.n)}


def targets_of(
    query: QueryDict,
    user: User,
    *,
    now: datetime,
    limit: int,
    verb: str = "",
    locks: bool = False,
) -> Targets:
    """Read the targets of a verb within the person's reach, the newest of very many. 404 where
    there are none. With `locks` nobody changes them until the transaction ends, unless they are too
    many to act on at once.
    """
    try:
        chosen, fields = _all_of(query, user) if query.get("all") else _picked(query, now)
    except ValueError:
        raise Http404 from None
    rows = incidents_visible_to(user).filter(chosen).only(*_COLUMNS).fetch_mode(FETCH_RAISE)
    if locks:
        pks = rows.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1]
        lock_incidents_of_act(list(pks))
    newest = rows.order_by("-created_at", "-pk").values_list("pk", flat=True)
    ids = list(newest[: limit + 1])
    is_cut, ids = len(ids) > limit, ids[:limit]
    if verb == "escalate":
        picked = {int(value) for name, value in fields if name == "incident"}
        ids = _to_escalate(rows, ids, picked=picked) or ids
    if not ids:
        raise Http404
    targets = summarize_targets(_in_batches(user, ids), by_kind=len(ids) > AT_ONCE)
    prefetch_related_objects([*targets.incidents, *targets.shown], "workspace__organisation")
    return replace(targets, fields=fields, is_cut=is_cut)


def summarize_targets(incidents: Iterable[Incident], *, by_kind: bool = False) -> Targets:
    """Return these incidents as targets of an act, newest first as they come; none of them is kept
    longer than it must where one of each kind represents the others.
    """
    kinds: dict[object, Incident] = {}
    counts: Counter[int] = Counter()
    standings: dict[int, str] = {}
    ends: set[tuple[str, ...]] = set()
    shown: list[Incident] = []
    digest = md5(usedforsecurity=False)
    for batch in batched(incidents, BATCH, strict=False):
        for row in batch:
            counts[kinds.setdefault(_kind_of(row) if by_kind else row.pk, row).pk] += 1
            standings[row.pk] = intern(row.standing)
            # Who closes is asked about closed ones by name, so `status` is not in it.
            digest.update(f"{row.pk} {row.severity} {row.ot_state} {row.owner_id}\n".encode())
            if len(ends) < 2:
                ends.add((row.alert_type, row.source, row.destination))
        shown = _first_and_last([*shown, *batch])
    return Targets(
        [*kinds.values()], counts, standings, shown, digest.hexdigest(), are_alike=len(ends) == 1
    )


def _in_batches(user: User, ids: Sequence[int]) -> Iterator[Incident]:
    rows = incidents_visible_to(user).only(*_COLUMNS).fetch_mode(FETCH_RAISE)
    for batch in batched(ids, BATCH, strict=False):
        found = rows.in_bulk(batch)
        yield from (found[pk] for pk in batch if pk in found)


def _kind_of(row: Incident) -> tuple[object, ...]:
    """What forms and policies read of an incident beside its name."""
    owner = (row.owner_id, row.owner_name, row.owner_email)
    state = (row.severity, row.status, row.ot_state, row.classification, row.closed_by)
    is_final = (row.is_escalated, row.is_read_only)
    how_long = (row.touches_critical, row.ot_due_at, row.aside_until)  # it may be put aside
    return (row.workspace_id, *row.site_ids, *owner, *state, *is_final, *how_long)


def _first_and_last(rows: list[Incident]) -> list[Incident]:
    last = nlargest(MAX_LISTED, rows, key=lambda row: (row.active_until, row.pk))
    first = min(rows, key=lambda row: row.active_from)
    return last if first in last else [*last, first]


def _to_escalate(rows: QuerySet[Incident], ids: Sequence[int], *, picked: set[int]) -> list[int]:
    """Return of each row of the queue those that OT calls suspicious and nobody has escalated;
    where it has none, all that nobody has escalated. What was named one by one stays.
    """
    judged = rows.filter(ot_state=OtState.SUSPICIOUS)
    suspicious = {row.pk: row.group_key for row in judged if row.needs_escalation}
    pending = rows.exclude(labels__contains=[ESCALATED_LABEL]).values_list("pk", "group_key")
    keys = set(suspicious.values())
    kept = {pk for pk, key in pending if key not in keys} | suspicious.keys() | picked
    return [pk for pk in ids if pk in kept]


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
    if params.view == CLOSED or query.get("view") not in ("", None, params.view):
        raise ValueError(params.view)
    chosen = Queue(user, params, now=until).incidents() & Q(stored_at__lte=until)
    fields = {"all": "1", "view": params.view, "q": params.query, "until": until.isoformat()}
    return chosen, tuple(fields.items())
