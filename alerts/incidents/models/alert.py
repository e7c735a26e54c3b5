"""The alert as a flat record of facts (suppression §1), and how planned work relates to it."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from alerts.incidents.models.incident import Severity, short_texts_field


class Alert(models.Model):
    """One D4IoT alert. `key` is VendorOriginalId, else SystemAlertId. A rule sees these facts and
    nothing else. Times are UTC; weekday (Monday 0) and minute (0–1439) are plant-local.
    """

    workspace = models.ForeignKey("sentinel.Workspace", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120)
    system_alert_id = models.CharField(max_length=120, blank=True)

    sensor = models.CharField(max_length=120, blank=True)
    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, null=True, related_name="+")
    zone = models.ForeignKey("sites.Zone", on_delete=models.PROTECT, null=True, related_name="+")

    alert_type = models.TextField()
    user_defined_title = models.TextField(blank=True)
    engine = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=80, blank=True)
    severity = models.SmallIntegerField(choices=Severity)
    protocol = models.CharField(max_length=80, blank=True)
    port = models.IntegerField(null=True)
    function = models.CharField(max_length=120, blank=True)
    techniques = short_texts_field()
    tactics = short_texts_field()
    product_name = models.CharField(max_length=120, blank=True)

    source_device = models.CharField(max_length=120, blank=True)
    source_address = models.CharField(max_length=64, blank=True)
    destination_device = models.CharField(max_length=120, blank=True)
    destination_address = models.CharField(max_length=64, blank=True)
    # Where the two ends stood when the alert was stored; never changed afterwards.
    source_kind = models.CharField(max_length=80, blank=True, db_default="", default="")
    source_zone = models.CharField(max_length=120, blank=True, db_default="", default="")
    source_subnet = models.CharField(max_length=64, blank=True, db_default="", default="")
    destination_kind = models.CharField(max_length=80, blank=True, db_default="", default="")
    destination_zone = models.CharField(max_length=120, blank=True, db_default="", default="")
    destination_subnet = models.CharField(max_length=64, blank=True, db_default="", default="")
    any_device = short_texts_field()  # all devices the alert names, without direction
    any_address = short_texts_field()

    at = models.DateTimeField()  # first detection
    latest_at = models.DateTimeField(null=True)
    plant_weekday = models.SmallIntegerField(null=True)
    plant_minute = models.SmallIntegerField(null=True)

    flags = short_texts_field()
    incidents = models.ManyToManyField(
        "incidents.Incident", through="incidents.IncidentAlert", related_name="alerts"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"], name="a_workspace_names_its_alerts_apart"
            )
        ]
        indexes = [
            models.Index(fields=["alert_type", "site", "-at"], name="alerts_by_type_and_site"),
            models.Index(fields=["-at"], name="alerts_newest"),
            GinIndex(fields=["any_device"], fastupdate=False, name="alerts_by_device"),
            GinIndex(fields=["any_address"], fastupdate=False, name="alerts_by_address"),
        ]

    def __str__(self) -> str:
        return self.alert_type

    @property
    def source(self) -> str:
        """The sending side: name, else address, else nothing."""
        return self.source_device or self.source_address

    @property
    def destination(self) -> str:
        """The receiving side: name, else address, else nothing."""
        return self.destination_device or self.destination_address


class IncidentAlert(models.Model):
    """This alert is part of that incident."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="+")
    alert = models.ForeignKey("incidents.Alert", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "alert"], name="an_alert_is_in_an_incident_once"
            )
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id} in incident {self.incident_id}"


class AlertRaw(models.Model):
    """The whole alert as Sentinel sent it."""

    alert = models.OneToOneField(
        "incidents.Alert", on_delete=models.CASCADE, primary_key=True, related_name="raw"
    )
    body = models.JSONField()

    def __str__(self) -> str:
        return f"raw of {self.alert_id}"


class PlannedAlert(models.Model):
    """One alert beside one occurrence of planned work, as it was known from `known_from` to
    `known_until` (None: still so). Matching reads what is known now; a back-test reads what was
    known when the alert came.
    """

    class Fit(models.TextChoices):
        """How the alert relates to the work."""

        INSIDE = "inside", "Inside"
        LATE = "late", "After its end"
        NOT_NAMED = "not-named", "With a device that it does not name"

    alert = models.ForeignKey("incidents.Alert", on_delete=models.CASCADE, related_name="planned")
    occurrence = models.UUIDField()  # of the room of planned work, as is the work
    work = models.UUIDField()
    fit = models.CharField(max_length=9, choices=Fit)
    kind = models.CharField(max_length=20)
    names_devices = models.BooleanField()  # the work names devices, and not a whole zone
    # It time-boxes the alert: it names the devices, was planned before it began and, where it
    # recurs or lasts longer than a day, was confirmed by a second person before the alert.
    boxes = models.BooleanField(default=False, db_default=False)
    # It came here after the alert, by a file that says it was known before. Back-tests and patterns
    # read it; nothing is closed by it.
    is_after_fact = models.BooleanField(default=False, db_default=False)
    title = models.CharField(max_length=200)
    work_order = models.CharField(max_length=60, blank=True)
    ends_at = models.DateTimeField()  # as planned
    inside_until = models.DateTimeField()  # with the slack after it
    known_from = models.DateTimeField()
    known_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "occurrence"], name="an_alert_stands_beside_an_occurrence_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["occurrence"], condition=Q(known_until=None), name="alerts_of_an_occurrence"
            )
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id}: {self.fit} {self.title}"
