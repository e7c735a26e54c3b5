"""Read questions and answers."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Annotation, Review
from portal.accounts.models import OT_ROLES, READING_ROLES, Role, User
from portal.accounts.queries import reach_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question stands in a person's waiting list; position 0 where it does not wait."""

    position: int
    total: int
    previous: UUID | None
    following: UUID | None


def reviews_visible_to(user: User, roles: Collection[Role] = READING_ROLES) -> QuerySet[Review]:
    """Questions at the person's sites or about incidents of their workspaces."""
    reach = reach_of(user, roles)
    reviews = Review.objects.select_related("site", "lead__workspace__organisation", "asked_by")
    if reach.everywhere:
        return reviews
    return reviews.filter(
        Q(site__uuid__in=reach.sites)
        | Q(lead__workspace__uuid__in=reach.workspaces)
        | Q(lead__workspace__organisation__uuid__in=reach.organisations)
    )


def waiting_for(user: User) -> QuerySet[Review]:
    """Questions that this person may answer for OT, the most urgent first."""
    mine = reviews_visible_to(user, OT_ROLES)
    return mine.filter(state=Review.State.WAITING).order_by("due_at", "pk")


def place_in_line(review: Review, user: User) -> Place:
    """Which of the person's waiting questions this is, and which come before and after it."""
    line = list(waiting_for(user).values_list("uuid", flat=True))
    if review.uuid not in line:
        return Place(0, len(line), None, line[0] if line else None)
    at = line.index(review.uuid)
    before = line[at - 1] if at else None
    after = line[at + 1] if at + 1 < len(line) else None
    return Place(at + 1, len(line), before, after)


def next_waiting(user: User, *, after: Review) -> Review | None:
    """What the person should answer next, once `after` is answered: the one behind it in the line,
    so that a question that was passed over comes back only after the others.
    """
    waiting = waiting_for(user)
    behind = Q(due_at__gt=after.due_at) | Q(due_at=after.due_at, pk__gt=after.pk)
    return waiting.filter(behind).first() or waiting.exclude(pk=after.pk).first()


def annotations_in_force() -> QuerySet[Annotation]:
    """Verdicts that hold: neither undone nor superseded. Each is one trial."""
    return Annotation.objects.filter(withdrawn_at=None, superseded_by=None)


def annotations_visible_to(user: User) -> QuerySet[Annotation]:
    """Verdicts, in force or not, on incidents in the person's reach."""
    if reach_of(user).everywhere:
        return Annotation.objects.all()
    seen = incidents_visible_to(user).filter(pk=OuterRef("incident_id")).order_by()
    links = Annotation.incidents.through.objects.filter(annotation_id=OuterRef("pk"))
    return Annotation.objects.filter(Exists(links.filter(Exists(seen))))


def verdict_on(incident_id: int) -> Annotation | None:
    """The verdict that holds for an incident."""
    given = annotations_in_force().filter(incidents=incident_id).select_related("by", "review")
    return given.order_by("-given_at", "-pk").first()


def answer_to(review: Review) -> Annotation | None:
    """What OT answered last."""
    given = annotations_in_force().filter(Q(review=review) | Q(incidents=review.lead_id))
    return given.select_related("by").order_by("-given_at", "-pk").first()


def open_review_on(incident_id: int) -> Review | None:
    """The question about this incident that waits for OT, the most urgent one."""
    waiting = Review.objects.filter(incidents=incident_id, state=Review.State.WAITING)
    return (
        waiting.select_related("site", "lead__workspace__organisation", "asked_by", "opened_by")
        .order_by("due_at", "pk")
        .first()
    )
