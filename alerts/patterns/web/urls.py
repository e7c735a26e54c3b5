"""Addresses of routine patterns."""

from django.urls import path

from alerts.patterns.web import acts, pages

app_name = "patterns"
urlpatterns = [
    path("", pages.candidates, name="list"),
    path("top/", pages.top, name="top"),
    path("mine/", acts.mine, name="mine"),
    path("<uuid:candidate>/", pages.candidate, name="candidate"),
    path("<uuid:candidate>/rule/", acts.turn, name="turn"),
    path("<uuid:candidate>/reject/", acts.reject, name="reject"),
    path("<uuid:candidate>/snooze/", acts.snooze, name="snooze"),
    path("<uuid:candidate>/reopen/", acts.reopen, name="reopen"),
]
