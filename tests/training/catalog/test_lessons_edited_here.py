"""An import writes over nothing that was edited here: it takes what it alone changed, leaves what
we alone changed, and offers the rest.
"""

import pytest
from django.core.management import CommandError, call_command

from tests.factories import lessons
from training.catalog.engine.module_files import PublishedFile, merge_module, sha256
from training.catalog.models import Lesson, Module, SourceFile
from training.catalog.services.import_curriculum import CannotImportCurriculum

pytestmark = pytest.mark.django_db

OLD, OURS, THEIRS = b"old", b"ours", b"theirs"


@pytest.mark.parametrize(
    ("base", "here", "incoming", "result", "is_kept", "is_offered"),
    [
        (OLD, OLD, OLD, OLD, False, False),
        (OLD, OLD, THEIRS, THEIRS, False, False),
        (OLD, OLD, None, None, False, False),
        (OLD, OURS, OLD, OURS, True, False),
        (OLD, None, OLD, None, True, False),
        (None, OURS, None, OURS, True, False),
        (OLD, OURS, THEIRS, OURS, True, True),
        (OLD, OURS, None, OURS, True, True),
        (OLD, None, THEIRS, None, True, True),
        (None, OURS, THEIRS, OURS, True, True),
        (OLD, THEIRS, THEIRS, THEIRS, False, False),
    ],
)
def test_of_each_file_whoever_alone_changed_it_is_followed(
    base, here, incoming, result, is_kept, is_offered
):
    published = {"a.md": PublishedFile(here, sha256(base))}
    merged = merge_module(published, {"a.md": incoming} if incoming else {})
    assert merged.files.get("a.md") == result
    assert (merged.local_edits == ("a.md",), "a.md" in merged.offers) == (is_kept, is_offered)


def edit(path, old, new):
    """Do to a file what publishing an edited text does."""
    row = SourceFile.objects.get(path=path)
    row.data = row.published.data.replace(old, new)
    row.save()


def test_an_edited_lesson_stays_and_the_shipped_one_is_offered(take_over):
    take_over()
    edit("01-one-stop.md", b"The phone rings.", b"Our phone rings.")
    again = take_over()
    assert (again.local_edits, again.offers) == (("01-first-module/01-one-stop.md",), ())
    assert "Our phone rings." in Lesson.objects.get().body[0]["html"]
    newer = lessons.LESSON.replace("The phone rings.", "The phone rings twice.")
    cards = lessons.CARDS.replace("stops.[", "halts.[")
    for _ in range(2):
        outcome = take_over(**{"01-one-stop__md": newer, "cards__md": cards})
        assert outcome.offers == ("01-first-module/01-one-stop.md",)
    assert "Our phone rings." in Lesson.objects.get().body[0]["html"]
    assert "halts" in Module.objects.get().cards.get().back_html
    row = SourceFile.objects.get(path="01-one-stop.md")
    assert row.has_offer and bytes(row.offered).decode() == newer
    assert take_over(overwrite=True, **{"01-one-stop__md": newer}).local_edits == ()
    assert "The phone rings twice." in Lesson.objects.get().body[0]["html"]
    assert not SourceFile.objects.filter(has_offer=True).exists()


def test_an_import_that_does_not_fit_what_was_edited_here_is_refused_whole(take_over):
    take_over()
    edit("01-one-stop.md", b"(assets/strip.svg", b"(assets/own.svg")
    with pytest.raises(CannotImportCurriculum, match=r"With what was edited here.*DEAD-LINK"):
        take_over(cards__md="")
    assert Module.objects.get().cards.filter(is_retired=False).exists()


def test_the_command_names_what_stays(take_over, tmp_path, noon, capsys):
    take_over()
    edit("01-one-stop.md", b"The phone rings.", b"Our phone rings.")
    call_command("training", "import", str(tmp_path))
    output = capsys.readouterr().out
    assert "01-first-module/01-one-stop.md: kept as it was edited here\n" in output
    assert "0 new, " in output
    with pytest.raises(CommandError, match=r"no\.zip cannot be read"):
        call_command("training", "import", str(tmp_path / "no.zip"))
