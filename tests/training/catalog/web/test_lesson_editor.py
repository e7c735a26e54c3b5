"""Training managers write, check, preview and publish lessons; nothing of it is lost or silent."""

import io
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON
from tests.factories import lessons
from training.catalog.engine.archives import write_module_archive
from training.catalog.models import Draft, Lesson, Module, QuestionVersion, SourceFile
from training.progress.models import Attempt
from training.progress.services import answer_question

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "lesson")]

PATH = "01-one-stop.md"
EDIT = f"/authoring/modules/first-module/file/{PATH}"
CHANGES = "/authoring/changes/?module=first-module"


@pytest.fixture
def wes(make_person):
    """Trains the people of one workspace."""
    page = Client()
    scope = (Role.TRAINING_MANAGER, GrantScope.WORKSPACE, uuid4())
    page.force_login(make_person(cast.Person("wes@demo.example", "Wes Hall"), scope))
    return page


@pytest.fixture
def una(make_person):
    page = Client()
    person = cast.Person("una@demo.example", "Una Roth")
    page.force_login(make_person(person, (Role.TRAINING_MANAGER, GrantScope.ALL, None)))
    return page


def opened(page, address=EDIT):
    """The fields of the form as the page was given."""
    form = page.get(address).context["form"]
    return {"text": form.text, "revision": form.revision, "base": form.base}


def save(page, *edits, do="save", form=None):
    form = dict(form or opened(page))
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in form["text"], old
        form["text"] = form["text"].replace(old, new)
    return page.post(EDIT, form | {"do": do, "text": form["text"].replace("\n", "\r\n")})


def publish(page, address=CHANGES):
    drafts = page.get(address).context["drafts"]
    shown = [f"{draft.pk}:{draft.revision}" for draft in drafts]
    return page.post("/authoring/changes/publish/", {"module": "first-module", "draft": shown})


def test_a_draft_is_kept_checked_previewed_shown_as_a_difference_and_published(tom, sam, client):
    version = QuestionVersion.objects.get(question__slug="choose")
    answer_question(version=version, form={"choice": ["0"]}, learner=sam, now=NOON)
    assert save(tom, "The phone rings.", "The <b>phone</b> rings.").status_code == 302
    html = tom.get(EDIT).content.decode()
    line = lessons.LESSON.split("\n").index("The phone rings. `0x29` stops ENG-WS-04.[^wireshark]")
    assert f'href="#line-{line + 1}"' in html and "HTML is shown as it is written." in html
    assert f'id="line-{line + 1}" class="line-faulty"' in html
    assert "&lt;b&gt;phone&lt;/b&gt;" in html and "<b>phone</b>" not in html
    page = tom.get(CHANGES)
    assert page.context["faults"] and b"Publish 1 file" not in page.content
    assert publish(tom).status_code == 422

    save(
        tom,
        "The <b>phone</b>",
        "The red phone",
        "Close it.",
        "Close the alert.",
        "Yes.\n- [x] The eng",
        "Indeed.\n- [x] The eng",
    )
    preview = save(tom, do="preview")
    assert preview["Location"] == "/training/first-module/one-stop/preview/"
    assert "The red phone rings." in tom.get(preview["Location"]).content.decode()
    assert "The red phone" not in client.get("/training/first-module/one-stop/").content.decode()
    html = tom.get(CHANGES).content.decode()
    assert "1 lesson changes." in html
    assert "1 question is reworded: it becomes a new wording with figures of its own" in html
    assert "1 question changes only in its feedback or a typo: its figures continue." in html
    assert "Learners keep their answers and their progress." in html
    assert '<tr class="line-removed">' in html and '<tr class="line-added">' in html

    assert publish(tom)["Location"] == "/authoring/modules/first-module/"
    assert "The red phone rings." in Lesson.objects.get().body[0]["html"]
    versions = QuestionVersion.objects.filter(question__slug="choose").order_by("number")
    assert [row.is_current for row in versions] == [False, True]
    assert Attempt.objects.get().version == versions[0]
    assert not Draft.objects.exists()
    entry = Entry.objects.filter(action="catalog.drafts.published").get()
    assert entry.actor_label == "Tom Berg" and entry.details["files"] == [f"first-module/{PATH}"]


def test_the_second_of_two_writers_is_told_and_loses_nothing(tom, una):
    form = opened(una)
    save(tom, "The phone rings.", "The red phone rings.")
    answer = save(una, "The phone rings.", "The blue phone rings.", form=form)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Tom Berg saved another draft of this file after you opened it." in html
    assert "The blue phone rings." in html and "The red phone rings." in html
    fields = answer.context["form"]
    again = {"text": fields.text, "revision": fields.revision, "base": fields.base}
    assert save(una, form=again).status_code == 302
    draft = Draft.objects.get()
    assert (draft.revision, draft.edited_by.name) == (2, "Una Roth")
    shown = tom.get(CHANGES).context["drafts"]
    save(una, "blue", "green")
    late = {"draft": [f"{draft.pk}:{draft.revision}" for draft in shown]}
    assert "A draft has changed in the meantime." in (
        tom.post("/authoring/changes/publish/", late).content.decode()
    )
    assert "The phone rings." in Lesson.objects.get().body[0]["html"]


def test_an_import_in_between_is_told_before_it_is_undone(tom, take_over):
    save(tom, "The phone rings.", "The red phone rings.")
    take_over(**{"01-one-stop__md": lessons.LESSON.replace("Too soon.", "Far too soon.")})
    assert (
        "has a newer published version than this draft began with" in publish(tom).content.decode()
    )
    assert "published since this draft began" in tom.get(EDIT).content.decode()
    save(tom, "Too soon.", "Far too soon.")
    assert publish(tom).status_code == 302


def test_what_was_published_here_stays_and_the_newer_shipped_text_is_offered(tom, take_over):
    save(tom, "The phone rings.", "Our phone rings.")
    publish(tom)
    newer = lessons.LESSON.replace("The phone rings.", "The phone rings twice.")
    outcome = take_over(**{"01-one-stop__md": newer})
    assert outcome.offers == (f"01-first-module/{PATH}",)
    html = tom.get("/authoring/modules/first-module/").content.decode()
    assert "edited here" in html and "The phone rings twice." in html
    assert "1 to decide" in tom.get("/authoring/").content.decode()
    tom.post("/authoring/modules/first-module/offer/", {"path": PATH, "take": "yes"})
    assert "The phone rings twice." in opened(tom)["text"]
    publish(tom)
    assert "The phone rings twice." in Lesson.objects.get().body[0]["html"]
    assert take_over(**{"01-one-stop__md": newer}).local_edits == ()


def test_keeping_ours_counts_until_the_next_shipped_text(tom, take_over):
    save(tom, "The phone rings.", "Our phone rings.")
    publish(tom)
    newer = lessons.LESSON.replace("The phone rings.", "The phone rings twice.")
    take_over(**{"01-one-stop__md": newer})
    tom.post("/authoring/modules/first-module/offer/", {"path": PATH, "take": "no"})
    assert take_over(**{"01-one-stop__md": newer}).offers == ()
    assert "Our phone rings." in Lesson.objects.get().body[0]["html"]
    assert take_over(**{"01-one-stop__md": lessons.LESSON + "\n"}).offers


def test_a_new_lesson_begins_with_a_text_and_an_old_one_can_be_taken_out(tom):
    new = {"name": "02-second-look.md"}
    there = tom.post("/authoring/modules/first-module/new/", new)["Location"]
    assert "id: second-look" in opened(tom, there)["text"]
    save(tom, do="remove")
    html = tom.get("/authoring/modules/first-module/").content.decode()
    assert "to be removed" in html
    html = tom.get(CHANGES).content.decode()
    assert "1 lesson is new." in html and "1 lesson is removed." in html
    assert publish(tom).status_code == 302
    assert Lesson.objects.get(slug="one-stop").is_retired
    assert not Lesson.objects.get(slug="second-look").is_retired
    assert SourceFile.objects.get(path=PATH).data is None
    for name in (
        "../x.md",
        "/etc/x.md",
        "assets/a.png",
        "pcap/a.pcap",
        "files.lock",
        "a/b.md",
        "a\nb.md",
        "i18n/de/a\tb.md",
        "labs/.hidden.yaml",
        f"{'😀' * 97}.md",
    ):
        refused = tom.post("/authoring/modules/first-module/new/", {"name": name})
        assert refused.status_code == 422
        assert "not a name for a file" in refused.content.decode()


def test_figures_and_cards_are_shown_as_they_will_be_and_without_scripts(tom):
    address = "/authoring/modules/first-module/file/assets/strip.svg"
    form = opened(tom, address)
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in tom.get(address).content.decode()
    form["text"] = form["text"].replace("<rect", "<script>alert(1)</script><rect")
    tom.post(address, form)
    html = tom.get(address).content.decode()
    assert "may not stand in a figure" in html and "<script>alert" not in html
    assert "stops." in tom.get("/authoring/modules/first-module/file/cards.md").content.decode()
    assert b"may not stand in a figure" in tom.get(CHANGES).content


def test_a_new_alert_to_judge_has_no_fault_and_is_previewed(tom):
    added = tom.post("/authoring/modules/first-module/new/", {"name": "labs/two-stops.yaml"})
    ask = (
        "::: question {#judge type=triage lab=two-stops}\nWhat do you say?\n:::\n\n## What it means"
    )
    preview = save(tom, "## What it means", ask, do="preview")["Location"]
    page = tom.get(added["Location"])
    assert [fault.text for fault in page.context["faults"]] == []
    assert "Call the control room." in tom.get(preview).content.decode()
    assert "1 question is new." in tom.get(CHANGES).content.decode()
    lab = opened(tom, added["Location"])
    lab["text"] = lab["text"].replace("reason: first", "reason: none")
    assert tom.post(added["Location"], lab).status_code == 302
    values = {"verdict": "maintenance", "reason": "first", "sure": "70", "next_step": "call"}
    assert tom.post(f"{preview}?question=judge", values).status_code == 200


def test_answers_in_a_preview_are_judged_and_kept_nowhere(tom):
    preview = reverse("training:preview", args=["first-module", "one-stop"])
    answered = tom.post(f"{preview}?question=port", {"text": "502"}, headers={"HX-Request": "true"})
    assert answered.status_code == 200 and b"Not right yet" in answered.content
    assert tom.post(f"{preview}?question=port", {"text": "102"}).status_code == 200
    refused = tom.post(f"{preview}?question=port", {}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert not Attempt.objects.exists()
    assert tom.get("/training/first-module/nothing/preview/").status_code == 404


def test_a_zip_becomes_drafts_that_are_published_together(tom, tmp_path):
    out = io.StringIO()
    goal = tmp_path / "all.zip"
    call_command("training", "export", "--format", "source", "--output", str(goal), stdout=out)
    whole = goal.read_bytes()
    assert tom.get("/authoring/export/source/").content == whole
    upload = "/authoring/upload/"

    def send(data, name="m.zip"):
        file = io.BytesIO(data)
        file.name = name
        return tom.post(upload, {"file": file})

    assert send(whole)["Location"] == "/authoring/"
    assert not Draft.objects.exists()
    files = {row.path: bytes(row.data) for row in SourceFile.objects.all()}
    text = files[PATH].replace(b"The phone rings.", b"The phone rings twice.")
    new = lessons.MODULE.replace("first-module", "second-module").replace("order: 1", "order: 2")
    changed = {f"01-first-module/{path}": data for path, data in (files | {PATH: text}).items()}
    changed |= {"02-second/module.yaml": new.encode(), "02-second/01-a.md": b"nothing"}
    refused = send(write_module_archive(changed))
    assert refused.status_code == 422
    assert b"modules/02-second/01-a.md:1:1" in refused.content
    assert not Draft.objects.exists()
    lesson = lessons.LESSON.partition("\n![A strip")[0].replace("one-stop", "two")
    changed["02-second/01-a.md"] = f"{lesson}\n\n[^wireshark]: A table.\n".encode()
    del changed["01-first-module/cards.md"]
    there = send(write_module_archive(changed))["Location"]
    html = tom.get(there).content.decode()
    assert "1 module is new." in html and "Publish 4 files" in html
    assert publish(tom, there).status_code == 302
    assert Module.objects.get(slug="second-module").lessons.get().slug == "two"
    assert not Module.objects.get(slug="first-module").cards.filter(is_retired=False).exists()
    refused = send(write_module_archive({"../x/module.yaml": b"id: x"}), "<evil>.zip")
    assert refused.status_code == 422
    assert "“../x/module.yaml” leads out of the archive." in refused.content.decode()
    assert send(b"").status_code == 422


def test_downloads_hold_what_is_published(tom):
    kinds = {"html": b"PK", "moodle": b"<?xml"}
    for kind, start in kinds.items():
        assert tom.get(f"/authoring/export/{kind}/").content.startswith(start), kind
    assert tom.get("/authoring/export/scorm/").status_code == 404


def test_who_trains_one_workspace_writes_and_somebody_for_everything_publishes(wes, tom):
    assert save(wes, "The phone rings.", "Wes rings.").status_code == 302
    html = wes.get(CHANGES).content.decode()
    assert (
        "only a training manager for everything can publish them" in html
        and "Publish 1 file" not in html
    )
    assert publish(wes).status_code == 422
    assert publish(tom).status_code == 302


def discard(page):
    drafts = page.get(CHANGES).context["drafts"]
    shown = [f"{draft.pk}:{draft.revision}" for draft in drafts]
    return page.post("/authoring/changes/discard/", {"module": "first-module", "draft": shown})


def test_a_draft_is_discarded_by_who_wrote_it_or_who_trains_everybody(wes, tom, una):
    why = "Only Tom Berg or a training manager for everything can discard what they wrote."
    published = opened(tom)["text"]
    save(tom, "The phone rings.", "Tom rings.")
    for address in (EDIT, CHANGES):
        assert "Discard" not in wes.get(address).content.decode()
    assert why in wes.get(CHANGES).content.decode()
    undone = opened(wes) | {"text": published, "do": "save"}
    for refused in (discard(wes), save(wes, do="discard"), wes.post(EDIT, undone)):
        assert refused.status_code == 422
        assert why in refused.content.decode()
    assert "Tom rings." in Draft.objects.get().content.decode()

    assert discard(una).status_code == 302
    save(wes, "The phone rings.", "Wes rings.")
    assert "Discard this draft" in wes.get(EDIT).content.decode()
    assert discard(wes).status_code == 302
    assert not Draft.objects.exists()


def test_a_draft_of_any_number_can_be_asked_for(tom):
    save(tom, "The phone rings.", "Two phones ring.")
    address = f"/authoring/changes/?draft={'1' * 5000}"
    assert tom.get(address).status_code == 200


@pytest.mark.parametrize("address", ["/authoring/", EDIT, CHANGES, "/authoring/upload/"])
def test_nobody_else_opens_the_editor(client, leo, address):
    client.force_login(leo)
    assert client.get(address).status_code == 403
    assert client.post(address, {}).status_code == 403
    assert client.get("/training/first-module/one-stop/preview/").status_code == 403
    assert not Draft.objects.exists()
