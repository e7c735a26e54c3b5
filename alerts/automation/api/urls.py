"""Addresses of playbooks below /api/v1/."""

from django.urls import path

from alerts.automation.api.views import (
    AutomationRuleViewSet,
    OnIncident,
    PlaybookRunViewSet,
    PlaybookViewSet,
)
from portal.api.views import resources

urlpatterns = [
    path("incidents/<int:pk>/playbook/", OnIncident.as_view({"post": "playbook"})),
    *resources(
        playbooks=PlaybookViewSet,
        playbook_runs=PlaybookRunViewSet,
        automation_rules=AutomationRuleViewSet,
    ),
]
