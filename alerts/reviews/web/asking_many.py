"""Ask OT about several rows of the queue at once: each row is a question of its own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Review
from alerts.reviews.services import CannotAsk, ask_ot
from alerts.reviews.web.forms import AskForm
from alerts.reviews.web.words import headline
from portal.accounts.actor import actor_of
from portal.ui.htmx import wants_part
from portal.ui.toasts import leave_toast, trigger
from portal.ui.words import number

type Row = Sequence[Incident]  # the incidents of one row


def rows_meant(request: HttpRequest, told: QueryDict) -> list[Row]:
    """The rows that were chosen, as far as this person may see them; 404 where there are none."""
    keys, ids = dict.fromkeys(told.getlist("group")), dict.fromkeys(told.getlist("incident"))
    try:
        wanted = [Q(group_key=UUID(key)) for key in keys] + [Q(pk=_number(each)) for each in ids]
    except ValueError:
        raise Http404 from None
    reach = incidents_visible_to(actor_of(request)).order_by("-severity", "-created_at", "-pk")
    rows: list[Row] = [row for each in wanted if (row := list(reach.filter(each)))]
    if not rows:
        raise Http404
    return rows


def sites_in_common(rows: Sequence[Row]) -> list[int]:
    """The sites that every incident touches: one question goes to one site."""
    return sorted(set.intersection(*(set(each.site_ids) for row in rows for each in row)))


def ask_each(
    request: HttpRequest, form: AskForm, rows: Sequence[Row], *, now: datetime
) -> list[Review]:
    """Ask about all rows or about none; the form says why not."""
    if not form.is_valid():
        return []
    site_id, question = form.cleaned_data["site"] or 0, form.cleaned_data["question"]
    by, row = actor_of(request), rows[0]
    try:
        with transaction.atomic():
            asked = []
            for row in rows:
                ids = [each.pk for each in row]
                asked.append(
                    ask_ot(incident_ids=ids, site_id=site_id, question=question, by=by, now=now)
                )
            return asked
    except CannotAsk as refusal:
        name = f"{headline(row[0])}: " if len(rows) > 1 else ""
        form.add_error(None, [f"{name}{reason}" for reason in refusal.reasons])
    return []


def all_asked(request: HttpRequest, asked: Sequence[Review]) -> HttpResponse:
    """Say how many questions were asked."""
    words = ngettext(
        "OT at %(site)s was asked %(n)s question.",
        "OT at %(site)s was asked %(n)s questions.",
        len(asked),
    )
    text = words % {"site": asked[0].site.name, "n": number(len(asked))}
    if not wants_part(request):
        return leave_toast(request, HttpResponseRedirect(reverse("incidents:queue")), text)
    response = trigger(HttpResponse(headers={"HX-Reswap": "none"}), "close-dialog", {})
    return leave_toast(request, trigger(response, "ot-changed", {}), text)


def about_many(rows: Sequence[Row]) -> str:
    """What the questions are about."""
    return gettext("%(rows)s rows, %(n)s incidents") % {
        "rows": len(rows),
        "n": number(sum(len(row) for row in rows)),
    }


def _number(given: str) -> int:
    if not given.isdecimal() or len(given) > 18:
        raise ValueError(given)
    return int(given)
