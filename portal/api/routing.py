"""Addresses of resources, one line a room."""

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from portal.api.views import Api


def resources(**views: type[Api]) -> list[URLPattern | URLResolver]:
    """`resources(incidents=IncidentViewSet)` gives `incidents/`, `incidents/<pk>/` and whatever its
    methods add. Underscores become hyphens.
    """
    router = SimpleRouter(use_regex_path=False)
    for name, view in views.items():
        address = name.replace("_", "-")
        router.register(address, view, basename=f"api-{address}")
    return list(router.urls)
