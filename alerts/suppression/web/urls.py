"""Addresses of rules, approvals and the ledger."""

from django.urls import path

from alerts.suppression.web.views import (
    acts,
    approvals,
    deployments,
    editor,
    kill_switch,
    ledger,
    parts,
    rule,
    rules,
)

app_name = "suppression"
urlpatterns = [
    path("rules/device/<int:device_id>/", parts.device, name="device"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", acts.new, name="new"),
    path("rules/from-incident/<int:incident_id>/", acts.from_incident, name="from_incident"),
    path("rules/off/", kill_switch.off, name="off"),
    path("rules/off/<int:stop_id>/lift/", kill_switch.lift, name="lift"),
    path("rules/why/<int:incident_id>/", parts.why, name="why"),
    path("rules/<uuid:version>/", rule.rule, name="rule"),
    path("rules/<uuid:version>/edit/", editor.edit, name="edit"),
    path("rules/<uuid:version>/backtest/", editor.backtest, name="backtest"),
    path("rules/<uuid:version>/sign/", acts.sign, name="sign"),
    path("rules/<uuid:version>/do/<slug:verb>/", acts.act, name="act"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/sitting/", approvals.sitting, name="sitting"),
    path("approvals/sitting/again/", approvals.again, name="sitting_again"),
    path("approvals/sitting/<uuid:version>/sign/", approvals.sign, name="sitting_sign"),
    path("approvals/sitting/<uuid:version>/changes/", approvals.changes, name="sitting_changes"),
    path("approvals/sitting/<uuid:version>/skip/", approvals.skip, name="sitting_skip"),
    path("approvals/sitting/<uuid:version>/back/", approvals.back, name="sitting_back"),
    path("approvals/sitting/<uuid:version>/stop/", approvals.stop, name="sitting_stop"),
    path("approvals/sitting/<uuid:version>/retest/", approvals.retest, name="sitting_retest"),
    path(
        "approvals/sitting/<uuid:version>/check/<int:number>/",
        approvals.check,
        name="sitting_check",
    ),
    path("deployments/", deployments.deployments, name="deployments"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/<int:entry_id>/looked/", ledger.looked, name="looked"),
]
