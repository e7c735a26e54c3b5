"""A Navigator layer from elsewhere, held against what Tagout knows. Nothing of it is stored."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.actor import actor_of
from portal.attack import engine as attack
from portal.attack.engine import Technique
from portal.ui.htmx import render_page
from portal.ui.words import number
from training.matrix.engine.coverage import Cell, build_cells
from training.matrix.engine.navigator import MAX_LAYER, Layer, LayerEntry, LayerError, read_layer
from training.matrix.queries import facts_for
from training.matrix.web.wording import CellNumber, numbers_of

FAULTS = {
    "json": gettext_lazy("This file is not JSON. Save the layer as JSON in the Navigator."),
    "layer": gettext_lazy("This is no layer of the ATT&CK Navigator."),
    "several": gettext_lazy("The file does not hold exactly one layer. Save one layer alone."),
    "domain": gettext_lazy("This layer is not of ATT&CK for ICS."),
}


class LayerForm(forms.Form):
    """The file of a layer."""

    file = forms.FileField(label=gettext_lazy("Layer, JSON"))

    def clean_file(self) -> Layer:
        """Return the layer that the file holds."""
        file = self.cleaned_data["file"]
        if file.size > MAX_LAYER:
            raise forms.ValidationError(gettext("The file is larger than 2 MB."))
        try:
            return read_layer(file.read())
        except LayerError as error:
            raise forms.ValidationError(FAULTS[error.code]) from error


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A technique of the layer beside our numbers; a deprecated one has none."""

    entry: LayerEntry
    technique: Technique | None
    numbers: list[CellNumber]
    url: str

    @property
    def score(self) -> str:
        """The score as the language writes it; empty where the layer gives none."""
        score = self.entry.score
        return "" if score is None else number(score, 0 if score.is_integer() else 1)


@require_http_methods(["GET", "POST"])
def compare(request: HttpRequest) -> HttpResponse:
    """Ask for a layer, or show its techniques beside our numbers: those without a lesson first."""
    form = LayerForm(request.POST, request.FILES) if request.method == "POST" else LayerForm()
    page: dict[str, object] = {"form": form, "notice": attack.notice()}
    if form.is_bound and form.is_valid():
        layer: Layer = form.cleaned_data["file"]
        cells = build_cells(facts_for(actor_of(request), now=clock.now()).evidence)
        entries = sorted(layer.entries, key=lambda entry: _order(entry, cells))
        page |= {"layer": layer, "rows": [_row(entry, cells) for entry in entries]}
        page["unknown"] = ", ".join(layer.unknown)
    return render_page(request, "training/matrix/compare.html", page, form=form)


def _order(entry: LayerEntry, cells: dict[str, Cell]) -> tuple[bool, float, str]:
    cell = cells.get(entry.technique_id)
    return bool(cell and cell.lessons), -(entry.score or 0), entry.technique_id


def _row(entry: LayerEntry, cells: dict[str, Cell]) -> ComparedRow:
    cell = cells.get(entry.technique_id)
    return ComparedRow(
        entry,
        attack.technique(entry.technique_id),
        numbers_of(cell) if cell else [],
        reverse("attack:technique", args=[entry.technique_id]),
    )
