from django.apps import AppConfig


class AttackConfig(AppConfig):
    name = "portal.attack"
    label = "attack"
