"""Addresses of candidates below /api/v1/."""

from alerts.patterns.api.views import PatternViewSet
from portal.api.routing import resources

urlpatterns = resources(patterns=PatternViewSet)
