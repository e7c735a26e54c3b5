"""Addresses of reviews, and of what an incident's page asks this room."""

from django.urls import path

from alerts.reviews.web.views import (
    answer,
    ask,
    panel,
    review_list,
    second_opinion,
    verdict_file,
    verdict_files,
)
from portal.ui.moved import redirect_to

app_name = "reviews"
urlpatterns = [
    path("incidents/<int:incident_id>/verdict/", answer.give_verdict_on_page, name="judge"),
    path("incidents/<int:incident_id>/verdict/panel/", panel.show, name="panel"),
    path("reviews/", review_list.reviews, name="list"),
    path("reviews/files/", verdict_files.list_verdict_files, name="files"),
    path(
        "reviews/files/<int:file_id>/<int:site_id>/",
        verdict_file.verdict_file,
        name="file",
    ),
    path("reviews/ask/", ask.ask_ot_view, name="ask"),
    path("reviews/undo/<uuid:act>/", answer.undo_verdict_view, name="undo"),
    path("reviews/<uuid:uuid>/", answer.answer_question_view, name="answer"),
    path("reviews/<uuid:uuid>/second/", second_opinion.second, name="second"),
    path("reviews/<uuid:uuid>/second/pass/", second_opinion.pass_on, name="second-pass"),
    path(
        "reviews/<uuid:uuid>/second/decide/",
        second_opinion.decide_suspicion_view,
        name="second-decide",
    ),
    path("reviews/<uuid:uuid>/withdraw/", ask.withdraw_question_view, name="withdraw"),
    path("reviews/<uuid:uuid>/hand-over/", ask.hand_over, name="hand-over"),
    path("reviews/for-incident/<int:incident_id>/panel", redirect_to("reviews:panel")),
    path("reviews/incidents/<int:incident_id>/verdict/", redirect_to("reviews:judge")),
]
