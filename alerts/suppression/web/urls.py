"""Addresses of rules, approvals and the ledger, and of what other rooms' pages ask this one."""

from django.urls import path

from alerts.suppression.web.views import (
    acts,
    approvals,
    deployments,
    drift,
    editor,
    holds,
    kill_switch,
    ledger,
    parts,
    rule,
    rules,
    watchlist,
)
from portal.ui.moved import redirect_to

app_name = "suppression"
urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", acts.begin_rule, name="new"),
    path("rules/off/", kill_switch.switch_page, name="off"),
    path("rules/off/<int:stop_id>/lift/", kill_switch.lift, name="lift"),
    path("rules/held/", holds.list_holds, name="holds"),
    path("rules/held/<int:incident_id>/end/", holds.set_end, name="set_end"),
    path("rules/<uuid:version>/", rule.rule, name="rule"),
    path("rules/<uuid:version>/edit/", editor.edit_draft, name="edit"),
    path("rules/<uuid:version>/backtest/", editor.backtest, name="backtest"),
    path("rules/<uuid:version>/sign/", acts.sign_version, name="sign"),
    path("rules/<uuid:version>/<slug:verb>/", acts.act_on_rule, name="act"),
    path("incidents/<int:incident_id>/why-open/", parts.why, name="why"),
    path("incidents/<int:incident_id>/draft-rule/", acts.from_incident, name="from_incident"),
    path("devices/<int:device_id>/rules/", parts.rules_of_device, name="device"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/sitting/", approvals.sitting, name="sitting"),
    path("approvals/sitting/again/", approvals.again, name="sitting_again"),
    path("approvals/sitting/<uuid:version>/sign/", approvals.sign_next, name="sitting_sign"),
    path(
        "approvals/sitting/<uuid:version>/request-changes/",
        approvals.ask_for_changes,
        name="sitting_changes",
    ),
    path("approvals/sitting/<uuid:version>/skip/", approvals.skip, name="sitting_skip"),
    path("approvals/sitting/<uuid:version>/back/", approvals.back, name="sitting_back"),
    path("approvals/sitting/<uuid:version>/stop/", approvals.stop_signed_rule, name="sitting_stop"),
    path("approvals/sitting/<uuid:version>/retest/", approvals.retest, name="sitting_retest"),
    path(
        "approvals/sitting/<uuid:version>/check/<int:number>/",
        approvals.open_check,
        name="sitting_check",
    ),
    path("drift/<uuid:uuid>/", drift.drift, name="drift"),
    path("deployments/", deployments.deployments, name="deployments"),
    path("deployments/watchlists/", watchlist.places, name="watchlists"),
    path("deployments/watchlists/<uuid:workspace>/", watchlist.watchlist, name="watchlist"),
    path(
        "deployments/watchlists/<uuid:workspace>/<slug:verb>/",
        watchlist.act_on_watchlist,
        name="watchlist_act",
    ),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/<int:entry_id>/tick-off/", ledger.tick_off_entry, name="tick_off"),
    path("rules/<uuid:version>/do/edit/", redirect_to("suppression:act"), {"verb": "new-version"}),
    path("rules/<uuid:version>/do/<slug:verb>/", redirect_to("suppression:act")),
    path("rules/why/<int:incident_id>/", redirect_to("suppression:why")),
    path("rules/from-incident/<int:incident_id>/", redirect_to("suppression:from_incident")),
    path("rules/device/<int:device_id>/", redirect_to("suppression:device")),
    path("approvals/sitting/<uuid:version>/changes/", redirect_to("suppression:sitting_changes")),
    path("ledger/<int:entry_id>/looked/", redirect_to("suppression:tick_off")),
]
