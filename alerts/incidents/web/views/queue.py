"""The triage queue, its live poll, its filter menu and its side panel."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from alerts.incidents.acts.bulk import MAX_INCIDENTS
from alerts.incidents.engine.tokens import Term, free_text_of, toggled, without
from alerts.incidents.models import ASIDE, Group
from alerts.incidents.page.panel import preview_of
from alerts.incidents.policies import may_judge, may_triage
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.incidents.queue.counts import (
    FIELD_LABELS,
    Facet,
    FacetValue,
    cause_of_empty_list,
    condition_value_words,
    count_listed,
    counts_by_view,
    counts_in_part,
    facets,
    hand_over_untriaged,
)
from alerts.incidents.queue.queries import (
    CLOSED,
    COUNTED,
    MAX_COUNTED,
    PAGE,
    VIEWS,
    Queue,
    QueuePage,
    QueueParams,
    queue_params,
)
from alerts.incidents.queue.saved_views import ReadersViews
from alerts.incidents.web.links import ask_address, exports_address, review_panel_address
from alerts.incidents.web.palette import incident_by_number
from portal import clock
from portal.accounts.sessions import actor_of
from portal.formats.moments import read_moment
from portal.ui.context import Shell
from portal.ui.pieces import Tab
from portal.ui.responses import is_part_request, nothing_new, render_page, vary
from portal.ui.words import number

# What each view leaves in, as a filter would say it; all open rows are what a queue is.
VIEW_TERMS = {
    "needs": Term("ot", ("none",)),
    "waiting": Term("ot", ("waiting",)),
    "answered": Term("ot", ("answered",)),
    "mine": Term("owner", ("me",)),
    "late": Term("ot", ("late",)),
    "closed": Term("status", ("closed",)),
}
VIEW_LABELS = {
    "needs": gettext_lazy("Needs triage"),
    "waiting": gettext_lazy("Waiting for OT"),
    "answered": gettext_lazy("OT answered"),
    "mine": gettext_lazy("Mine"),
    "late": gettext_lazy("Late"),
    "open": gettext_lazy("All open"),
    "closed": gettext_lazy("Closed"),
}
COLUMN_LABELS = {
    "ot": gettext_lazy("OT context"),
    "age": gettext_lazy("Due or age"),
    "owner": gettext_lazy("Owner"),
    "technique": gettext_lazy("Technique"),
    "sensor": gettext_lazy("Sensor"),
    "labels": gettext_lazy("Labels"),
    "workspace": gettext_lazy("Workspace"),
    "changed": gettext_lazy("Latest"),
}
# The columns of a file: what the list shows, in its order.
EXPORTED = (
    "priority",
    "workspace",
    "number",
    "severity",
    "title",
    "sites",
    "place",
    "source",
    "destination",
    "protocol",
    "status",
    "ot_state",
    "ot_due_at",
    "owner_name",
    "created_at",
    "modified_at",
    "classification",
)
# More of them where a reader has chosen the column.
EXPORTED_IF_SHOWN = {"technique": "techniques", "labels": "labels"}


@require_GET
def queue_page(request: HttpRequest) -> HttpResponse:
    """The page, or its list for htmx; a filter that is an incident's number opens the incident."""
    queue, params = _queue_of(request)
    views = ReadersViews(queue.user)
    if not is_part_request(request):
        if not request.GET and views.first:
            return redirect(reverse("incidents:queue") + views.first.href)
        incident_id = incident_by_number(queue.user, params.terms)
        if incident_id is not None:
            return redirect("incidents:incident", incident_id)
    base = reverse("incidents:queue")
    page, counts = queue.page(), counts_by_view(queue)
    menus = _menus(queue) if is_part_request(request) and "menu" in request.GET else None
    if not params.terms:
        hand_over_untriaged(request, counts["needs"])
    context = {
        "params": params,
        "may_triage": may_triage(queue.user),
        "may_judge": may_judge(queue.user),
        "page": page,
        "base": base,
        # A list that came for the menu is renewed without it.
        "here": base + params.href() if menus else request.get_full_path(),
        "menus": menus,
        **(_menu_frame(queue) if menus else {}),
        "tabs": _tabs(queue, counts, views),
        "views": views,
        "saved": (saved := views.find(params.saved)),
        "is_changed": saved is not None and not saved.shows(params),
        "chips": _chips(params),
        "cleared": params.href(terms=()),
        "columns": params.shown_columns,
        "column_links": _column_links(params),
        "aside": _aside_link(queue, counts[ASIDE]),
        "since": queue.now.isoformat(),
        "shown": ".".join(_mark(row.key or str(row.incident_id)) for row in page.rows),
        "blame": _cause_of_empty_list(queue) if not page.rows else None,
        "in_notes": "" if page.rows else _search_of_notes(params),
        "first": PAGE,
        "now": queue.now,
        "ask": ask_address(),
        "exports": exports_address(queue.user) if page.rows and not page.problems else None,
        "exported": [*EXPORTED, *_exported_beside(params)],
        "oob": is_part_request(request),
        "local_times": queue.frame.has_several_clocks,
        **_without_scripts(request, page, params),
    }
    return render_page(request, "alerts/incidents/queue.html", context, part="list")


def _without_scripts(request: HttpRequest, page: QueuePage, params: QueueParams) -> dict[str, str]:
    """Return the preview of the row in the address, or the first, and links to the others."""
    if Shell(request).has_scripts or not page.rows:
        return {"preview": "", "panel": ""}
    base = reverse("incidents:queue")
    row = next(
        (candidate for candidate in page.rows if candidate.ref == params.selected), page.rows[0]
    )
    after = f"&after={quote(params.after)}" if params.after else ""
    return {"preview": f"{base}{params.href()}{after}&sel=", "panel": f"{base}{row.panel}"}


@require_GET
def queue_changes(request: HttpRequest) -> HttpResponse:
    """What came in or changed since the list was made, as a pill; 204 when nothing did."""
    queue, page = _queue_and_page(request)
    try:
        since = read_moment(request.GET.get("since", ""))
    except ValueError:
        return nothing_new()
    shown = set(request.GET.get("shown", "").split("."))
    new, changed = _news(queue, page, shown, since)
    if not (new or changed):
        return nothing_new()
    context = {
        "new": new,
        "changed": changed,
        "params": queue.params,
        "since": request.GET["since"],
        "shown": request.GET.get("shown", ""),
        "here": queue.params.href(),
    }
    return vary(render(request, "alerts/incidents/_live.html", context))


@require_GET
def facet_values(request: HttpRequest) -> HttpResponse:
    """The values worth filtering by, with how many rows have each."""
    queue, _ = _queue_of(request)
    context = {"menus": _menus(queue), "base": reverse("incidents:queue"), **_menu_frame(queue)}
    return vary(render(request, "alerts/incidents/_facets.html", context))


def _menus(queue: Queue) -> list[tuple[Facet, list[tuple[FacetValue, str, str]]]]:
    """Each field with its values, and the lists with the value chosen and with it excluded."""
    params = queue.params

    def href(field: str, value: str, *, negated: bool) -> str:
        return params.href(terms=toggled(params.terms, field, value, negated=negated))

    return [
        (
            facet,
            [
                (
                    value,
                    href(facet.field, value.value, negated=value.is_excluded),
                    href(facet.field, value.value, negated=True),
                )
                for value in facet.values
            ],
        )
        for facet in facets(queue)
    ]


def _menu_frame(queue: Queue) -> dict[str, object]:
    in_part = queue.params.view == CLOSED and bool(queue.edge(COUNTED))
    return {"most": MAX_COUNTED, "in_part": in_part}


@require_GET
def matching(request: HttpRequest) -> HttpResponse:
    """The offer to choose all rows of the list, not only those of its page, with their number."""
    queue, params = _queue_of(request)
    context = {
        "n": count_listed(queue, limit=MAX_INCIDENTS),
        "most": MAX_INCIDENTS,
        "target": urlencode(
            {"all": "1", "view": params.view, "q": params.query, "until": queue.now.isoformat()}
        ),
    }
    return vary(render(request, "alerts/incidents/_matching.html", context))


@require_GET
def group_panel(request: HttpRequest, key: UUID) -> HttpResponse:
    """The side panel of one row of the queue: of the incident that the row is named after."""
    row = get_object_or_404(groups_visible_to(actor_of(request)), pk=key)
    return _panel(request, row.lead_id or row.latest_id, target=f"group={key}", row=row)


@require_GET
def incident_panel(request: HttpRequest, incident_id: int) -> HttpResponse:
    """The side panel of one incident, as lists of closed ones show it."""
    return _panel(request, incident_id, target=f"incident={incident_id}")


def _panel(
    request: HttpRequest, incident_id: int, *, target: str, row: Group | None = None
) -> HttpResponse:
    user, now = actor_of(request), clock.now_of(request)
    incident = get_object_or_404(
        incidents_visible_to(user).select_related("workspace__organisation"), pk=incident_id
    )
    preview = preview_of(incident, by=user, now=now, row=row)
    context = {
        "it": preview,
        "target": target,
        "now": now,
        "ask": ask_address(),
        # Whoever may ask has a button for it; the panel of questions shows once there is one.
        "review": review_panel_address(incident_id, group=row.key if row and row.n > 1 else None)
        if incident.ot_state or not preview.may_act
        else None,
    }
    return vary(render(request, "alerts/incidents/_panel.html", context))


def _queue_of(request: HttpRequest) -> tuple[Queue, QueueParams]:
    query = request.GET
    if (view := query.get("view", "")) and view not in VIEWS:
        raise Http404
    params = queue_params(
        view,
        query.get("q", ""),
        after=query.get("after", ""),
        selected=query.get("sel", ""),
        saved=query.get("saved", ""),
        columns=query.get("cols", ""),
    )
    return Queue(actor_of(request), params, now=clock.now_of(request)), params


def _queue_and_page(request: HttpRequest) -> tuple[Queue, QueuePage]:
    queue, _ = _queue_of(request)
    return queue, queue.page()


def _tabs(
    queue: Queue, counts: Mapping[str, int], saved: ReadersViews
) -> list[tuple[Tab, str, str]]:
    """The views, each with its number and of what; "Mine" only for who can own an incident. Then
    the reader's own saved ones and the one that is open, without numbers: each would be a filter of
    its own to count.
    """
    params, opened = queue.params, saved.find(queue.params.saved)
    views = [view for view in VIEWS if view != "mine" or may_triage(queue.user)]
    kept = [view for view in saved.all if view.is_own or view.is_first or view == opened]
    return [
        (
            Tab(
                str(VIEW_LABELS[view]),
                params.href(view=view),
                counts[view],
                current=view == params.view and opened is None,
                hot=view == "late" and counts[view] > 0,
            ),
            _count_words(queue, view, counts[view]),
            # Equal open incidents are one row; closed ones are listed one by one.
            gettext("incidents") if view == CLOSED else ngettext("row", "rows", counts[view]),
        )
        for view in views
    ] + [(Tab(view.name, view.href, current=view == opened), "", "") for view in kept]


def _aside_link(queue: Queue, n: int) -> dict[str, object] | None:
    """How many rows within the filter are put aside, and the list of them."""
    params = queue.params
    if not n or queue.is_closed or any(term.field == ASIDE for term in params.terms):
        return None
    terms = (*params.terms, Term(ASIDE, ("yes",)))
    words = _count_words(queue, ASIDE, n)
    return {"n": n, "words": words, "href": params.href(view="open", terms=terms)}


def _count_words(queue: Queue, view: str, count: int) -> str:
    """The number on a tab; a plus where there may be more than were looked at."""
    if count > MAX_COUNTED:
        return gettext("10,000+")
    in_part = view == CLOSED and counts_in_part(queue)
    return f"{number(count)}+" if in_part else number(count)


def _chips(params: QueueParams) -> list[tuple[str, str, str]]:
    """What is filtered by, the view's own condition first, each with the list without it."""
    own = VIEW_TERMS.get(params.view)
    of_view = [(_label(own), condition_value_words(own), params.href(view="open"))] if own else []
    return of_view + [
        (
            _label(term),
            condition_value_words(term),
            params.href(terms=without(params.terms, term)),
        )
        for term in params.terms
    ]


def _column_links(params: QueueParams) -> list[tuple[str, str, str]]:
    """Each column by name and label, and the list with it, or without it where it is shown."""
    shown, labels = params.shown_columns, COLUMN_LABELS
    if params.view == CLOSED:
        labels = labels | {"changed": gettext_lazy("Changed")}
    return [
        (name, str(label), params.href(columns=shown ^ {name})) for name, label in labels.items()
    ]


def _exported_beside(params: QueueParams) -> list[str]:
    shown = params.shown_columns
    return [name for column, name in EXPORTED_IF_SHOWN.items() if column in shown]


def _label(term: Term) -> str:
    label = str(FIELD_LABELS[term.field])
    return gettext("not %(field)s") % {"field": label} if term.negated else label


def _cause_of_empty_list(queue: Queue) -> dict[str, object] | None:
    found = cause_of_empty_list(queue)
    if found is None:
        return None
    terms = without(queue.params.terms, found.term)
    return {
        "filter": str(found.term),
        "count": gettext("10,000+") if found.count > MAX_COUNTED else number(found.count),
        "href": queue.params.href(terms=terms),
    }


def _search_of_notes(params: QueueParams) -> str:
    """The list that looks for the same words in comments, notes and reasons."""
    if not (words := free_text_of(params.terms)):
        return ""
    others = tuple(term for term in params.terms if term.field or term.negated)
    return params.href(terms=(*others, Term("note", (words,))))


def _mark(key: str) -> str:
    return key[:8]


def _news(queue: Queue, page: QueuePage, shown: set[str], since: datetime) -> tuple[int, int]:
    """Return how many rows are new in the queue, and how many of those shown changed or left."""
    keys = {_mark(row.key or str(row.incident_id)) for row in page.rows}
    changed = {_mark(key) for key in queue.changed_since(since, page)} & shown
    return len(keys - shown), len(changed | (shown - keys - {""}))
