"""Forms about one device and one site."""

from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.incidents.page.devices import LEVEL_WORDS, level_name
from alerts.sites.models import Criticality, Device, Site

_LEVELS = [("", _("As its zone"))] + [
    (level_name(level), level_name(level)) for level in LEVEL_WORDS
]


class DeviceForm(forms.Form):
    """Kind, role, criticality and level of one device."""

    kind = forms.CharField(
        label=_("Kind"),
        max_length=80,
        required=False,
        help_text=_("What it is: PLC, HMI, engineering station …"),
    )
    role = forms.CharField(
        label=_("Role"),
        max_length=120,
        required=False,
        help_text=_("What it does here, in a few words."),
    )
    criticality = forms.ChoiceField(
        label=_("Criticality"),
        choices=Criticality.choices,
        help_text=_("What touches a safety system or a crown jewel always reaches a person."),
    )
    purdue_level = forms.TypedChoiceField(
        label=_("Purdue level"), choices=_LEVELS, coerce=float, empty_value=None, required=False
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("Needed when it is no longer a safety system or crown jewel."),
    )

    @classmethod
    def of(cls, device: Device) -> Self:
        """The form with what is known."""
        level = "" if device.purdue_level is None else level_name(device.purdue_level)
        return cls(
            initial={
                "kind": device.kind,
                "role": device.role,
                "criticality": device.criticality,
                "purdue_level": level,
            }
        )


class SiteForm(forms.Form):
    """Time zone and control room of a site."""

    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("The clock on the plant's wall, such as Europe/Warsaw."),
    )
    control_room_phone = forms.CharField(
        label=_("Phone of the control room"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        help_text=_("Shown where somebody must be reached at once."),
    )
    confirmed = forms.BooleanField(required=False)

    @classmethod
    def of(cls, site: Site) -> Self:
        """The form with what is known."""
        initial: dict[str, Any] = {
            "time_zone": site.time_zone,
            "control_room_phone": site.control_room_phone,
        }
        return cls(initial=initial)
