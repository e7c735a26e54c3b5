"""Forms of what can be done to incidents, and of what OT says of devices and sites."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from alerts.incidents.acts.escalate import MAX_NOTE
from alerts.incidents.models import Severity
from alerts.incidents.page.devices import CRITICALITY_WORDS, LEVEL_WORDS, level_name
from alerts.incidents.policies import MAX_MESSAGE_LENGTH
from alerts.incidents.wording import outcome_words
from alerts.sites.models import Criticality, Device, Site
from portal.accounts.models import User

OUTCOMES = {
    "BenignPositive": ("BenignPositive", "SuspiciousButExpected"),
    "TruePositive": ("TruePositive", "SuspiciousActivity"),
    "FalsePositive-logic": ("FalsePositive", "IncorrectAlertLogic"),
    "FalsePositive-data": ("FalsePositive", "InaccurateData"),
    "Undetermined": ("Undetermined", ""),
}
NONE = "-"  # no classification
OUTCOME_WORDS = {key: lazy(outcome_words, str)(*pair) for key, pair in OUTCOMES.items()}


class ActForm(forms.Form):
    """What every act carries: its own id, so that a form that is sent twice acts once."""

    act = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def wanted_act(self) -> UUID | None:
        """The id of the act, where the form brought one."""
        value: UUID | None = self.cleaned_data.get("act")
        return value


class AssignForm(ActForm):
    """Whom to give incidents to: somebody who works there, oneself (`me`), or nobody."""

    to = forms.CharField(
        label=gettext_lazy("Assign to"),
        required=False,
        widget=forms.Select,
        error_messages={"required": gettext_lazy("Choose a person.")},
    )

    def __init__(self, given: QueryDict | None, *, people: Collection[User], me: User) -> None:
        super().__init__(given)
        self.people = {str(person.uuid): person for person in people}
        self.me = me
        choices = [(key, person.name) for key, person in self.people.items()]
        self.fields["to"].widget.choices = [
            ("", gettext_lazy("Choose a person")),
            *choices,
            ("nobody", gettext_lazy("Nobody")),
        ]

    def clean_to(self) -> User | None:
        """The person meant; None for nobody."""
        said = self.cleaned_data["to"]
        if said == "me":
            return self.me
        if said == "nobody":
            return None
        if said not in self.people:
            raise forms.ValidationError(gettext_lazy("Choose a person."))
        return self.people[said]


class SeverityForm(ActForm):
    """How severe it is."""

    severity = forms.TypedChoiceField(
        label=gettext_lazy("Severity"),
        coerce=lambda value: Severity(int(value)),
        choices=[
            (Severity.HIGH, gettext_lazy("High")),
            (Severity.MEDIUM, gettext_lazy("Medium")),
            (Severity.LOW, gettext_lazy("Low")),
            (Severity.INFORMATIONAL, gettext_lazy("Informational")),
        ],
        error_messages={"required": gettext_lazy("Choose a severity.")},
    )


class CloseForm(ActForm):
    """How it ended, in Sentinel's terms."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Classification and reason"),
        choices=list(OUTCOME_WORDS.items()),
        error_messages={"required": gettext_lazy("Choose how it ended.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Closing comment"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    instead_of = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def clean_instead_of(self) -> list[str]:
        """The classifications that stood on the form; `-` is none."""
        said: str = self.cleaned_data["instead_of"]
        return ["" if word == NONE else word for word in said.split(",") if word]


class EscalateForm(ActForm):
    """What the lead should know."""

    note = forms.CharField(
        label=gettext_lazy("Note to the lead"),
        required=False,
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReopenForm(ActForm):
    """Nothing to say."""


class CommentForm(ActForm):
    """Words for Sentinel's readers too."""

    message = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=MAX_MESSAGE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("A comment needs some words.")},
    )


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
        choices=[(each, CRITICALITY_WORDS.get(each, _("Normal"))) for each in Criticality],
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
    def of(cls, device: Device) -> "DeviceForm":
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
    def of(cls, site: Site) -> "SiteForm":
        """The form with what is known."""
        initial: dict[str, Any] = {
            "time_zone": site.time_zone,
            "control_room_phone": site.control_room_phone,
        }
        return cls(initial=initial)
