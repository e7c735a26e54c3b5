"""Addresses of learners (catalogue, module, lesson, question, record), of those who look after a
team, and of authors.
"""

from django.urls import include, path

from portal.ui.moved import redirect_to
from training.progress.web.views import due, lessons, preview, reports

training = [
    path("", lessons.catalogue, name="catalogue"),
    path("beside/", lessons.beside, name="beside"),
    path("next/", lessons.resume, name="next"),
    path("due/", due.due_questions_page, name="due"),
    path("due/<int:version>/", due.due_question, name="due-question"),
    path("record/", reports.own_record, name="record"),
    path("record.csv", reports.record_csv, name="record-csv"),
    path("record.json", reports.record_json, name="record-json"),
    path("<slug:module>/", lessons.module_lessons, name="module"),
    path("<slug:module>/captures/<str:name>", lessons.download_capture, name="capture"),
    path("<slug:module>/<slug:lesson>/", lessons.lesson, name="lesson"),
    path("<slug:module>/<slug:lesson>/preview/", preview.preview_lesson, name="preview"),
    path("<slug:module>/<slug:lesson>/note/", reports.send_report, name="send-note"),
    path(
        "<slug:module>/<slug:lesson>/questions/<slug:question>/",
        lessons.lesson_question,
        name="question",
    ),
    # its old address
    path("<slug:module>/<slug:lesson>/<slug:question>/", redirect_to("training:question")),
]
team_progress = [path("", reports.totals, name="totals")]
lesson_notes = [
    path("", reports.notes, name="list"),
    path("figures/", reports.statistics, name="figures"),
    path("<int:note>/done/", reports.finish, name="finish"),
]
urlpatterns = [
    path("training/", include((training, "training"))),
    path("team-progress/", include((team_progress, "team_progress"))),
    path("lesson-notes/", include((lesson_notes, "lesson_notes"))),
]
