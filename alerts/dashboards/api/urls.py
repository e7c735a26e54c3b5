"""Addresses of workspaces and status below /api/v1/."""

from django.urls import path

from alerts.dashboards.api.views import Status, WorkspaceViewSet
from portal.api.routing import resources

urlpatterns = [
    path("status/", Status.as_view({"get": "show"})),
    *resources(workspaces=WorkspaceViewSet),
]
