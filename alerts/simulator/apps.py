from django.apps import AppConfig


class SimulatorConfig(AppConfig):
    name = "alerts.simulator"
    label = "simulator"
