"""Learning paths are written, checked, published and taken out in the editor, like lessons."""

import pytest
from django.test import Client

from tests.conftest import NOON
from tests.factories.lessons import PATH, publish_modules, write_module, write_path
from tests.training.conftest import KNOWN
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.models import Draft, LearningPath
from training.catalog.queries.drafts import source_files
from training.catalog.queries.lessons import learning_paths
from training.catalog.services.import_curriculum import import_curriculum

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "lesson")]

EDIT = "/authoring/modules/paths/file/first-week.yaml"
CHANGES = "/authoring/changes/?module=paths"


@pytest.fixture
def tom(author, keep_contexts):
    publish_modules()
    page = Client()
    page.force_login(author)
    return page


@pytest.fixture
def bring(tmp_path):
    """`bring(text)` imports the path with this text."""

    def bring(text=PATH, **more):
        write_module(tmp_path)
        write_path(tmp_path, text)
        curriculum = read_curriculum(tmp_path, "content", KNOWN)
        return import_curriculum(curriculum=curriculum, by="tests", now=NOON, **more)

    return bring


def save(page, *edit, do="save", address=EDIT):
    form = page.get(address).context["form"]
    text = form.text.replace(*edit) if edit else form.text
    fields = {"text": text, "revision": form.revision, "base": form.base, "do": do}
    return page.post(address, fields)


def publish(page):
    shown = [f"{draft.pk}:{draft.revision}" for draft in page.get(CHANGES).context["drafts"]]
    return page.post("/authoring/changes/publish/", {"module": "paths", "draft": shown})


def test_a_path_is_edited_with_the_same_checks_and_the_same_look_at_the_changes(tom):
    assert "First week" in tom.get("/authoring/paths/").content.decode()
    save(tom, "first-module/one-stop", "first-module/no-such")
    assert [fault.code for fault in tom.get(EDIT).context["faults"]] == ["UNKNOWN-LESSON"]
    assert publish(tom).status_code == 422
    save(tom, "first-module/no-such", "first-module/one-stop")
    save(tom, "title: First week", "title: Week one")
    html = tom.get(CHANGES).content.decode()
    assert "1 learning path is new, changed or removed." in html and "Week one" in html
    assert publish(tom)["Location"] == "/authoring/modules/paths/"
    assert LearningPath.objects.get().title == "Week one"
    assert b"Week one" in source_files()["paths/first-week.yaml"]


def test_a_new_path_begins_with_a_text_that_says_what_is_missing(tom):
    new = tom.post("/authoring/modules/paths/new/", {"name": "second-week.yaml"})
    page = tom.get(new["Location"])
    assert [fault.code for fault in page.context["faults"]] == ["UNKNOWN-LESSON"]
    save(tom, "module/lesson", "second-module/one-start", address=new["Location"])
    assert publish(tom).status_code == 302
    assert [path.slug for path in learning_paths()] == ["first-week", "second-week"]
    for name in ("second.md", "../x.yaml", "a/b.yaml", "module", "Big.yaml"):
        refused = tom.post("/authoring/modules/paths/new/", {"name": name})
        assert refused.status_code == 422
        assert "This is not a name for a file" in refused.content.decode()


def test_a_path_is_taken_out_and_given_another_name(tom):
    form = tom.get(EDIT).context["form"]
    fields = {"text": form.text.replace("id: first-week", "id: week-one"), "base": form.base}
    tom.post(EDIT, fields | {"revision": form.revision, "do": "rename", "name": "week-one.yaml"})
    assert publish(tom).status_code == 302
    assert [path.slug for path in learning_paths()] == ["week-one"]
    assert not Draft.objects.exists()
    assert [file["path"] for file in tom.get("/authoring/paths/").context["files"]] == [
        "week-one.yaml"
    ]
    assert [name for name in source_files() if "paths" in name] == ["paths/week-one.yaml"]


def test_an_import_writes_over_no_path_that_was_edited_or_taken_out_here(tom, bring):
    assert bring(PATH.replace("First week", "A first week")).local_edits == ()
    save(tom, "title: A first week", "title: Our week")
    publish(tom)
    newer = PATH.replace("First week", "Their week")
    assert bring(newer).local_edits == ("paths/first-week.yaml",)
    assert LearningPath.objects.get().title == "Our week"
    save(tom, do="remove")
    publish(tom)
    assert bring(newer).local_edits == ("paths/first-week.yaml",)
    assert learning_paths() == []
    assert bring(newer, overwrite=True).local_edits == ()
    assert [path.title for path in learning_paths()] == ["Their week"]


def test_the_paths_are_no_module_to_remove(tom):
    assert tom.post("/authoring/modules/paths/remove/").status_code == 404
    assert [path.slug for path in learning_paths()] == ["first-week"]
