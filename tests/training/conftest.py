"""One module of seven questions, imported, and those who learn from it."""

import tempfile
from datetime import date
from pathlib import Path

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories import lessons
from tests.reuse import reuse_rows
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary
from training.catalog.models import Lesson
from training.catalog.services.import_curriculum import import_curriculum

KNOWN = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))


@pytest.fixture
def take_over(db, tmp_path):
    """`take_over(01-one-stop__md=…)` writes the module with these texts and imports it."""

    return lambda **texts: write_and_import(tmp_path, **texts)


def write_and_import(folder: Path, *, overwrite=False, **texts):
    lessons.write_module(folder, **texts)
    curriculum = read_curriculum(folder, "content", KNOWN)
    return import_curriculum(curriculum=curriculum, by="tests", now=NOON, overwrite=overwrite)


@reuse_rows
def lesson(db):
    """The one lesson of that module, as it is shipped."""
    with tempfile.TemporaryDirectory() as folder:
        write_and_import(Path(folder))
    return Lesson.objects.get()


@pytest.fixture
def author(make_person):
    person = cast.Person("tom@demo.example", "Tom Berg")
    return make_person(person, (Role.TRAINING_MANAGER, GrantScope.ALL, None))
