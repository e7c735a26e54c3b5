"""Lessons beside an incident, chosen by the types of its alerts. The page of the incident fetches
them by address and knows nothing of lessons.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal.accounts.actor import actor_of
from portal.ui.htmx import nothing_new, render_page, wants_part
from training.progress.queries import lessons_beside

MAX_TYPES = 20


@require_GET
def beside(request: HttpRequest) -> HttpResponse:
    """Show the lessons about the alert types in `?type=`; to htmx nothing where there is none."""
    types = request.GET.getlist("type")[:MAX_TYPES]
    found = lessons_beside(actor_of(request), types)
    if not found and wants_part(request):
        return nothing_new()
    page = {"lessons": found, "types": types}
    return render_page(request, "training/progress/beside.html", page, part="lessons")
