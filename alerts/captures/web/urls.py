"""Addresses of captures: attach, download, remove. What opens one belongs to its reader."""

from django.urls import path

from alerts.captures.web import views
from portal.ui.moved import redirect_to

app_name = "captures"
urlpatterns = [
    path("incidents/<int:incident_id>/captures/", views.attach, name="attach"),
    path("captures/<uuid:capture>/file/", views.download, name="download"),
    path("captures/<uuid:capture>/remove/", views.remove_capture_view, name="remove"),
    path("captures/for-incident/<int:incident_id>/", redirect_to("captures:attach")),
]
