from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "alerts.demo"
    label = "demo"
