"""The incident: one narrow row for lists, one wide row for Sentinel's record."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, OuterRef, Q, When
from django.db.models.functions import Coalesce, Least

from alerts.incidents.engine.hidden_verdicts import NOTHING_HIDDEN, HiddenVerdict, HiddenVerdicts
from alerts.incidents.engine.priority import CRITICALITY_POINTS
from alerts.outbox.engine.labels import our_label


class Severity(models.IntegerChoices):
    """Sentinel's severities, ordered. What we do not know is 0 and never suppressed (F18)."""

    UNKNOWN = 0, "Unknown"
    INFORMATIONAL = 1, "Informational"
    LOW = 2, "Low"
    MEDIUM = 3, "Medium"
    HIGH = 4, "High"


class IncidentStatus(models.IntegerChoices):
    """Sentinel's statuses."""

    UNKNOWN = 0, "Unknown"
    NEW = 1, "New"
    ACTIVE = 2, "Active"
    CLOSED = 3, "Closed"


class OtState(models.TextChoices):
    """The OT state of the incident."""

    NOT_ASKED = "", "Not asked"
    WAITING = "waiting", "Waiting for OT"
    ROUTINE = "routine", "Routine"
    MAINTENANCE = "maintenance", "Maintenance"
    SUSPICIOUS = "suspicious", "Suspicious"
    NOT_SURE = "not-sure", "Not sure"


class DetailsState(models.TextChoices):
    """Whether alerts and entities were fetched. Pending incidents match no rule."""

    PENDING = "pending", "Details pending"
    FETCHED = "fetched", "Complete"
    FAILED = "failed", "Details could not be read"


# Until details come an incident has no sites; an index entry for nothing costs as much as a row.
HAS_SITES = ~Q(site_ids=[])
HAS_LABELS = ~Q(labels=[])
# When a closed one was closed. The moment is missing only where code of the day before closed it.
CLOSED_AT = Coalesce("closed_at", "modified_at")
CLOSE_IN_FORCE = Q(status=IncidentStatus.CLOSED, gone_at=None, merged_into=None)
BY_RULE = ~Q(closed_by="")  # of ours; people, and whatever else acts in Sentinel, leave no name
OPEN = Q(status__lt=IncidentStatus.CLOSED, gone_at=None, merged_into=None)


# What the properties of the same names say, for queries.
ACTIVE_UNTIL = Case(
    When(latest_activity_at__lte=F("modified_at"), then=F("latest_activity_at")),
    default=F("created_at"),
)
ACTIVE_FROM = Least(Coalesce(F("first_activity_at"), ACTIVE_UNTIL), ACTIVE_UNTIL)

UNNAMED = "scope:unnamed"  # flag: came in although nothing said what it is about
LEFT_SCOPE = "scope:left"  # flag: outside of its workspace's scope by now, without content
HARMLESS_OUTCOMES = frozenset({"BenignPositive", "FalsePositive", "Undetermined"})
ESCALATED_LABEL = our_label("escalated")  # so that Sentinel's readers see it, and we do it once

# In SQL: whether it touches a safety system or a crown jewel. Strict, because a lax path takes the
# parts of the priority apart before it filters them.
IS_CRITICAL = f"""
    priority_parts @? 'strict $[*]
        ? (@[0] == "criticality" && @[1] >= {max(CRITICALITY_POINTS.values())})'
"""


def touches_sites(sites: Sequence[int | OuterRef]) -> Q:
    """Whether a row touches one of these sites, said so that the partial index answers it."""
    return Q(site_ids__overlap=sites) & HAS_SITES


def short_texts_field() -> "ArrayField[list[str], list[str]]":
    """A list of short texts."""
    return ArrayField(models.TextField(), default=list, blank=True)


class Incident(models.Model):
    """One Sentinel incident. `status`, `severity`, `owner_*`, `labels` and `classification*` are
    in force here: Sentinel's word overlaid with what we still owe; `IncidentRaw` is Sentinel's.
    """

    # No index of its own: four that begin with it are there.
    workspace = models.ForeignKey(
        "sentinel.Workspace", on_delete=models.PROTECT, related_name="incidents", db_index=False
    )
    name = models.CharField(max_length=100)  # Sentinel's GUID, lower case
    number = models.IntegerField(null=True)
    etag = models.CharField(max_length=120, blank=True)
    title = models.TextField()
    severity = models.SmallIntegerField(choices=Severity)
    status = models.SmallIntegerField(choices=IncidentStatus)
    classification = models.CharField(max_length=40, blank=True)
    classification_reason = models.CharField(max_length=40, blank=True)
    owner_id = models.CharField(max_length=64, blank=True)  # Entra object id, or our person's
    owner_name = models.CharField(max_length=120, blank=True)
    owner_email = models.CharField(max_length=254, blank=True)
    labels = short_texts_field()
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()  # Sentinel's lastModifiedTimeUtc
    first_activity_at = models.DateTimeField(null=True)  # of its alerts; None until these came
    latest_activity_at = models.DateTimeField(null=True)
    alerts_count = models.IntegerField(default=0)
    comments_count = models.IntegerField(default=0)
    product_names = short_texts_field()
    tactics = short_texts_field()
    techniques = short_texts_field()
    flags = short_texts_field()  # what was odd on the way in

    alert_type = models.TextField()  # catalogue title, or the title without its prefix
    protocol = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=120, blank=True)  # device name, else address
    destination = models.CharField(max_length=120, blank=True)
    site_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)  # sorted
    place = models.CharField(max_length=200, blank=True)  # "Gdańsk, Packaging 2", for rows
    details_state = models.CharField(
        max_length=8, choices=DetailsState, default=DetailsState.PENDING
    )
    details_due_at = models.DateTimeField(null=True)  # lease and back-off of the paced job
    details_attempts = models.PositiveSmallIntegerField(default=0)
    entities_count = models.IntegerField(default=0)

    pattern = models.UUIDField(null=True)  # equal pattern; None while details are pending
    # Whether its alerts name one. Those that do not are never one row, whatever their pattern.
    names_device = models.BooleanField(default=True, db_default=True)
    functions = models.CharField(max_length=200, blank=True, default="", db_default="")
    storm = models.UUIDField(null=True)  # the stream into whose fold it came
    group_key = models.UUIDField(null=True)  # the queue row it stands in; None when not open
    priority = models.SmallIntegerField(default=0)
    priority_parts = models.JSONField(default=list)  # [[code, points, detail], …] adds up
    ot_state = models.CharField(
        max_length=12, choices=OtState, default=OtState.NOT_ASKED, blank=True
    )
    ot_due_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=40, blank=True)  # "R-12" when a rule closed it
    # When it was closed. What was closed before Tagout first read it counts from Sentinel's latest
    # change at that time: Sentinel keeps no moment of closing. None while it is open.
    closed_at = models.DateTimeField(null=True)
    # Until when a person put it aside, if nothing changes: who, and what it was like by then.
    aside_until = models.DateTimeField(null=True)
    aside_by = models.CharField(max_length=120, blank=True, default="", db_default="")
    aside_facts = models.TextField(blank=True, default="", db_default="")
    owed = models.SmallIntegerField(default=0)  # open outbox changes; 0 for nearly all
    merged_into = models.IntegerField(null=True)  # the survivor's number; 0: not known yet
    gone_at = models.DateTimeField(null=True)  # deleted in Sentinel; kept here, read-only
    stored_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # of this row, for live lists

    # What the reader does not learn yet, of this incident and others (`incidents_visible_to`), and
    # the state that then stands in the table.
    hidden: HiddenVerdicts = NOTHING_HIDDEN
    standing_ot_state: str | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="a_workspace_names_its_incidents_apart"
            )
        ]
        indexes = [
            models.Index(
                fields=["group_key", "-priority"],
                condition=Q(group_key__isnull=False),
                name="incidents_in_groups",
            ),
            models.Index(
                fields=["group_key"],
                condition=Q(aside_until__isnull=False),
                name="incidents_put_aside",
            ),
            models.Index(
                fields=["pattern", "-created_at"],
                condition=Q(pattern__isnull=False),
                name="incidents_of_a_pattern",
            ),
            models.Index(fields=["-modified_at", "-id"], name="incidents_newest_change"),
            models.Index(fields=["workspace", "-modified_at"], name="incidents_by_workspace"),
            models.Index(
                fields=["workspace", "status", "-created_at"],
                condition=Q(details_due_at__isnull=False),
                name="incidents_details_due",
            ),
            models.Index(fields=["workspace", "number"], name="incidents_by_number"),
            # Few distinct values, so a small one: it counts closed ones without their rows.
            models.Index(
                fields=["workspace"],
                condition=Q(status=IncidentStatus.CLOSED),
                name="incidents_closed",
            ),
            models.Index(
                CLOSED_AT, condition=Q(status=IncidentStatus.CLOSED), name="incidents_by_closing"
            ),
            GinIndex(
                fields=["site_ids"], fastupdate=False, condition=HAS_SITES, name="incidents_by_site"
            ),
            # What rules look at: small, because most incidents are in none of these states.
            models.Index(
                fields=["workspace", "changed_at", "id"],
                condition=Q(
                    status=IncidentStatus.NEW,
                    details_state=DetailsState.FETCHED,
                    gone_at=None,
                    merged_into=None,
                ),
                name="incidents_to_decide",
            ),
            models.Index(
                fields=["changed_at", "id"],
                condition=~Q(closed_by=""),
                name="incidents_closed_by_rules",
            ),
            models.Index(
                fields=["-modified_at"],
                condition=Q(classification="TruePositive"),
                name="incidents_true_positive",
            ),
            models.Index(
                fields=["workspace"],
                condition=Q(ot_state=OtState.SUSPICIOUS, status__lt=IncidentStatus.CLOSED),
                name="incidents_open_suspicious",
            ),
            # Counts incidents by alert type without their rows, for whoever sees all or workspaces.
            models.Index(
                fields=["alert_type", "created_at"],
                include=["workspace"],
                condition=Q(gone_at=None, merged_into=None),
                name="incidents_by_alert_type",
            ),
            # Few incidents have labels: a search for one reads these and no others.
            models.Index(
                fields=["group_key"],
                condition=HAS_LABELS & Q(group_key__isnull=False),
                name="incidents_open_labelled",
            ),
            models.Index(
                fields=["storm", "created_at"],
                condition=Q(storm__isnull=False),
                name="incidents_in_storms",
            ),
            models.Index(
                fields=["workspace"],
                condition=Q(merged_into=0, gone_at=None),
                name="incidents_survivor_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}" if self.number else self.title

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to deal with it."""
        return (
            self.status < IncidentStatus.CLOSED
            and self.gone_at is None
            and self.merged_into is None
        )

    @property
    def active_until(self) -> datetime:
        """When its alerts were active last, or when it was raised if Sentinel has no such time."""
        at = self.latest_activity_at
        return at if at is not None and at <= self.modified_at else self.created_at

    @property
    def active_from(self) -> datetime:
        """When its alerts were active first, as far as they are stored."""
        return min(self.first_activity_at or self.active_until, self.active_until)

    def is_aside_at(self, now: datetime) -> bool:
        """Whether a person has put it aside, and nothing has brought it back."""
        return self.aside_until is not None and self.aside_until > now

    @property
    def touches_critical(self) -> bool:
        """Whether it touches a safety system or a crown jewel."""
        most = max(CRITICALITY_POINTS.values())
        return any(part[:2] == ["criticality", most] for part in self.priority_parts)

    @property
    def is_escalated(self) -> bool:
        """Whether somebody has raised it to the SOC lead."""
        return ESCALATED_LABEL in self.labels

    @property
    def can_be_escalated(self) -> bool:
        """Whether it is open and nobody has taken it further yet."""
        return self.is_open and not self.is_escalated

    @property
    def needs_escalation(self) -> bool:
        """Whether OT calls it suspicious and nobody has taken it further yet."""
        return self.can_be_escalated and self.ot_state == OtState.SUSPICIOUS

    @property
    def is_closed_against_ot(self) -> bool:
        """Whether it is closed as something else although OT calls it suspicious."""
        return (
            self.status == IncidentStatus.CLOSED
            and self.ot_state == OtState.SUSPICIOUS
            and self.classification in HARMLESS_OUTCOMES
        )

    @property
    def standing(self) -> str:
        """What people decide by, in short: with another one it changed meanwhile."""
        ot_state = self.ot_state if self.standing_ot_state is None else self.standing_ot_state
        return f"{self.status} {self.severity} {ot_state} {self.owner_id}"

    @property
    def hidden_verdict(self) -> HiddenVerdict | None:
        """The verdict on it that its reader does not learn yet."""
        return self.hidden.by_incident.get(self.pk)

    @property
    def has_left_scope(self) -> bool:
        """Whether it is outside of its workspace's scope, and kept because it was acted on."""
        return LEFT_SCOPE in self.flags

    @property
    def is_read_only(self) -> bool:
        """Deleted and merged incidents are kept, but nothing can be done to them."""
        return self.gone_at is not None or self.merged_into is not None


class IncidentRaw(models.Model):
    """The whole resource as Sentinel sent it."""

    incident = models.OneToOneField(
        "incidents.Incident",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="raw",
        db_constraint=False,  # both rows are written in one transaction (decision 0007)
    )
    body = models.JSONField()

    def __str__(self) -> str:
        return f"raw of {self.incident_id}"
