"""Addresses of playbooks and automation rules, and of what people do with them."""

from django.urls import path

from alerts.automation.web import checks, rules, views

app_name = "automation"
urlpatterns = [
    path("automation/", views.overview, name="overview"),
    path("automation/read/<slug:name>/", views.read_inventory_again, name="read_again"),
    path("automation/playbooks/<uuid:playbook>/", views.playbook_page, name="playbook"),
    path("automation/playbooks/<uuid:playbook>/mark/", views.mark_harmless, name="mark"),
    path("automation/playbooks/<uuid:playbook>/run/", views.run, name="run"),
    path("automation/playbooks/<uuid:playbook>/ask/", views.ask_consent, name="ask"),
    path("automation/rules/new/<int:incident_id>/", rules.new_rule, name="new_rule"),
    path("automation/rules/<uuid:rule>/remove/", rules.remove_rule_view, name="remove_rule"),
    path("automation/workflow/<slug:name>/", checks.workflow, name="workflow"),
    path("automation/consents/<uuid:consent>/", views.consent_page, name="consent"),
]
