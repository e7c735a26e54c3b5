"""What was imported comes out byte for byte, and taking that in again changes nothing."""

import io
import json
import stat
import zipfile

import pytest
from django.core.management import CommandError, call_command

from tests.architecture.tree import HOME
from tests.factories import lessons
from training.catalog.engine.archives import ArchiveError, read_archive, write_module_archive
from training.catalog.models import CurriculumImport

CONTENT = HOME / "training" / "content"


def run(*words):
    out = io.StringIO()
    call_command("training", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for top in ("modules", "paths")
        for path in (folder / top).rglob("*")
        if path.is_file()
    }


@pytest.mark.django_db
def test_all_that_ships_comes_out_byte_for_byte_and_goes_in_again_as_nothing_new(tmp_path, noon):
    first = run("import")
    assert first["files"] > 200
    run("export", "--format", "source", "--output", tmp_path / "folder")
    assert files_of(tmp_path / "folder") == files_of(CONTENT)
    run("export", "--format", "source", "--output", tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_of(CONTENT)
    nothing = {"new": 0, "changed": 0, "retired": 0, "files": 0, "kept": [], "offered": []}
    assert run("import", tmp_path / "all.zip") == {"modules": first["modules"], **nothing}
    assert CurriculumImport.objects.count() == 1
    run("export", "--format", "moodle", "--published", "--output", tmp_path / "here.xml")
    run("export", "--format", "moodle", "--output", tmp_path / "there.xml")
    assert (tmp_path / "here.xml").read_bytes() == (tmp_path / "there.xml").read_bytes()


@pytest.mark.django_db
def test_a_dry_run_shows_the_lines_and_changes_nothing(tmp_path, noon):
    lessons.write_module(tmp_path)
    run("import", tmp_path)
    changed = lessons.LESSON.replace("The phone rings.", "The phone rings twice.")
    lessons.write_module(tmp_path, **{"01-one-stop__md": changed})
    for _ in range(2):
        found = run("import", tmp_path, "--dry-run")
        assert (found["changed"], found["files"]) == (1, 1)
    before, after = (
        line for line in lessons.LESSON.split("\n") + changed.split("\n") if "phone rings" in line
    )
    assert {f"-{before}", f"+{after}", "--- 01-first-module/01-one-stop.md"} <= set(found["diff"])
    assert CurriculumImport.objects.count() == 1


@pytest.mark.django_db
def test_an_export_says_in_a_sentence_why_there_is_none(tmp_path, noon):
    with pytest.raises(CommandError, match="holds no files of modules: run `training import`"):
        run("export", "--format", "source")
    lessons.write_module(tmp_path)
    run("import", tmp_path)
    with pytest.raises(CommandError, match="is not empty"):
        run("export", "--format", "source", "--output", tmp_path)
    with pytest.raises(CommandError, match="leave PATH out"):
        run("export", tmp_path, "--published")


def packed(*entries):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return data.getvalue()


def entry(name, mode=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (mode | 0o644) << 16
    return info


MODULE = ("modules/01-a/module.yaml", "id: a")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK no zip", "not a readable ZIP file"),
        (packed(MODULE)[:-30], "not a readable ZIP file"),
        (packed(), "contains no module"),
        (packed(("readme.txt", "x")), "contains no module"),
        (packed(("module.yaml", "id: a")), "Put the folder of the module into the ZIP"),
        (packed(MODULE, ("modules/../../etc/passwd", "x")), "“modules/../../etc/passwd” leads out"),
        (packed(MODULE, ("/etc/passwd", "x")), "“/etc/passwd” is not a path"),
        (packed(MODULE, ("C:/x", "x")), "“C:/x” is not a path"),
        (packed(MODULE, (entry("a\\b"), "x")), "is not a path inside the archive"),
        (packed(MODULE, (entry("modules/01-a/x.md", stat.S_IFLNK), "/etc")), "is a link"),
        (packed(MODULE, ("Modules/01-A/module.yaml", "")), "is in it twice"),
        (packed(MODULE, ("more/01-a/module.yaml", "")), "Two modules lie in folders named “01-a”"),
        (packed(MODULE, ("modules/01-a/assets/02-b/module.yaml", "")), "within another module"),
        (packed(MODULE, ("modules/01-a/run.sh", "x")), "run.sh” does not belong in a module"),
        (packed(MODULE, ("modules/01-a/x.md", b"0" * 500_001)), "x.md” is larger than 500 KB"),
        (packed(MODULE, (f"modules/{'a' * 101}/x", "")), "is too long"),
        (packed(MODULE, *((f"more/{n}", "") for n in range(5000))), "more than 5000 files"),
        (bytes(20_000_001), "larger than 20 MB"),
    ],
)
def test_a_zip_that_cannot_be_trusted_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(ArchiveError) as refused:
        read_archive(data)
    assert sentence in str(refused.value)


def test_a_zip_bomb_is_not_unpacked():
    """What an entry says of its size is not believed, and no file is read beyond its limit."""
    bomb = write_module_archive({"01-a/module.yaml": b"id: a", "01-a/x.md": bytes(50_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(ArchiveError, match="larger than 500 KB"):
        read_archive(bomb)


def test_a_zip_of_a_repository_is_read_without_what_lies_around_its_modules():
    names = [
        "top/README.md",
        "top/paths/p.yaml",
        "paths/q.yaml",
        "top/modules/paths/r.yaml",
        "top/modules/01-a/module.yaml",
        "top/modules/01-a/.DS_Store",
        "__MACOSX/top/modules/01-a/module.yaml",
        "top/modules/01-a/assets/a.svg",
    ]
    found = read_archive(write_module_archive(dict.fromkeys(names, b"x")))
    assert found.modules == {"01-a": {"assets/a.svg": b"x", "module.yaml": b"x"}}
    assert found.paths == {"p.yaml": b"x"}
