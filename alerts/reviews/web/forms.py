"""Forms of asking and answering. They only read; the services say kindly what is missing."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from alerts.reviews.engine.question import Question
from alerts.reviews.models import CANNED
from alerts.reviews.policies import MAX_QUESTION_LENGTH
from alerts.reviews.services.planned_until import PLANNED_CAUSE
from alerts.reviews.web.occasions import FIELD, ids_in
from portal.accounts.models import User
from portal.ui.pieces import Choice

DONE_BY = (
    ("our-team", _("Our team")),
    ("vendor", _("Vendor")),
    ("automation", _("Automation")),
)
# With the longest ready question before them they still fit into a question.
OVER = "over"
MAX_OWN_WORDS = MAX_QUESTION_LENGTH - max(len(each) for each in CANNED) - 1


class VerdictForm(forms.Form):
    """OT's answer. Reasons of each verdict have a field of their own, so that the browser needs
    no script to show the right ones; only those of the chosen verdict are read.
    """

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "invalid": _("This form is damaged. Open the page again."),
            "required": _("This form is damaged. Open the page again."),
        },
    )
    verdict = forms.CharField(required=False, max_length=20)
    cause = forms.CharField(required=False, max_length=60)
    why = forms.CharField(required=False, label=_("What makes you think so?"), strip=True)
    work_order = forms.CharField(
        required=False, max_length=60, label=_("Work order or change number")
    )
    done_by = forms.ChoiceField(required=False, choices=DONE_BY, label=_("Who did it"))
    until = forms.CharField(required=False, max_length=40)  # "over", or a moment
    until_other = forms.CharField(
        required=False,
        max_length=40,
        label=_("Planned until another time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    vendor = forms.CharField(required=False, max_length=120, label=_("Vendor"))
    note = forms.CharField(
        required=False, label=_("Note for the SOC"), widget=forms.Textarea(attrs={"rows": 2})
    )

    until_text, vendor_text = "", ""  # of planned work that a valid form tells of

    def clean(self) -> dict[str, Any]:
        """Read the reason that belongs to the verdict, and one note."""
        said = super().clean() or {}
        verdict = said.get("verdict", "")
        said["cause"] = said.get("cause") or self.data.get(f"cause_{verdict}", "")
        until, other = said.pop("until", ""), said.pop("until_other", "")
        self.until_text = (other or until) if verdict == "maintenance" and until != OVER else ""
        self.vendor_text = said.pop("vendor", "")
        if verdict == "maintenance" and (until or other):
            said["cause"] = said["cause"] or PLANNED_CAUSE
        why = said.pop("why", "") if verdict == "suspicious" else ""
        said.pop("why", None)
        said["seen"] = self.data.get("seen")
        said["incident_ids"] = ids_in(self.ticked)
        if self.data.get("dates") and not said["incident_ids"]:
            self.add_error(None, _("Tick at least one date that your answer is about."))
        said["note"] = "\n".join(part for part in (why, said.get("note", "")) if part)
        return said

    @property
    def ticked(self) -> list[str]:
        """What was ticked of the dates, as it was sent."""
        return self.data.getlist(FIELD) if isinstance(self.data, QueryDict) else []

    def done_by_choices(self) -> Iterable[Choice]:
        """Who did it, as pills."""
        return [Choice(value, str(label)) for value, label in DONE_BY]


class AskForm(forms.Form):
    """A question to OT of one site: one of three, one's own words, or both."""

    site = forms.IntegerField(required=False)
    canned = forms.CharField(required=False)
    question = forms.CharField(
        required=False,
        label=_("In your own words"),
        help_text=_("OT gets these words together with the question you chose above."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": MAX_OWN_WORDS}),
    )

    def clean(self) -> dict[str, Any]:
        """The ready question and one's own words are one question."""
        said = super().clean() or {}
        ready = said.get("canned", "")
        own = said.get("question", "").strip()
        said["question"] = Question(ready if ready in CANNED else "", own).text
        return said


class HandOverForm(forms.Form):
    """To whom, and a line for them."""

    to = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("To"))
    note = forms.CharField(required=False, max_length=300, label=_("A line for them"))

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[each.pk for each in people]).order_by("name")
        field.empty_label = None


class DecisionForm(forms.Form):
    """What a lead decides about a suspicion, and why."""

    choice = forms.CharField(required=False)
    reason = forms.CharField(
        required=False, label=_("Why?"), widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500})
    )
    verdict = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        """The reason is in the lead's own words; none of the ready ones is asked for."""
        said = super().clean() or {}
        return said | {"cause": "other" if said.get("verdict") else ""}
