"""Addresses of reviews."""

from django.urls import path

from alerts.reviews.web import answering, asking, lists, panel, second_opinion

app_name = "reviews"
urlpatterns = [
    path("", lists.reviews, name="list"),
    path("ask/", asking.ask, name="ask"),
    path("undo/<uuid:act>/", answering.undo, name="undo"),
    path("for-incident/<int:incident_id>/panel", panel.show, name="panel"),
    path("incidents/<int:incident_id>/verdict/", answering.judge, name="judge"),
    path("<uuid:review>/", answering.answer, name="answer"),
    path("<uuid:review>/second/", second_opinion.second, name="second"),
    path("<uuid:review>/second/pass/", second_opinion.pass_on, name="second-pass"),
    path("<uuid:review>/second/decide/", second_opinion.decide, name="second-decide"),
    path("<uuid:review>/withdraw/", asking.withdraw, name="withdraw"),
    path("<uuid:review>/hand-over/", asking.hand_over, name="hand-over"),
]
