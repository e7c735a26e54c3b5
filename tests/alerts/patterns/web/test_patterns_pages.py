"""The list of patterns, one of them, and what can be done there."""

from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.patterns.engine.hours import Hours
from alerts.patterns.models import Pattern, PatternState
from alerts.patterns.registry import StatusSyncPlaybook, StatusSyncSource
from alerts.patterns.web.headline import pattern_headline, plant_hours_words
from alerts.sentinel.models import Workspace
from alerts.suppression.models import RuleVersion
from portal.jobs.models import Job
from tests.alerts.patterns.conftest import POLLING
from tests.alerts.suppression.past import close_by, judge, routine
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def _text(answer):
    return " ".join(answer.content.decode().split())


def _act(client, row, name, **values):
    return client.post(reverse(f"patterns:{name}", args=[row.uuid]), values)


def test_utc_hours_are_also_shown_in_plant_time():
    daily, mondays = Hours(tuple(range(7)), 23, 3, is_utc=True), Hours((0,), 23, 3, is_utc=True)
    words = "At the plant that is 00:00–03:00 in January and 01:00–04:00 in July."
    assert plant_hours_words(daily, "Europe/Warsaw", year=2026) == words
    assert "that is 23:00–02:00." in plant_hours_words(daily, "Atlantic/Reykjavik", year=2026)
    assert not plant_hours_words(mondays, "Europe/Warsaw", year=2026), "Tuesday, there"


def test_a_pattern_stands_there_with_rhythm_verdicts_and_worth(
    client, programming, judged, run_mining, oda, leo
):
    close_by(leo, programming, after=timedelta(minutes=12))
    run_mining()
    client.force_login(oda)
    page = _text(client.get("/patterns/"))
    assert "30 incidents on 30 days" in page
    (row,) = Pattern.objects.all()
    assert pattern_headline(row) == row.title == "ENG-WS-04 programs PLC-4"
    assert "Step 1 of the plan: 30 incidents fewer" in page
    assert "saves 6.0 h a month" in page
    bound = "12 of 12 harmless, so at least 77.9 % of all is harmless (95 % sure)."
    assert bound in page and "Little evidence." not in page
    assert "From answers of 1 person." in page
    assert "Turn into rule" in page
    assert 'class="rhythm"' in page and ">Wed</text>" in page and ">06:00</text>" in page
    assert 'aria-current="page"' in page  # it is in the rail


def test_before_there_is_enough_it_says_how_far_both_have_come(
    client, workspace, site, oda, run_mining
):
    judge(routine(workspace, site, days=9)[:1], oda)
    run_mining()
    client.force_login(oda)
    page = _text(client.get("/patterns/"))
    assert "9 of 14 days of history" in page
    assert "1 of 10 verdicts of OT" in page
    assert "Turn into rule" not in page


def test_not_looked_at_yet_and_nothing_left_are_said(client, programming, judged, run_mining, oda):
    client.force_login(oda)
    assert "has not been analysed yet" in _text(client.get("/patterns/"))
    (row,) = run_mining()
    _act(client, row, "snooze")
    assert "Nothing left to decide" in _text(client.get("/patterns/"))
    assert "Snoozed until" in _text(client.get("/patterns/?tab=later"))
    for tab, text in (("rejected", "Nothing was rejected"), ("rules", "No pattern has a rule yet")):
        assert text in _text(client.get(f"/patterns/?tab={tab}"))


def test_turning_into_a_rule_goes_on_at_the_rule(client, mined, oda):
    (row,) = mined
    client.force_login(oda)
    answer = _act(client, row, "turn")
    version = RuleVersion.objects.get()
    assert answer.status_code == 302
    assert str(version.uuid) in answer["Location"]
    assert version.rule.label in _text(client.get("/patterns/?tab=rules"))
    assert "Open the rule" in _text(client.get(f"/patterns/{row.uuid}/"))
    assert _act(client, row, "turn").status_code == 422


def test_rejecting_without_a_reason_comes_back_with_one_sentence(client, mined, oda):
    (row,) = mined
    client.force_login(oda)
    answer = _act(client, row, "reject", reason=" ")
    assert answer.status_code == 422
    assert "few words" in _text(answer)
    answer = client.post(
        reverse("patterns:reject", args=[row.uuid]), {"reason": "Replaced."}, follow=True
    )
    assert "Rejected:" in _text(answer)
    assert "Oda Nowak rejected it: Replaced." in _text(client.get("/patterns/?tab=rejected"))
    _act(client, row, "reopen")
    row.refresh_from_db()
    assert row.state == PatternState.OPEN


def test_its_page_shows_incidents_verdicts_and_the_week_as_a_table(client, mined, oda, programming):
    (row,) = mined
    client.force_login(oda)
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    for text in (f"#{programming[-1].number}", "Oda Nowak", "Show as table", "ENG-WS-04"):
        assert text in page


def test_what_cannot_become_a_rule_says_why_and_the_way_out(
    client, programming, judged, run_mining, oda
):
    judge(programming[20:21], oda, "suspicious")
    run_mining()
    client.force_login(oda)
    page = _text(client.get("/patterns/"))
    assert "Cannot become a rule" in page
    assert "OT called it suspicious 1 time." in page
    assert "a second person from OT can correct the verdict" in page
    assert "Turn into rule" not in page


def test_a_reader_sees_it_and_decides_nothing(client, mined, mia, pia):
    (row,) = mined
    client.force_login(mia)
    page = _text(client.get("/patterns/"))
    assert "ENG-WS-04" in page
    assert "Turn into rule" not in page
    assert "Look again now" not in page
    assert _act(client, row, "snooze").status_code == 422
    client.force_login(pia)
    assert client.get(f"/patterns/{row.uuid}/").status_code == 404


def test_history_is_looked_at_again_when_asked(client, mined, oda):
    client.force_login(oda)
    answer = client.post("/patterns/mine/", follow=True)
    assert "History is being analysed" in _text(answer)
    assert Job.objects.get(kind="patterns.mine").payload == {"asked": True}
    assert "New figures will be here in a minute" in _text(client.get("/patterns/"))


def test_more_than_a_page_goes_on(client, workspace, site, judged, run_mining, oda):
    for number in range(21):
        routine(workspace, site, days=6, source=f"HMI-{number:02}", hour=number)
    run_mining()
    client.force_login(oda)
    assert "tab=open&amp;from=20" in _text(client.get("/patterns/"))
    assert "from=40" not in _text(client.get("/patterns/?from=20"))


def test_the_best_that_can_become_a_rule_are_offered_to_the_list_of_rules(client, mined, oda, mia):
    (row,) = mined
    client.force_login(oda)
    part = _text(client.get("/patterns/top/", headers={"HX-Request": "true"}))
    assert "Patterns that can become a rule" in part
    assert reverse("patterns:turn", args=[row.uuid]) in part
    client.force_login(mia)
    part = _text(client.get("/patterns/top/"))
    assert reverse("patterns:pattern", args=[row.uuid]) in part
    assert "Turn into rule" not in part
    row.obstacles = [["wide.asset", {}]]
    row.save()
    assert "No pattern can become a rule yet" in _text(client.get("/patterns/top/"))


def test_a_page_tells_why_the_pattern_is_this_wide(client, polling, run_mining, oda):
    by_gateway = polling(4)
    judge(by_gateway["GW-1"][:1], oda)
    judge(by_gateway["GW-4"][:1], oda, "suspicious")
    (row,) = run_mining()
    client.force_login(oda)
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    assert "HIST-01 repeats failed requests to every Gateway of Packaging 2" in page
    for words in (
        "One device accounts for all of it: not widened.",
        "4 of 5 known there were seen (Gateway).",
        "3 members",
        "Somebody called their activity suspicious: excluded by name.",
        "33 % of its alerts are covered by verdicts; 60 % are needed. Not judged yet: GW-2, GW-3.",
        "The SOC closed 60 of its incidents as harmless. That supports a verdict of OT",
    ):
        assert words in page


def test_what_is_close_and_not_covered_is_shown_the_suspicious_first(
    client, polling, workspace, site, run_mining, oda
):
    by_gateway = polling(4)
    judge(by_gateway["GW-1"][:1], oda)
    stranger = polling(1, days=2, source="LAPTOP-7", kind="Laptop")["GW-1"]
    judge(stranger[:1], oda, "suspicious")
    row = next(
        pattern for pattern in run_mining() if pattern.process.source.members == ("HIST-01",)
    )
    client.force_login(oda)
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    near = page[page.index("Close to it, and not covered") :]
    assert near.index("LAPTOP-7") < near.index("nobody judged it")
    assert "Suspicious" in near


def test_nothing_near_of_another_site_is_told(client, polling, workspace, run_mining, oda):
    polling(4)
    routine(workspace, make_site("Ulm"), title=POLLING, source="HIST-01", destination="GW-99")
    row = next(pattern for pattern in run_mining() if pattern.site.name == "Gdańsk")
    client.force_login(oda)
    assert "GW-99" not in _text(client.get(f"/patterns/{row.uuid}/"))


def test_without_direction_the_headline_names_both(client, workspace, site, noise, run_mining, oda):
    for back in range(1, 9):
        at = NOON - timedelta(days=back, hours=back * 5 % 24)
        incident = make_incident(workspace, title=POLLING, created_at=at, site_ids=[site.pk])
        make_alert(incident, site=site, any_device=["FW-PO-02", "NMS-PO-01"])
    (row,) = run_mining()
    client.force_login(oda)
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    assert "Failed requests between FW-PO-02 and NMS-PO-01" in page


LOOP = "the same traffic raises new incidents"


def test_a_pattern_names_what_could_end_it_and_recommends_nothing_against_its_rule(
    client, mined, oda, workspace
):
    client.force_login(oda)
    row = Pattern.objects.get()
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    assert "A rule in Tagout" in page[page.index("What could end it") :]
    assert "every close leaves a trace, two sides" in page.lower() and "Recommended" not in page
    assert "It is not known whether a close" in page and LOOP not in page
    Workspace.objects.filter(pk=workspace.pk).update(closes_at_source=True)
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    assert "also closes the alert at the sensor" in page and LOOP in page


def test_a_status_sync_that_was_found_counts_until_somebody_answers(
    client, mined, oda, workspace, wired
):
    client.force_login(oda)
    row = Pattern.objects.get()
    playbook = StatusSyncPlaybook("alert-status-sync", is_enabled=True)
    wired(StatusSyncSource, StatusSyncSource(lambda: {workspace.pk: playbook}))
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    assert "The playbook alert-status-sync seems to close the alert at the sensor" in page
    assert LOOP in page
    Workspace.objects.filter(pk=workspace.pk).update(closes_at_source=False)
    page = _text(client.get(f"/patterns/{row.uuid}/"))
    assert "leaves the alert at the sensor open" in page and LOOP not in page
