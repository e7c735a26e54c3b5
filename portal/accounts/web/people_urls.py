"""Addresses of the pages about people."""

from django.urls import path

from portal.accounts.web import people

app_name = "people"
urlpatterns = [
    path("", people.show_people, name="list"),
    path("<uuid:person>/", people.show_person, name="person"),
    path("<uuid:person>/disable/", people.disable, name="disable"),
    path("<uuid:person>/enable/", people.enable, name="enable"),
    path("<uuid:person>/roles/<int:grant>/revoke/", people.revoke, name="revoke"),
]
