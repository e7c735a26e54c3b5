"""People of the bench do what the pages lead them to."""

from datetime import UTC, datetime, timedelta

from bench.suppression.azure_bodies import analyst_at


def test_a_soc_around_the_clock_is_several_people():
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    hours = [monday + timedelta(hours=hour) for hour in range(7 * 24)]
    names = [analyst_at(at)["email"] for at in hours]
    assert len(set(names)) == 6
    assert all(names.count(name) >= 24 for name in names), "none of them only now and then"
    assert names[0] == names[7] != names[8]
