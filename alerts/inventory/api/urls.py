"""Addresses of devices, sites and zones below /api/v1/."""

from alerts.inventory.api.views import DeviceViewSet, SiteViewSet, ZoneViewSet
from portal.api.views import resources

urlpatterns = resources(devices=DeviceViewSet, sites=SiteViewSet, zones=ZoneViewSet)
