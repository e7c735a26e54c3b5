"""Addresses of the past of a workspace. A namespace of its own: more people may see it than may
change push hints.
"""

from django.urls import path

from alerts.intake.web import past_page

app_name = "past"
urlpatterns = [
    path("workspaces/<slug:name>/past/", past_page.show_past, name="show"),
    path("workspaces/<slug:name>/past/read/", past_page.read_past, name="read"),
    path("workspaces/<slug:name>/past/pause/", past_page.pause_past, name="pause"),
]
