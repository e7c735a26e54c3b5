"""Addresses of what readers say of lessons, for their authors."""

from django.urls import path

from training.progress.web import notes

app_name = "lesson_notes"
urlpatterns = [
    path("", notes.notes, name="list"),
    path("<int:note>/done/", notes.finish, name="finish"),
]
