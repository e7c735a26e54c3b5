"""Addresses of the capture pages."""

from django.urls import path

from training.labs.web import views

app_name = "labs"
urlpatterns = [
    path("", views.captures, name="captures"),
    path("of/<slug:module>/<str:name>/", views.lesson_capture, name="lesson_capture"),
    path("<slug:name>/", views.capture, name="capture"),
    path("<slug:name>/file/", views.capture_file, name="capture_file"),
]
