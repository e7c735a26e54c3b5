"""What narrows the audit record. A value that fits nothing is refused with a sentence."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.audit.actions import AUDITED_THINGS

THINGS = [("", _("Everything")), *((thing.name, thing.name) for thing in AUDITED_THINGS)]
INPUT = {"class": "input"}
DAY = forms.DateInput(attrs=INPUT | {"type": "date"}, format="%Y-%m-%d")


class RecordFilter(forms.Form):
    """Which entries the page lists. The number of an entry starts the list at the one before it."""

    thing = forms.ChoiceField(
        label=_("Thing"), choices=THINGS, required=False, widget=forms.Select(attrs=INPUT)
    )
    actor = forms.CharField(
        label=_("Who"), max_length=200, required=False, widget=forms.TextInput(attrs=INPUT)
    )
    since = forms.DateField(label=_("From"), required=False, widget=DAY)
    until = forms.DateField(label=_("Until"), required=False, widget=DAY)
    before = forms.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput
    )

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order."""
        found: dict[str, Any] = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", _("Choose a day that is not before the first."))
        return found
