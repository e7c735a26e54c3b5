"""Verdicts that a rule may rest on are offered by when they were given."""

from datetime import timedelta

from alerts.reviews.models import Verdict
from alerts.suppression.drafting import suggestions
from alerts.suppression.drafting.suggestions import evidence_offered
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite


def test_where_there_are_too_many_the_newest_are_offered(history, people, monkeypatch):
    verdicts = list(Verdict.objects.order_by("pk"))
    for days, verdict in enumerate(verdicts):  # taken over newest first
        rewrite(Verdict.objects.filter(pk=verdict.pk), given_at=NOON - timedelta(days=days))
    monkeypatch.setattr(suggestions, "MAX_ABOUT", 2)
    offered = evidence_offered(rules.downloads(), (), reader=people.oda)
    assert [evidence.verdict.pk for evidence in offered] == [verdict.pk for verdict in verdicts[:2]]
