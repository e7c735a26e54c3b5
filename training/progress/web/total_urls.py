"""The address of a team's totals."""

from django.urls import path

from training.progress.web import totals

app_name = "team_progress"
urlpatterns = [path("", totals.totals, name="totals")]
