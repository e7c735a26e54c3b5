"""The limits of a share are Clopper and Pearson's, however many were judged."""

from math import exp, fsum, lgamma, log

import pytest

from alerts.incidents.engine.confidence_limits import incomplete_beta, lower_share, upper_share


# One-sided Clopper–Pearson limits: beta quantiles at 0.95, from published tables.
@pytest.mark.parametrize(
    ("hits", "judged", "limit"),
    [
        (0, 0, 1.0),
        (0, 1, 0.95),
        (0, 3, 0.6316),
        (0, 10, 0.2589),
        (0, 57, 0.0512),
        (0, 300, 0.0099),
        (1, 1, 1.0),
        (1, 10, 0.3942),
        (2, 20, 0.2826),
        (5, 10, 0.7776),
        (10, 10, 1.0),
        (5, 100, 0.1023),
        (1, 2, 0.9747),
    ],
)
def test_the_bound_is_the_one_of_clopper_and_pearson(hits, judged, limit):
    assert upper_share(hits, judged) == pytest.approx(limit, abs=6e-5)


def test_the_bound_is_about_three_over_n_and_moves_the_right_way():
    for judged in (50, 500, 5_000, 100_000):
        assert upper_share(0, judged) == pytest.approx(3 / judged, rel=0.04)
        limits = [upper_share(hits, judged) for hits in range(6)]
        assert limits == sorted(limits)
        assert upper_share(3, judged) > upper_share(3, judged * 2) > 3 / judged / 2


def test_the_beta_function_is_whole_at_its_ends_and_mirrors_itself():
    assert (incomplete_beta(0, 2, 3), incomplete_beta(1, 2, 3)) == (0.0, 1.0)
    assert incomplete_beta(0.3, 2, 5) == pytest.approx(0.579825, abs=1e-6)
    assert incomplete_beta(0.3, 2, 5) + incomplete_beta(0.7, 5, 2) == pytest.approx(1)


@pytest.mark.parametrize(
    ("hits", "judged", "limit"),
    [(0, 0, None), (0, 9, 0.0), (1, 1, 0.05), (57, 57, 0.9488), (24, 25, 0.8237), (5, 10, 0.2224)],
)
def test_the_lower_limit_is_the_mirror_of_the_upper_one(hits, judged, limit):
    assert lower_share(hits, judged) == (limit if limit is None else pytest.approx(limit, abs=5e-4))


@pytest.mark.parametrize(
    ("hits", "judged"), [(950, 1_000), (1_900, 2_000), (19_000, 20_000), (90_000, 100_000)]
)
def test_so_many_hits_are_seen_in_one_of_twenty_cases_at_the_lower_limit(hits, judged):
    share = lower_share(hits, judged)
    assert at_least(hits, judged, share) == pytest.approx(0.05, rel=1e-6)
    assert share == pytest.approx(1 - upper_share(judged - hits, judged))


def test_more_judgements_of_the_same_share_prove_more():
    assert lower_share(950, 1_000) == pytest.approx(0.9371, abs=5e-5)
    assert lower_share(1_900, 2_000) == pytest.approx(0.9412, abs=5e-5)


def at_least(hits, judged, share):
    """Sum up how likely each number from `hits` on is, without the beta function."""

    def likely(k):
        ways = lgamma(judged + 1) - lgamma(k + 1) - lgamma(judged - k + 1)
        return exp(ways + k * log(share) + (judged - k) * log(1 - share))

    return fsum(likely(k) for k in range(hits, judged + 1))
