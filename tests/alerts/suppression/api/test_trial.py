"""How far a trial has come, and the owners' word about it, over the API."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.suppression.models import NewMember, PromotionApproval, RuleVersion, VersionState
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device

pytestmark = pytest.mark.django_db


def at(version, verb):
    return f"rules/{version.rule.uuid}/{verb}/"


@pytest.fixture
def stuck(canary):
    """A canary of 29 days that has hours no more and saw nothing."""
    body = canary.body | {"all_of": [c for c in canary.body["all_of"] if c["field"] != "time"]}
    RuleVersion.objects.filter(pk=canary.pk).update(
        state_since=NOON - timedelta(days=29), credited_incident_ids=[], body=body
    )
    canary.refresh_from_db()
    return canary


def test_it_tells_what_a_trial_has_and_lacks(programs, canary, workspace, site):
    rules.tag(canary, workspace, site, 2)
    rules.tag(canary, workspace, site, 1, kept_open=[["never.owner", {}]])
    trial = programs.sam.get(at(canary, "trial")).json()
    assert (trial["version"], trial["days"], trial["needed_days"]) == (1, 0, 7)
    assert (trial["fresh"], trial["credit"], trial["counted"], trial["needed"]) == (2, 4, 6, 10)
    assert trial["kept_open"] == {"never.owner": 1}
    assert trial["credited_incidents"] == sorted(canary.credited_incident_ids)
    assert not trial["is_over"]
    assert trial["why"][:2] == [
        "Day 1 of 7",
        "2 fresh matches and 4 from the weeks before; at least 10 are needed",
    ]


def test_the_sources_add_up_to_the_credit_that_counts(programs, canary, workspace, site):
    first, *others = canary.credited_incident_ids
    rules.tag(canary, workspace, site, 1, incident=Incident.objects.get(pk=first))
    Incident.objects.filter(pk=others[0]).update(classification="TruePositive")
    trial = programs.sam.get(at(canary, "trial")).json()
    assert trial["credit_by_source"] == {"answer": 2, "gone": 1}
    assert trial["credit"] == 2  # what somebody doubts since counts no more
    assert trial["credited_incidents"] == sorted(others)


def test_a_rule_without_a_trial_has_none(programs, draft):
    assert programs.sam.get(at(draft, "trial")).status_code == 404


def test_the_ledger_says_why_a_match_was_kept_open(programs, canary, workspace, site):
    rules.tag(canary, workspace, site, 1, kept_open=[["never.owner", {}]])
    (line,) = programs.sam.get("ledger/").json()["results"]
    assert line["kept_open"] == ["Somebody has taken the incident."]


def test_an_owner_who_signed_in_promotes_on_the_record_and_a_token_never_does(
    programs, signed_in, people, stuck
):
    reason = {"reason": "Two stations, seldom on."}
    answer = programs.leo.post(at(stuck, "promote"), reason)
    assert answer.status_code == 403
    assert not PromotionApproval.objects.exists()
    assert Entry.objects.filter(action="suppression.promotion.refused").count() == 1
    answer = signed_in(people.leo, at(stuck, "promote"), reason, proved_at=None)
    assert answer.status_code == 409
    assert signed_in(people.leo, at(stuck, "promote"), reason).status_code == 200
    stuck.refresh_from_db()
    assert (stuck.state, PromotionApproval.objects.count()) == (VersionState.IN_TRIAL, 1)


def test_new_members_are_told_with_the_incident_that_introduces_them(
    programs, canary, site, workspace
):
    body = canary.body | {
        "all_of": [c for c in canary.body["all_of"] if not c["field"].startswith("source")]
        + [{"field": "source_kind", "operator": "is", "values": ["Engineering station"]}]
    }
    RuleVersion.objects.filter(pk=canary.pk).update(body=body)
    for number in (8, 9):
        make_device(site, f"ENG-WS-0{number}", f"10.20.1.{number}", kind="Engineering station")
    first = rules.incident_of(workspace, site, at=NOON)
    NewMember.objects.create(
        site=site, zone="Packaging 2", handle="10.20.1.9", incident=first, found_at=NOON
    )
    answer = programs.sam.get(at(canary, "new-members")).json()
    assert answer["version"] == 1
    assert [(m["name"], m["has_been_met"], m["first_incident"]) for m in answer["new_members"]] == [
        ("ENG-WS-08", False, None),
        ("ENG-WS-09", True, first.pk),
    ]
