"""Lessons are renamed, modules taken out, and what learners answered stays readable."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.conftest import NOON
from tests.factories import lessons
from tests.factories.lessons import make_draft, publish_modules
from training.catalog.models import Draft, Lesson, Module, QuestionVersion, SourceFile
from training.progress.models import Attempt
from training.progress.services import answer_question

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "lesson")]

MODULE = "/authoring/modules/first-module/"
EDIT = f"{MODULE}file/01-one-stop.md"
CHANGES = "/authoring/changes/?module=first-module"


def rename(page, name, address=EDIT):
    form = page.get(address).context["form"]
    fields = {"text": form.text, "revision": form.revision, "base": form.base}
    return page.post(address, fields | {"do": "rename", "name": name})


def publish(page):
    shown = [f"{draft.pk}:{draft.revision}" for draft in page.get(CHANGES).context["drafts"]]
    return page.post("/authoring/changes/publish/", {"module": "first-module", "draft": shown})


def answer(learner):
    version = QuestionVersion.objects.get(question__slug="port")
    answer_question(version=version, form={"text": ["102"]}, learner=learner, now=NOON)


def test_a_lesson_is_renamed_and_everybody_keeps_their_progress(tom, sam):
    answer(sam)
    before = Lesson.objects.get()
    there = rename(tom, "04-a-stop.md")
    assert there["Location"] == f"{MODULE}file/04-a-stop.md"
    html = tom.get(CHANGES).content.decode()
    assert "1 lesson changes." in html and "removed." not in html
    assert publish(tom).status_code == 302
    after = Lesson.objects.get()
    assert (after.pk, after.slug, after.number) == (before.pk, "one-stop", 4)
    assert not after.is_retired
    assert Attempt.objects.get().version.question.lesson == after
    files = SourceFile.objects.exclude(data=None).values_list("path", flat=True)
    assert "04-a-stop.md" in files and "01-one-stop.md" not in files


def test_translations_of_a_lesson_follow_it(tom, author):
    make_draft("first-module", "i18n/de/01-one-stop.md", author, lessons.LESSON)
    publish(tom)
    rename(tom, "02-a-stop.md")
    drafts = {draft.path: draft.content for draft in Draft.objects.all()}
    assert drafts["i18n/de/01-one-stop.md"] is None
    assert drafts["i18n/de/02-a-stop.md"] == lessons.LESSON.encode()
    assert publish(tom).status_code == 302


def test_what_led_to_a_renamed_figure_is_named_before_it_is_published(tom):
    rename(tom, "assets/line.svg", f"{MODULE}file/assets/strip.svg")
    page = tom.get(CHANGES)
    assert [fault.code for fault in page.context["faults"]] == ["DEAD-LINK"]
    assert publish(tom).status_code == 422


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("01-one-stop.md", "There is a file of this name already."),
        ("cards.md", "There is a file of this name already."),
        ("labs/one-stop.md", "It stays in its folder."),
        ("../one-stop.md", "It stays in its folder."),
        ("", "This is not a name for a file that can be written here."),
        ("02-stop.txt", "This is not a name for a file that can be written here."),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_the_text_stays(tom, name, why):
    refused = rename(tom, name)
    assert refused.status_code == 422
    assert why in refused.content.decode()
    assert not Draft.objects.exists()


def test_cards_and_facts_about_the_module_keep_their_names(tom):
    for name in ("cards.md", "module.yaml"):
        address = f"{MODULE}file/{name}"
        assert "Rename" not in tom.get(address).content.decode()
        assert rename(tom, "02-other.md", address).status_code == 422


def test_a_module_is_removed_after_a_look_and_history_stays_readable(tom, sam, client):
    answer(sam)
    there = tom.post(f"{MODULE}remove/")["Location"]
    assert there == CHANGES
    assert Module.objects.get().lessons.filter(is_retired=False).exists(), "nothing yet"
    html = tom.get(there).content.decode()
    assert "1 module is removed." in html and "1 lesson is removed." in html
    assert "Learners keep their answers and their progress." in html
    assert publish(tom).status_code == 302

    client.force_login(sam)
    assert client.get("/training/first-module/").status_code == 404
    assert "Reading alerts" not in client.get("/training/").content.decode()
    record = client.get("/training/record/").content.decode()
    assert "Reading alerts" in record and "no longer taught" in record
    assert 'href="/training/first-module/"' not in record
    assert b"one-stop#port" in client.get(reverse("training:record-csv")).content
    assert "removed" in tom.get("/authoring/").content.decode()
    assert "This module was removed." in tom.get(MODULE).content.decode()
    assert not Draft.objects.exists()


def test_a_removed_module_is_not_brought_back_by_an_import_but_by_taking_it_whole(
    tom, take_over, tmp_path, capsys
):
    tom.post(f"{MODULE}remove/")
    publish(tom)
    newer = {
        "01-one-stop__md": lessons.LESSON.replace("The phone rings.", "It rings."),
        "02-new__md": lessons.LESSON.replace("id: one-stop", "id: two-stops"),
    }
    outcome = take_over(**newer)
    assert "01-first-module/module.yaml" in outcome.local_edits
    assert not Lesson.objects.filter(is_retired=False).exists()
    call_command("training", "import", str(tmp_path))
    assert "kept as it was edited here" in capsys.readouterr().out
    take_over(overwrite=True, **newer)
    assert Lesson.objects.filter(is_retired=False).count() == 2


def test_removing_a_module_does_not_throw_away_what_others_write(tom, make_person):
    from uuid import uuid4

    from portal.accounts.models import GrantScope, Role
    from tests import cast

    wes = Client()
    scope = (Role.TRAINING_MANAGER, GrantScope.WORKSPACE, uuid4())
    wes.force_login(make_person(cast.Person("wes@demo.example", "Wes Hall"), scope))
    form = tom.get(EDIT).context["form"]
    fields = {"revision": form.revision, "base": form.base}
    tom.post(EDIT, fields | {"do": "save", "text": form.text + "More.\n"})
    refused = wes.post(f"{MODULE}remove/")
    assert refused.status_code == 422
    assert "Only Tom Berg or a training manager for everything" in refused.content.decode()
    assert Draft.objects.get().content is not None


def test_a_path_that_loses_a_lesson_is_named(tom):
    publish_modules()
    tom.post(f"{MODULE}remove/")
    html = tom.get(CHANGES).content.decode()
    assert "The path “First week” names a lesson that is removed" in html


def test_a_module_that_was_only_a_draft_is_gone_at_once(tom, author):
    make_draft("second-module", "module.yaml", author)
    assert tom.post("/authoring/modules/second-module/remove/")["Location"] == "/authoring/"
    assert not Draft.objects.exists()
