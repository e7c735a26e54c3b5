"""The page of API tokens."""

import re

import pytest

from portal.accounts.models import ApiToken
from portal.accounts.queries import token_of
from portal.accounts.services.tokens import create_token
from tests import cast
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PASSWORD = {"password": "correct horse battery"}
WANTED = {"name": "Nightly export", "scopes": ["read"], "days": "30"} | PASSWORD


@pytest.fixture
def sam(make_person):
    return make_person(cast.SAM)


@pytest.fixture
def page(client, sam):
    client.force_login(sam)
    return client


def secret_in(answer):
    found = re.search(r'value="(tagout_[\w-]+)"', answer.text)
    return found and found[1]


def test_without_tokens_it_shows_how_a_program_would_ask(page):
    text = page.get("/tokens/").text
    assert "You have no token yet" in text and "curl -H" in text and "Invoke-RestMethod" in text


def test_a_new_token_is_shown_this_once(page, sam):
    answer = page.post("/tokens/", WANTED)
    assert "no-store" in answer["Cache-Control"]
    token = token_of(secret_in(answer))
    assert (token.owner, token.name, token.scopes) == (sam, "Nightly export", ["read"])
    again = page.get("/tokens/")
    assert secret_in(again) is None and "Nightly export" in again.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "Give the token a name"),
        ({"scopes": []}, "at least one thing"),
        ({"scopes": ["sign"]}, "sign"),
        ({"days": "9999"}, "9999"),
    ],
)
def test_a_form_that_makes_no_sense_makes_no_token(page, change, message):
    answer = page.post("/tokens/", WANTED | change)
    assert answer.status_code == 422 and message in answer.text
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_token_is_made_with_the_password_only(page, sam, password):
    old = create_token(owner=sam, name="Old", scopes=["read"], by=sam, now=NOON)
    for address in ("/tokens/", f"/tokens/{old.token.uuid}/rotate/"):
        answer = page.post(address, WANTED | {"password": password})
        assert answer.status_code == 422 and secret_in(answer) is None
    assert ApiToken.objects.get() == old.token
    assert token_of(old.secret).works_at(NOON)


def test_the_password_is_asked_however_lately_one_signed_in(client, sam):
    client.post("/login/", {"username": sam.email} | PASSWORD)
    assert client.post("/tokens/", WANTED | {"password": ""}).status_code == 422
    assert not ApiToken.objects.exists()


def test_rotating_asks_first_and_shows_the_new_secret(page, sam):
    old = create_token(owner=sam, name="Old", scopes=["read"], by=sam, now=NOON)
    address = f"/tokens/{old.token.uuid}/rotate/"
    assert "stop until they get the new one" in page.get(address).text
    assert token_of(old.secret).revoked_at is None
    assert token_of(secret_in(page.post(address, PASSWORD))).works_at(NOON)
    assert token_of(old.secret).revoked_at == NOON
    assert page.post(address, PASSWORD).status_code == 422


def test_a_revoked_token_stays_in_the_list(page, sam):
    made = create_token(owner=sam, name="Old", scopes=["read"], by=sam, now=NOON)
    page.post(f"/tokens/{made.token.uuid}/revoke/")
    assert token_of(made.secret).revoked_at == NOON
    assert "Revoked" in page.get("/tokens/").text


def test_nobody_touches_the_token_of_another(page, make_person):
    leo = make_person(cast.LEO)
    made = create_token(owner=leo, name="Leo's", scopes=["read"], by=leo, now=NOON)
    for path in ("rotate", "revoke"):
        assert page.post(f"/tokens/{made.token.uuid}/{path}/").status_code == 404
    assert "Leo" not in page.get("/tokens/").text
    assert token_of(made.secret).revoked_at is None


@pytest.mark.browser
def test_the_page_meets_the_bars(browse, sam):
    create_token(owner=sam, name="Nightly export", scopes=["read"], by=sam, now=NOON)
    assert bar_faults_everywhere(browse("/tokens/", as_=sam)) == []


@pytest.mark.browser
def test_what_the_api_can_do_meets_the_bars(browse, sam):
    page = browse("/api/v1/docs", as_=sam)
    page.evaluate("""() => {  // all are made alike: the first, open, and some that are closed
      const [first, ...others] = document.querySelectorAll('.api-operation');
      first.open = true;
      for (const each of others.slice(3)) each.remove();
    }""")
    assert bar_faults_everywhere(page) == []
