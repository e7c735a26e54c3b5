"""The pages about people, and that of one's own password."""

import pytest
from django.test import Client

from portal.accounts.models import GrantScope, Role, Session, User
from portal.accounts.password_checks import OWN_DEVICES
from portal.accounts.services.people import grant_role
from portal.accounts.services.tokens import create_token
from tests import cast
from tests.bars import bar_faults_of_each
from tests.conftest import NOON
from tests.factories.incidents import make_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PASSWORD, OTHER = "correct horse battery", "another long sentence"
EVERYWHERE = (GrantScope.ALL, None)


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return client


def test_the_list_says_who_has_which_role_where(page, sam):
    site = make_site()
    grant_role(
        to=sam,
        role=Role.OT_ENGINEER,
        scope=GrantScope.SITE,
        scope_uuid=site.uuid,
        by="tests",
        now=NOON,
    )
    text = page.get("/people/").text
    assert "Sam Keller" in text and "SOC analyst" in text and "everywhere" in text
    assert site.name in text
    assert "Ada Okafor" in page.get("/people/?q=OKAF").text
    assert "Sam Keller" not in page.get("/people/?q=OKAF").text
    assert "Nobody found" in page.get("/people/?q=zzz").text


def test_an_account_is_disabled_after_a_question_and_enabled_again(page, sam):
    Client().force_login(sam)
    create_token(owner=sam, name="export", scopes=["read"], by=sam, now=NOON)
    address = f"/people/{sam.uuid}/"
    question = page.get(f"{address}disable/").text
    assert "1 open session ends" in question and "1 token ends" in question
    answer = page.post(f"{address}disable/", follow=True)
    assert "Disabled: Sam Keller" in answer.text and "Enable this account" in answer.text
    sam.refresh_from_db()
    assert not sam.is_active and not Session.objects.filter(user=sam).exists()
    again = page.post(f"{address}disable/")
    assert again.status_code == 422 and "already disabled" in again.text
    assert "Enabled: Sam Keller" in page.post(f"{address}enable/", follow=True).text
    refused = page.post(f"{address}enable/")
    assert refused.status_code == 422 and "not disabled" in refused.text


def test_a_role_is_taken_back_after_a_question(page, sam):
    grant = sam.grants.get()
    address = f"/people/{sam.uuid}/roles/{grant.pk}/revoke/"
    assert address in page.get(f"/people/{sam.uuid}/").text
    question = page.get(address).text
    assert (
        "Take this role back?" in question
        and "Sam Keller" in question
        and "SOC analyst" in question
    )
    grant.refresh_from_db()
    assert grant.revoked_at is None
    answer = page.post(address, follow=True)
    assert "Role revoked from Sam Keller: SOC analyst" in answer.text
    assert "Without one, a person sees nothing" in answer.text
    grant.refresh_from_db()
    assert grant.revoked_at == NOON
    assert page.get(address)["Location"] == f"/people/{sam.uuid}/"


def test_the_role_of_somebody_else_is_not_found_under_this_person(page, sam, ada):
    address = f"/people/{sam.uuid}/roles/{ada.grants.get().pk}/revoke/"
    assert page.post(address).status_code == 404


def test_nobody_removes_themselves(page, ada):
    text = page.get(f"/people/{ada.uuid}/").text
    assert "Another administrator can disable it" in text and "Take back" not in text
    assert page.post(f"/people/{ada.uuid}/disable/").status_code == 422
    revoke = f"/people/{ada.uuid}/roles/{ada.grants.get().pk}/revoke/"
    assert page.post(revoke).status_code == 422
    ada.refresh_from_db()
    assert ada.is_active and ada.grants.get().revoked_at is None


@pytest.mark.abuse("A15")
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_else_reads_or_does_any_of_it(client, make_person, ada, role):
    client.force_login(make_person(cast.LEO, (role, *EVERYWHERE)))
    own = f"/people/{ada.uuid}/"
    for address in ("/people/", own, f"{own}disable/"):
        assert client.get(address).status_code == 403
    for address in (f"{own}disable/", f"{own}enable/", f"{own}roles/{ada.grants.get().pk}/revoke/"):
        assert client.post(address).status_code == 403
    ada.refresh_from_db()
    assert ada.is_active


def change(client, **changes):
    values = {"current": PASSWORD, "new": OTHER, "again": OTHER} | changes
    return client.post("/login/password/", values)


def signed_in(password=PASSWORD):
    client = Client()
    answer = client.post("/login/", {"username": cast.SAM.email, "password": password})
    return client if answer.status_code == 302 else None


def test_a_person_changes_their_password_and_stays_signed_in_here_alone(sam):
    here, elsewhere = signed_in(), signed_in()
    answer = change(here)
    assert answer["Location"] == "/login/password/"
    assert "Your password was changed" in here.get("/login/password/").text
    assert elsewhere.get("/")["Location"].startswith("/login/")
    assert signed_in() is None and signed_in(OTHER)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"current": "wrong"}, "That is not your password"),
        ({"current": ""}, "Enter your password"),
        ({"new": "short", "again": "short"}, "too short"),
        ({"again": "something else"}, "do not match"),
        ({"new": PASSWORD, "again": PASSWORD}, "your current password"),
    ],
)
def test_what_makes_no_sense_changes_nothing(sam, values, reason):
    answer = change(signed_in(), **values)
    assert answer.status_code == 422 and reason in answer.text
    assert signed_in()


@pytest.mark.abuse("A06")
def test_guessing_the_old_password_has_an_end(sam):
    here = signed_in()
    for _ in range(8):
        change(here, current="wrong")
    assert change(here).status_code == 429
    assert signed_in()


def test_a_password_is_not_changed_while_many_are_looked_at(sam):
    here = signed_in()
    with OWN_DEVICES.place("one"), OWN_DEVICES.place("other"):
        answer = change(here)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert signed_in()


def test_the_device_stays_known_after_the_password_was_changed(sam):
    here = signed_in()
    change(here)
    here.post("/logout/")
    for i in range(8):
        Client().post("/login/", {"username": sam.email, "password": f"wrong {i}"})
    values = {"username": sam.email, "password": OTHER}
    assert Client().post("/login/", values).status_code == 429
    assert here.post("/login/", values).status_code == 302


@pytest.mark.browser
def test_the_pages_meet_the_bars(browse, ada, sam):
    User.objects.create_user("neo@demo.example", "Neo Newman")
    User.objects.filter(email="neo@demo.example").update(is_active=False)
    page = browse("/people/", as_=ada)
    person = f"/people/{sam.uuid}/"
    paths = ("/people/", person, f"{person}disable/", "/login/password/")
    assert bar_faults_of_each(page, *paths) == []
