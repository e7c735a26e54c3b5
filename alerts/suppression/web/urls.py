"""Addresses of rules, approvals and the ledger."""

from django.urls import path

from alerts.suppression.web import approvals, detail, ledger, rules

app_name = "suppression"
urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/<uuid:version>/", detail.rule, name="rule"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("ledger/", ledger.ledger, name="ledger"),
]
