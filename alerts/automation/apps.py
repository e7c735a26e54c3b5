from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "alerts.automation"
    label = "automation"
