"""Addresses of incidents and alerts below /api/v1/."""

from alerts.incidents.api.place_views import DeviceViewSet, SiteViewSet, ZoneViewSet
from alerts.incidents.api.views import AlertViewSet, IncidentViewSet
from portal.api.routing import resources

urlpatterns = resources(
    incidents=IncidentViewSet,
    alerts=AlertViewSet,
    devices=DeviceViewSet,
    sites=SiteViewSet,
    zones=ZoneViewSet,
)
