"""Sessions: what the database holds of them, when they end, and what a phone's is good for
(A08, A18).
"""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.db.models import F
from django.test import Client

from portal.accounts.models import GrantScope, Role, Session
from portal.accounts.sessions import digest_of_key
from portal.accounts.tasks import delete_old_sessions
from tests import cast

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
LIVE = {"Tagout-Live": "1"}


@pytest.fixture
def oda(make_person):
    return make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.ALL, None))


@pytest.fixture
def sign_in(oda):
    """`sign_in(stay="on")` is a browser in which Oda has just signed in."""

    def signed_in(**more):
        client = Client()
        answer = client.post("/login/", {"username": oda.email, "password": PASSWORD, **more})
        assert answer.status_code == 302
        return client

    return signed_in


def cookie_of(client):
    return client.cookies[settings.SESSION_COOKIE_NAME]


def let_pass(**time):
    """Everything stored about sessions happened so much earlier."""
    by = timedelta(**time)
    names = ("begun_at", "works_until", "ends_at")
    Session.objects.update(**{name: F(name) - by for name in names})


def works(client, address="/"):
    return client.get(address).status_code == 200


@pytest.mark.abuse("A18")
@pytest.mark.abuse("A08")
def test_the_database_holds_no_key_with_which_one_could_sign_in(sign_in, oda):
    key = cookie_of(sign_in()).value
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM accounts_session s")
        stored = cursor.fetchone()[0]
    assert key not in stored
    session = Session.objects.get()
    assert (session.key_digest, session.user) == (digest_of_key(key), oda)
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = session.key_digest
    assert not works(thief)


@pytest.mark.abuse("A08")
def test_a_key_from_before_the_sign_in_is_worth_nothing(sign_in, oda):
    planted = "a" * 32
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.post("/login/", {"username": oda.email, "password": PASSWORD})
    assert cookie_of(client).value != planted
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert works(client) and not works(attacker)


@pytest.mark.abuse("A08")
def test_after_sign_out_the_cookie_is_worth_nothing(sign_in):
    client = sign_in()
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = cookie_of(client).value
    client.post("/logout/")
    assert not works(stolen)
    assert not Session.objects.exists()


@pytest.mark.abuse("A08")
def test_two_hours_without_work_end_a_session(sign_in):
    client = sign_in()
    let_pass(minutes=119)
    assert works(client)
    let_pass(minutes=119)
    assert works(client), "work two hours ago keeps it"
    let_pass(minutes=121)
    assert client.get("/")["Location"].startswith("/login/")


@pytest.mark.abuse("A08")
def test_an_open_page_that_asks_by_itself_is_not_work(sign_in):
    client = sign_in()
    let_pass(minutes=70)
    assert client.get("/", headers=LIVE).status_code == 200
    let_pass(minutes=70)
    assert not works(client)


@pytest.mark.parametrize("page", ["/reviews/", "/inbox/"])
def test_nor_are_the_numbers_that_such_a_page_fetches_next(sign_in, page):
    client = sign_in()
    let_pass(minutes=70)
    part = client.get(page, headers=LIVE | {"HX-Request": "true"})
    assert "counts-changed" in part["HX-Trigger"], "by which the frame fetches its numbers"
    for address in ("/ui/counts/", "/ui/foot/"):
        assert client.get(address, headers={"HX-Request": "true"}).status_code == 200
    let_pass(minutes=70)
    assert not works(client)


@pytest.mark.abuse("A08")
def test_a_workday_ends_a_session_however_busy_it_is(sign_in):
    client = sign_in()
    for _ in range(11):
        let_pass(minutes=60)
        assert works(client)
    let_pass(minutes=61)
    assert not works(client)
    assert int(cookie_of(sign_in())["max-age"]) == 12 * 3600


def test_activity_is_no_write_with_each_page(sign_in, django_assert_num_queries):
    client = sign_in()
    client.get("/inbox/")
    before = Session.objects.get().works_until
    client.get("/inbox/")
    assert Session.objects.get().works_until == before
    let_pass(minutes=6)
    client.get("/inbox/")
    assert Session.objects.get().works_until > before - timedelta(seconds=5)


def test_a_phone_that_stays_signed_in_can_answer_for_thirty_days(sign_in):
    phone = sign_in(stay="on")
    assert works(phone), "at first it is a session like any other"
    assert int(cookie_of(phone)["max-age"]) == 30 * 24 * 3600
    let_pass(days=29)
    assert works(phone, "/reviews/")
    let_pass(days=1, minutes=1)
    assert phone.get("/reviews/")["Location"].startswith("/login/")


@pytest.mark.abuse("A08")
@pytest.mark.parametrize("address", ["/", "/incidents/", "/rules/", "/tokens/", "/search/?q=plc"])
def test_anything_else_asks_the_phone_for_the_password_again(sign_in, oda, address):
    phone = sign_in(stay="on")
    let_pass(hours=3)
    answer = phone.get(address)
    assert answer["Location"].startswith("/login/?next=")
    page = phone.get(answer["Location"])
    assert page.status_code == 200
    assert f'value="{oda.email}"' in page.text and "On this phone you can go on" in page.text
    values = {"username": oda.email, "password": PASSWORD, "stay": "on", "next": address}
    old = cookie_of(phone).value
    assert phone.post("/login/", values)["Location"] == address
    assert cookie_of(phone).value != old
    assert works(phone) and works(phone, "/reviews/")


@pytest.mark.abuse("A08")
def test_the_api_takes_a_limited_session_for_nobodys(sign_in):
    phone = sign_in(stay="on")
    assert works(phone, "/api/v1/incidents/")
    let_pass(hours=3)
    assert phone.get("/api/v1/incidents/").status_code == 401


def test_a_limited_session_can_be_ended(sign_in):
    phone = sign_in(stay="on")
    let_pass(hours=3)
    phone.post("/logout/")
    assert not Session.objects.exists()


@pytest.mark.abuse("A08")
def test_a_session_that_was_ended_meanwhile_is_not_stored_again(sign_in, oda):
    client = sign_in()
    session = client.session
    assert session["_auth_user_id"] == str(oda.pk)
    Session.objects.all().delete()
    session["more"] = "of the same"
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_ended_sessions_are_forgotten(sign_in):
    sign_in()
    let_pass(hours=13)
    delete_old_sessions()
    assert not Session.objects.exists()


def test_the_language_cookie_is_secure_where_the_site_is(sign_in, settings):
    settings.LANGUAGE_COOKIE_SECURE = True
    answer = sign_in().post("/preferences/", {"language": "de"})
    cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert cookie["secure"] and cookie["samesite"] == "Lax"
