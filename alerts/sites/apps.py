from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "alerts.sites"
    label = "sites"

    def ready(self) -> None:
        from alerts.sites.queries import plants_for
        from portal.ui.zones import register_plants

        register_plants(plants_for)
