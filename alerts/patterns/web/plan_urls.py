"""Addresses of the noise plan."""

from django.urls import path

from alerts.patterns.web import plan, plan_acts

app_name = "plan"
urlpatterns = [
    path("", plan.plan, name="plan"),
    path("propose/", plan_acts.propose, name="propose"),
    path("ask/", plan_acts.ask, name="ask"),
    path("<uuid:candidate>/snooze/", plan_acts.snooze, name="snooze"),
    path("<uuid:candidate>/reject/", plan_acts.reject, name="reject"),
]
