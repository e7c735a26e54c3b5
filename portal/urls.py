"""The map of addresses, wired by name."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.accounts.web.urls")),
    path("", include("portal.runtime.health")),
    path("", include("portal.ui.urls")),
    path("", include("portal.notifications.web.urls")),
    path("", include("alerts.reviews.web.urls")),
    path("", include("alerts.incidents.web.urls")),
    path("", include("alerts.inventory.web.urls")),
    path("planned-work/", include("alerts.planned_work.web.urls")),
    path("", include("alerts.captures.web.urls")),
    path("", include("training.labs.web.urls")),
    path("", include("training.progress.web.urls")),
    path("authoring/", include("training.catalog.web.urls")),
    path("attack/", include("training.matrix.web.urls")),
    path("", include("alerts.patterns.web.urls")),
    path("", include("alerts.suppression.web.urls")),
    path("", include("alerts.dashboards.web.urls")),
    path("", include("alerts.intake.web.urls")),
    path("", include("alerts.intake.web.past_urls")),
    path("workspaces/", include("alerts.readiness.web.urls")),
    path("", include("alerts.automation.web.urls")),
    path("outbox/", include("alerts.outbox.web.urls")),
    path("exports/", include("portal.exports.web.urls")),
    path("audit/", include("portal.audit.web.urls")),
    path("api/v1/", include("alerts.incidents.api.urls")),
    path("api/v1/", include("alerts.inventory.api.urls")),
    path("api/v1/", include("alerts.reviews.api.urls")),
    path("api/v1/", include("alerts.planned_work.api.urls")),
    path("api/v1/", include("alerts.patterns.api.urls")),
    path("api/v1/", include("alerts.suppression.api.urls")),
    path("api/v1/", include("alerts.automation.api.urls")),
    path("api/v1/", include("alerts.dashboards.api.urls")),
    path("api/v1/training/", include("training.progress.api.urls")),
    path("api/v1/attack/", include("training.matrix.api.urls")),
    path("api/v1/", include("portal.exports.api.urls")),
    path("api/v1/", include("portal.audit.api.urls")),
    path("api/", include("portal.api.urls")),
]

handler400 = "portal.ui.views.bad_request"
handler403 = "portal.ui.views.forbidden"
handler404 = "portal.ui.views.not_found"
handler500 = "portal.ui.views.server_error"
