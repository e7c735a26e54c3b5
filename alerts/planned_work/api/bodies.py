"""The bodies of commands on planned work."""

from typing import Any

from rest_framework import serializers

from alerts.planned_work.models import WorkKind
from alerts.planned_work.services.plan import MAX_DEVICES
from portal.api.requests import In

_NAME = 200


def _devices(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=_NAME),
        required=False,
        max_length=MAX_DEVICES,
        help_text=help_text,
    )


class WorkIn(In):
    """Planned work. Times without an offset are on the clock of `time_zone`, the site's own where
    it is left out. Name devices by name, by address or as “Zone / address”, or a whole zone.
    """

    site = serializers.CharField(max_length=120, help_text="name of the site")
    title = serializers.CharField(max_length=200, help_text="what is done")
    kind = serializers.ChoiceField(WorkKind.values, help_text="kind of work")
    starts_at = serializers.CharField(max_length=40, help_text="such as 2026-11-26T08:00")
    ends_at = serializers.CharField(max_length=40, help_text="of the first time, if it recurs")
    time_zone = serializers.CharField(max_length=64, required=False, help_text="IANA name")
    repeats = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="recurrence of RFC 5545"
    )
    from_devices = _devices("devices at the sending end")
    to_devices = _devices("devices at the receiving end")
    devices = _devices("devices at either end")
    zone = serializers.CharField(max_length=120, required=False, help_text="name of a whole zone")
    work_order = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="work order or change number"
    )
    vendor = serializers.CharField(
        max_length=120, required=False, allow_blank=True, help_text="who does it, from outside"
    )
    people = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="who does it, by name"
    )


class OccurrenceIn(In):
    """One time at which the work takes place."""

    occurrence = serializers.UUIDField(
        required=False,
        help_text="id of the occurrence; left out: the one that goes on, or began last",
    )


class ExtendIn(OccurrenceIn):
    """Until when it lasts now."""

    until = serializers.DateTimeField(help_text="RFC 3339")


class CancelIn(In):
    """Why it does not take place."""

    note = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="in a few words"
    )

    def validate_note(self, value: Any) -> str:
        """One line."""
        return " ".join(str(value).split())
