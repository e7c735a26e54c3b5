"""Readers say whether a lesson was clear; its authors read it, and nobody else."""

import pytest

from portal.audit.models import Entry
from training.progress.models import LessonNote

pytestmark = pytest.mark.django_db

LESSON = "/training/first-module/one-stop/"


def test_a_reader_says_what_was_not_clear_and_the_author_finishes_it(
    client, sam, author, noon, lesson
):
    client.force_login(sam)
    refused = client.post(f"{LESSON}note/", {"clear": "no"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "Say in a line what was not clear." in refused.content.decode()
    assert (
        client.post(f"{LESSON}note/", {"text": "x"}, headers={"HX-Request": "true"}).status_code
        == 422
    )
    sent = client.post(f"{LESSON}note/", {"clear": "no", "text": "Which <byte>?"})
    assert (sent.status_code, sent["Location"]) == (302, f"{LESSON}#lesson-note")
    html = client.get(LESSON).content.decode()
    assert "You said: not clear." in html and "Which &lt;byte&gt;?" in html
    assert client.get("/lesson-notes/").status_code == 403
    note = LessonNote.objects.get()
    assert client.post(f"/lesson-notes/{note.pk}/done/").status_code == 403

    client.force_login(author)
    html = client.get("/lesson-notes/").content.decode()
    assert "Which &lt;byte&gt;?" in html and "Sam Keller" in html
    part = client.get("/training/next/").text  # of which the home page shows a part
    assert "1 note of readers to read" in part and "0 drafts to publish" in part
    client.post(f"/lesson-notes/{note.pk}/done/")
    assert "0 notes of readers to read" in client.get("/training/next/").text
    assert "All notes are read." in client.get("/lesson-notes/").content.decode()
    entries = Entry.objects.filter(action__startswith="progress").order_by("pk")
    actions = entries.values_list("action", flat=True)
    assert list(actions) == ["progress.note.sent", "progress.note.finished"]

    client.force_login(sam)
    assert "notes of readers" not in client.get("/training/next/").text
    answer = client.post(f"{LESSON}note/", {"clear": "yes"}, headers={"HX-Request": "true"})
    assert "You said: clear." in answer.content.decode()
    note.refresh_from_db()
    assert (note.is_clear, note.text, note.done_at) == (True, "", None)


def test_no_note_yet_says_where_they_come_from(client, author, noon):
    client.force_login(author)
    assert "No reader has said anything yet" in client.get("/lesson-notes/").content.decode()
