"""Addresses of planned work."""

from django.urls import path

from alerts.planned_work.web import views

app_name = "planned_work"
urlpatterns = [
    path("", views.index, name="week"),
    path("new/", views.plan_new_work, name="new"),
    path("import/", views.take_over, name="import"),
    path("<uuid:work>/", views.work, name="work"),
    path("<uuid:work>/edit/", views.edit_work, name="edit"),
    path("<uuid:work>/extend/", views.extend, name="extend"),
    path("<uuid:work>/done/", views.done, name="done"),
    path("<uuid:work>/confirm/", views.confirm, name="confirm"),
    path("<uuid:work>/cancel/", views.cancel, name="cancel"),
]
