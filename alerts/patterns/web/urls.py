"""Addresses of routine patterns and of the noise plan."""

from django.urls import include, path

from alerts.patterns.web.views import patterns, plan, propose, status_sync
from portal.ui.moved import redirect_to

_patterns = [
    path("", patterns.patterns, name="list"),
    path("top/", patterns.top, name="top"),
    path("mine/", patterns.mine_now, name="mine"),
    path("<uuid:pattern>/", patterns.pattern, name="pattern"),
    path("<uuid:pattern>/rule/", patterns.turn, name="turn"),
    path("<uuid:pattern>/reject/", patterns.reject, name="reject"),
    path("<uuid:pattern>/snooze/", patterns.snooze, name="snooze"),
    path("<uuid:pattern>/reopen/", patterns.reopen, name="reopen"),
]
_plan = [
    path("", plan.plan, name="plan"),
    path("distance/", plan.distance, name="distance"),
    path("propose/", propose.propose, name="propose"),
    path("ask/", plan.ask_plan_questions, name="ask"),
    # Where the plan's own forms went before patterns took them.
    path("<uuid:pattern>/snooze/", redirect_to("patterns:snooze")),
    path("<uuid:pattern>/reject/", redirect_to("patterns:reject")),
]
_status_sync = [
    path("", status_sync.show_status_sync, name="show"),
    path("<uuid:workspace>/", status_sync.answer_status_sync, name="answer"),
]
urlpatterns = [
    path("patterns/", include((_patterns, "patterns"))),
    path("status-sync/", include((_status_sync, "status-sync"))),
    path("plan/", include((_plan, "plan"))),
]
