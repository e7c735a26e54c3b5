"""Tagout's addresses and the bare signed-in list: fifty rows of the queue, a plain template."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


@login_required
def bare_list(request: HttpRequest) -> HttpResponse:
    """What any Django list costs: sign-in, one query, fifty rows."""
    from alerts.incidents.models import Group

    rows = list(Group.objects.order_by("-priority", "-latest_at", "key")[:50])
    return render(request, "bench/bare_list.html", {"rows": rows, "person": request.user})


urlpatterns = [path("bench/bare", bare_list), path("", include("portal.urls"))]
