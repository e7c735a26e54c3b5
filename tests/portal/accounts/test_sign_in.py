import pytest
from django.conf import settings
from django.test import Client

from portal.audit.models import Entry
from tests import cast

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def sign_in(client, email=cast.SAM.email, password=PASSWORD, **extra):
    return client.post("/login/", {"username": email, "password": password, **extra})


@pytest.fixture
def sam(make_person):
    return make_person(cast.SAM)


def test_sign_in_leads_to_where_the_person_wanted_to_go(client, sam):
    assert sign_in(client, "SAM@demo.example", next="/inbox/")["Location"] == "/inbox/"


@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_sign_in_never_leads_to_another_host(client, sam, goal):
    assert sign_in(client, next=goal)["Location"] == settings.LOGIN_REDIRECT_URL


def test_a_second_tab_with_the_form_of_before_is_told_that_it_is_out_of_date(sam, keep_contexts):
    browser = Client(enforce_csrf_checks=True)
    values = {"username": sam.email, "password": PASSWORD}
    values["csrfmiddlewaretoken"] = browser.get("/login/").context["csrf_token"]
    assert browser.post("/login/", values).status_code == 302
    late = browser.post("/login/", values)
    assert late.status_code == 403
    assert "This form is out of date" in late.text and "reload the page" in late.text
    assert "do not have permission" not in late.text


def test_a_wrong_password_is_one_sentence(client, sam):
    answer = sign_in(client, password="wrong")
    assert answer.status_code == 422
    assert "case-sensitive" in answer.text


@pytest.mark.abuse("A06")
def test_after_eight_failures_the_pair_of_account_and_address_waits(client, sam):
    for _ in range(8):
        sign_in(client, password="wrong")
    refused = sign_in(client)
    assert refused.status_code == 429
    assert "Too many attempts" in refused.text
    elsewhere = client.post(
        "/login/", {"username": sam.email, "password": PASSWORD}, REMOTE_ADDR="10.0.0.9"
    )
    assert elsewhere.status_code == 302, "nobody can lock somebody else out"


@pytest.mark.abuse("A06")
def test_a_forwarded_header_does_not_make_a_new_address(client, sam):
    for turn in range(8):
        sign_in(client, password="wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{turn}")
    assert sign_in(client).status_code == 429


@pytest.mark.abuse("A06")
@pytest.mark.parametrize("spelling", ["{} ", " {}", "\u3000{}", "ｓ{}"])
def test_another_spelling_of_the_same_account_brings_no_new_attempts(client, sam, spelling):
    email = spelling.format(sam.email[1:] if spelling.startswith("ｓ") else sam.email)
    for _ in range(8):
        sign_in(client, password="wrong")
    assert sign_in(client, email).status_code == 429


@pytest.mark.parametrize("email", ["sam\x00@demo.example", "x" * 400 + "@demo.example"])
def test_an_impossible_address_is_a_wrong_password_and_no_failure_of_ours(client, sam, email):
    for _ in range(8):
        assert sign_in(client, email).status_code == 422
    assert sign_in(client, email).status_code == 429


@pytest.mark.abuse("A05")
def test_a_deactivated_person_cannot_sign_in(client, sam):
    type(sam).objects.update(is_active=False)
    assert sign_in(client).status_code == 422


def test_the_chosen_language_is_remembered(client, sam):
    client.force_login(sam)
    answer = client.post("/preferences/", {"language": "de", "next": "/"})
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "de"
    sam.refresh_from_db()
    assert sam.language == "de"
    assert sam.keys_on, "what a form does not send stays"


def test_time_is_always_somebodys(client, sam):
    client.force_login(sam)
    answer = client.post("/preferences/", {"time_display": "", "next": "/"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["time_display"])
    sam.refresh_from_db()
    assert sam.time_display == "plant"


def test_a_sign_in_is_on_record(client, sam):
    sign_in(client)
    entry = Entry.objects.get()
    assert (entry.action, entry.actor) == ("accounts.person.signed_in", sam)
    assert entry.details == {"address": "127.0.0.1"}
