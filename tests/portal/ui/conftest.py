import pytest

from tests import cast


@pytest.fixture
def keeper(transactional_db, make_person):
    """Somebody who may open the gallery."""
    person = make_person(cast.ADA)
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    return person
