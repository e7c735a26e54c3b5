from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "training.labs"
    label = "labs"
