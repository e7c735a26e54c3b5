"""One plant and one small history, made once for all tests here."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.plant.plant import Plant
from simulator.plant.records import Case

END = datetime(2026, 11, 25, 13, tzinfo=UTC)
START = END - timedelta(days=120)


@pytest.fixture(scope="session")
def plant() -> Plant:
    return Plant(seed=7)


@pytest.fixture(scope="session")
def small(plant) -> list[Case]:
    return list(plant.history(5000, start=START, end=END))


@pytest.fixture(scope="session")
def medium(plant) -> list[Case]:
    return list(plant.history(15_000, start=START, end=END))
