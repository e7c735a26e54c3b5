from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "alerts.sites"
    label = "sites"

    def ready(self) -> None:
        from alerts.sites.queries import names_of_sites, plants_for
        from portal.accounts.labels import register_scope_names
        from portal.ui.moments import register_plants

        register_plants(plants_for)
        register_scope_names(names_of_sites)
