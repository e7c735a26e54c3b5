"""One module of seven questions, imported, and those who learn from it."""

from datetime import date

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories import lessons
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary
from training.catalog.models import Lesson
from training.catalog.services.import_curriculum import import_curriculum

KNOWN = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))


@pytest.fixture
def take_over(db, tmp_path):
    """`take_over(01-one-stop__md=…)` writes the module with these texts and imports it."""

    def take(*, overwrite=False, **texts):
        lessons.write_module(tmp_path, **texts)
        curriculum = read_curriculum(tmp_path, "content", KNOWN)
        return import_curriculum(curriculum=curriculum, by="tests", now=NOON, overwrite=overwrite)

    return take


@pytest.fixture
def lesson(take_over):
    take_over()
    return Lesson.objects.get()


@pytest.fixture
def author(make_person):
    person = cast.Person("tom@demo.example", "Tom Berg")
    return make_person(person, (Role.TRAINING_MANAGER, GrantScope.ALL, None))
