"""Addresses of the matrix, of each technique and of the mapping of alert types."""

from django.urls import path

from training.matrix.web.views import mapping, matrix

app_name = "attack"
urlpatterns = [
    path("", matrix.matrix_page, name="matrix"),
    path("layer.json", matrix.layer, name="layer"),
    path("compare/", matrix.compare, name="compare"),
    path("mapping/", mapping.mapping, name="mapping"),
    path("mapping/<slug:slug>/", mapping.alert_type, name="alert-type"),
    path("<str:technique_id>/", matrix.technique_page, name="technique"),
]
