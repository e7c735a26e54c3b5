"""The workbook in docs/: its queries say of the pretend Sentinel what its own lists say."""

from collections import Counter

import pytest

from simulator.running import running_simulator
from tests.contract.workbook import parts, queries
from tests.simulator.conftest import START
from tests.simulator.test_log_analytics import Logs

VERDICTS = ("tagout:routine", "tagout:maintenance", "tagout:suspicious", "tagout:not-sure")
CLOSED = "Closed by Tagout, rule R-12, version 3: Recipe downloads\nProposed by Oda."


@pytest.fixture(scope="module")
def logs():
    """Two hundred incidents, some with a verdict of OT, some closed by a rule or by a person."""
    with running_simulator(now=START, incidents=200) as running:
        logs = Logs(running)
        page = logs.arm("GET", "/incidents", **{"$top": "60"}).json()["value"]
        for place, incident in enumerate(page):
            running.control.advance(3600)
            labels = [VERDICTS[place % 4]] if place % 3 else []
            changes = {}
            if place % 5 == 0:
                changes = {"status": "Closed", "classification": "BenignPositive"}
                changes |= {"classificationReason": "SuspiciousButExpected"}
                changes |= {"classificationComment": CLOSED if place % 2 else "By hand."}
            running.control.edit(
                incident["name"], properties=changes, add_labels=[*labels, "other"]
            )
        yield logs
        logs.arm.link.close()


@pytest.fixture(scope="module")
def incidents(logs):
    """What the API lists, by incident: labels and the rest."""
    page = logs.arm("GET", "/incidents", **{"$top": "1000"}).json()
    assert "nextLink" not in page
    return [row["properties"] for row in page["value"]]


def verdict_of(incident):
    names = {label["labelName"] for label in incident["labels"]}
    return next((name for name in VERDICTS if name in names), "")


def is_by_rule(incident):
    return (incident.get("classificationComment") or "").startswith("Closed by Tagout, rule R-")


def test_it_is_a_workbook_of_the_gallery():
    book = parts()
    assert book["version"] == "Notebook/1.0" and book["$schema"].endswith("workbook.json")
    assert [item["type"] for item in book["items"]] == [1, 9] + [3] * len(queries())
    for item in book["items"][2:]:
        content = item["content"]
        assert content["version"] == "KqlItem/1.0" and content["title"]
        assert content["resourceType"] == "microsoft.operationalinsights/workspaces"


def test_verdicts_and_agreement(logs, incidents):
    expected = Counter((verdict_of(x), x["severity"]) for x in incidents if verdict_of(x))
    rows = logs.rows(queries()["verdicts"])
    assert {(row["Verdict"], row["Severity"]): row["Incidents"] for row in rows} == expected
    closed = [x for x in incidents if x["status"] == "Closed" and verdict_of(x)]
    expected = Counter((verdict_of(x), x["classification"]) for x in closed)
    rows = logs.rows(queries()["agreement"])
    assert {(row["Verdict"], row["Classification"]): row["Incidents"] for row in rows} == expected


def test_closings_by_rule_and_by_others(logs, incidents):
    (row,) = logs.rows(queries()["closed_by_rule"])
    assert (row["Rule"], row["Version"]) == ("R-12", 3)
    closed = [x for x in incidents if x["status"] == "Closed"]
    assert row["Incidents"] == sum(map(is_by_rule, closed)) > 0
    sums = Counter()
    for row in logs.rows(queries()["closings"]):
        sums[row["By"]] += row["Incidents"]
    assert sums["Signed rules"] == sum(map(is_by_rule, closed))
    assert sum(sums.values()) == len(closed)
    by = {row["By"]: row["Incidents"] for row in logs.rows(queries()["time_to_close"])}
    assert by["Signed rules"] == sum(map(is_by_rule, closed)) and sum(by.values()) == len(closed)


def test_late_answers(logs, incidents):
    rows = logs.rows(queries()["late"])
    assert sum(row["Answers"] for row in rows) == sum(bool(verdict_of(x)) for x in incidents)
    assert 0 < sum(row["Late"] for row in rows) <= sum(row["Answers"] for row in rows)
