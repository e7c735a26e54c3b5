from django.apps import AppConfig


class SuppressionConfig(AppConfig):
    name = "alerts.suppression"
    label = "suppression"
