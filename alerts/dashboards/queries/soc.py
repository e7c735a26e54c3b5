"""What a SOC person finds at home."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Count, Prefetch, Q, QuerySet, Sum, When

from alerts.dashboards.measures import DAY, late_at, n_late_at, needs_triage_at
from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.hidden_verdicts import hidden_from, ot_state_is
from alerts.incidents.models import Group, Incident, OtState, Severity
from alerts.incidents.queries import (
    bulk_acts_of,
    groups_visible_to,
    incidents_visible_to,
    recent_acts_of,
)
from alerts.incidents.queue.conditions import is_in_work, is_owned_by
from alerts.incidents.queue.queries import owner_ids_of
from alerts.incidents.wording import OT_ORDER
from alerts.reviews.models import Question, Verdict
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.reviews.queries.second_opinions import without_hidden
from portal.accounts.models import User
from portal.accounts.queries import reach_of

OPENED, ANSWERS, ACTS = 5, 8, 5


@dataclass(frozen=True, slots=True)
class Tile:
    """One view of the queue: its rows, and the incidents they stand for."""

    view: str
    rows: int
    incidents: int


@dataclass(frozen=True, slots=True)
class Work:
    """One row of the queue."""

    key: UUID
    incident_id: int
    priority: int
    title: str
    n: int
    source: str
    destination: str
    place: str
    severity: str
    ot_state: str
    ot_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OtAnswers:
    """OT's answers about some incidents."""

    verdict: str
    by: str
    at: datetime
    incident_id: int
    number: int | None
    priority: int
    title: str
    n: int
    note: str


@dataclass(frozen=True, slots=True)
class RecentAct:
    """What one click of the person did."""

    code: str
    incident_id: int
    title: str  # of all the incidents; empty where they are of several kinds
    n: int
    at: datetime
    bulk_act: UUID | None = None  # has a page of its own
    question: UUID | None = None  # the question that was asked


@dataclass(frozen=True, slots=True)
class SocHome:
    """All of it."""

    tiles: Sequence[Tile]
    to_triage: Sequence[Work]  # what the queue shows first
    open_work: Sequence[Work]
    answers: Sequence[OtAnswers]
    recent_acts: Sequence[RecentAct]
    has_incidents: bool


def soc_home(user: User, *, now: datetime) -> SocHome:
    """Numbers of the queue, own work, OT's answers of a day, and what one did oneself."""
    tiles = _tiles(user, now)
    return SocHome(
        tiles=tiles,
        to_triage=_first_rows(groups_visible_to(user).filter(needs_triage_at(now))),
        open_work=_first_rows(_my_rows(user, now)),
        answers=_answers(user, now),
        recent_acts=_recent_acts(user, now),
        has_incidents=any(tile.rows for tile in tiles) or incidents_visible_to(user).exists(),
    )


def _tiles(user: User, now: datetime) -> list[Tile]:
    waiting = ot_state_is([OtState.WAITING], hidden=hidden_from(user), of_groups=True)
    views: dict[str, tuple[Q, str | Case | None]] = {
        "needs": (needs_triage_at(now), "n_unasked"),
        "waiting": (waiting, "n_waiting"),
        "late": (late_at(now), n_late_at(now)),
        "mine": (_is_own_work(user, now), None),
    }
    counts = {f"{view}_rows": Count("pk", filter=rows) for view, (rows, _) in views.items()}
    sums = {
        f"{view}_n": Sum(column, filter=rows, default=0)
        for view, (rows, column) in views.items()
        if column
    }
    totals = groups_visible_to(user).aggregate(**counts, **sums)
    totals["mine_n"] = _my_open_incidents(user, now).count() if totals["mine_rows"] else 0
    return [Tile(view, totals[f"{view}_rows"], totals[f"{view}_n"]) for view in views]


def _is_own_work(user: User, now: datetime) -> Q:
    return is_owned_by(owner_ids_of(user), of_groups=True) & is_in_work(now)


def _my_rows(user: User, now: datetime) -> QuerySet[Group]:
    return groups_visible_to(user).filter(_is_own_work(user, now))


def _my_open_incidents(user: User, now: datetime) -> QuerySet[Incident]:
    keys = _my_rows(user, now).order_by().values("key")
    rows = incidents_visible_to(user).filter(group_key__in=keys)
    return rows.filter(is_owned_by(owner_ids_of(user), of_groups=False))


def _first_rows(groups: QuerySet[Group]) -> list[Work]:
    """The first of these rows in the order of the queue."""
    return [
        Work(
            row.key,
            row.lead_id or row.latest_id,
            row.priority,
            bare_title(row.title),
            row.n,
            row.source,
            row.destination,
            row.place,
            Severity(row.severity).label,
            min(row.ot_states, key=OT_ORDER.index),
            row.ot_due_at,
        )
        for row in groups.order_by("-priority", "-latest_at", "key")[:OPENED]
    ]


def _answers(user: User, now: datetime) -> list[OtAnswers]:
    visible = incidents_visible_to(user)
    rows = without_hidden(user, verdicts_in_force()).filter(given_at__gt=now - DAY)
    if not reach_of(user).everywhere:
        rows = rows.filter(pk__in=rows.filter(incidents__in=visible).values("pk"))
    incidents = Prefetch(
        "incidents", visible.order_by("-priority", "-created_at", "-pk"), to_attr="seen"
    )
    suspicious_first = Case(When(kind=OtState.SUSPICIOUS, then=0), default=1)
    ordered = rows.order_by(suspicious_first, "-given_at", "-pk")
    answers = ordered.select_related("by").prefetch_related(incidents)[:ANSWERS]
    return [_answer(row) for row in answers]


def _answer(row: Verdict) -> OtAnswers:
    incidents: list[Incident] = getattr(row, "seen")  # noqa: B009  (made by the prefetch)
    return OtAnswers(
        row.kind,
        row.by.name,
        row.given_at,
        incidents[0].pk,
        incidents[0].number,
        incidents[0].priority,
        bare_title(incidents[0].title),
        len(incidents),
        row.note,
    )


def _recent_acts(user: User, now: datetime) -> list[RecentAct]:
    acts = recent_acts_of(user, now=now)[:ACTS]
    titles = dict(
        incidents_visible_to(user)
        .filter(pk__in=[act.incident_id for act in acts])
        .values_list("pk", "title")
    )
    bulk_acts: set[UUID] = set()
    if any(act.incidents > 1 for act in acts):
        own = bulk_acts_of(user).filter(act__in=[act.act for act in acts])
        bulk_acts = set(own.values_list("act", flat=True))
    questions: dict[UUID, UUID] = {}
    if acts_of_asking := [act.act for act in acts if act.code == "asked"]:
        questions = dict(Question.objects.filter(act__in=acts_of_asking).values_list("act", "uuid"))
    return [
        RecentAct(
            act.code,
            act.incident_id,
            bare_title(titles[act.incident_id]) if act.kinds == 1 else "",
            act.incidents,
            act.at,
            bulk_act=act.act if act.act in bulk_acts else None,
            question=questions.get(act.act),
        )
        for act in acts
        if act.incident_id in titles
    ]
