"""Verdicts that a rule may rest on are offered by when they were given."""

from datetime import timedelta

from alerts.reviews.models import Annotation
from alerts.suppression.drafting import suggestions
from alerts.suppression.drafting.suggestions import evidence_offered
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite


def test_where_there_are_too_many_the_newest_are_offered(history, people, monkeypatch):
    verdicts = list(Annotation.objects.order_by("pk"))
    for days, verdict in enumerate(verdicts):  # taken over newest first
        rewrite(Annotation.objects.filter(pk=verdict.pk), given_at=NOON - timedelta(days=days))
    monkeypatch.setattr(suggestions, "MAX_ABOUT", 2)
    offered = evidence_offered(rules.downloads(), (), reader=people.oda)
    assert [evidence.annotation.pk for evidence in offered] == [
        verdict.pk for verdict in verdicts[:2]
    ]
