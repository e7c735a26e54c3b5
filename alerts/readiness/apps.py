from django.apps import AppConfig


class ReadinessConfig(AppConfig):
    name = "alerts.readiness"
    label = "readiness"
