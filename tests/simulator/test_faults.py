"""Scripted faults: each does what it says, as often as it says."""

import email.utils
import gzip
import json

import pytest
import requests

from simulator.client import ControlRefused
from simulator.faults import MANGLERS

NAME = "5d1f6f2e-3c7e-4d1f-9a5e-000000000001"
LIST = "/incidents(\\?|$)"


def codes(arm, times):
    return [arm("GET", "/incidents").status_code for _ in range(times)]


def test_a_status_as_often_as_counted(arm, control):
    control.fault(path=LIST, method="GET", status=503, count=2, retry_after=5)
    first = arm("GET", "/incidents")
    assert (first.status_code, first.headers["Retry-After"]) == (503, "5")
    assert codes(arm, 2) == [503, 200]


def test_a_fault_meets_only_its_method_and_path(arm, control):
    control.fault(path=LIST, method="PUT", status=503)
    control.fault(path="/comments", status=503)
    assert codes(arm, 1) == [200]


def test_calls_can_be_let_through_first(arm, control):
    control.fault(path=LIST, status=401, count=1, skip=1)
    assert codes(arm, 3) == [200, 401, 200]


def test_a_fault_ends_at_its_time(arm, control):
    control.fault(path=LIST, status=500, for_seconds=600)
    assert codes(arm, 1) == [500]
    control.advance(601)
    assert codes(arm, 1) == [200]


def test_a_fault_with_a_chance_meets_some_calls(arm, control):
    control.fault(path=LIST, status=500, probability=0.5)
    assert 0 < codes(arm, 30).count(500) < 30


def test_faults_can_be_cleared_by_name(arm, control):
    control.fault(path=LIST, status=500, name="first")
    assert [fault["name"] for fault in control.state()["faults"]] == ["first"]
    assert control.clear_faults("first") == 1
    assert codes(arm, 1) == [200]


def test_a_fault_that_does_nothing_is_refused(control):
    for wrong in ({}, {"body": "soup"}, {"path": "(", "status": 500}, {"colour": "red"}):
        with pytest.raises(ControlRefused):
            control.fault(**wrong)


def test_retry_after_as_a_date_and_as_nonsense(arm, control):
    control.fault(path=LIST, status=429, retry_after="date:30", count=1)
    headers = arm("GET", "/incidents").headers
    then = email.utils.parsedate_to_datetime(headers["Retry-After"])
    assert then.isoformat() == "2026-11-24T06:00:30+00:00"
    assert headers["Date"] == "Tue, 24 Nov 2026 06:00:00 GMT", "the wait is read by Azure's clock"
    control.fault(path=LIST, status=429, retry_after="-1e99", count=1)
    assert arm("GET", "/incidents").headers["Retry-After"] == "-1e99"


def test_the_token_endpoint_can_fail_in_its_own_words(arm, control):
    control.fault(path="oauth2/v2.0/token", status=401, answer={"error": "invalid_client"})
    assert arm.sign_in().json() == {"error": "invalid_client"}


def test_a_write_whose_answer_is_lost_took_effect(arm, control):
    control.fault(path=NAME, method="PUT", drop="after", count=1)
    with pytest.raises(requests.ConnectionError):
        arm.put(NAME)
    assert arm("GET", f"/incidents/{NAME}").status_code == 200
    (entry,) = control.journal(path=NAME)
    assert entry["applied"]
    assert "answer met" in entry["effect"]


def test_a_connection_cut_before_the_write_changes_nothing(arm, control):
    control.fault(path=NAME, method="PUT", drop="before", count=1)
    with pytest.raises(requests.ConnectionError):
        arm.put(NAME)
    assert arm("GET", f"/incidents/{NAME}").status_code == 404
    assert control.journal(path=NAME) == []


def test_a_server_error_after_the_write(arm, control):
    control.fault(path=NAME, method="PUT", status=500, applied=True, count=1)
    assert arm.put(NAME).status_code == 500
    assert arm("GET", f"/incidents/{NAME}").status_code == 200


@pytest.mark.parametrize("how", ["truncated", "wrong_length"])
def test_a_body_that_ends_too_early(arm, control, how):
    control.inject(count=3)
    control.fault(path=LIST, body=how, count=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        arm("GET", "/incidents")
    assert codes(arm, 1) == [200]


def test_bodies_that_are_no_json(arm, control):
    for how, content in (("html", b"<!DOCTYPE"), ("empty", b""), ("not_json", b'{"value": [{')):
        control.fault(path=LIST, body=how, count=1)
        answer = arm("GET", "/incidents")
        assert answer.status_code == 200
        assert answer.content.startswith(content)


def test_a_gzip_bomb_is_small_on_the_wire(arm, control):
    control.fault(path=LIST, body="gzip_bomb", size=10_000_000, count=1)
    address = f"{arm.running.endpoint}{arm.workspace.security_path}/incidents"
    answer = arm.link.get(
        address,
        params={"api-version": "2025-09-01"},
        stream=True,
        headers={"Authorization": f"Bearer {arm.token}"},
    )
    raw = answer.raw.read(decode_content=False)
    assert len(raw) < 20_000
    assert len(gzip.decompress(raw)) > 10_000_000


def test_a_delay_holds_the_answer_back(arm, control):
    control.fault(path=LIST, delay=0.3, count=1)
    assert arm("GET", "/incidents").elapsed.total_seconds() >= 0.3


def test_a_next_link_can_lead_away_loop_or_repeat(arm, control):
    control.inject(count=3)
    control.fault(path=LIST, next_link="foreign", count=1)
    assert "elsewhere.example" in arm("GET", "/incidents").json()["nextLink"]
    control.fault(path=LIST, next_link="duplicate", count=1)
    first = arm("GET", "/incidents").json()
    again = arm.follow(first["nextLink"]).json()
    assert again["value"] == first["value"]
    assert "nextLink" not in again


def test_an_older_version_comes_after_the_newer(arm, control):
    summary = control.inject()
    control.edit(summary["name"], properties={"severity": "High"})
    control.fault(path=LIST, older_versions=True, count=1)
    new, old = arm("GET", "/incidents").json()["value"]
    assert (new["properties"]["severity"], old["properties"]["severity"]) == ("High", "Medium")
    assert new["name"] == old["name"]
    assert new["etag"] != old["etag"]


@pytest.mark.parametrize("how", sorted(MANGLERS))
def test_a_mangled_incident_is_served_among_good_ones(arm, control, how):
    control.inject(mangle=how)
    good = control.inject()
    content = arm("GET", "/incidents").content
    assert good["name"].encode() in content
    if how not in {"deep", "huge_int"}:
        assert len(json.loads(content)["value"]) == 2


def test_one_good_incident_can_be_mangled_on_the_way_out(arm, control):
    control.inject()
    control.fault(path=LIST, mangle="nan", count=1)
    assert b"NaN" in arm("GET", "/incidents").content
    assert b"NaN" not in arm("GET", "/incidents").content


def test_a_fault_for_pages_leaves_other_answers_alone(arm, control):
    summary = control.inject()
    control.fault(path="/incidents", older_versions=True, mangle="nan", next_link="foreign")
    resource = arm("GET", f"/incidents/{summary['name']}").json()
    assert resource["name"] == summary["name"]
    assert "nextLink" not in resource
