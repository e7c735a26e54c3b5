"""What an identity may do, by the role definitions that it holds."""

import pytest

from alerts.sentinel.engine.rights import missing_actions

WRITE = "Microsoft.SecurityInsights/incidents/write"
DELETE = "Microsoft.SecurityInsights/incidents/delete"


def entry(*actions, without=()):
    return {"actions": list(actions), "not_actions": list(without)}


@pytest.mark.parametrize(
    ("entries", "missing"),
    [
        ([], [WRITE, DELETE]),
        ([entry("*")], []),
        ([entry("microsoft.securityinsights/INCIDENTS/*")], []),
        ([entry("Microsoft.SecurityInsights/*/read")], [WRITE, DELETE]),
        ([entry("Microsoft.SecurityInsights/*", without=["*/delete"])], [DELETE]),
        ([entry("*", without=["*/delete"]), entry("*/delete")], []),
        ([entry("Microsoft.SecurityInsights/incidents")], [WRITE, DELETE]),
        ([entry("Microsoft.SecurityInsights.incidents/write")], [WRITE, DELETE]),
        ([{}], [WRITE, DELETE]),
    ],
)
def test_an_action_is_granted_by_one_entry_as_a_whole(entries, missing):
    assert missing_actions([WRITE, DELETE], entries) == missing
