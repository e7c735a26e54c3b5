"""Weekly windows on pages: one for a week of the same hours, in the order of the week."""

import pytest
from django.utils import translation

from alerts.suppression.web.wording import windows_in_words

NIGHT, MORNING = "20:00-05:00 UTC", "06:00-08:00 Europe/Warsaw"


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        ([f"Tue {MORNING}"], ("Tue 06:00–08:00 Europe/Warsaw",)),
        (
            [f"{day} {NIGHT}" for day in ("Fri", "Mon", "Sat", "Sun", "Thu", "Tue", "Wed")],
            ("daily 20:00–05:00 UTC",),
        ),
        (
            [f"Thu {NIGHT}", f"Tue {MORNING}", f"Mon {NIGHT}"],
            ("Mon, Thu 20:00–05:00 UTC", "Tue 06:00–08:00 Europe/Warsaw"),
        ),
        (["Sun 22:00-24:00 UTC"], ("Sun 22:00–24:00 UTC",)),
        (["sometimes"], ("sometimes",)),
    ],
)
def test_days_with_the_same_hours_are_one_window(windows, words):
    assert windows_in_words(windows) == words


def test_days_are_in_the_language_of_the_page():
    with translation.override("de"):
        assert windows_in_words([f"Tue {MORNING}"]) == ("Di 06:00–08:00 Europe/Warsaw",)
