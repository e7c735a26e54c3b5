"""What the search of the whole portal finds in this room, within the person's reach."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from alerts.incidents.engine.tokens import Term, number_of, parse
from alerts.incidents.models import Incident, Severity, Status
from alerts.incidents.queries import devices_visible_to, incidents_visible_to
from alerts.incidents.queue.conditions import where
from alerts.incidents.queue.queue import CLOSED, COUNTED, Queue, asked_for
from alerts.incidents.registry import techniques_by_type
from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from portal.attack.engine import Technique, techniques_like
from portal.ui.palette import MAX_RESULTS

MAX_TECHNIQUES = 2
NAMED_FIRST = NullIf("name", Value("")).asc(nulls_last=True)
MIN_DEVICE_TEXT, MIN_TECHNIQUE_TEXT = 2, 3


@dataclass(frozen=True, slots=True)
class IncidentHit:
    """An incident that was found, or the one that a row of the queue is named after."""

    pk: int
    number: int | None
    title: str
    n: int
    severity: Severity
    status: Status
    ends: str
    place: str
    is_exact: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether nobody has to deal with it any more."""
        return self.status == Status.CLOSED


@dataclass(frozen=True, slots=True)
class IncidentSearch:
    """What a text found, and sentences about what of it means nothing."""

    hits: Sequence[IncidentHit]
    problems: Sequence[str] = ()
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class DeviceHit:
    """A device that was found."""

    pk: int
    name: str
    address: str
    kind: str
    place: str


def incidents_with_number(user: User, number: int) -> QuerySet[Incident]:
    """Return the visible incidents of this number, one in each workspace at most."""
    workspaces = Workspace.objects.values_list("pk", flat=True)  # the index begins with them
    return incidents_visible_to(user).filter(workspace_id__in=list(workspaces), number=number)


def incident_meant_by(user: User, terms: Sequence[Term]) -> int | None:
    """Return the id of the one incident that a query names by its number and nothing else."""
    if (number := _lone_number(terms)) is None:
        return None
    ids = list(incidents_with_number(user, number).values_list("pk", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None


def incidents_like(user: User, text: str, *, now: datetime) -> IncidentSearch:
    """Return what the filter of the queue finds: rows of it by priority, then closed incidents
    among the newest. A number that some incident bears means that one.
    """
    terms = parse(text)
    if (number := _lone_number(terms)) is not None:
        rows = incidents_with_number(user, number).order_by("-created_at")
        named = _hits(rows.annotate(n=Value(1))[:MAX_RESULTS])
        if named:
            alone = len(named) == 1
            return IncidentSearch([_exact(hit) for hit in named] if alone else named, (), True)
    queue = Queue(user, asked_for("open", text), now=now)
    _, problems = where(terms, queue.around("open"))
    if problems:
        return IncidentSearch((), problems)
    groups = queue.rows("open", terms).order_by("-priority", "-latest_at", "key")
    named_after = Coalesce("lead_id", "latest_id")
    hits = _hits(groups.annotate(named_after=named_after)[:MAX_RESULTS], pk="named_after")
    if len(hits) < MAX_RESULTS:
        closed = queue.rows(CLOSED, terms, searched=COUNTED).order_by("-modified_at", "-pk")
        hits += _hits(closed.annotate(n=Value(1))[: MAX_RESULTS - len(hits)])
    return IncidentSearch(hits)


def techniques_of_text(text: str) -> tuple[Technique, ...]:
    """Return the current techniques that alerts can stand for and that a text names: by id, or by
    a part of the name.
    """
    if len(text) < MIN_TECHNIQUE_TEXT:
        return ()
    found = [each for each in techniques_like(text) if each.is_current]
    if not found:  # nearly every text; the reviews need not be read
        return ()
    used = {each for ids in techniques_by_type().values() for each in ids}
    return tuple(each for each in found if each.id in used)[:MAX_TECHNIQUES]


def devices_like(user: User, text: str) -> list[DeviceHit]:
    """Return visible devices with this text in their name or address, those with a name first."""
    if len(text) < MIN_DEVICE_TEXT:
        return []
    found = devices_visible_to(user).filter(Q(name__icontains=text) | Q(address__icontains=text))
    rows = found.order_by(NAMED_FIRST, "address").select_related("zone__site")[:MAX_RESULTS]
    return [
        DeviceHit(
            device.pk,
            device.name or device.address,
            device.address,
            device.kind,
            "" if device.is_outside else f"{device.zone.site.name}, {device.zone.name}",
        )
        for device in rows
    ]


def _lone_number(terms: Sequence[Term]) -> int | None:
    if len(terms) != 1 or terms[0].field or terms[0].negated:
        return None
    return number_of(terms[0].values[0])


def _hits(rows: QuerySet, *, pk: str = "pk") -> list[IncidentHit]:  # type: ignore[type-arg]  # groups or incidents
    columns = ("number", "title", "n", "severity", "status", "source", "destination", "place")
    return [
        IncidentHit(
            pk=row[pk],
            number=row["number"],
            title=row["title"],
            n=row["n"],
            severity=Severity(row["severity"]),
            status=Status(row["status"]),
            ends=" → ".join(filter(None, (row["source"], row["destination"]))),
            place=row["place"],
        )
        for row in rows.values(pk, *columns)
    ]


def _exact(hit: IncidentHit) -> IncidentHit:
    return replace(hit, is_exact=True)
