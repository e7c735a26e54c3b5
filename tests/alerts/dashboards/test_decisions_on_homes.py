"""Leads find the rules that wait for their signature, and those that end soon."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import translation

from alerts.dashboards.queries.decisions import decisions_for
from alerts.suppression.models import RuleVersion
from tests.conftest import NOON
from tests.factories import rules
from tests.reuse import reuse_rows
from tests.worker_roles import without_triggers

pytestmark = pytest.mark.usefixtures("fixed_clocks", "keep_contexts")
DAY = timedelta(days=1)


@reuse_rows
def judged(workspace, site, olaf):
    """Ten downloads that OT judged, among other noise."""
    rules.noise(workspace, site)
    return rules.judge(rules.routine(workspace, site)[:10], by=olaf)


@pytest.fixture
def propose(judged, oda, leo):
    """`propose(title, when)` is a proposal of Oda's, who so signed for OT."""

    def made(title="Planned recipe downloads", when=NOON - DAY):
        draft = rules.draft(rules.downloads(title=title), by=oda, evidence=judged, now=when)
        return rules.propose(draft, by=oda, now=when)

    return made


@pytest.fixture
def shows(client):
    """`shows(person)` is what their home says about rules, and the page."""

    def opened(person):
        client.force_login(person)
        page = client.get("/")
        return SimpleNamespace(
            decisions=page.context["decisions"]["it"] if "decisions" in page.context else None,
            text=page.text,
        )

    return opened


def test_a_lead_finds_what_waits_for_the_own_signature_the_oldest_first(shows, propose, leo):
    younger = propose("Younger", NOON - DAY)
    older = propose("Older", NOON - 2 * DAY)
    home = shows(leo)
    assert [version.title for version in home.decisions.proposed] == ["Older", "Younger"]
    assert "2 rules are waiting for your signature." in home.text
    assert f'href="{reverse("suppression:rule", args=[older.uuid])}"' in home.text
    assert "5 days left to sign" in home.text, "the back-test and Oda's word hold for seven days"
    assert home.decisions.proposed[1].due_at == younger.backtest.ran_at + 7 * DAY


def test_who_has_signed_finds_nothing_to_sign(shows, propose, oda, olaf):
    propose()
    assert shows(oda).decisions is None, "an engineer is not told that nothing waits"
    home = shows(olaf)
    assert home.decisions.proposed == []
    assert "No rule is waiting for your signature." in home.text


def test_an_engineer_whose_word_is_missing_is_asked_for_it(shows, judged, oda, olaf, leo):
    draft = rules.draft(rules.downloads(), by=leo, evidence=judged, now=NOON - DAY)
    rules.propose(draft, by=leo, now=NOON - DAY, note="Seen on site.", checked_evidence=True)
    home = shows(oda)
    assert "1 rule is waiting for your signature." in home.text
    assert "Rules that end soon" not in home.text


def test_a_manager_sees_whose_word_is_missing_and_signs_nothing(shows, propose, mia):
    propose()
    home = shows(mia)
    assert "Rules waiting for a signature" in home.text
    assert "the SOC has not signed" in home.text
    assert "waiting for your signature" not in home.text


def test_a_back_test_that_is_too_old_says_so_instead_of_a_date(shows, propose, leo):
    propose(when=NOON - 8 * DAY)
    home = shows(leo)
    assert home.decisions.proposed[0].needs_test
    assert "Back-test: run again" in home.text


@pytest.mark.parametrize(
    ("state", "days", "listed"),
    [
        ("live", 14, True),
        ("live", 15, False),
        ("canary", 3, True),
        ("paused", 0.5, True),
        ("live", 0, False),  # it has ended
        ("draft", 3, False),
        ("retired", 3, False),
    ],
)
def test_rules_that_end_within_fourteen_days_are_listed(shows, propose, leo, state, days, listed):
    version = propose()
    ends = {"state": state, "expires_at": NOON + days * DAY}
    with without_triggers():  # the second side has not signed
        RuleVersion.objects.filter(pk=version.pk).update(**ends)
    home = shows(leo)
    assert [version.uuid for version in home.decisions.ending] == [version.uuid] * listed
    assert ("No rule ends in the next 14 days." in home.text) is not listed
    assert (reverse("suppression:rule", args=[version.uuid]) in home.text) is listed


def test_a_rule_that_stopped_is_a_red_card_with_its_cause_for_both_leads(
    client, shows, propose, leo, olaf, oda
):
    version = propose()
    why = "Incident #2523, closed by this rule, was reopened."
    with without_triggers():
        RuleVersion.objects.filter(pk=version.pk).update(
            state="paused", needs_approval=True, state_since=NOON
        )
    assert not shows(leo).decisions.proposed
    version.steps.create(to_state="paused", at=NOON, by_label="Tagout", reason=why)
    address = reverse("suppression:rule", args=[version.uuid])
    for lead in (leo, olaf):
        text = shows(lead).text
        card = text[text.index('id="stopped-rules"') :]
        assert "1 rule stopped and closes nothing until both sides sign again" in card
        assert why in card and f'href="{address}"' in card
        with translation.override("de"):
            (stopped,) = decisions_for(lead, now=NOON).stopped
        assert stopped.why == "Vorfall #2523, von dieser Regel geschlossen, wurde wieder geöffnet."
    assert shows(oda).decisions is None
    page = client.get(address).text
    assert page.index(why) < page.index("When an alert matches all of")
    with without_triggers():
        RuleVersion.objects.filter(pk=version.pk).update(state="live", needs_approval=False)
    assert 'id="stopped-rules"' not in shows(leo).text


def test_what_ends_first_comes_first(propose, leo):
    for title, days in (("Later", 9), ("Sooner", 2)):
        version = propose(title)
        ends = {"state": "live", "expires_at": NOON + days * DAY}
        with without_triggers():
            RuleVersion.objects.filter(pk=version.pk).update(**ends)
    assert [version.title for version in decisions_for(leo, now=NOON).ending] == ["Sooner", "Later"]


def test_rules_of_another_plant_are_not_shown(shows, propose, make_person, porto):
    from portal.accounts.models import GrantScope, Role
    from tests import cast

    propose()
    boss = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, porto.uuid))
    assert "recipe downloads" not in shows(boss).text


def test_five_are_listed_and_the_rest_is_counted(shows, propose, leo):
    for n in range(7):
        propose(f"Rule {n}", NOON - DAY + timedelta(minutes=n))
    home = shows(leo)
    assert len(home.decisions.proposed) == 5
    assert f'<a href="{reverse("suppression:approvals")}">2 more</a>' in home.text
