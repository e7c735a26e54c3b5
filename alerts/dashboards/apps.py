from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "alerts.dashboards"
    label = "dashboards"
