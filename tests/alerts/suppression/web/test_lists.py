"""The lists of the room: rules, approvals, ledger; who sees what."""

from datetime import timedelta

import pytest

from alerts.suppression.models import Stop
from tests.alerts.suppression.samples import but
from tests.conftest import NOON


def test_a_rule_shows_state_owners_matches_and_how_long_it_has_left(
    opened, make_version, acted, oda, rule
):
    version = make_version("live", of=but(rule, expires_at=NOON + timedelta(days=6)))
    acted(version)
    page = opened(oda, "/rules/")
    for words in ("R-1", "Recipe downloads", "Live", "Oda Nowak", "Leo Hartmann", "6 days"):
        assert words in page
    assert 'class="cell-number cell-tight at-none">1</td>' in page


@pytest.mark.parametrize(
    ("state", "tab"),
    [
        ("canary", "force"),
        ("paused", "force"),
        ("proposed", "work"),
        ("draft", "work"),
        ("expired", "ended"),
        ("rejected", "ended"),
        ("discarded", "ended"),
    ],
)
def test_each_state_stands_under_its_tab(opened, make_version, oda, state, tab):
    make_version(state)
    page = opened(oda, f"/rules/?state={tab}")
    assert "R-1" in page
    assert "In force" not in page and "Live, in trial or paused" in page
    others = {"force", "work", "ended"} - {tab}
    assert all("R-1" not in opened(oda, f"/rules/?state={other}") for other in others)


def test_a_live_rule_says_that_its_next_version_is_in_work(opened, make_version, oda):
    live = make_version("live")
    make_version("draft", rule=live.rule)
    assert "Next: Draft" in opened(oda, "/rules/")


def test_somebody_of_another_site_sees_nothing_of_a_rule(opened, make_version, acted, pia):
    version = make_version("live")
    acted(version)
    assert "R-1" not in opened(pia, "/rules/")
    assert "R-1" not in opened(pia, "/ledger/")
    opened(pia, f"/rules/{version.uuid}/", status=404)


def test_the_site_filter_offers_only_sites_of_rules_that_one_sees(
    opened, make_version, porto, site, mia, oda
):
    make_version("live")
    make_version("live", site_ids=[porto.pk], workspace_ids=[], made_by=mia)
    assert "Porto" in opened(mia, "/rules/")
    assert "Porto" not in opened(oda, "/rules/")
    page = opened(mia, f"/rules/?site={porto.uuid}")
    assert "R-2" in page
    assert "R-1" not in page


def test_an_empty_list_says_where_rules_begin(opened, oda):
    assert "No rules: start from a pattern" in opened(oda, "/rules/")


def test_a_page_of_fifty_rules_links_to_the_older_ones(opened, make_version, oda):
    for _ in range(51):
        make_version("live")
    page = opened(oda, "/rules/")
    assert "after=2" in page
    assert "R-1<" in opened(oda, "/rules/?after=2")


def test_a_proposal_waits_for_the_side_that_has_not_signed(opened, make_version, oda, leo, sam):
    make_version("proposed")
    assert "Waiting for you" in opened(leo, "/approvals/")
    for person in (oda, sam):
        page = opened(person, "/approvals/")
        assert "Nothing is waiting for your signature" in page
        assert "Waiting for others" in page
    assert "SOC missing" in opened(leo, "/approvals/")


def test_who_gave_evidence_is_not_asked_to_sign_for_the_soc(opened, make_version, leo):
    from alerts.reviews.models import Verdict

    version = make_version("proposed")
    version.evidence.add(
        Verdict.objects.create(
            kind="routine",
            cause="other",
            by=leo,
            given_at=NOON,
            key=version.uuid,
            act=version.uuid,
        )
    )
    assert "Nothing is waiting for your signature" in opened(leo, "/approvals/")


def test_a_stale_back_test_asks_to_run_again(opened, make_version, leo):
    make_version("proposed", at=NOON - timedelta(days=8))
    assert "Back-test: run again" in opened(leo, "/approvals/")


def test_the_rail_counts_what_waits_for_me(opened, make_version, leo, sam):
    make_version("proposed")
    assert "Approvals" in opened(leo, "/rules/")
    rail = opened(leo, "/rules/").partition('href="/approvals/"')[2][:400]
    assert ">1<" in rail
    rail = opened(sam, "/rules/").partition('href="/approvals/"')[2][:400]
    assert ">1<" not in rail


def test_a_line_of_the_ledger_names_incident_rule_act_signers_and_reason(
    opened, make_version, acted, oda
):
    entry = acted(make_version("live"))
    page = opened(oda, "/ledger/")
    for words in (
        str(entry.incident.number),
        "R-1",
        "Closed",
        "Oda Nowak, Leo Hartmann",
        "Recipe downloads",
        "Stands",
    ):
        assert words in page


def test_the_ledger_draws_what_rules_closed_by_day_and_rule(opened, make_version, acted, oda):
    assert 'id="closes"' not in opened(oda, "/ledger/")
    often, once = make_version("live"), make_version("live")
    acted(often)
    acted(often)
    acted(often, ending="not-sent")
    acted(once, at=NOON - timedelta(days=40))
    acted(once, at=NOON - timedelta(days=12))
    chart = opened(oda, "/ledger/").partition('id="closes"')[2].partition("</section>")[0]
    assert "3 closed in 13 days" in chart
    assert "R-1, 2<" in chart and "1 other rule, 1<" in chart
    assert "2 closed (R-1 2)</td>" in chart
    assert "1 closed in 13 days" in opened(oda, "/ledger/?rule=2")
    assert 'id="closes"' not in opened(oda, "/ledger/?show=tagged")


def test_what_a_guard_kept_open_has_a_tab_of_its_own(opened, make_version, acted, oda):
    trial = make_version("canary")
    acted(trial, act="tagged")
    acted(trial, act="tagged", kept_open=[["never.owner", {}]])
    assert "Covered, kept open" not in opened(oda, "/ledger/?show=tagged")
    page = opened(oda, "/ledger/?show=kept-open")
    assert "Covered, kept open" in page and page.count('class="grid-title"') == 1


def test_the_ledger_is_filtered_by_rule_and_by_what_was_done(opened, make_version, acted, oda):
    acted(make_version("live"))
    acted(make_version("canary"), act="tagged")
    assert "R-2" not in opened(oda, "/ledger/?rule=1", headers={"HX-Request": "true"})
    tagged = opened(oda, "/ledger/?show=tagged", headers={"HX-Request": "true"})
    assert "R-1" not in tagged
    assert "R-2" in tagged


def test_what_a_stopped_rule_closed_stands_on_the_list_to_look_at_again(
    opened, make_version, acted, oda
):
    acted(make_version("paused"), review_again_at=NOON, ending="reopened")
    page = opened(oda, "/ledger/?show=again")
    assert "R-1" in page
    assert "Reopened" in page
    assert "Nothing to re-check" in opened(oda, "/ledger/?show=again&rule=9")


def test_every_page_of_the_room_says_that_suppression_is_off(opened, make_version, oda):
    version = make_version("live")
    Stop.objects.create(stopped_by=oda, stopped_by_label=oda.name, stopped_at=NOON)
    for address in ("/rules/", "/approvals/", "/ledger/", f"/rules/{version.uuid}/"):
        assert "Suppression is off everywhere" in opened(oda, address)


def test_the_ledger_is_narrowed_by_hand_and_by_ending(opened, make_version, acted, oda):
    version = make_version("live")
    acted(version)
    acted(version, where="sentinel", ending="reopened")
    assert opened(oda, "/ledger/").count('class="grid-title"') == 2
    for query in ("where=sentinel", "ending=reopened", "where=tagout", "ending=stands"):
        assert opened(oda, f"/ledger/?{query}").count('class="grid-title"') == 1
    page = opened(oda, "/ledger/?where=tagout&ending=reopened")
    assert "Nothing matches these filters" in page
    assert "Show all lines" in page
    assert opened(oda, "/ledger/?where=nowhere&ending=never").count('class="grid-title"') == 2


def test_an_empty_list_fetches_the_patterns_that_could_be_a_rule(opened, oda):
    assert 'hx-get="/patterns/top/"' in opened(oda, "/rules/")


def test_without_scripts_an_empty_list_leads_to_them(opened, oda):
    page = opened(oda, "/rules/")
    link = '<a href="/patterns/top/">Patterns that can become a rule</a>'
    assert link in page[page.index('hx-get="/patterns/top/"') :]
    assert "Patterns that can become a rule</h2>" in opened(oda, "/patterns/top/")


def test_a_request_says_what_the_rule_would_have_done(opened, make_version, leo):
    make_version("proposed")
    page = opened(leo, "/approvals/")
    assert "Matches 36 incidents of 90 days." in page
    assert "Saves an estimated 5.1 h of work." in page
