from django.apps import AppConfig


class MatrixConfig(AppConfig):
    name = "training.matrix"
    label = "matrix"
