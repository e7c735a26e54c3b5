"""Whoever signs or leads finds at home which rules can be signed next, and what they take off."""

import pytest

from alerts.patterns.models import Pattern, PatternState
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.dashboards.conftest import make_alike
from tests.factories.patterns import make_pattern, make_site_mining
from tests.reuse import reuse_rows

pytestmark = pytest.mark.usefixtures("fixed_clocks", "keep_contexts")
OFFER = "Sign this rule: 33 % fewer incidents"


@reuse_rows
def plans(workspace, site, porto_workspace, porto):
    """One rule to sign at each of two sites: three of nine incidents, and six of nine."""
    for where, place, gain in ((workspace, site, 3), (porto_workspace, porto, 6)):
        make_alike(where=where, at=place)
        make_site_mining(place)
        make_pattern(where, place, plan_order=1, plan_gain=gain, has_enough_evidence=True)


@pytest.fixture
def home(client):
    """`home(person)` is the text of that person's home."""

    def read(person):
        client.force_login(person)
        return " ".join(client.get("/").text.split())

    return read


def test_leads_and_managers_find_the_plan_of_each_site(home, plans, leo, mia, site):
    link = f'<a class="entry-link" href="/plan/?site={site.uuid}">{OFFER}</a>'
    assert link in home(leo)
    text = home(mia)
    assert text.index("67 % fewer incidents") < text.index("33 %")  # the larger gain first
    assert "1 rule can be signed: 33 % fewer incidents" in text and OFFER not in text


def test_ot_finds_the_plan_of_its_own_site_only(home, plans, oda):
    text = home(oda)
    assert OFFER in text and "67 % fewer incidents" not in text


def test_who_neither_signs_nor_leads_is_shown_no_plan(home, plans, sam, make_person):
    ines = make_person(cast.INES, (Role.AUDITOR, GrantScope.ALL, None))
    assert "fewer incidents" not in home(sam) + home(ines)


def test_nothing_is_offered_once_nothing_can_be_signed(home, plans, leo):
    Pattern.objects.update(state=PatternState.REJECTED, state_reason="no routine")
    assert "plan-offers" not in home(leo)


def test_of_many_sites_the_largest_are_shown_and_the_way_to_the_rest(home, plans, mia, monkeypatch):
    monkeypatch.setattr("alerts.dashboards.web.views.home.MAX_OFFERS", 1)
    text = home(mia)
    assert OFFER not in text and '<a href="/plan/?site=all"> 1 more site </a>' in text
