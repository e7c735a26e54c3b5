"""Bodies of commands on devices and sites."""

from rest_framework import serializers

from alerts.sites.models import Criticality
from alerts.sites.services.describe import MAX_KIND, MAX_ROLE
from alerts.sites.services.set_site import MAX_PHONE
from portal.api.requests import In


class DeviceIn(In):
    """What OT says of a device, whole."""

    kind = serializers.CharField(
        max_length=MAX_KIND, allow_blank=True, help_text="PLC, HMI …; empty: as alerts tell it"
    )
    role = serializers.CharField(
        max_length=MAX_ROLE, allow_blank=True, help_text="what it does there"
    )
    criticality = serializers.ChoiceField(
        Criticality.values, help_text="safety and crown jewels are never silenced"
    )
    purdue_level = serializers.FloatField(
        allow_null=True, help_text="0 to 5; null where that of its zone holds"
    )
    reason = serializers.CharField(
        max_length=300,
        required=False,
        allow_blank=True,
        help_text="needed where it is no safety system or crown jewel any more",
    )


class SiteIn(In):
    """Where a site is; what is left out stays as it is."""

    time_zone = serializers.CharField(
        max_length=64, required=False, help_text="of the clock on its wall, such as Europe/Warsaw"
    )
    control_room_phone = serializers.CharField(
        max_length=MAX_PHONE, required=False, allow_blank=True, help_text="empty takes it away"
    )
    confirmed = serializers.BooleanField(
        required=False,
        default=False,
        help_text="you know which rules stop by the new time zone; needed where some do",
    )
