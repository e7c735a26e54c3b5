"""Addresses of training below /api/v1/training/."""

from django.urls import path

from portal.api.views import resources
from training.progress.api.views import ModuleViewSet, ResultViewSet, Totals

urlpatterns = [
    path("totals/", Totals.as_view({"get": "show"})),
    *resources(modules=ModuleViewSet, results=ResultViewSet),
]
