"""People who leave, and come back: accounts are disabled and enabled, passwords changed (A05)."""

import json
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from portal.accounts.models import GrantScope, Role, Session, User
from portal.accounts.queries import names_by_role, roles_of
from portal.accounts.services.people import (
    CannotAddPerson,
    CannotChangePassword,
    CannotDisablePerson,
    CannotRevoke,
    add_person,
    change_password,
    disable_person,
    enable_person,
    revoke_role,
)
from portal.accounts.services.tokens import create_token
from portal.audit.models import Entry
from portal.errors import Refused
from tests import cast
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
PASSWORD, OTHER = "correct horse battery", "another long sentence"
EVERYWHERE = (GrantScope.ALL, None)


def sign_in(password=PASSWORD):
    client = Client()
    answer = client.post("/login/", {"username": cast.SAM.email, "password": password})
    return client if answer.status_code == 302 else None


def bearer(token):
    return {"Authorization": f"Bearer {token.secret}"}


def token_for(sam):
    days = timedelta(days=3650)  # pages of these tests live by the real clock
    made = create_token(owner=sam, name="export", scopes=["read"], by=sam, now=NOON)
    type(made.token).objects.update(expires_at=NOON + days)
    return made


@pytest.mark.abuse("A05")
def test_disabling_ends_sessions_and_tokens_with_the_next_request(sam, ada):
    desk, phone, token = sign_in(), sign_in(), token_for(sam)
    program = Client(headers=bearer(token))
    assert program.get("/api/v1/incidents/").status_code == 200
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    assert desk.get("/incidents/")["Location"].startswith("/login/")
    live = {"HX-Request": "true", "Tagout-Live": "1"}
    assert phone.get("/", headers=live)["HX-Redirect"].startswith("/login/")
    assert program.get("/api/v1/incidents/").status_code == 401
    assert sign_in() is None
    assert not Session.objects.filter(user=sam).exists()
    entry = Entry.objects.latest("seq")
    assert (entry.action, entry.actor) == ("accounts.person.disabled", ada)
    assert entry.details == {"sessions": 2, "tokens": [token.token.prefix]}


@pytest.mark.abuse("A05")
def test_a_form_that_was_open_does_nothing_any_more(sam, ada):
    desk = sign_in()
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    answer = desk.post("/preferences/", {"language": "de"})
    assert answer["Location"].startswith("/login/")
    sam.refresh_from_db()
    assert sam.language == ""


@pytest.mark.abuse("A05")
def test_a_person_who_is_back_has_no_session_and_no_token(sam, ada):
    desk, token = sign_in(), token_for(sam)
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    enable_person(person_id=sam.pk, by=ada, now=NOON)
    assert desk.get("/")["Location"].startswith("/login/")
    assert Client(headers=bearer(token)).get("/api/v1/incidents/").status_code == 401
    assert sign_in().get("/incidents/").status_code == 200, "the roles hold again"
    assert Entry.objects.filter(action="accounts.person.enabled", actor=ada).count() == 1


@pytest.mark.abuse("A05")
def test_a_session_that_began_while_the_account_was_closed_ends_too(sam, ada):
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    late = Client()
    late.force_login(sam)  # its password was looked at just before
    enable_person(person_id=sam.pk, by=ada, now=NOON)
    assert late.get("/")["Location"].startswith("/login/")


@pytest.mark.abuse("A05")
def test_the_account_is_looked_at_once_more_when_the_session_begins(sam, monkeypatch):
    from portal.accounts.web.views import sign_in as page

    real = page.SignInForm.is_valid

    def closed_meanwhile(form):
        outcome = real(form)
        User.objects.update(is_active=False)
        return outcome

    monkeypatch.setattr(page.SignInForm, "is_valid", closed_meanwhile)
    assert sign_in() is None
    assert not Session.objects.exists()


@pytest.mark.abuse("A05")
def test_no_token_is_made_for_an_account_that_was_closed_meanwhile(sam, ada):
    stale = User.objects.get(pk=sam.pk)
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    with pytest.raises(Exception, match="no active account"):
        create_token(owner=stale, name="export", scopes=["read"], by=stale, now=NOON)


def test_who_may_disable_whom(sam, ada, make_person):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, *EVERYWHERE))
    with pytest.raises(CannotDisablePerson, match="Only administrators"):
        disable_person(person_id=sam.pk, by=leo, now=NOON)
    with pytest.raises(CannotDisablePerson, match="your own account"):
        disable_person(person_id=ada.pk, by=ada, now=NOON)
    ada.via_token = create_token(owner=ada, name="x", scopes=["read"], by=ada, now=NOON).token
    with pytest.raises(CannotDisablePerson, match="Only administrators"):
        disable_person(person_id=sam.pk, by=ada, now=NOON)
    with pytest.raises(CannotDisablePerson, match="Only administrators"):
        enable_person(person_id=sam.pk, by=leo, now=NOON)
    sam.refresh_from_db()
    assert sam.is_active


def test_who_may_take_a_role_back(sam, ada, make_person):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, *EVERYWHERE))
    with pytest.raises(CannotRevoke, match="Only administrators"):
        revoke_role(grant_id=sam.grants.get().pk, by=leo, now=NOON)
    with pytest.raises(CannotRevoke, match="your own administrator role"):
        revoke_role(grant_id=ada.grants.get().pk, by=ada, now=NOON)
    assert revoke_role(grant_id=sam.grants.get().pk, by=ada, now=NOON)
    assert not revoke_role(grant_id=sam.grants.get().pk, by=ada, now=NOON)


@pytest.fixture
def eve(make_person):
    """A second administrator."""
    return make_person(cast.OLAF, (Role.ADMINISTRATOR, *EVERYWHERE))


@pytest.mark.abuse("A05")
@pytest.mark.parametrize("lost", ["account", "role"])
def test_who_lost_account_or_role_a_moment_ago_does_nothing_to_others(sam, ada, eve, lost):
    assert Role.ADMINISTRATOR in roles_of(ada), "as her request began"
    if lost == "account":
        disable_person(person_id=ada.pk, by=eve, now=NOON)
    else:
        revoke_role(grant_id=ada.grants.get().pk, by=eve, now=NOON)
    with pytest.raises(CannotDisablePerson, match="Only administrators"):
        disable_person(person_id=eve.pk, by=ada, now=NOON)
    with pytest.raises(CannotRevoke, match="Only administrators"):
        revoke_role(grant_id=eve.grants.get().pk, by=ada, now=NOON)
    User.objects.filter(pk=sam.pk).update(is_active=False)
    with pytest.raises(CannotDisablePerson, match="Only administrators"):
        enable_person(person_id=sam.pk, by=ada, now=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("acts", [(disable_person, disable_person), (disable_person, revoke_role)])
def test_of_two_administrators_who_remove_each_other_one_stays(ada, eve, acts):
    start, refused = threading.Barrier(2), []

    def remove(act, other, by):
        names = {"person_id": other.pk}
        if act is revoke_role:
            names = {"grant_id": other.grants.get().pk}
        try:
            start.wait(10)
            act(**names, by=by, now=NOON)
        except Refused as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    pairs = zip(acts, ((ada, eve), (eve, ada)), strict=True)
    threads = [threading.Thread(target=remove, args=(act, *pair)) for act, pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1
    assert len(names_by_role([Role.ADMINISTRATOR])[Role.ADMINISTRATOR]) == 1


def test_a_password_that_was_changed_meanwhile_is_not_written_over(sam):
    thief = User.objects.get(pk=sam.pk)
    change_password(person_id=sam.pk, password=OTHER, by="command line", now=NOON)
    with pytest.raises(CannotChangePassword, match="changed in the meantime"):
        change_password(person_id=sam.pk, password="a password of theirs", by=thief, now=NOON)
    assert sign_in(OTHER)


@pytest.mark.abuse("A05")
def test_nobody_changes_the_password_of_an_account_that_was_closed_meanwhile(sam, ada):
    stale = User.objects.get(pk=sam.pk)
    disable_person(person_id=sam.pk, by=ada, now=NOON)
    with pytest.raises(CannotChangePassword, match="changed in the meantime"):
        change_password(person_id=sam.pk, password=OTHER, by=stale, now=NOON)


@pytest.mark.abuse("A05")
def test_a_role_that_was_taken_back_holds_no_longer_in_open_sessions(sam, ada):
    desk = sign_in()
    assert desk.get("/incidents/").status_code == 200
    revoke_role(grant_id=sam.grants.get().pk, by=ada, now=NOON)
    assert desk.get("/incidents/").status_code == 403


@pytest.mark.abuse("A05")
def test_a_new_password_ends_sessions(sam):
    desk = sign_in()
    change_password(person_id=sam.pk, password=OTHER, by="command line", now=NOON)
    assert desk.get("/")["Location"].startswith("/login/")
    assert sign_in() is None and sign_in(OTHER)
    entry = Entry.objects.get(action="accounts.password.changed")
    assert entry.details == {"sessions": 1} and OTHER not in str(entry.__dict__)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "too short"),
        ("sam@demo.example", "too similar"),
        ("Sam Keller 11", "too similar"),
        ("x" * 1001, "at most 1,000"),
    ],
)
def test_odd_passwords_change_nothing(sam, password, reason):
    with pytest.raises(CannotChangePassword, match=reason):
        change_password(person_id=sam.pk, password=password, by="tests", now=NOON)
    assert sign_in()


def test_not_even_an_administrator_chooses_the_password_of_another(sam, ada):
    with pytest.raises(CannotChangePassword, match="Only the person"):
        change_password(person_id=sam.pk, password=OTHER, by=ada, now=NOON)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"email": "neo"}, "is not an e-mail address"),
        ({"email": f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"}, "is not an e-mail address"),
        ({"email": "SAM@demo.example"}, "has an account already"),
        ({"email": "\N{LATIN SMALL LETTER LONG S}am@demo.example"}, "has an account already"),
        ({"name": "n" * 121}, "between 1 and 120 characters"),
        ({"name": " "}, "between 1 and 120 characters"),
        ({"name": "Ne\no"}, "between 1 and 120 characters"),
        ({"password": "x y" * 334}, "at most 1,000 characters"),
        ({"password": "Neo Anderson!"}, "too similar to the name"),
    ],
)
def test_who_could_not_sign_in_or_be_shown_is_not_added(sam, values, reason):
    person = {"email": "neo@demo.example", "name": "Neo Anderson", "password": OTHER} | values
    with pytest.raises(CannotAddPerson, match=reason):
        add_person(**person, by="tests", now=NOON)


def test_an_address_is_stored_as_the_sign_in_form_finds_it(db):
    name = "Neo Anderson"
    added = add_person(email=" Neo@Plant.Example ", name=name, password=OTHER, by="tests", now=NOON)
    assert added.email == "neo@plant.example"
    values = {"username": "NEO@plant.example", "password": OTHER}
    assert Client().post("/login/", values).status_code == 302


def ask(capsys, *words):
    call_command("person", *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_the_commands(sam, noon, capsys, monkeypatch):
    assert ask(capsys, "disable", "SAM@demo.example")["active"] is False
    assert sign_in() is None
    assert ask(capsys, "enable", "sam@demo.example")["active"] is True
    monkeypatch.setenv("NEW", OTHER)
    assert ask(capsys, "password", "sam@demo.example", "--password-env", "NEW") == {
        "email": sam.email,
        "password": "changed",
    }
    assert sign_in(OTHER)
    assert ask(capsys, "add", "neo@plant.example")["name"] == "neo"
    acts = Entry.objects.filter(actor_label="command line").order_by("seq")
    assert list(acts.values_list("action", flat=True)) == [
        "accounts.person.disabled",
        "accounts.person.enabled",
        "accounts.password.changed",
        "accounts.person.added",
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("disable", "nobody@demo.example"), "Nobody has the address"),
        (("enable", "sam@demo.example"), "not disabled"),
        (("password", "sam@demo.example", "--password-env", "UNSET"), "holds no password"),
        (("password", "sam@demo.example"), "no terminal"),
        (("disable",), "email"),
    ],
)
def test_the_commands_say_what_is_wrong_in_one_sentence(sam, noon, words, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("person", *words)
