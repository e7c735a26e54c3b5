"""Addresses of the triage queue and its incidents, of devices and of sites."""

from django.urls import include, path

from alerts.incidents.web.views import (
    acts,
    bulk,
    devices,
    incident,
    incident_tasks,
    queue,
    sites,
)

_incidents = [
    path("", queue.queue_page, name="queue"),
    path("changes/", queue.queue_changes, name="changes"),
    path("filters/", queue.facet_values, name="facets"),
    path("matching/", queue.matching, name="matching"),
    path("groups/<uuid:key>/panel", queue.group_panel, name="group_panel"),
    path("act/<slug:verb>/", acts.act_on_incidents, name="act"),
    path("undo/<uuid:act>/", acts.undo_act_view, name="undo"),
    path("bulk/", bulk.bulk_acts, name="bulk_acts"),
    path("bulk/<uuid:act>/", bulk.bulk, name="bulk"),
    path("bulk/<uuid:act>/<slug:command>/", bulk.steer, name="steer"),
    path("<int:incident_id>/", incident.incident_page, name="incident"),
    path("<int:incident_id>/tasks/read/", incident_tasks.read_tasks_view, name="read-tasks"),
    path("<int:incident_id>/tasks/add/", incident_tasks.add, name="add-task"),
    path(
        "<int:incident_id>/tasks/<slug:task>/<slug:verb>/",
        incident_tasks.mark_task,
        name="mark-task",
    ),
    path("<int:incident_id>/panel", queue.incident_panel, name="incident_panel"),
]
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
    path("incidents/", include((_incidents, "incidents"))),
    path("devices/", include((_devices, "devices"))),
    path("sites/", include((_sites, "sites"))),
]
