"""Patterns over the API: what routine there is, and what is made of it."""

import pytest

from alerts.patterns.models import Pattern
from tests.alerts.suppression.past import judge, routine
from tests.factories.patterns import make_pattern
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def row(judged, run_mining):
    return run_mining()[0]


@pytest.fixture
def at_site(oda, noon):
    return Program(oda)


def test_a_pattern_comes_with_its_figures(at_site, row):
    (item,) = at_site.get("patterns/").json()["results"]
    assert (item["id"], item["state"], item["rule"]) == (str(row.uuid), "open", None)
    assert (item["workspace"], item["site"]) == (row.workspace.name, "Gdańsk")
    assert item["routine"] == row.routine > 0 and item["limit"] == row.limit
    assert (item["plan_order"], item["plan_gain"], item["obstacles"]) == (1, 30, [])
    whole = at_site.get(f"patterns/{row.uuid}/").json()
    assert len(whole["rhythm"]) == 168 and "rhythm" not in item
    assert whole["pattern"]["source"]["members"] == ["ENG-WS-04"]
    assert whole["members"]["destination"] == [{"name": "PLC-4", "alerts": 30, "judged": 12}]
    parts = [reason["part"] for reason in whole["reasons"]]
    assert parts == ["source", "destination", "types", "hours"]


def test_the_list_runs_by_what_a_rule_would_save(at_site, workspace, site, row, run_mining):
    routine(workspace, site, source="ENG-WS-02", hour=11)
    ranks = [pattern.rank for pattern in run_mining()]
    assert len(ranks) > 1
    first = at_site.get("patterns/", {"page_size": 1}).json()
    rest = at_site.get("patterns/", {"cursor": first["next"]}).json()["results"]
    ids = [pattern["id"] for pattern in first["results"] + rest]
    assert ids[0] == str(Pattern.objects.order_by("-rank", "-pk")[0].uuid)
    assert len(set(ids)) == len(ranks)
    assert at_site.get("patterns/", {"cursor": "eHx5fDF8MQ"}).status_code == 400


def test_the_documented_filters_narrow_it(at_site, row):
    def ids_with(**query):
        return len(at_site.get("patterns/", query).json()["results"])

    assert ids_with(state="open", site="Gdańsk", can_become_rule="true", in_plan="true") == 1
    assert ids_with(alert_type=row.alert_types[0], workspace=row.workspace.name) == 1
    assert (
        ids_with(state="rejected")
        == ids_with(site="Porto")
        == ids_with(can_become_rule="false")
        == 0
    )
    assert ids_with(in_plan="false") == 0


def test_a_rule_is_made_of_it_once(at_site, row):
    item = at_site.post(f"patterns/{row.uuid}/rule/").json()
    assert item["state"] == "has-rule"
    rule = at_site.get(f"rules/{item['rule']}/").json()
    assert (rule["state"], rule["made_by"]) == ("draft", "Oda Nowak")
    assert len(rule["rule"]["evidence"]) == 12
    again = at_site.post(f"patterns/{row.uuid}/rule/")
    assert again.status_code == 409 and "already" in again.json()["detail"]


def test_it_is_rejected_with_a_reason_put_off_and_offered_again(at_site, row):
    address = f"patterns/{row.uuid}/"
    assert at_site.post(f"{address}reject/", {}).status_code == 400
    item = at_site.post(f"{address}reject/", {"reason": "It is going away."}).json()
    assert (item["state"], item["state_reason"]) == ("rejected", "It is going away.")
    assert at_site.post(f"{address}reopen/").json()["state"] == "open"
    item = at_site.post(f"{address}snooze/").json()
    assert item["state"] == "snoozed" and item["snoozed_until"]


def test_what_cannot_become_a_rule_says_why(at_site, programming, judged, run_mining, oda):
    judge(programming[20:21], oda, "suspicious")
    (row,) = run_mining()
    why = "OT called it suspicious 1 time."
    assert at_site.get(f"patterns/{row.uuid}/").json()["obstacles"] == [why]
    refused = at_site.post(f"patterns/{row.uuid}/rule/")
    assert refused.status_code == 409
    assert why in refused.json()["detail"]


def test_who_is_elsewhere_or_only_looks_decides_nothing(row, pia, mia):
    assert Program(pia).post(f"patterns/{row.uuid}/snooze/").status_code == 404
    assert Program(pia).get("patterns/").json()["results"] == []
    assert Program(mia).get(f"patterns/{row.uuid}/").status_code == 200
    assert Program(mia).post(f"patterns/{row.uuid}/snooze/").status_code == 403


@pytest.mark.parametrize(
    ("obstacle", "sentence"),
    [
        (["suspicious", {"count": "2"}], "OT called it suspicious 2 times."),
        (["true_positive", {"count": "1"}], "1 of its incidents was a true positive."),
        (["no_identity", {"kind": ""}], "Too many devices take part at both ends"),
        (["needs_hours", {"kind": ""}], "may only be closed inside set hours"),
        (["needs_planned_work", {"kind": "vendor-visit"}], "during planned work (vendor-visit)"),
        (["of.another.version", {}], "It cannot become a rule as it stands."),
        (["suspicious", {}], "OT called it suspicious 0 times."),
    ],
)
def test_whatever_mining_noted_is_said_in_words(program_of, workspace, site, obstacle, sentence):
    make_pattern(workspace, site, obstacles=[obstacle])
    for person in ("oda", "sam", "mia"):
        answer = program_of(person).get("patterns/")
        assert answer.status_code == 200, person
        assert sentence in answer.json()["results"][0]["obstacles"][0]


@pytest.fixture
def program_of(request, noon):
    return lambda name: Program(request.getfixturevalue(name))
