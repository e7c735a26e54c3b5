"""One address, two answers; failures in the portal's own words; themes without scripts."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from portal.ui import responses, views
from portal.ui.responses import leave_toast, trigger
from tests import cast


def asked(path="/", by_htmx=False, **headers):
    extra = {"HTTP_HX_REQUEST": "true"} if by_htmx else {}
    request = RequestFactory().get(path, **extra, **headers)
    request.htmx = HtmxDetails(request)
    request.session = {}
    request._messages = FallbackStorage(request)
    return request


def test_htmx_gets_the_part_and_everybody_else_the_page():
    part, page = views.not_found(asked(by_htmx=True), Http404()), views.not_found(asked())
    assert "<html" not in part.content.decode() and "<html" in page.content.decode()
    assert part["Vary"] == page["Vary"] == "HX-Request"


def test_a_lost_history_entry_gets_the_whole_page():
    assert not responses.is_part_request(
        asked(by_htmx=True, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    )


def test_nothing_new_is_204():
    assert responses.nothing_new().status_code == 204


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.bad_request, 400),
        (views.forbidden, 403),
        (views.not_found, 404),
        (views.server_error, 500),
        (views.unavailable, 503),
        (views.csrf_failure, 403),
    ],
)
def test_a_failure_says_what_to_do_and_names_a_reference_that_the_log_knows(view, status, caplog):
    answer = view(asked("/somewhere/"))
    assert answer.status_code == status
    words = answer.content.decode()
    assert "Reference" in words and 'role="alert"' in words
    [line] = [r.getMessage() for r in caplog.records if "reference" in r.getMessage()]
    assert line.rsplit(" ", 1)[1] in words


def test_a_failure_page_needs_no_database(django_db_blocker):
    with django_db_blocker.block():
        assert views.server_error(asked()).status_code == 500


def test_a_database_that_does_not_answer_is_503():
    try:
        raise OperationalError("gone")
    except OperationalError:
        assert views.server_error(asked()).status_code == 503


def test_a_toast_comes_with_the_answer_when_htmx_asked():
    answer = leave_toast(asked(by_htmx=True), HttpResponse(), "Assigned to Zoë", undo="/undo/1/")
    toast = {"text": "Assigned to Zoë", "undo": "/undo/1/", "seconds": 10}
    assert json.loads(answer["HX-Trigger"]) == {"toast": toast}
    assert answer["HX-Trigger"].isascii()


def test_a_toast_waits_for_the_next_page_without_scripts():
    request = asked()
    assert "HX-Trigger" not in leave_toast(request, HttpResponse(), "Assigned to Sam")
    assert [str(message) for message in get_messages(request)] == ["Assigned to Sam"]


def test_several_events_travel_together():
    answer = trigger(trigger(HttpResponse(), "changed", {}), "close-dialog", {})
    assert json.loads(answer["HX-Trigger"]) == {"changed": {}, "close-dialog": {}}


def test_a_part_asked_for_without_a_session_sends_the_page_to_sign_in(client, db):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/incidents/?sev=high"}
    answer = client.get("/ui/", headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/login/?next=%2Fincidents%2F%3Fsev%3Dhigh"
    assert client.get("/ui/").status_code == 302


@pytest.mark.parametrize(
    ("came_from", "goal"),
    [
        ("http://testserver/incidents/?sev=high", "/incidents/?sev=high"),
        ("http://testserver/status/", "/status/"),
        ("http://elsewhere.example/status/", "/"),
        ("", "/"),
    ],
)
def test_a_form_sent_without_a_session_leads_back_to_the_page_it_stood_on(
    client, db, came_from, goal
):
    answer = client.post("/tokens/", headers={"Referer": came_from} if came_from else {})
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query) == {"next": [goal]}


@pytest.fixture
def signed_in(client, make_person):
    client.force_login(make_person(cast.SAM))
    return client


def test_the_theme_is_kept_without_scripts(signed_in):
    answer = signed_in.post("/ui/theme/", {"theme": "dark", "next": "/ui/"})
    assert answer["Location"] == "/ui/" and answer.cookies["tagout_theme"].value == "dark"
    answer = signed_in.post("/ui/theme/", {"theme": "", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/" and answer.cookies["tagout_theme"].value == ""


@pytest.mark.abuse("A44")
def test_the_gallery_is_for_staff_only(signed_in, client):
    assert signed_in.get("/ui/").status_code == 403


def test_the_policy_is_self_alone(client, db):
    policy = client.get("/login/")["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    kinds = ("script", "style", "img", "font", "connect", "manifest")
    assert directives == {
        "default-src": "'none'",
        **{f"{kind}-src": "'self'" for kind in kinds},
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
