"""Addresses of ATT&CK below /api/v1/attack/."""

from django.urls import path

from training.matrix.api.views import Attack

urlpatterns = [
    path("matrix/", Attack.as_view({"get": "matrix"})),
    path("navigator-layer/", Attack.as_view({"get": "navigator_layer"})),
]
