"""Reads of this room: candidates for a person, and how far mining has come."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from alerts.incidents.models import Alert, Incident
from alerts.patterns.models import Candidate, Mining, State
from alerts.reviews.models import Annotation
from alerts.reviews.queries import evidence_in_force
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.jobs.models import Job
from portal.jobs.models import State as Work

NEEDED_DAYS, NEEDED_VERDICTS = 14, 10
JOB, KEY = "patterns.mine", "daily"
SURE = ("routine", "maintenance", "suspicious")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far there is enough to mine from, what was mined last, and whether it is due now."""

    days: int
    verdicts: int
    latest: Mining | None
    is_under_way: bool

    @property
    def is_ready(self) -> bool:
        """Whether there is history and word of OT enough."""
        return self.days >= NEEDED_DAYS and self.verdicts >= NEEDED_VERDICTS


def candidates_visible_to(user: User) -> QuerySet[Candidate]:
    """Candidates of the person's workspaces and sites, the one that saves most first."""
    rows = Candidate.objects.select_related("workspace__organisation", "site", "rule", "state_by")
    rows = rows.order_by("-rank", "-incidents", "pk")
    reach = reach_of(user)
    if reach.everywhere:
        return rows
    return rows.filter(
        Q(workspace__uuid__in=reach.workspaces)
        | Q(workspace__organisation__uuid__in=reach.organisations)
        | Q(site__uuid__in=reach.sites)
    )


def still_open(rows: QuerySet[Candidate], *, now: datetime) -> QuerySet[Candidate]:
    """Those nobody has decided about, and those put off until a day that has come."""
    return rows.filter(Q(state=State.OPEN) | Q(state=State.SNOOZED, snoozed_until__lte=now))


def put_off(rows: QuerySet[Candidate], *, now: datetime) -> QuerySet[Candidate]:
    """Those put off until a later day."""
    return rows.filter(state=State.SNOOZED, snoozed_until__gt=now)


def standing(*, now: datetime) -> Standing:
    """Whether there is enough to mine from: days of history, verdicts that were sure."""
    first = Alert.objects.order_by("at").values_list("at", flat=True).first()
    due = Job.objects.filter(kind=JOB, key=KEY).values_list("state", "payload").first()
    return Standing(
        days=0 if first is None else max((now - first).days, 0),
        verdicts=evidence_in_force().filter(verdict__in=SURE).count(),
        latest=Mining.objects.order_by("-ran_at").first(),
        is_under_way=due is not None
        and (due[0] == Work.RUNNING or (due[0] == Work.WAITING and bool(due[1].get("asked")))),
    )


def alerts_of(candidate: Candidate) -> QuerySet[Alert]:
    """The alerts that a candidate stands for, whatever their age."""
    rows = Alert.objects.filter(
        workspace=candidate.workspace_id, alert_type=candidate.alert_type,
        user_defined_title=candidate.own_title, source_device=candidate.source_device,
        destination_device=candidate.destination_device,
    )  # fmt: skip
    rows = rows.filter(site=candidate.site_id) if candidate.site_id else rows.filter(site=None)
    if not candidate.source_device:
        rows = rows.filter(source_address=candidate.source_address)
    if not candidate.destination_device:
        rows = rows.filter(destination_address=candidate.destination_address)
    if candidate.devices:
        rows = rows.filter(any_device=candidate.devices)
    if candidate.addresses:
        rows = rows.filter(any_address=candidate.addresses)
    return rows


def incidents_of(candidate: Candidate) -> QuerySet[Incident]:
    """Its incidents, the newest first."""
    found = Incident.objects.filter(alerts__in=alerts_of(candidate))
    return found.distinct().order_by("-created_at", "-pk")


def annotations_of(candidate: Candidate) -> QuerySet[Annotation]:
    """What OT said of its alerts and holds, the newest first."""
    said = evidence_in_force().filter(alerts__in=alerts_of(candidate))
    return said.select_related("by").distinct().order_by("-given_at", "-pk")
