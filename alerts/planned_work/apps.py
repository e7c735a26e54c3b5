from django.apps import AppConfig


class PlannedWorkConfig(AppConfig):
    name = "alerts.planned_work"
    label = "planned_work"

    def ready(self) -> None:
        from alerts.incidents.registry import register_alert_listener
        from alerts.planned_work.services.cover import cover_alerts

        register_alert_listener(cover_alerts)
