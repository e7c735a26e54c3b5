"""Addresses of what was given up."""

from django.urls import path

from alerts.outbox.web import views

app_name = "outbox"
urlpatterns = [
    path("changes/<int:change_id>/retry/", views.retry, name="retry"),
    path("changes/<int:change_id>/discard/", views.discard_changes, name="discard"),
]
