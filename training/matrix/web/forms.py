"""Forms: a Navigator layer to compare with, and the review of an alert type."""

from django import forms
from django.utils.translation import gettext, gettext_lazy

from training.catalog.models import AlertTypeReview
from training.matrix.engine.navigator import MAX_LAYER, LayerError, NavigatorLayer, read_layer

FAULTS = {
    "json": gettext_lazy("This file is not JSON. Save the layer as JSON in the Navigator."),
    "layer": gettext_lazy("This is not a layer of the ATT&CK Navigator."),
    "several": gettext_lazy("The file does not hold exactly one layer. Save one layer alone."),
    "domain": gettext_lazy("This layer is not of ATT&CK for ICS."),
}


class LayerForm(forms.Form):
    """The file of a layer."""

    file = forms.FileField(label=gettext_lazy("Layer, JSON"))

    def clean_file(self) -> NavigatorLayer:
        """Return the layer that the file holds."""
        file = self.cleaned_data["file"]
        if file.size > MAX_LAYER:
            raise forms.ValidationError(gettext("The file is larger than 2 MB."))
        try:
            return read_layer(file.read())
        except LayerError as error:
            raise forms.ValidationError(FAULTS[error.code]) from error


class ReviewForm(forms.Form):
    """A person's review of what an alert type shows."""

    techniques = forms.CharField(
        label=gettext_lazy("Techniques"),
        help_text=gettext_lazy("Such as T0846, T0888. Leave it empty if the alert names no act."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("A sentence or two that the next reader can check."),
        max_length=AlertTypeReview.MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_techniques(self) -> list[str]:
        """Return the ids one by one."""
        text: str = self.cleaned_data["techniques"]
        return text.replace(",", " ").replace(";", " ").split()
