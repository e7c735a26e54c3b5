"""The page of one version."""

from datetime import timedelta

import pytest

from alerts.suppression.models import BackTestRun, BrakeTrip, VersionState
from alerts.suppression.transitions import move
from alerts.suppression.watching.brakes import reason_of
from alerts.suppression.web.verbs import acts_for
from alerts.suppression.web.views import rule as rule_page
from alerts.suppression.web.wording import life_steps
from tests.alerts.suppression.samples import PROGRAMMING, but, clause
from tests.factories.incidents import make_incident
from tests.factories.rewriting import rewrite


def test_the_page_says_the_rule_in_words_and_what_it_was_tested_on(opened, make_version, oda):
    page = opened(oda, f"/rules/{make_version('proposed').uuid}/")
    for words in (
        PROGRAMMING,
        "ENG-WS-02, ENG-WS-04",
        "Tue 06:00–08:00 Europe/Warsaw",
        "38",
        "62 %",
        "5.1 h",
        "24 of 24 harmless, so at least ",
        "Check this one before you sign",
        "ENG-WS-02 → PLC-4",
    ):
        assert words in page


def test_the_page_names_who_signed_for_which_side(opened, make_version, oda):
    page = opened(oda, f"/rules/{make_version('canary').uuid}/")
    signatures = page.partition('id="signatures"')[2].partition("</section>")[0]
    assert "Oda Nowak" in signatures
    assert "Leo Hartmann" in signatures


def test_a_new_version_is_shown_beside_the_one_before(opened, make_version, oda, rule):
    live = make_version("live")
    changed = but(rule, clause("protocol", "is", "Siemens S7"), title="Recipe downloads, S7")
    page = opened(oda, f"/rules/{make_version('draft', rule=live.rule, of=changed).uuid}/")
    assert 'class="rule-line is-new"' in page
    assert "<del>Recipe downloads</del>" in page.replace(' class="diff-old"', "")


@pytest.mark.parametrize(
    "state",
    [
        "draft",
        "proposed",
        "changes-requested",
        "canary",
        "live",
        "paused",
        "expired",
        "retired",
        "rejected",
        "discarded",
        "replaced",
    ],
)
def test_the_page_opens_in_every_state(opened, make_version, mia, state):
    columns = {"paused_from": "live"} if state == "paused" else {}
    assert "Recipe downloads" in opened(mia, f"/rules/{make_version(state, **columns).uuid}/")


def test_a_draft_that_spells_no_rule_is_still_shown(opened, make_version, oda):
    version = make_version("draft", body={"version": 1, "title": "Half", "all_of": 7})
    assert "No condition yet." in opened(oda, f"/rules/{version.uuid}/")


def test_alerts_that_one_may_not_see_are_counted_but_not_named(opened, make_version, mia, oda):
    version = make_version("proposed", made_by=oda)
    look = version.backtest.body["check_these"][0]
    version.backtest.body["check_these"] = [look, look | {"incidents": [999_999]}]
    rewrite(BackTestRun.objects.filter(pk=version.backtest_id), body=version.backtest.body)
    page = opened(mia, f"/rules/{version.uuid}/")
    assert "Check these 2 before you sign" in page
    assert "1 of these 2 is outside your sites and workspaces." in page


def test_what_stands_out_calls_for_a_look_only_before_it_is_signed(opened, make_version, oda):
    page = opened(oda, f"/rules/{make_version('live').uuid}/")
    assert "before you" not in page
    assert "1 match worth a look" in page


def test_a_long_list_is_folded(opened, make_version, oda):
    version = make_version("proposed")
    look = version.backtest.body["check_these"][0]
    version.backtest.body["nearest"] = [look] * 6
    rewrite(BackTestRun.objects.filter(pk=version.backtest_id), body=version.backtest.body)
    page = opened(oda, f"/rules/{version.uuid}/")
    assert "Show all 6" in page
    assert page.index("Nearest misses") < page.index("more-misses")


def test_the_days_of_a_rule_are_drawn_beside_the_forecast_of_its_back_test(
    opened, make_version, acted, oda, noon
):
    version = make_version("canary")  # for three days, since Saturday
    acted(version, act="tagged", at=noon - timedelta(days=1))
    acted(version, act="tagged", at=noon - timedelta(days=2), kept_open=[["never.owner", {}]])
    move(version, to=VersionState.LIVE, by=None, now=noon - timedelta(hours=20))
    acted(version, at=noon - timedelta(hours=1))
    acted(version, at=noon - timedelta(hours=1), ending="not-sent")
    chart = (
        opened(oda, f"/rules/{version.uuid}/")
        .partition("Closed a day")[2]
        .partition("</section>")[0]
    )
    assert "forecast, 0 to 3 a day" in chart
    assert "by a back-test of 90 days." in chart, "91 dates, the first and the last in part"
    assert "closed, 1<" in chart
    assert "labelled in trial, 1<" in chart
    assert "1 closed, forecast 3 to 3</td>" in chart
    assert "1 of 2 whole days were within their forecast: 1 came, the back-test expects 0." in chart
    assert "stacked-mark" in chart and "stacked-stop" not in chart


def test_a_rule_without_enough_history_or_days_shows_no_forecast(opened, make_version, oda):
    version = make_version("live")
    rewrite(BackTestRun.objects.filter(pk=version.backtest_id), history_days=20)
    page = opened(oda, f"/rules/{version.uuid}/")
    assert "No forecast: the back-test had 20 days of history" in page
    assert "stacked-band" not in page
    assert "Closed a day" not in opened(oda, f"/rules/{make_version('proposed').uuid}/")


def states_of_steps(version):
    passed = set(version.steps.values_list("to_state", flat=True))
    return [step.state for step in life_steps(version, passed)]


@pytest.mark.parametrize("end", [VersionState.RETIRED, VersionState.EXPIRED])
def test_what_ended_in_its_trial_was_never_live(make_version, oda, noon, end):
    version = make_version("proposed")
    move(version, to=VersionState.IN_TRIAL, by=oda, now=noon)
    move(version, to=end, by=oda, now=noon)
    assert states_of_steps(version) == ["done", "done", "done", "todo"]


def test_only_a_rule_that_stopped_itself_has_failed(
    make_version, acted, opened, leo, noon, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        rule_page, "acts_for", lambda *about, now: asked.append(1) or acts_for(*about, now=now)
    )
    paused = make_version("paused", paused_from="canary")
    stopped = make_version("paused", paused_from="live", needs_approval=True)
    assert states_of_steps(paused) == ["done", "done", "current", "todo"]
    assert states_of_steps(stopped) == ["done", "done", "done", "failed"]
    incident = acted(stopped, ending="reopened", ended_at=noon).incident
    stopped.steps.create(to_state="paused", at=noon, by_label="Tagout", reason="It was reopened.")
    page = opened(leo, f"/rules/{stopped.uuid}/")
    assert "Roll-back</span> · It was reopened." in page
    note = page.partition("It was reopened.")[2]
    note = note.partition("When an alert matches all of")[0]
    assert f'href="/incidents/{incident.pk}/"' in note and f"/rules/{stopped.uuid}/renew/" in note
    assert asked == [1], "for the head and the note"


def test_a_rule_that_reached_its_cap_names_brake_and_incident(
    make_version, workspace, site, opened, leo, noon
):
    stopped = make_version("paused", paused_from="live", needs_approval=True)
    incident = make_incident(workspace, site_ids=[site.pk])
    trip = BrakeTrip(
        brake="rule-day", version=stopped, incident=incident, count=9, most=3, limit=9, at=noon
    )
    trip.stopped_at = noon
    trip.save()
    reason = str(reason_of(trip))
    stopped.steps.create(to_state="paused", at=noon, by_label="Tagout", reason=reason)
    page = opened(leo, f"/rules/{stopped.uuid}/")
    assert f"Cap of the rule for 24 hours</span> · {reason}" in page
    assert f'href="/incidents/{incident.pk}/"' in page.partition(reason)[2]
    german = opened(leo, f"/rules/{stopped.uuid}/", headers={"accept-language": "de"})
    assert "Obergrenze der Regel für 24 Stunden</span> · Sie hat bei Vorfall" in german
