"""One scenario of each shape, built once for all tests here."""

from functools import cache

import pytest

from simulator.scenarios.scenario import SHAPES, Scenario, build_scenario

built = cache(build_scenario)


@pytest.fixture(params=SHAPES)
def scenario(request) -> Scenario:
    return built(request.param, 1)
