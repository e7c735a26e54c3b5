"""Planned work; each change of its content is a revision."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule


class WorkKind(models.TextChoices):
    """What kind of work it is; the catalogue of `engine.kinds`, for forms and pages."""

    VENDOR_VISIT = "vendor-visit", _("Vendor visit")
    VENDOR_SESSION = "vendor-session", _("Remote vendor session")
    FIRMWARE = "firmware", _("Firmware update")
    PATCHING = "patching", _("Patching")
    BACKUP = "backup", _("Backup")
    COMMISSIONING = "commissioning", _("Commissioning")
    REPLACEMENT = "replacement", _("Replacement")
    INSPECTION = "inspection", _("Inspection or calibration")
    TEST = "test", _("Test")
    FIRE_TEST = "fire-test", _("Fire alarm test")
    PROTECTION_TEST = "protection-test", _("Protection test")
    NETWORK_CHANGE = "network-change", _("Network change")
    OUTAGE = "outage", _("Shut-down")
    OTHER = "other", _("Other work")


class PlannedWork(models.Model):
    """Work that OT has planned. `uid` is that of its calendar, so that a file read twice changes
    nothing; work that was typed in has its own UUID there.
    """

    class State(models.TextChoices):
        """Whether it still takes place. One-off work stays planned until it is done."""

        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="+")
    uid = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    owner = models.ForeignKey(  # who is asked whether it is done; None: the leads of the site
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_by_label = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "uid"], name="a_site_knows_a_work_once")
        ]

    def __str__(self) -> str:
        return f"planned work {self.uuid}"


class Revision(models.Model):
    """The content of the work since `known_from`, until the next revision. Its schedule is written
    on the clock of its time zone.
    """

    work = models.ForeignKey(
        "planned_work.PlannedWork", on_delete=models.CASCADE, related_name="revisions"
    )
    number = models.PositiveIntegerField()
    is_latest = models.BooleanField(default=True)
    known_from = models.DateTimeField()
    by_label = models.CharField(max_length=200)
    came_by_token = models.BooleanField(default=False, db_default=False)

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=WorkKind)
    work_order = models.CharField(max_length=60, blank=True)
    vendor = models.CharField(max_length=120, blank=True)
    people = models.CharField(max_length=200, blank=True)
    zone = models.ForeignKey(  # where it is about a whole zone; None: about the devices it names
        "sites.Zone", on_delete=models.PROTECT, null=True, related_name="+"
    )

    time_zone = models.CharField(max_length=64)
    local_start = models.CharField(max_length=19)  # 2026-11-26T08:00:00
    length = models.DurationField()
    rule = models.TextField(blank=True)  # RFC 5545
    dates = models.JSONField(default=dict)  # also, except_at, moved; as local moments
    worked_out_until = models.DateTimeField()  # how far ahead its occurrences are rows
    digest = models.CharField(max_length=64)  # of all that it says

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work", "number"], name="revisions_of_a_work_in_order"),
            models.UniqueConstraint(
                fields=["work"], condition=Q(is_latest=True), name="a_work_has_one_latest_revision"
            ),
        ]
        indexes = [
            models.Index(
                fields=["worked_out_until"],
                condition=Q(is_latest=True) & ~Q(rule=""),
                name="revisions_to_work_out",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def schedule(self) -> Schedule:
        """When it takes place, for the engine."""
        dates = self.dates
        return Schedule(
            starts_at=datetime.fromisoformat(self.local_start),
            length=self.length,
            time_zone=self.time_zone,
            rule=self.rule,
            also=tuple(map(datetime.fromisoformat, dates.get("also", ()))),
            except_at=tuple(map(datetime.fromisoformat, dates.get("except_at", ()))),
            moved=tuple(
                (datetime.fromisoformat(at), timedelta(seconds=seconds))
                for at, seconds in dates.get("moved", ())
            ),
        )

    @property
    def is_recurring(self) -> bool:
        """Whether it takes place more than once; then nobody is asked whether it is done."""
        return self.schedule.is_recurring


class NamedDevice(models.Model):
    """A device that a revision names: by zone and address, whether alerts have shown it or not."""

    revision = models.ForeignKey(
        "planned_work.Revision", on_delete=models.CASCADE, related_name="devices"
    )
    side = models.CharField(max_length=4, choices=[(side.value, side.value) for side in WorkSide])
    zone = models.ForeignKey("sites.Zone", on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=64)
    name = models.CharField(max_length=120, blank=True)  # as it was called then

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "side", "zone", "address"],
                name="a_revision_names_a_device_once_a_side",
            )
        ]
        indexes = [models.Index(fields=["address"], name="named_devices_by_address")]

    def __str__(self) -> str:
        return self.name or self.address


class WorkStep(models.Model):
    """One thing that happened to planned work, for its history."""

    work = models.ForeignKey(
        "planned_work.PlannedWork", on_delete=models.CASCADE, related_name="steps"
    )
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=200)
    code = models.CharField(max_length=12)  # made, changed, extended, done, ended …
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["work", "-at"], name="history_of_a_work")]

    def __str__(self) -> str:
        return f"{self.code} at {self.at:%Y-%m-%d %H:%M}"
