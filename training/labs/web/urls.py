"""Addresses of the capture pages: captures of the lessons, and of incidents."""

from django.urls import include, path

from portal.ui.moved import redirect_to
from training.labs.web import views

incident_captures = [path("<uuid:capture>/", views.incident_capture, name="capture")]
captures = [
    path("captures/", views.captures, name="captures"),
    path("captures/<slug:name>/", views.capture_page, name="capture"),
    path("captures/<slug:name>/file/", views.capture_file, name="capture_file"),
    path("<slug:module>/captures/<str:name>/view/", views.lesson_capture, name="lesson_capture"),
    # its old address
    path("captures/of/<slug:module>/<str:name>/", redirect_to("labs:lesson_capture")),
]
urlpatterns = [
    path("captures/", include((incident_captures, "incident_captures"))),
    path("training/", include((captures, "labs"))),
]
