from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "alerts.sentinel"
    label = "sentinel"

    def ready(self) -> None:
        from alerts.sentinel.queries import names_of_workspaces
        from portal.accounts.labels import register_scope_names

        register_scope_names(names_of_workspaces)
