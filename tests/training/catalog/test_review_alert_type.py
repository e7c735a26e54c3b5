"""A training manager reviews an alert type: it holds from then on, and nothing before is lost."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from alerts.incidents.registry import techniques_by_type
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON
from training.catalog.models import AlertTypeReview
from training.catalog.queries.lessons import reviews_in_force, reviews_of_type, shipped_reviews
from training.catalog.services.review_alert_type import CannotReview, review_alert_type

pytestmark = pytest.mark.django_db
SCAN = "Address Scan Detected"


def say(by, *techniques, note="Ours are stock-taking.", alert_type=SCAN, at=NOON):
    return review_alert_type(alert_type=alert_type, techniques=techniques, note=note, by=by, now=at)


def test_the_latest_review_of_a_deployment_holds_before_the_shipped_one(author):
    assert reviews_in_force()[SCAN] == shipped_reviews()[SCAN]
    say(author, "T0846", "t0888")
    say(author, note="Names no act here.", at=NOON + timedelta(days=1))
    review = reviews_in_force()[SCAN]
    assert (review.techniques, review.reviewer, review.attack_version) == ((), "Tom Berg", "19.1")
    assert [review.techniques for review in reviews_of_type(SCAN)] == [
        (),
        ("T0846", "T0888"),
        ("T0846",),
    ]
    assert techniques_by_type()[SCAN] == frozenset()
    assert techniques_by_type()["Port Scan Detected"] == {"T0846.001"}
    entry = Entry.objects.filter(action="catalog.alert_type.reviewed").latest("pk")
    assert entry.details == {"before": ["T0846", "T0888"], "techniques": []}


def test_what_is_no_review_is_refused_with_its_reason(author, sam, make_person):
    scope = (Role.TRAINING_MANAGER, GrantScope.WORKSPACE, uuid4())
    wes = make_person(cast.Person("wes@demo.example", "Wes"), scope)
    for person, ids, note, words in (
        (sam, ["T0846"], "Because.", "by training managers"),
        (wes, ["T0846"], "Because.", "only a training manager for everything"),
        (author, ["T0999"], "Because.", "no technique T0999"),
        (author, ["T0855"], "Because.", "Use T1692.001, Unauthorized Message: Command Message"),
        (author, ["T0818"], "Because.", "deprecated and has no successor"),
        (author, ["T0846"], "  ", "Say in a sentence why"),
        (author, ["T0846"], "x" * 1001, "at most 1,000 letters"),
        (author, [f"T08{n}" for n in (42, 43, 45, 46, 48, 58, 59)], "All.", "at most 6"),
    ):
        with pytest.raises(CannotReview, match=words):
            say(person, *ids, note=note)
    with pytest.raises(CannotReview, match="no such alert type"):
        say(author, alert_type="Controller Stopped")
    assert not AlertTypeReview.objects.exists()


def test_reviews_are_never_changed(author):
    say(author, "T0846")
    for act in (
        lambda: AlertTypeReview.objects.update(note="x"),
        AlertTypeReview.objects.all().delete,
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
