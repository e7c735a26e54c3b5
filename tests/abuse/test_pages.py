"""A12 and A13 over the pages; and a form with NUL in it is 400, never a mistake of ours."""

import re
import uuid

import pytest
from django.test import Client

from alerts.captures.models import CaptureAccess
from alerts.outbox.models import Change
from alerts.reviews.models import Question, Verdict
from alerts.suppression.models import RuleVersion
from portal.accounts.models import Role, User
from portal.accounts.services.people import SCOPES_OF_ROLE
from portal.audit.models import Entry
from tests import cast
from tests.abuse.world import WHERE, filled, kinds_to_try, person_with, things_of
from tests.architecture.test_strangers import addresses
from tests.crawl import read_facts_once
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

PAGES = sorted({route for name, route in addresses() if name and not route.startswith("api/")})
OPEN = {"logout/", "login/", "healthz", "readyz"}
# About nobody's things in particular: the gallery, the demo's mails, lessons and their captures.
NOBODYS = re.compile(r"ui/|demo/|training/")
SHARED = {
    "attack/<str:technique_id>/",
    "attack/mapping/<slug:slug>/",
}  # there for everybody, with what each may see
COUNTED = (Entry, Question, Verdict, RuleVersion, Change, CaptureAccess)


@reuse_rows
def foreign(porto):
    """For each placeholder of an address what stands for it in Porto."""
    return things_of(*porto)


def words_of_porto(html):
    """What a page says of Porto, with what stands around it; None where it says nothing."""
    at = html.lower().find(b"porto")
    return html[max(0, at - 80) : at + 65] if at >= 0 else None


def test_any_word_of_porto_on_a_page_is_found():
    assert words_of_porto(b"<p>" + b"x" * 100 + b"</p>\n<b>PorTO</b>").endswith(b"<b>PorTO</b>")
    assert words_of_porto(b"Porto") == b"Porto"
    assert words_of_porto(b"<p>Gdansk, port of</p>") is None


@pytest.mark.abuse("A12")
@pytest.mark.parametrize("role", [role for role in Role if set(WHERE) & set(SCOPES_OF_ROLE[role])])
@read_facts_once()
def test_a12_pages_show_and_change_nothing_of_another_site_or_workspace(
    make_person, gdansk, foreign, role, attempts, long_abuse
):
    workspace, site, _ = gdansk
    for kind in kinds_to_try(role, is_long=long_abuse):
        somebody = cast.Person(f"sam@{kind}.example", "Sam")
        person = person_with(make_person, role, kind, workspace, site, of=somebody)
        before = [model.objects.count() for model in COUNTED]
        for what, is_blocked in tries_at_pages(person, foreign):
            attempts.note((kind, *what), blocked=is_blocked)
        assert [model.objects.count() for model in COUNTED] == before


def tries_at_pages(person, foreign):
    """Ask for each page, about what is foreign, and yield what came and whether that is right."""
    page = Client(raise_request_exception=False)
    page.force_login(person)
    goals = {}
    for route in PAGES:
        if route in OPEN or NOBODYS.match(route):
            continue
        address = filled(route, foreign)
        is_theirs = "<" in route and route not in SHARED
        for ask in (page.get, page.post) if is_theirs else (page.get,):
            answer = ask(address, headers={"HX-Request": "true"} if "undo" in route else None)
            if answer.status_code in {301, 308}:  # an old address: what counts is the new one
                answer = ask(answer["Location"])
            allowed = {400, 403, 404, 405, 409} if is_theirs else {200, 204, 302, 403, 404, 405}
            shows = not is_theirs
            if ask == page.get and answer.status_code == 302 and is_theirs:
                # The address of a form leads to its page, which shows nothing of theirs either.
                goal = answer["Location"]
                if goal not in goals:
                    goals[goal] = page.get(goal)
                answer, allowed, shows = goals[goal], {200, 403, 404}, True
            foreign_words = words_of_porto(answer.content) if shows else None
            what = (ask.__name__, address, answer.status_code, foreign_words)
            yield what, answer.status_code in allowed and not foreign_words


def test_a_form_or_an_address_with_nul_in_it_is_not_understood(gdansk):
    _workspace, _site, ids = gdansk
    page = Client(raise_request_exception=False)
    page.force_login(User.objects.get(email="lead@gdansk.example"))
    pattern, number = ids["patterns"], ids["incidents"]
    forms = {
        "/rules/off/": {"where": "all", "reason": "Odd\x00"},
        f"/patterns/{pattern}/reject/": {"reason": "Not \x00 routine"},
        f"/incidents/{number}/verdict/": {
            "key": str(uuid.uuid4()),
            "cause_routine": "\x00",
        },
        "/incidents/act/assign/": {"incident": str(number), "to": "\x00"},
        "/preferences/": {"language": "de", "ne\x00xt": "/"},
    }
    assert {at: page.post(at, form).status_code for at, form in forms.items()} == dict.fromkeys(
        forms, 400
    )
    assert page.get("/ledger/", {"where": "a\x00"}).status_code == 400
    assert Client().get("/rules/", {"state": "\x00"}).status_code == 302  # strangers sign in first


def test_a10_no_answer_may_be_kept(gdansk):
    page = Client()
    addresses = ("/login/", "/", "/incidents/", "/rules/", "/status/", "/nothing/", "/healthz")
    assert {page.get(at)["Cache-Control"] for at in addresses} == {"no-store"}
    page.force_login(User.objects.get(email="lead@gdansk.example"))
    assert {page.get(at)["Cache-Control"] for at in addresses} == {"no-store"}
