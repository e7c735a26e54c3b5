"""The matrix, its layers for the Navigator, a layer from elsewhere compared with it (nothing of
that is stored), the page of a technique, and what the portal's search finds of them.
"""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.incidents.engine.tokens import Term
from portal import clock
from portal.accounts.sessions import actor_of
from portal.attack import engine as attack
from portal.attack.engine import Technique, techniques_like
from portal.ui.navigation import may_use, roles_for_page
from portal.ui.palette import MAX_RESULTS, FinderResult, Result
from portal.ui.pieces import Tab
from portal.ui.responses import render_page
from portal.ui.words import number
from training.matrix.engine.coverage import (
    MatrixCell,
    Show,
    TacticColumn,
    build_cells,
    build_matrix,
)
from training.matrix.engine.navigator import (
    SCORED,
    LayerEntry,
    NavigatorLayer,
    layer_of,
)
from training.matrix.queries import TechniqueFacts, facts_for
from training.matrix.web.cells import CellNumber, cell_html, numbers_of
from training.matrix.web.forms import LayerForm
from training.matrix.web.views.mapping import MappingRow, mapping_row_of, mappings_of, queue_url

MITRE_PAGES = "https://attack.mitre.org/techniques/"


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell as a page shows it."""

    cell: MatrixCell
    url: str
    html: SafeString  # the link with its numbers


@require_GET
def matrix_page(request: HttpRequest) -> HttpResponse:
    """Show the matrix; `?show=` leaves in what was seen, is trained, silenced or untrained."""
    facts = facts_for(actor_of(request), now=clock.now())
    cells = build_cells(facts.evidence)
    choice = request.GET.get("show", "")
    show = Show(choice) if choice in set(Show) else Show.ALL
    all_columns = build_matrix(cells)
    columns = [column.narrowed(show) for column in all_columns]
    page = {
        "columns": [(column, [_view_of(cell) for cell in column.cells]) for column in columns],
        "is_empty": not any(column.cells for column in columns),
        "segments": _segments(show, all_columns),
        "layers": _layer_links(),
        "summary": _summary(cells),
        "loose_rules": facts.rules_of_no_technique,
        "version": attack.version(),
        "notice": attack.notice(),
    }
    return render_page(request, "training/matrix/matrix.html", page, part="matrix")


@require_GET
def layer(request: HttpRequest) -> HttpResponse:
    """Hand out a layer for the ATT&CK Navigator: `?of=` seen, silenced or trained."""
    choice = request.GET.get("of", Show.OBSERVED)
    of = next((show for show in SCORED if show == choice), None)
    if of is None:
        raise Http404(gettext("There is no such layer."))
    facts = facts_for(actor_of(request), now=clock.now())
    day = clock.now().date().isoformat()
    data = layer_of(
        build_cells(facts.evidence),
        of,
        name=f"Tagout, {of}, {day}",
        description=f"What Tagout knew on {day}, within the reach of one person.",
    )
    disposition = f'attachment; filename="tagout-{of}-{day}.json"'
    return JsonResponse(data, headers={"Content-Disposition": disposition})


def _layer_links() -> list[tuple[str, str]]:
    words = {
        Show.OBSERVED: gettext("Seen: incidents"),
        Show.SILENCED: gettext("Silenced: live rules"),
        Show.TRAINED: gettext("Trained: lessons"),
    }
    return [(f"{reverse('attack:layer')}?of={of}", words[of]) for of in SCORED]


def _view_of(cell: MatrixCell) -> CellView:
    url = _url_of(cell.technique.id)
    return CellView(cell, url, cell_html(cell, url))


def _url_of(technique_id: str) -> str:
    return reverse("attack:technique", args=[technique_id])


def _segments(show: Show, columns: list[TacticColumn]) -> list[Tab]:
    words = {
        Show.ALL: gettext("All"),
        Show.OBSERVED: gettext("Seen"),
        Show.TRAINED: gettext("Trained"),
        Show.SILENCED: gettext("Silenced"),
        Show.UNTRAINED: gettext("Untrained"),
    }
    cells = {cell.technique.id: cell for column in columns for cell in column.cells}.values()
    counts = {choice: sum(cell.is_shown(choice) for cell in cells) for choice in Show}
    return [
        Tab(f"{words[choice]} {number(counts[choice])}", f"?show={choice}", current=choice is show)
        for choice in Show
    ]


def _summary(cells: dict[str, MatrixCell]) -> dict[str, str]:
    top = [cell for cell in cells.values() if not cell.technique.is_subtechnique]
    visible = [cell for cell in top if cell.alert_types]
    return {
        "all": number(len(top)),
        "visible": number(len(visible)),
        "trained": number(sum(cell.lessons > 0 for cell in visible)),
    }


@require_GET
def technique_page(request: HttpRequest, technique_id: str) -> HttpResponse:
    """Show the facts about one technique; an id that was replaced leads to the one of today."""
    entry = attack.technique(technique_id)
    if entry is None:
        raise Http404(gettext("ATT&CK for ICS has no technique of this id."))
    if entry.current_id != technique_id:
        return HttpResponseRedirect(_url_of(entry.current_id))
    facts = facts_for(actor_of(request), now=clock.now())
    cell = build_cells(facts.evidence).get(entry.id)
    page = {
        "technique": entry,
        "numbers": numbers_of(cell) if cell else [],
        "identity": [
            (gettext("Tactics"), ", ".join(entry.tactics)),
            (gettext("Release"), attack.version()),
        ],
        "may_read": may_use(request, roles_for_page("incidents:queue")),
        "may_learn": may_use(request, roles_for_page("training:lesson")),
        "former": attack.technique(entry.former_id) if entry.former_id else None,
        "parent": attack.technique(entry.parent) if entry.parent else None,
        "subtechniques": [_view_of(sub) for sub in cell.subtechniques] if cell else [],
        "mappings": _mappings_of(entry, facts),
        "lessons": [
            lesson for lesson in facts.lessons if entry.id in attack.with_parents(lesson.techniques)
        ],
        "rules": [
            rule
            for rule in facts.rules
            if entry.id in attack.with_parents(facts.techniques_silenced_by(rule))
        ],
        "open_url": queue_url("open", Term("tech", (entry.id,))),
        "closed_url": queue_url("closed", Term("tech", (entry.id,))),
        "mitre_url": f"{MITRE_PAGES}{entry.id.replace('.', '/')}/",
        "version": attack.version(),
        "notice": attack.notice(),
    }
    return render_page(request, "training/matrix/technique.html", page)


def _mappings_of(technique: Technique, facts: TechniqueFacts) -> list[MappingRow]:
    counts = {count.alert_type: count.n for count in facts.type_counts}
    rows = [
        mapping_row_of(mapping, counts.get(mapping.alert_type.title, 0))
        for mapping in mappings_of(facts.reviews)
        if mapping.names(technique.id)
    ]
    return sorted(rows, key=lambda row: (-row.incidents, row.alert_type.title))


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
        layer: NavigatorLayer = form.cleaned_data["file"]
        cells = build_cells(facts_for(actor_of(request), now=clock.now()).evidence)
        entries = sorted(layer.entries, key=lambda entry: _order(entry, cells))
        page |= {"layer": layer, "rows": [_row(entry, cells) for entry in entries]}
        page["unknown"] = ", ".join(layer.unknown)
    return render_page(request, "training/matrix/compare.html", page, form=form)


def _order(entry: LayerEntry, cells: dict[str, MatrixCell]) -> tuple[bool, float, str]:
    cell = cells.get(entry.technique_id)
    return bool(cell and cell.lessons), -(entry.score or 0), entry.technique_id


def _row(entry: LayerEntry, cells: dict[str, MatrixCell]) -> ComparedRow:
    cell = cells.get(entry.technique_id)
    return ComparedRow(
        entry,
        attack.technique(entry.technique_id),
        numbers_of(cell) if cell else [],
        reverse("attack:technique", args=[entry.technique_id]),
    )


MIN_TEXT = 3


def techniques_named(request: HttpRequest, text: str) -> FinderResult:
    """Return the current techniques that an id, old or new, or a part of a name means."""
    if len(text) < MIN_TEXT:
        return FinderResult()
    techniques = [technique for technique in techniques_like(text) if technique.is_current][
        :MAX_RESULTS
    ]
    return FinderResult(
        [
            Result(
                f"{technique.id} {technique.full_name}",
                reverse("attack:technique", args=[technique.id]),
                "table",
                detail=" · ".join(technique.tactics),
            )
            for technique in techniques
        ]
    )
