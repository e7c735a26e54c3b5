"""Reading the texts takes long; nobody who publishes waits for it, and nothing is lost by it."""

import sys
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.conftest import NOON
from tests.factories import lessons
from training.catalog.engine.module_files import sha256
from training.catalog.models import Lesson, Module
from training.catalog.queries.drafts import read_together
from training.catalog.services.drafts import save_file_draft
from training.catalog.services.publish_drafts import CannotPublish, publish_drafts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("lesson")]

PUBLISHING = sys.modules["training.catalog.services.publish_drafts"]
RED = lessons.LESSON.replace("The phone rings.", "The red phone rings.").encode()
CARDS = lessons.CARDS.replace("stops.[", "halts.[")


@pytest.fixture
def revisions(author):
    draft = save_file_draft(
        module_slug="first-module",
        path="01-one-stop.md",
        data=RED,
        revision=0,
        base=sha256(lessons.LESSON.encode()),
        by=author,
        now=NOON,
    )
    return {draft.pk: draft.revision}


@pytest.fixture
def while_reading(monkeypatch):
    """`while_reading(act)` calls `act(n)` whenever texts were read, for the n-th time."""

    def arrange(act):
        times = []

        @contextmanager
        def read(*modules, **more):
            with read_together(*modules, **more) as curriculum:
                times.append(curriculum)
                act(len(times))
                yield curriculum

        monkeypatch.setattr(PUBLISHING, "read_together", read)
        return times

    return arrange


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_nobody_waits_while_the_texts_are_read(revisions, author, while_reading, is_dry_run):
    locks = []

    def look(_):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            locks.append(cursor.fetchone()[0])

    while_reading(look)
    publish_drafts(revisions=revisions, by=author, now=NOON, is_dry_run=is_dry_run)
    assert locks == [0]


def test_texts_are_read_again_where_somebody_published_meanwhile(
    revisions, author, take_over, while_reading
):
    times = while_reading(lambda n: take_over(cards__md=CARDS) if n == 1 else None)
    publish_drafts(revisions=revisions, by=author, now=NOON)
    assert len(times) == 2
    assert "The red phone rings." in Lesson.objects.get().body[0]["html"]
    assert "halts" in Module.objects.get().cards.get().back_html


def test_a_draft_that_was_saved_meanwhile_is_not_published(revisions, author, while_reading):
    (pk,) = revisions

    def save_another(_):
        PUBLISHING.Draft.objects.filter(pk=pk).update(revision=2, data=RED + b"More.")

    while_reading(save_another)
    with pytest.raises(CannotPublish, match="A draft has changed in the meantime"):
        publish_drafts(revisions=revisions, by=author, now=NOON)
    assert "The phone rings." in Lesson.objects.get().body[0]["html"]


def test_who_never_gets_a_turn_is_told(revisions, author, take_over, while_reading):
    while_reading(lambda n: take_over(cards__md=CARDS.replace("halts", f"halts {n} times")))
    with pytest.raises(CannotPublish, match="Somebody else is publishing"):
        publish_drafts(revisions=revisions, by=author, now=NOON)
