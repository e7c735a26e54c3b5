import pytest

from alerts.incidents.engine.share import lower_share


@pytest.mark.parametrize(
    ("hits", "judged", "limit"),
    [(0, 0, None), (0, 9, 0.0), (1, 1, 0.05), (57, 57, 0.9488), (24, 25, 0.8237), (5, 10, 0.2224)],
)
def test_the_lower_limit_is_clopper_and_pearsons(hits, judged, limit):
    assert lower_share(hits, judged) == (limit if limit is None else pytest.approx(limit, abs=5e-4))


def test_very_many_judgements_are_no_harder():
    assert lower_share(90_000, 100_000) == pytest.approx(0.9, abs=0.02)
