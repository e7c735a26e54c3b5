"""Addresses of home and system status."""

from django.urls import path

from alerts.dashboards.web.views import decisions, effect, history, home, status

app_name = "dashboards"
urlpatterns = [
    path("", home.home, name="home"),
    path("decisions/", decisions.of_site, name="decisions"),
    path("effect/", effect.effect, name="effect"),
    path("history/", history.reports, name="history"),
    path("history/<uuid:report>/", history.report, name="history-report"),
    path("history/<uuid:report>/<slug:table>.csv", history.download_table, name="history-table"),
    path("status/", status.status, name="status"),
]
