"""Addresses of incidents and alerts below /api/v1/."""

from alerts.incidents.api.views import AlertViewSet, IncidentViewSet
from portal.api.views import resources

urlpatterns = resources(incidents=IncidentViewSet, alerts=AlertViewSet)
