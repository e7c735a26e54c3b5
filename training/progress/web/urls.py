"""Addresses of the training wing: catalogue, module, lesson, question, capture."""

from django.urls import path

from training.progress.web import beside, due, notes, preview, record, views

app_name = "training"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("beside/", beside.beside, name="beside"),
    path("next/", beside.next_one, name="next"),
    path("due/", due.due, name="due"),
    path("due/<int:version>/", due.question, name="due-question"),
    path("record/", record.record, name="record"),
    path("record.csv", record.record_csv, name="record-csv"),
    path("record.json", record.record_json, name="record-json"),
    path("<slug:module>/", views.module, name="module"),
    path("<slug:module>/captures/<str:name>", views.capture, name="capture"),
    path("<slug:module>/<slug:lesson>/", views.lesson, name="lesson"),
    path("<slug:module>/<slug:lesson>/preview", preview.preview, name="preview"),
    path("<slug:module>/<slug:lesson>/note", notes.send, name="send-note"),
    path("<slug:module>/<slug:lesson>/<slug:question>/", views.question, name="question"),
]
