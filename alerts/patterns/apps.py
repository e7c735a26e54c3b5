from django.apps import AppConfig


class PatternsConfig(AppConfig):
    name = "alerts.patterns"
    label = "patterns"
