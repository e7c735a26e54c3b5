"""Addresses of home and system status."""

from django.urls import path

from alerts.dashboards.web.views import home, status

app_name = "dashboards"
urlpatterns = [
    path("", home.home, name="home"),
    path("status/", status.status, name="status"),
]
