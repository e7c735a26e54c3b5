"""Addresses of sites."""

from django.urls import path

from alerts.incidents.web import sites

app_name = "sites"
urlpatterns = [
    path("", sites.sites, name="list"),
    path("<uuid:site>/", sites.site, name="site"),
    path("<uuid:site>/set/", sites.set_clock, name="set"),
]
