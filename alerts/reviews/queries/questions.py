"""Questions to OT, their answers, and what asking would mean."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.engine.question import answer_within
from alerts.reviews.models import Annotation, AskedIncident, Review
from alerts.reviews.policies import ot_people_at
from alerts.sites.models import Site
from portal.accounts.models import OT_ROLES, READING_ROLES, Role, User
from portal.accounts.queries import reach_of

# For how many incidents questions wait, to annotate them with.
WAITING_INCIDENTS = Count("asked_incidents", filter=Q(asked_incidents__answer=None))


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
    reviews = Review.objects.select_related(
        "site", "lead__workspace__organisation", "asked_by", "opened_by"
    )
    if reach.everywhere:
        return reviews
    return reviews.filter(
        Q(site__uuid__in=reach.sites) | reach.workspaces_where("lead__workspace__")
    )


def waiting_for(user: User) -> QuerySet[Review]:
    """Questions that this person may answer for OT, the most urgent first."""
    own = reviews_visible_to(user, OT_ROLES)
    return own.filter(state=Review.State.WAITING).order_by("due_at", "pk")


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
    visible = incidents_visible_to(user).filter(pk=OuterRef("incident_id")).order_by()
    links = Annotation.incidents.through.objects.filter(annotation_id=OuterRef("pk"))
    return Annotation.objects.filter(Exists(links.filter(Exists(visible))))


def verdict_on(incident_id: int) -> Annotation | None:
    """The verdict that holds for an incident."""
    verdicts = annotations_in_force().filter(incidents=incident_id).select_related("by", "review")
    return verdicts.order_by("-given_at", "-pk").first()


def newest_verdict_on(incident_ids: Collection[int]) -> Annotation | None:
    """Return the verdict on any of these incidents that was given last and holds."""
    verdicts = annotations_in_force().filter(incidents__in=incident_ids).select_related("by")
    return verdicts.order_by("-given_at", "-pk").first()


def waiting_incidents_of(review: Review) -> QuerySet[Incident]:
    """Return the incidents of a question that OT has not answered for, the gravest first."""
    waiting = AskedIncident.objects.filter(review=review, answer=None).values("incident")
    return Incident.objects.filter(pk__in=waiting).order_by("-severity", "-created_at", "-pk")


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict that holds, and for which incidents of a question it does."""

    annotation: Annotation
    incidents: Sequence[Incident]


def answers_to(review: Review, *, reader: User) -> list[Answer]:
    """Return what OT said of the incidents of a question, the newest answer first, without what is
    hidden from the reader. What was said before the question was asked is no answer to it.
    """
    answered = review.asked_incidents.exclude(answer=None).select_related("incident")
    incidents = {row.incident_id: row.incident for row in answered}
    verdicts = annotations_in_force().filter(incidents__in=incidents).select_related("by")
    by_pk = {verdict.pk: verdict for verdict in verdicts.order_by("given_at", "pk")}
    links = Annotation.incidents.through.objects.filter(
        annotation__in=by_pk, incident__in=incidents
    ).values_list("annotation", "incident")
    order = {pk: place for place, pk in enumerate(by_pk)}
    in_order = sorted(links, key=lambda link: order[link[0]])
    newest = {incident: annotation for annotation, incident in in_order}
    about: dict[int, list[Incident]] = defaultdict(list)
    for incident, annotation in newest.items():
        about[annotation].append(incidents[incident])
    visible = by_pk.keys() - hidden_from(reader).annotation_ids
    return [Answer(by_pk[pk], about[pk]) for pk in reversed(by_pk) if pk in about and pk in visible]


def open_review_on(incident_id: int) -> Review | None:
    """The question about this incident that waits for OT, the most urgent one."""
    waiting = Review.objects.filter(
        asked_incidents__incident=incident_id,
        asked_incidents__answer=None,
        state=Review.State.WAITING,
    )
    return (
        waiting.select_related("site", "lead__workspace__organisation", "asked_by", "opened_by")
        .order_by("due_at", "pk")
        .first()
    )


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
