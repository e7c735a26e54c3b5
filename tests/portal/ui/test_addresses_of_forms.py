"""Whoever types, reloads or comes back to the address of a form gets a page, never an empty 405."""

import re

import pytest
from django.test import Client

from portal.accounts.models import User
from tests.abuse.world import the_world
from tests.conftest import add_person
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@reuse_rows
def world(db):
    return the_world(add_person, "gdansk")


@pytest.fixture
def lead(world):
    _workspace, _site, ids = world
    page = Client()
    page.force_login(User.objects.get(email="lead@gdansk.example"))
    return page, ids


def test_other_methods_are_still_refused(lead):
    page, _ids = lead
    assert page.put("/preferences/").status_code == 405
    assert page.delete("/rules/new/").status_code == 405


def test_the_address_of_a_form_leads_to_the_page_that_has_it(lead):
    page, ids = lead
    incident, question, pattern = ids["incidents"], ids["reviews"], ids["patterns"]
    act = "00000000-0000-0000-0000-000000000001"
    goals = {
        "/preferences/": "/",
        "/logout/": "/",
        "/ui/theme/": "/",
        "/inbox/read/": "/inbox/",
        f"/tokens/{act}/revoke/": "/tokens/",
        "/rules/new/": "/rules/",
        f"/incidents/{incident}/draft-rule/": f"/incidents/{incident}/",
        f"/incidents/undo/{act}/": "/incidents/",
        f"/incidents/bulk/{act}/stop/": f"/incidents/bulk/{act}/",
        f"/incidents/{incident}/verdict/": f"/incidents/{incident}/",
        f"/reviews/{question}/withdraw/": f"/reviews/{question}/",
        f"/patterns/{pattern}/snooze/": f"/patterns/{pattern}/",
        f"/planned-work/{ids['planned-work']}/done/": f"/planned-work/{ids['planned-work']}/",
        f"/ledger/{ids['ledger']}/tick-off/": "/ledger/?show=again",
    }
    there = {address: page.get(address).headers.get("Location") for address in goals}
    assert there == goals


def test_nothing_was_signed_out_or_kept_by_looking(lead):
    page, _ids = lead
    page.get("/logout/")
    assert page.get("/").status_code == 200


def test_an_act_that_is_not_offered_any_more_leads_to_its_rule(lead):
    page, _ids = lead
    from alerts.suppression.models import RuleVersion

    version = RuleVersion.objects.get()
    answer = page.get(f"/rules/{version.uuid}/pause/")
    assert re.fullmatch(rf"/rules/{version.uuid}/", answer.headers["Location"])
