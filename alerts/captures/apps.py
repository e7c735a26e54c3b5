from django.apps import AppConfig


class CapturesConfig(AppConfig):
    name = "alerts.captures"
    label = "captures"
