from django.apps import AppConfig


class PlannedWorkConfig(AppConfig):
    name = "alerts.planned_work"
    label = "planned_work"
