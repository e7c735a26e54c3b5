"""Addresses for authors: what readers say of lessons, and how hard questions are."""

from django.urls import path

from training.progress.web import notes, statistics

app_name = "lesson_notes"
urlpatterns = [
    path("", notes.notes, name="list"),
    path("figures/", statistics.statistics, name="figures"),
    path("<int:note>/done/", notes.finish, name="finish"),
]
