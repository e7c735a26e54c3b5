"""What is left of the addresses below /api/ where no room answers. Included after the rooms'."""

from django.urls import re_path

from portal.api import views

urlpatterns = [
    re_path(r"^(?P<rest>.*)$", views.unknown_address),
]
