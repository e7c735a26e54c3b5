"""Addresses of push hints: the door for playbooks, and the page about who may knock."""

from django.urls import path

from alerts.intake.web import push_page
from alerts.intake.web.push_hook import sentinel_hook

app_name = "intake"
urlpatterns = [
    path("hooks/sentinel/<slug:workspace>/", sentinel_hook, name="sentinel-hook"),
    path("push-hints/", push_page.show_push, name="push"),
    path("push-hints/<uuid:workspace>/key/", push_page.make_key, name="push-key"),
    path("push-hints/<uuid:workspace>/identity/", push_page.set_identity, name="push-identity"),
    path("push-hints/<uuid:workspace>/off/", push_page.turn_off, name="push-off"),
]
