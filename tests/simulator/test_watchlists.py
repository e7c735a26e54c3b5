"""Watchlists of the pretend Sentinel: the published shapes, what goes on after an answer, limits,
and what analytics rules leave out that ask for one.
"""

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.rules.watchlist import (
    ALIAS,
    LIST,
    RoutineSource,
    gate_row,
    routine_of,
    watchlist_rows_of,
)
from alerts.sentinel import kql
from simulator.arm import watchlists
from simulator.clock import TICKS_PER_SECOND
from tests.alerts.suppression.samples import clause, rule
from tests.simulator.conftest import PREVIEW, START
from tests.simulator.test_log_analytics import Logs


def seconds(ticks):
    return ticks / TICKS_PER_SECOND + 1


def make_list(arm, alias=ALIAS):
    answer = arm("PUT", f"/watchlists/{alias}", json={"properties": LIST})
    arm.running.control.advance(seconds(watchlists.MAKING))
    return answer


def put_item(arm, row, name=None, **more):
    tail = f"/watchlists/{ALIAS}/watchlistItems/{name or uuid4()}"
    return arm("PUT", tail, json={"properties": {"itemsKeyValue": row}, **more})


def test_a_list_is_made_after_the_answer(arm, control):
    answer = arm("PUT", f"/watchlists/{ALIAS}", json={"properties": LIST})
    assert answer.status_code == 201
    assert answer.headers["Azure-AsyncOperation"]
    assert answer.json()["properties"]["provisioningState"] == "InProgress"
    assert put_item(arm, gate_row(until=None)).status_code == 409
    control.advance(seconds(watchlists.MAKING))
    stored = arm("GET", f"/watchlists/{ALIAS}").json()["properties"]
    assert (stored["provisioningState"], stored["watchlistAlias"]) == ("Succeeded", ALIAS)
    assert put_item(arm, gate_row(until=None)).status_code == 201


def test_what_the_published_shape_does_not_have_is_refused(arm, monkeypatch):
    for wrong in ({"provider": ""}, {"itemsSearchKey": ""}, {"sourceType": "Local file"}, {"x": 1}):
        answer = arm("PUT", f"/watchlists/{ALIAS}", json={"properties": LIST | wrong})
        assert answer.status_code == 400, wrong
    assert arm("PUT", "/watchlists/-a", json={"properties": LIST}).status_code == 400
    make_list(arm)
    assert put_item(arm, gate_row(until=None), name="gate").status_code == 400
    assert put_item(arm, {}).status_code == 400
    assert put_item(arm, {"Kind": "gate"}).status_code == 400, "the search key is missing"
    assert put_item(arm, {"Pair": "x" * watchlists.MAX_ROW_BYTES}).status_code == 400
    monkeypatch.setattr(watchlists, "MAX_CHANGES", 1)
    name = uuid4()
    first = put_item(arm, {"Pair": "a"}, name=name)
    assert first.status_code == 201
    assert put_item(arm, {"Pair": "b"}, name=name, etag='"stale"').status_code == 409
    assert put_item(arm, {"Pair": "b"}, name=name).status_code == 400
    assert arm("DELETE", f"/watchlists/{ALIAS}/watchlistItems/{name}").status_code == 400


def test_items_come_in_pages_and_as_a_table(arm):
    make_list(arm)
    for number in range(watchlists.PAGE + 1):
        put_item(arm, {"Pair": f"pair {number}", "Only": "here"})
    page = arm("GET", f"/watchlists/{ALIAS}/watchlistItems").json()
    rest = arm.follow(page["nextLink"]).json()
    assert (len(page["value"]), len(rest["value"])) == (watchlists.PAGE, 1)
    logs = Logs(arm.running)
    question = (
        f'_GetWatchlist("{ALIAS}") | where column_ifexists("Only", "") == "here"'
        ' | where isempty(column_ifexists("Other", "")) | summarize n = dcount(SearchKey)'
    )
    assert logs.rows(question) == [{"n": watchlists.PAGE + 1}]
    assert logs.rows('_GetWatchlist("nothing") | count') == [{"Count": 0}]
    logs.arm.link.close()


PASTED = f"SecurityAlert\n{kql.exclusion()}"


def paste_into_a_rule(arm):
    """As somebody does it in the portal: a rule is written back with other lines. With them it
    takes every alert, so the others would make the same incidents again and are off; so is the
    rule that makes an incident of every alert and reads no query.
    """
    pasted = {"query": PASTED}
    for resource in arm("GET", "/alertRules", version=PREVIEW).json()["value"]:
        if resource["kind"] == "Scheduled":
            changes, pasted = pasted, {"enabled": False}
        elif resource["kind"] == "MicrosoftSecurityIncidentCreation":
            changes = {"enabled": False}
        else:
            continue
        body = {name: resource[name] for name in ("kind", "etag", "properties")}
        body["properties"] = {**resource["properties"], **changes}
        assert arm("PUT", f"/alertRules/{resource['name']}", version=PREVIEW, json=body).ok


@pytest.mark.parametrize("in_portal", [False, True])
def test_rules_leave_out_what_the_list_names_and_the_logs_still_have_it(arm, control, in_portal):
    if in_portal:
        control.onboard(arm.workspace.key, incidents="none")
    else:
        control.workspace(arm.workspace.key, emptied=True)  # rules alone make incidents
    logs = Logs(arm.running)

    def happen(nonce):
        options = {"title": "Modbus Exception", "nonce": nonce}
        made = control.inject(kind="tuesday-download", options=options)
        return made.get("incidents", [made])

    raw = "SecurityAlert | where ProviderName == 'IoTSecurity' and StartTime > datetime(2026-11-24)"
    assert happen(1)
    (row,) = logs.rows(f"{raw} | summarize arg_max(TimeGenerated, *) by DisplayName")
    bag = json.loads(row["ExtendedProperties"])
    routine = routine_of(
        rule(
            clause("alert_type", "is", row["DisplayName"]),
            clause("site", "is", bag["SiteDisplayName"]),
            clause("source_device", "is", bag["SourceDevice"]),
            clause("destination_device", "is", bag["DestinationDevice"]),
            clause("time", "within", "Tue 00:00-24:00 UTC"),
        ),
        workspace=arm.workspace.name,
        since=START - timedelta(days=1),
        until=START + timedelta(days=1),
    )
    assert routine.is_listed, routine.reasons
    make_list(arm)
    source = RoutineSource(number=12, version=1, rule_hash="0" * 64, hours="")
    for listed in watchlist_rows_of(routine, source).values():
        assert put_item(arm, listed).status_code == 201
    gate = uuid4()
    put_item(arm, gate_row(until=START + timedelta(hours=20)), name=gate)
    assert happen(2), "nobody pasted the lines yet"
    paste_into_a_rule(arm)
    count = f"{raw} | summarize n = dcount(VendorOriginalId)"
    before = logs.rows(count)[0]["n"]
    assert not happen(3)
    assert logs.rows(count)[0]["n"] == before + 1, "the sensor's alert is in the logs"
    put_item(arm, gate_row(until=None), name=gate)
    assert happen(4), "the gate is shut"
    logs.arm.link.close()
