"""Addresses of devices and of sites."""

from django.urls import include, path

from alerts.inventory.web import devices, sites

_devices = [
    path("", devices.devices, name="list"),
    path("import/", devices.upload_device_file, name="import"),
    path("import/<uuid:file>/", devices.preview_device_file, name="preview"),
    path("<int:device_id>/", devices.device_page_view, name="device"),
    path("<int:device_id>/describe/", devices.describe_device_view, name="describe"),
]
_sites = [
    path("", sites.sites, name="list"),
    path("<uuid:site>/", sites.site, name="site"),
    path("<uuid:site>/set/", sites.set_clock, name="set"),
]
urlpatterns = [
    path("devices/", include((_devices, "devices"))),
    path("sites/", include((_sites, "sites"))),
]
