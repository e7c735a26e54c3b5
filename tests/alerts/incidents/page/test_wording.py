"""What rows and pages say of how often something was seen before."""

import pytest
from django.utils import translation

from alerts.incidents.wording import usual_pattern_check


@pytest.mark.parametrize(
    ("language", "n", "days", "words"),
    [
        ("en", 1, 1, "Seen once before in 1 day"),
        ("en", 1234, 90, "Seen 1,234 times before in 90 days"),
        ("de", 19, 90, "In 90 Tagen schon 19-mal gesehen"),
        ("de", 1, 1, "In 1 Tag schon einmal gesehen"),
        ("de", 0, 90, "In 90 Tagen noch nie gesehen"),
    ],
)
def test_the_days_before_are_written_out(language, n, days, words):
    with translation.override(language):
        assert usual_pattern_check(n, days, is_doubted=False)[1] == words
