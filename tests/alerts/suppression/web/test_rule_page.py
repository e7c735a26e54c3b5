"""The page of one version."""

import pytest

from alerts.suppression.models import BackTestRun, VersionState
from alerts.suppression.transitions import move
from alerts.suppression.web.wording import life_steps
from tests.alerts.suppression.samples import PROGRAMMING, but, clause
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
        "24 of 24 harmless; ",
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


def states_of_steps(version):
    passed = set(version.steps.values_list("to_state", flat=True))
    return [step.state for step in life_steps(version, passed)]


@pytest.mark.parametrize("end", [VersionState.RETIRED, VersionState.EXPIRED])
def test_what_ended_in_its_trial_was_never_live(make_version, oda, noon, end):
    version = make_version("proposed")
    move(version, to=VersionState.IN_TRIAL, by=oda, now=noon)
    move(version, to=end, by=oda, now=noon)
    assert states_of_steps(version) == ["done", "done", "done", "todo"]


def test_only_a_rule_that_stopped_itself_has_failed(make_version):
    paused = make_version("paused", paused_from="canary")
    stopped = make_version("paused", paused_from="live", needs_approval=True)
    assert states_of_steps(paused) == ["done", "done", "current", "todo"]
    assert states_of_steps(stopped) == ["done", "done", "done", "failed"]
