"""Addresses of the readiness of each workspace."""

from django.urls import path

from alerts.readiness.web import views
from alerts.readiness.web.move import show_move

app_name = "readiness"
urlpatterns = [
    path("", views.list_workspaces, name="list"),
    path("<slug:name>/", views.readiness_page, name="workspace"),
    path("<slug:name>/move/", show_move, name="move"),
    path("<slug:name>/check/", views.check_workspace_view, name="check"),
    path("<slug:name>/set-up/", views.set_up, name="set-up"),
    path("<slug:name>/collected/", views.collected, name="collected"),
]
