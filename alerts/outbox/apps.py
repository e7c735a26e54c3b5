from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "alerts.outbox"
    label = "outbox"
