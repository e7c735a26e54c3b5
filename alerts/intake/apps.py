from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "alerts.intake"
    label = "intake"
