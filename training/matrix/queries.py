"""What a person may see of techniques (incidents, rules and lessons), and where Tagout names ids
that the current release does not use.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import FETCH_RAISE

from alerts.incidents.engine.catalogue import alert_type_for, all_types
from alerts.incidents.queries import TypeCount, count_by_alert_type
from alerts.suppression.queries import LiveRule, live_rules_of, techniques_in_rules
from portal.accounts.models import User
from portal.attack import engine as attack
from portal.attack.bundle import TechniqueChange
from portal.attack.engine import resolve
from training.catalog.engine.reviews import TypeReview
from training.catalog.models import Card, Lesson, QuestionVersion
from training.catalog.queries.lessons import lessons_in_order, reviews_in_force
from training.matrix.engine.coverage import MatrixEvidence


@dataclass(frozen=True, slots=True)
class OutdatedId:
    """One id at one place. A note needs nobody: the id has no successor to change to."""

    place: str
    technique_id: str
    text: str
    is_note: bool = False


def findings_of(place: str, technique_ids: Iterable[str]) -> list[OutdatedId]:
    """Return what is wrong with the ids of a place."""
    findings = (_finding(place, technique_id) for technique_id in technique_ids)
    return [finding for finding in findings if finding is not None]


def _finding(place: str, technique_id: str) -> OutdatedId | None:
    technique = attack.technique(technique_id)
    if technique is None:
        text = f"ATT&CK for ICS {attack.version()} has no technique {technique_id}."
        return OutdatedId(place, technique_id, text)
    if technique.current_id != technique.id:
        current = attack.technique(technique.current_id) or technique
        text = f"{technique.id} was replaced by {current.id}, {current.full_name}."
        return OutdatedId(place, technique_id, text)
    if not technique.is_current:
        text = f"{technique.id} ({technique.name}) is deprecated and has no successor."
        return OutdatedId(place, technique_id, text, is_note=True)
    return None


PERIOD: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class TechniqueFacts:
    """All that the pages count from, in reach of one person."""

    type_counts: Sequence[TypeCount]
    lessons: Sequence[Lesson]
    rules: Sequence[LiveRule]
    reviews: Mapping[str, TypeReview]  # by alert type

    @property
    def evidence(self) -> MatrixEvidence:
        """The same by techniques alone."""
        return MatrixEvidence(
            alert_types=[self._techniques_of(alert_type.title) for alert_type in all_types()],
            incidents=[
                (self._techniques_of(count.alert_type) or count.techniques, count.n)
                for count in self.type_counts
            ],
            lessons=[frozenset(lesson.techniques) for lesson in self.lessons],
            rules=[self.techniques_silenced_by(rule) for rule in self.rules],
        )

    @property
    def rules_of_no_technique(self) -> int:
        """Return how many rules name no technique, nor an alert type with one: no cell has them."""
        return sum(not self.techniques_silenced_by(rule) for rule in self.rules)

    def techniques_silenced_by(self, rule: LiveRule) -> frozenset[str]:
        """Return the techniques of the alert types that a rule names, as far as it names techniques
        only these; without types those that it names. A rule names what Sentinel prints: where the
        reviews share none of that, they hold.
        """
        rule_techniques = frozenset(map(resolve, rule.techniques))
        types = [alert_type for title in rule.alert_types if (alert_type := alert_type_for(title))]
        type_techniques = frozenset(
            technique_id
            for alert_type in types
            for technique_id in self._techniques_of(alert_type.title)
        )
        if not type_techniques:
            return rule_techniques
        return type_techniques & rule_techniques or type_techniques

    def _techniques_of(self, alert_type: str) -> frozenset[str]:
        review = self.reviews.get(alert_type)
        return review.current_techniques if review else frozenset()


def facts_for(user: User, *, now: datetime) -> TechniqueFacts:
    """Return what this person may see of the last 90 days, and all lessons."""
    return TechniqueFacts(
        type_counts=count_by_alert_type(user, since=now - PERIOD),
        lessons=list(lessons_in_order().fetch_mode(FETCH_RAISE)),
        rules=live_rules_of(user, now=now),
        reviews=reviews_in_force(),
    )


def lint_everything() -> list[OutdatedId]:
    """Return the ids out of use, wherever techniques are named."""
    return [finding for place, ids in places_of_techniques() for finding in findings_of(place, ids)]


def places_of_techniques() -> Iterator[tuple[str, Sequence[str]]]:
    """Yield every place that names techniques, with their ids as they stand there: reviews of alert
    types, the imported teaching, and rules that act or are being made.
    """
    for title, review in reviews_in_force().items():
        yield f"review of “{title}”", review.techniques
    lessons = Lesson.objects.filter(is_retired=False).values_list("slug", "techniques")
    for slug, ids in lessons.order_by("module__order", "number"):
        yield f"lesson {slug}", ids
    versions = QuestionVersion.objects.filter(is_current=True, question__is_retired=False)
    names = versions.values_list("question__lesson__slug", "question__slug", "techniques")
    for lesson, slug, ids in names.order_by("pk"):
        yield f"question {lesson}#{slug}", ids
    cards = Card.objects.filter(is_retired=False).exclude(technique="")
    for slug, technique_id in cards.order_by("pk").values_list("slug", "technique"):
        yield f"card {slug}", [technique_id]
    for name, ids in techniques_in_rules():
        yield f"rule {name}", ids


def places_touched_by(changes: Sequence[TechniqueChange]) -> list[list[str]]:
    """Return for each change of a release the places to look at when it comes."""
    places = [(place, {*ids, *map(resolve, ids)}) for place, ids in places_of_techniques()]
    return [
        [place for place, ids in places if not ids.isdisjoint(change.affects)] for change in changes
    ]
