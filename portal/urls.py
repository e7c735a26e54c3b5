"""The map of addresses, wired by name."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.accounts.web.urls")),
    path("", include("portal.health")),
]
