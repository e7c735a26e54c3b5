"""When what people said of a pattern is enough to propose a rule."""

import pytest

from alerts.patterns.engine.evidence import VerdictEvidence


@pytest.mark.parametrize(
    ("change", "is_enough"),
    [
        ({"routine": 5, "judged_share": 0.6}, True),
        ({"maintenance": 1, "judged_share": 1.0}, True),
        ({"routine": 5, "judged_share": 0.59}, False),
        ({"closings": 50, "judged_share": 1.0}, False),
        ({"routine": 50, "suspicious": 1, "judged_share": 1.0}, False),
        ({"routine": 50, "true_positives": 1, "judged_share": 1.0}, False),
    ],
    ids=["sixty per cent", "maintenance", "less", "only the SOC", "suspicious", "true positive"],
)
def test_each_gap_alone_is_not_enough(change, is_enough):
    assert VerdictEvidence(**change).is_enough == is_enough
