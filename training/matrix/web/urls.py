"""Addresses of the matrix, of each technique and of the mapping."""

from django.urls import path

from training.matrix.web import compare, views

app_name = "attack"
urlpatterns = [
    path("", views.matrix, name="matrix"),
    path("layer.json", views.layer, name="layer"),
    path("compare/", compare.compare, name="compare"),
    path("mapping/", views.mapping, name="mapping"),
    path("<str:technique_id>/", views.technique, name="technique"),
]
