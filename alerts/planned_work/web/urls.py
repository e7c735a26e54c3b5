"""Addresses of planned work."""

from django.urls import path

from alerts.planned_work.web import acts, pages

app_name = "planned_work"
urlpatterns = [
    path("", pages.index, name="week"),
    path("new/", acts.new, name="new"),
    path("import/", acts.take_over, name="import"),
    path("<uuid:work>/", pages.work, name="work"),
    path("<uuid:work>/edit/", acts.edit, name="edit"),
    path("<uuid:work>/extend/", acts.extend, name="extend"),
    path("<uuid:work>/done/", acts.done, name="done"),
    path("<uuid:work>/cancel/", acts.cancel, name="cancel"),
]
