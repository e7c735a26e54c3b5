"""Where things are in the plant."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from alerts.sites.engine.devices import CRITICAL, is_public_address

PURDUE_WORDS = {
    0.0: "Process",
    1.0: "Basic control",
    2.0: "Supervisory control",
    3.0: "Site operations",
    3.5: "DMZ",
    4.0: "Site business",
    5.0: "Enterprise",
}


class Site(models.Model):
    """A plant. Alerts name it; people add its time zone and its control room."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")  # IANA name
    control_room_phone = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """A network segment of a site."""

    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="zones")
    name = models.CharField(max_length=120)
    purdue_level = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="a_site_names_its_zones_apart")
        ]

    def __str__(self) -> str:
        return f"{self.site}, {self.name}"


class Sensor(models.Model):
    """A D4IoT network sensor. It belongs to one zone; some alerts name nothing else."""

    site = models.ForeignKey("sites.Site", on_delete=models.PROTECT, related_name="sensors")
    zone = models.ForeignKey("sites.Zone", on_delete=models.PROTECT, null=True, blank=True)
    name = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class Criticality(models.TextChoices):
    """What is lost when the device is lost. Safety and crown jewels are never silenced (S1)."""

    NORMAL = "normal", gettext_lazy("Normal")
    IMPORTANT = "important", gettext_lazy("Important")
    CROWN_JEWEL = "crown-jewel", gettext_lazy("Crown jewel")
    SAFETY = "safety", gettext_lazy("Safety system")


class Device(models.Model):
    """Something with an address in a zone, as alerts and people describe it."""

    zone = models.ForeignKey("sites.Zone", on_delete=models.PROTECT, related_name="devices")
    address = models.CharField(max_length=64)  # IP, or MAC where there is no IP
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=80, blank=True)  # PLC, HMI, Engineering station …
    vendor = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=120, blank=True)
    firmware = models.CharField(max_length=120, blank=True)
    purdue_level = models.FloatField(null=True, blank=True)
    role = models.CharField(max_length=120, blank=True, db_default="", default="")
    criticality = models.CharField(max_length=12, choices=Criticality, default=Criticality.NORMAL)
    is_programming = models.BooleanField(null=True)
    is_scanner = models.BooleanField(null=True)
    is_authorized = models.BooleanField(null=True)
    # Columns that people of the plant said: neither alerts nor inventories write over them.
    set_by_people = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    first_seen_at = models.DateTimeField()
    latest_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "address"], name="an_address_in_a_zone_is_one_device"
            )
        ]
        indexes = [
            models.Index(fields=["name"], name="devices_by_name"),
            models.Index(fields=["address"], name="devices_by_address"),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def is_critical(self) -> bool:
        """Whether it is a safety system or a crown jewel: what touches it reaches a person."""
        return self.criticality in CRITICAL

    @property
    def is_described(self) -> bool:
        """Whether an inventory or a person told more of it than its name."""
        return bool(
            self.kind
            or self.role
            or self.vendor
            or self.model
            or self.is_authorized is not None
            or self.purdue_level is not None
            or self.criticality != Criticality.NORMAL
        )

    @property
    def is_outside(self) -> bool:
        """Whether it is outside the plant: a public address of which only alerts spoke. Its zone is
        that of the sensor that saw it, and means nothing. Plants that number themselves with public
        addresses have them in their inventory, so that those stay inside.
        """
        return is_public_address(self.address) and not self.is_described


class DeviceFile(models.Model):
    """A file of devices that a person looks at before it is taken over."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    data = models.BinaryField()
    by = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
