"""Addresses of the page of exports."""

from django.urls import path

from portal.exports.web import views

app_name = "exports"
urlpatterns = [
    path("", views.exports, name="list"),
    path("<uuid:export>/file/", views.file, name="file"),
]
