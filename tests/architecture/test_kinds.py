"""`make test` leaves out what opens browsers and what harms processes: each such test shows it."""

from types import SimpleNamespace

import pytest

from tests.kinds import needs_servers, wrong_kinds


def a_test(place, *marks, fixtures=()):
    return SimpleNamespace(
        nodeid=f"{place}::test_it",
        fixturenames=list(fixtures),
        get_closest_marker=lambda name: name if name in marks else None,
    )


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        (a_test("tests/portal/test_a.py", fixtures=["browse", "chromium"]), "opens a browser"),
        (a_test("tests/portal/test_a.py", "browser", fixtures=["client"]), "opens none"),
        (a_test("tests/portal/test_a.py", "fault", fixtures=["measure"]), "move it to"),
    ],
)
def test_a_test_of_the_wrong_kind_is_not_run(item, wrong):
    (sentence,) = wrong_kinds([item])
    assert wrong in sentence


def test_tests_of_the_right_kind_are_run():
    assert not list(
        wrong_kinds(
            [
                a_test("tests/portal/test_a.py", fixtures=["client"]),
                a_test("tests/portal/test_a.py", "abuse", fixtures=["client"]),
                a_test("tests/portal/test_a.py", "browser", fixtures=["browse", "chromium"]),
                a_test("tests/faults/test_a.py", "fault", fixtures=["measure"]),
            ]
        )
    )


def test_what_works_on_the_database_needs_servers():
    assert needs_servers(a_test("tests/portal/test_a.py", fixtures=["db", "servers"]))
    assert needs_servers(a_test("tests/portal/test_a.py", "django_db"))
    assert not needs_servers(a_test("tests/portal/test_a.py", fixtures=["tmp_path"]))
