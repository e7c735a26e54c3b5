"""Addresses of devices."""

from django.urls import path

from alerts.incidents.web import device_import, devices

app_name = "devices"
urlpatterns = [
    path("", devices.devices, name="list"),
    path("import/", device_import.upload, name="import"),
    path("import/<uuid:file>/", device_import.preview, name="preview"),
    path("<int:device_id>/", devices.device, name="device"),
    path("<int:device_id>/describe/", devices.describe, name="describe"),
]
