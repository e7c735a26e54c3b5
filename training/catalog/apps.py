from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "training.catalog"
    label = "catalog"

    def ready(self) -> None:
        from alerts.incidents.registry import register_techniques
        from training.catalog.queries import reviewed_techniques

        register_techniques(reviewed_techniques)
