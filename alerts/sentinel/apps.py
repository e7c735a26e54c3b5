from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "alerts.sentinel"
    label = "sentinel"

    def ready(self) -> None:
        from alerts.sentinel.services.client_stores import provide_stores  # imports models

        provide_stores()
