"""Addresses of the capture pages."""

from django.urls import path

from training.labs.web import views

app_name = "labs"
urlpatterns = [
    path("", views.captures, name="captures"),
    path("<slug:name>/", views.capture, name="capture"),
    path("<slug:name>/file/", views.capture_file, name="capture_file"),
]
