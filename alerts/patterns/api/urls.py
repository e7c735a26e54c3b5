"""Addresses of patterns and of the plan below /api/v1/."""

from django.urls import path

from alerts.patterns.api.plan import Plan
from alerts.patterns.api.views import PatternViewSet
from portal.api.views import resources

urlpatterns = [
    path("plan/", Plan.as_view({"get": "show"})),
    *resources(patterns=PatternViewSet),
]
