"""Two incidents that one rule closes with the same words: what becomes of one is its own."""

from datetime import timedelta

from alerts.sentinel.client.port import SentinelRefused
from alerts.suppression.watching.sentinel_acts import record_sentinel_acts
from tests.conftest import NOON


def test_of_two_closes_that_were_given_up_the_one_that_sentinel_took_stands(floor):
    floor.rule(number=12)
    taken, other = floor.incident(), floor.incident()
    floor.decide()
    floor.sentinel.fail_next(SentinelRefused("Odd.", status=400), verb="put_incident", times=2)
    floor.deliver()
    lines = {line.incident_id: line for line in floor.ledger}
    assert lines[taken.pk].text == lines[other.pk].text
    assert {line.ending for line in lines.values()} == {"not-sent"}
    floor.sentinel.edit(
        taken.name,
        status="Closed",
        classification="BenignPositive",
        classificationReason="SuspiciousButExpected",
        classificationComment=lines[taken.pk].text,
    )
    floor.read()
    hour_ago = NOON - timedelta(hours=1)
    record_sentinel_acts(workspace_id=floor.workspace.pk, since=hour_ago, now=NOON)
    endings = {line.incident_id: (line.ending, line.landed_at) for line in floor.ledger}
    assert endings == {taken.pk: ("", NOON), other.pk: ("not-sent", None)}
