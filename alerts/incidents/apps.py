from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "alerts.incidents"
    label = "incidents"

    def ready(self) -> None:
        from alerts.incidents.services.outcomes import hear_outcome
        from alerts.outbox.registry import register_outcome

        register_outcome(hear_outcome)
