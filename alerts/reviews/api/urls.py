"""Addresses of questions and verdicts below /api/v1/."""

from django.urls import path

from alerts.reviews.api.views import (
    AboutIncident,
    OpinionViewSet,
    QuestionViewSet,
    SecondOpinionViewSet,
    VerdictViewSet,
)
from portal.api.views import resources

urlpatterns = [
    path("incidents/<int:pk>/ask/", AboutIncident.as_view({"post": "ask"})),
    path("incidents/<int:pk>/verdict/", AboutIncident.as_view({"post": "verdict"})),
    *resources(
        reviews=QuestionViewSet,
        annotations=VerdictViewSet,
        second_opinions=SecondOpinionViewSet,
        opinions=OpinionViewSet,
    ),
]
