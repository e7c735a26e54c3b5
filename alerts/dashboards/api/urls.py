"""Addresses of workspaces, numbers and status below /api/v1/."""

from django.urls import path

from alerts.dashboards.api.metrics import Metrics
from alerts.dashboards.api.views import Status, WorkspaceViewSet
from portal.api.views import resources

urlpatterns = [
    path("status/", Status.as_view({"get": "show"})),
    path("metrics/", Metrics.as_view({"get": "measures"})),
    path("metrics/<slug:name>/", Metrics.as_view({"get": "show"})),
    *resources(workspaces=WorkspaceViewSet),
]
