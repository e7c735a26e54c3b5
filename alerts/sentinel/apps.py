from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "alerts.sentinel"
    label = "sentinel"
