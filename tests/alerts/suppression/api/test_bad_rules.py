"""Bad input: API, command and page refuse the same rules in the same sentences."""

import json

import pytest
from django.core.management import CommandError, call_command

from alerts.rules.lifetime import reasons_against_expiry
from alerts.rules.rule import as_json, from_json
from alerts.suppression.drafting.drafts import CannotSaveRule, draft_rule
from alerts.suppression.models import Rule, VersionState
from alerts.suppression.signing.propose import CannotProposeRule
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db


def with_line(*values, field="site", operator="is", **more):
    return {"all_of": [{"field": field, "operator": operator, "values": list(values), **more}]}


UNREADABLE = {
    "an unknown member": {"color": "red"},
    "an unknown member of a line": with_line("Gdańsk", color="red"),
    "no list of values": {"all_of": [{"field": "site", "operator": "is", "values": "Gdańsk"}]},
    "another version": {"version": 2},
    "a moment without a zone": {"expires_at": "2026-12-20T00:00:00"},
    "a day that there is not": {"expires_at": "2026-02-30T00:00:00Z"},
}
SENSELESS = {
    "an unknown field": with_line("x", field="incident_owner"),
    "an unknown operator": with_line("x", operator="matches"),
    "an unknown value": with_line("Terrible", field="severity"),
    "no values": with_line(),
    "no conditions": {"all_of": []},
    "only exceptions": {
        "all_of": [],
        "except_any": [{"field": "site", "operator": "is", "values": ["Ulm"]}],
    },
    "all severities": with_line(
        "Informational", "Low", "Medium", "High", field="severity", operator="is_one_of"
    ),
    "a zone that does not exist": with_line(
        "Tue 06:00-08:00 Europe/Atlantis", field="time", operator="within"
    ),
    "another action": {"actions": ["delete"]},
    "another enforcement": {"enforcement": "nobody"},
    "an empty title": {"title": ""},
}
ENDS = {
    "an end in the past": {"expires_at": "2026-11-20T00:00:00Z"},
    "an end too far away": {"expires_at": "2031-01-01T00:00:00Z"},
}


def sentences(program, body):
    answer = program.post("rules/", body)
    assert answer.status_code == 400, answer.content
    assert not Rule.objects.exists()
    return answer.json()["errors"]["rule"]


def cases(*tables):
    return [pytest.param(what, id=name) for table in tables for name, what in table.items()]


@pytest.mark.parametrize("change", cases(UNREADABLE, SENSELESS))
def test_the_api_refuses_in_the_words_of_the_command(programs, body, change, tmp_path):
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(body(**change)["rule"]))
    with pytest.raises(CommandError) as refusal:
        call_command("rule", "compile", str(file), "--to", "sql")
    assert sentences(programs.oda, body(**change)) == str(refusal.value).split("\n")


@pytest.mark.parametrize("change", cases(UNREADABLE))
def test_what_cannot_be_read_is_refused_in_the_words_of_the_page(programs, people, body, change):
    with pytest.raises(CannotSaveRule) as refusal:
        draft_rule(by=people.oda, now=NOON, body=body(**change)["rule"])
    assert sentences(programs.oda, body(**change)) == list(refusal.value.reasons)


@pytest.mark.parametrize("change", cases(SENSELESS, ENDS))
def test_what_makes_no_sense_is_refused_in_the_words_of_the_page(
    programs, people, body, change, history
):
    texts = sentences(programs.oda, body(**change))
    saved = draft_rule(by=people.oda, now=NOON, body=body(**change)["rule"])
    with pytest.raises(CannotProposeRule) as refusal:
        rules.propose(saved, by=people.oda, now=NOON)
    assert set(texts) <= {str(reason) for reason in refusal.value.reasons}


@pytest.mark.parametrize("change", cases(ENDS))
def test_the_end_is_judged_by_the_guard(programs, body, change):
    rule = from_json(as_json(rules.downloads()) | change)
    texts = [str(reason) for reason in reasons_against_expiry(rule, now=NOON)]
    assert sentences(programs.oda, body(**change)) == texts and texts


def test_a_member_that_comes_twice_is_refused_as_in_a_file(programs, body):
    text = json.dumps(body()).replace('"title":', '"title": "Something else", "title":', 1)
    answer = programs.oda._client.post("/api/v1/rules/", text, content_type="application/json")
    assert answer.status_code == 400 and "twice" in answer.json()["errors"]["rule"][0]


@pytest.mark.parametrize("payload", [{}, {"rule": None}, {"rule": []}, {"rule": "x"}, {"rule": 7}])
def test_what_is_no_rule_at_all_is_400(programs, payload):
    assert sentences(programs.oda, payload)


def test_a_member_beside_the_rule_is_refused(programs, body):
    answer = programs.oda.post("rules/", body() | {"state": "live"})
    assert answer.status_code == 400 and "state" in answer.json()["errors"]


def test_a_change_of_a_draft_is_asked_the_same(programs, draft, body):
    address = f"rules/{draft.rule.uuid}/edit/"
    answer = programs.oda.post(address, body(all_of=[]) | {"revision": 0})
    assert answer.status_code == 400 and answer.json()["errors"]["rule"]
    draft.refresh_from_db()
    assert (draft.state, draft.revision) == (VersionState.DRAFT, 0)
