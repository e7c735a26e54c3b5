"""What a person may see of techniques: incidents, rules and lessons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import FETCH_RAISE

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.reads.by_alert_type import TypeCount, count_by_alert_type
from alerts.suppression.reads.live_rules import LiveRule, live_rules_of, techniques_in_rules
from portal.accounts.models import User
from portal.attack.engine import resolve
from training.catalog.models import Card, Lesson, QuestionVersion
from training.catalog.queries import lessons_in_order
from training.matrix.engine.coverage import Evidence
from training.matrix.engine.lint import Finding, findings_of, findings_of_mappings

PERIOD: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class TechniqueFacts:
    """All that the pages count from, in reach of one person."""

    type_counts: Sequence[TypeCount]
    lessons: Sequence[Lesson]
    rules: Sequence[LiveRule]

    @property
    def evidence(self) -> Evidence:
        """The same by techniques alone."""
        return Evidence(
            incidents=[(count.techniques, count.n) for count in self.type_counts],
            lessons=[frozenset(lesson.techniques) for lesson in self.lessons],
            rules=[techniques_silenced_by(rule) for rule in self.rules],
        )

    @property
    def rules_of_no_technique(self) -> int:
        """How many rules name neither an alert type nor a technique: they stand in no cell."""
        return sum(not techniques_silenced_by(rule) for rule in self.rules)


def facts_for(user: User, *, now: datetime) -> TechniqueFacts:
    """Return what this person may see of the last 90 days, and all lessons."""
    return TechniqueFacts(
        type_counts=count_by_alert_type(user, since=now - PERIOD),
        lessons=list(lessons_in_order().fetch_mode(FETCH_RAISE)),
        rules=live_rules_of(user, now=now),
    )


def techniques_silenced_by(rule: LiveRule) -> frozenset[str]:
    """Return the techniques of the alert types that a rule names, as far as it names techniques
    only these; without types those that it names.
    """
    named = frozenset(map(resolve, rule.techniques))
    types = [known for title in rule.alert_types if (known := alert_type_for(title))]
    meant = frozenset(each for known in types for each in known.techniques_current)
    if not meant:
        return named
    return meant & named if named else meant


def lint_everything() -> list[Finding]:
    """Return the ids out of use in mappings, in the imported teaching and in rules that act or
    are being made.
    """
    found = findings_of_mappings()
    lessons = Lesson.objects.filter(is_retired=False).values_list("slug", "techniques")
    for slug, ids in lessons.order_by("module__order", "number"):
        found += findings_of(f"lesson {slug}", ids)
    versions = QuestionVersion.objects.filter(is_current=True, question__is_retired=False)
    names = versions.values_list("question__lesson__slug", "question__slug", "techniques")
    for lesson, slug, ids in names.order_by("pk"):
        found += findings_of(f"question {lesson}#{slug}", ids)
    cards = Card.objects.filter(is_retired=False).exclude(technique="")
    for slug, technique_id in cards.order_by("pk").values_list("slug", "technique"):
        found += findings_of(f"card {slug}", [technique_id])
    for name, ids in techniques_in_rules():
        found += findings_of(f"rule {name}", ids)
    return found
