"""Addresses of reviews."""

from django.urls import path

from alerts.reviews.web import answering, asking, lists, panel

app_name = "reviews"
urlpatterns = [
    path("", lists.reviews, name="list"),
    path("ask/", asking.ask, name="ask"),
    path("undo/<uuid:act>/", answering.undo, name="undo"),
    path("for-incident/<int:incident_id>/panel", panel.show, name="panel"),
    path("incidents/<int:incident_id>/verdict/", answering.judge, name="judge"),
    path("<uuid:review>/", answering.answer, name="answer"),
    path("<uuid:review>/withdraw/", asking.withdraw, name="withdraw"),
    path("<uuid:review>/hand-over/", asking.hand_over, name="hand-over"),
]
