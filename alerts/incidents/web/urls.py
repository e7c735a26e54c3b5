"""Addresses of the triage queue, the incident and what can be done there."""

from django.urls import path

from alerts.incidents.web import acts, bulk, incident, queue

app_name = "incidents"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("changes/", queue.changes, name="changes"),
    path("filters/", queue.facet_menu, name="facets"),
    path("matching/", queue.matching, name="matching"),
    path("groups/<uuid:key>/panel", queue.group_panel, name="group_panel"),
    path("act/<slug:verb>/", acts.act, name="act"),
    path("undo/<uuid:act>/", acts.undo, name="undo"),
    path("bulk/", bulk.mine, name="bulk_acts"),
    path("bulk/<uuid:act>/", bulk.bulk, name="bulk"),
    path("bulk/<uuid:act>/<slug:deed>/", bulk.steer, name="steer"),
    path("<int:incident_id>/", incident.incident, name="incident"),
    path("<int:incident_id>/panel", queue.incident_panel, name="incident_panel"),
]
