"""Why a rule is not live yet, on its page."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.sentinel.models import Workspace
from alerts.suppression.models import PromotionApproval, RuleVersion
from tests.alerts.suppression.samples import PROGRAMMING, clause
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident

LONG = {"state_since": NOON - timedelta(days=29), "credited_incident_ids": []}


def card(page):
    return page.partition('id="trial"')[2].partition("</section>")[0]


def workspace_of(version):
    return Workspace.objects.get(pk=version.workspace_ids[0])


def test_it_tells_days_matches_and_what_was_kept_open(opened, make_version, acted, oda):
    version = make_version("canary")
    incident = make_incident(workspace_of(version), title="Seen before")
    RuleVersion.objects.filter(pk=version.pk).update(credited_incident_ids=[incident.pk, 10**9])
    for _ in range(3):
        make_alert(acted(version, act="tagged").incident, alert_type=PROGRAMMING)
    for _ in range(2):
        entry = acted(version, act="tagged", kept_open=[["never.owner", {}]])
        make_alert(entry.incident, alert_type=PROGRAMMING)
    page = card(opened(oda, f"/rules/{version.uuid}/"))
    assert (
        "Day 4 of 7 · 3 fresh matches and 2 from the weeks before; at least 10 are needed"
        " · or two full weeks, because it has hours"
        " · 2 more were kept open: a person works on them" in page
    )


def test_what_is_credited_is_listed_as_far_as_one_may_see_it(opened, make_version, leo):
    version = make_version("canary")
    incident = make_incident(workspace_of(version), title="Seen before")
    RuleVersion.objects.filter(pk=version.pk).update(credited_incident_ids=[incident.pk, 10**9])
    page = card(opened(leo, f"/rules/{version.uuid}/"))
    assert f'href="/incidents/{incident.pk}/"' in page
    assert "1 more is outside your sites and workspaces." in page


def test_what_the_trial_itself_has_met_is_no_more_from_the_weeks_before(
    opened, make_version, acted, leo
):
    version = make_version("canary")
    met = acted(version, act="tagged").incident
    make_alert(met, alert_type=PROGRAMMING)
    left = make_incident(workspace_of(version), title="Seen before")
    RuleVersion.objects.filter(pk=version.pk).update(credited_incident_ids=[met.pk, left.pk])
    page = card(opened(leo, f"/rules/{version.uuid}/"))
    assert "1 fresh match and 1 from the weeks before; at least 10 are needed" in page
    assert "From the weeks before: 1 doubted or reopened since" in page
    assert f'href="/incidents/{left.pk}/"' in page
    assert f'href="/incidents/{met.pk}/"' not in page


@pytest.mark.parametrize("state", ["live", "paused", "proposed", "draft", "retired"])
def test_only_a_canary_has_the_card(opened, make_version, oda, state):
    columns = {"paused_from": "canary"} if state == "paused" else {}
    version = make_version(state, **columns)
    assert 'id="trial"' not in opened(oda, f"/rules/{version.uuid}/")


def test_a_trial_without_end_says_who_decided_and_asks_the_others(
    opened, make_version, oda, leo, rule
):
    endless = replace(rule, all_of=tuple(c for c in rule.all_of if c.field != "time"))
    version = make_version("canary", of=endless, **LONG)
    PromotionApproval.objects.create(
        version=version,
        side="ot",
        by=oda,
        reason="Two stations, seldom on.",
        approved_at=NOON - timedelta(days=1),
    )
    page = opened(leo, f"/rules/{version.uuid}/")
    assert "both owners decide" in card(page)
    assert "nothing supports the rule" in card(page)
    assert "Two stations, seldom on." in card(page)
    assert "Promote on the record" in page
    assert "Promote on the record" not in opened(oda, f"/rules/{version.uuid}/")


def test_new_members_are_shown(opened, make_version, oda, site, rule):
    lines = tuple(line for line in rule.all_of if not line.field.startswith("source_"))
    kind = clause("source_kind", "is", "Engineering station")
    grouped = replace(rule, all_of=(*lines, kind))
    make_device(site, "ENG-WS-09", "10.20.1.9", kind="Engineering station")
    page = opened(oda, f"/rules/{make_version('live', of=grouped).uuid}/")
    shown = page.partition('id="new-members"')[2].partition("</section>")[0]
    assert "ENG-WS-09" in shown
    assert "no incident yet" in shown
    assert "new member" in shown
