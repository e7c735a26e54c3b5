"""Addresses of rules, approvals and the ledger."""

from django.urls import path

from alerts.suppression.web import acts, approvals, detail, editor, ledger, rules

app_name = "suppression"
urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", acts.new, name="new"),
    path("rules/from-incident/<int:incident_id>/", acts.from_incident, name="from_incident"),
    path("rules/<uuid:version>/", detail.rule, name="rule"),
    path("rules/<uuid:version>/edit/", editor.edit, name="edit"),
    path("rules/<uuid:version>/backtest/", editor.backtest, name="backtest"),
    path("rules/<uuid:version>/sign/", acts.sign, name="sign"),
    path("rules/<uuid:version>/do/<slug:verb>/", acts.act, name="act"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("ledger/", ledger.ledger, name="ledger"),
]
