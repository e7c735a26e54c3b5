"""Addresses of the matrix, of each technique and of the mapping of alert types."""

from django.urls import path

from training.matrix.web import compare, mapping, views

app_name = "attack"
urlpatterns = [
    path("", views.matrix, name="matrix"),
    path("layer.json", views.layer, name="layer"),
    path("compare/", compare.compare, name="compare"),
    path("mapping/", mapping.mapping, name="mapping"),
    path("mapping/<slug:slug>/", mapping.alert_type, name="alert-type"),
    path("<str:technique_id>/", views.technique, name="technique"),
]
