"""Addresses of captures: attach, download, remove. What opens one belongs to its reader."""

from django.urls import path

from alerts.captures.web import views

app_name = "captures"
urlpatterns = [
    path("for-incident/<int:incident_id>/", views.attach, name="attach"),
    path("<uuid:capture>/file/", views.download, name="download"),
    path("<uuid:capture>/remove/", views.remove, name="remove"),
]
