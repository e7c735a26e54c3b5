"""A workspace, a plant, and programs of the people who look at them."""

import pytest

from tests.alerts.incidents.web.conftest import gdansk, leo, oda, plant, sam  # noqa: F401 (fixtures)
from tests.program import Program, stored_incident


@pytest.fixture
def asks(noon):
    """`asks(sam)` is a program with a token of Sam's."""
    return Program


@pytest.fixture
def incident(gdansk, plant):  # noqa: F811 (fixtures)
    return stored_incident(gdansk, site_ids=[plant.pk], place="Gdańsk", source="ENG-WS-04")
