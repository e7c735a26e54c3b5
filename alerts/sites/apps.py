from django.apps import AppConfig


class SitesConfig(AppConfig):
    name = "alerts.sites"
    label = "sites"
