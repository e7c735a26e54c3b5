"""Addresses of the triage queue and its incidents."""

from django.urls import include, path

from alerts.incidents.web.views import (
    acts,
    bulk,
    incident,
    incident_tasks,
    queue,
    saved_views,
)

_incidents = [
    path("", queue.queue_page, name="queue"),
    path("changes/", queue.queue_changes, name="changes"),
    path("filters/", queue.facet_values, name="facets"),
    path("matching/", queue.matching, name="matching"),
    path("groups/<uuid:key>/panel", queue.group_panel, name="group_panel"),
    path("act/<slug:verb>/", acts.act_on_incidents, name="act"),
    path("undo/<uuid:act>/", acts.undo_act_view, name="undo"),
    path("views/", saved_views.view_list, name="views"),
    path("views/save/", saved_views.save_as, name="save_view"),
    path("views/<int:pk>/", saved_views.edit_view, name="view"),
    path("views/<int:pk>/list/", saved_views.take_list, name="take_list"),
    path("views/<int:pk>/first/", saved_views.make_first, name="first_view"),
    path("views/<int:pk>/delete/", saved_views.remove_view, name="delete_view"),
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
urlpatterns = [
    path("incidents/", include((_incidents, "incidents"))),
]
