"""The mapping of alert types: the vendor's claim beside the review, and the page of one type, where
a training manager reviews it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from alerts.incidents.engine.catalogue import AlertType, all_types
from alerts.incidents.engine.tokens import Term, render
from portal import clock
from portal.accounts.sessions import actor_of
from portal.attack import engine as attack
from portal.ui.navigation import may_use, roles_for_page
from portal.ui.pieces import Tab
from portal.ui.responses import leave_toast, render_page
from portal.ui.words import number
from training.catalog.engine.reviews import TypeReview
from training.catalog.policies import reasons_against_reviewing
from training.catalog.queries.lessons import lessons_about, reviews_in_force, reviews_of_type
from training.catalog.services.review_alert_type import CannotReview, review_alert_type
from training.matrix.engine.coverage import TypeMapping
from training.matrix.web.forms import ReviewForm

CHOICES = ("all", "differs", "none")


@dataclass(frozen=True, slots=True)
class MappingRow:
    """An alert type as a page shows it: the vendor's ids beside the reviewed ones."""

    mapping: TypeMapping
    queue_url: str
    url: str
    incidents: int = 0

    @property
    def alert_type(self) -> AlertType:
        """The alert type itself."""
        return self.mapping.alert_type

    @property
    def review(self) -> TypeReview:
        """What holds for it."""
        return self.mapping.review


def mappings_of(reviews: Mapping[str, TypeReview]) -> list[TypeMapping]:
    """Return all alert types with their reviews, by title."""
    types = sorted(all_types(), key=lambda alert_type: alert_type.title)
    return [TypeMapping(alert_type, reviews[alert_type.title]) for alert_type in types]


def mapping_row_of(mapping: TypeMapping, incidents: int = 0) -> MappingRow:
    """Return an alert type with the ways that lead on from it."""
    title = mapping.alert_type.title
    return MappingRow(
        mapping,
        queue_url("open", Term("type", (f"={title}",))),
        reverse("attack:alert-type", args=[slugify(title)]),
        incidents,
    )


def queue_url(view: str, term: Term) -> str:
    """Return the address of the queue with this filter."""
    return f"{reverse('incidents:queue')}?{urlencode({'view': view, 'q': render([term])})}"


@require_GET
def mapping(request: HttpRequest) -> HttpResponse:
    """Show the mapping of every alert type; `?show=differs` where the review differs from the
    vendor, `?show=none` where it names no technique.
    """
    text = " ".join(request.GET.get("q", "").split())
    show = request.GET.get("show", "")
    show = show if show in CHOICES else "all"
    mappings = mappings_of(reviews_in_force())
    by_choice = {
        "all": mappings,
        "differs": [row for row in mappings if row.is_another],
        "none": [row for row in mappings if not row.review.techniques],
    }
    labels = {
        "all": gettext("All"),
        "differs": gettext("Differs"),
        "none": gettext("Names no act"),
    }
    page = {
        "rows": [mapping_row_of(row) for row in by_choice[show] if _matches(row, text)],
        "text": text,
        "show": "" if show == "all" else show,
        "segments": [
            _segment(labels[choice], by_choice[choice], choice, text, current=choice == show)
            for choice in CHOICES
        ],
        "version": attack.version(),
        "notice": attack.notice(),
    }
    return render_page(request, "training/matrix/mapping.html", page, part="rows")


def _segment(
    label: str, mappings: list[TypeMapping], show: str, text: str, *, current: bool
) -> Tab:
    href = f"?{urlencode({'show': show, 'q': text} if text else {'show': show})}"
    return Tab(f"{label} {number(len(mappings))}", href, current=current)


def _matches(mapping: TypeMapping, text: str) -> bool:
    title = text.casefold()
    ids = {technique.id for technique in attack.techniques_like(text)} if text else set()
    return title in mapping.alert_type.title.casefold() or not ids.isdisjoint(mapping.ids)


@require_http_methods(["GET", "HEAD", "POST"])
def alert_type(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one alert type with all its reviews; take a new review."""
    entry = next((row for row in all_types() if slugify(row.title) == slug), None)
    if entry is None:
        raise Http404(gettext("There is no such alert type."))
    person = actor_of(request)
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            review_alert_type(
                alert_type=entry.title, by=person, now=clock.now(), **form.cleaned_data
            )
        except CannotReview as refusal:
            form.add_error(None, list(refusal.reasons))
        else:
            back = HttpResponseRedirect(reverse("attack:alert-type", args=[slug]))
            return leave_toast(request, back, gettext("Review saved. It holds from now on."))
    reviews = reviews_of_type(entry.title)
    if not form.is_bound:
        form.initial["techniques"] = ", ".join(sorted(reviews[0].current_techniques))
    page = {
        "row": mapping_row_of(TypeMapping(entry, reviews[0])),
        "earlier": [TypeMapping(entry, review) for review in reviews[1:]],
        "lessons": lessons_about([entry.title]),
        "may_read": may_use(request, roles_for_page("incidents:queue")),
        "may_learn": may_use(request, roles_for_page("training:lesson")),
        "form": form,
        "may_review": not reasons_against_reviewing(person),
        "version": attack.version(),
        "notice": attack.notice(),
    }
    return render_page(request, "training/matrix/alert_type.html", page, form=form)
