"""Addresses that every installation has: the description, its reader, and the 404 of the rest.
Included after the rooms' own.
"""

from django.urls import path, re_path

from portal.api import reader, views

urlpatterns = [
    path("v1/openapi.json", reader.Description.as_view({"get": "show"}), name="api-description"),
    path("v1/docs", reader.docs, name="api-docs"),
    re_path(r"^(?P<rest>.*)$", views.unknown_address),
]
