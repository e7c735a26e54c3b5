"""The address at which a capture of an incident opens."""

from django.urls import path

from training.labs.web import incident_views

app_name = "incident_captures"
urlpatterns = [path("<uuid:capture>/", incident_views.capture, name="capture")]
