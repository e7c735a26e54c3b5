"""How hard questions are, for their authors."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from portal.ui.htmx import render_page
from training.progress.queries import MIN_TRIES, question_statistics


@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """Show the share of right first tries of each wording, hardest first."""
    page = {"statistics": question_statistics(), "least": MIN_TRIES}
    return render_page(request, "training/progress/statistics.html", page)
