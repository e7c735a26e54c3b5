"""A11: where an address, a form or a header says where to go on, it is never to another host."""

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.test import Client

from tests import cast
from tests.conftest import NOON
from tests.crawl import read_facts_once
from tests.factories.inbox import notify

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PASSWORD = "correct horse battery"

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example/",
    "HTTPS://EVIL.EXAMPLE/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "\\/evil.example/",
    "/\\/evil.example/",
    "https:evil.example/",
    "https:/evil.example/",
    "https:///evil.example/",
    "https:\\\\evil.example/",
    "http:///evil.example/",
    "//testserver@evil.example/",
    "https://testserver@evil.example/",
    "https://testserver:80@evil.example/",
    "https://testserver.evil.example/",
    "https://evil.example#testserver",
    "https://evil.example?testserver",
    "https://evil.example\\@testserver/",
    "//evil.example:443/",
    "//evil%2eexample/",
    "//[::ffff:203.0.113.5]/",
    "//203.0.113.5/",
    "//3405803781/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "ftp://evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "\t//evil.example/",
    " //evil.example/",
    "\u2028//evil.example/",
    "／／evil.example/",
    "/%0d%0aLocation:%20https://evil.example/",
    "/\r\nLocation: https://evil.example/",
]


def leads_inside(location):
    """Whether a browser that follows it stays on this host, over HTTP."""
    # A browser drops tabs and line ends, and the blanks and control characters around an address,
    # and takes a backslash for a slash.
    goal = location.strip("".join(map(chr, range(33)))).replace("\\", "/")
    for dropped in "\t\r\n":
        goal = goal.replace(dropped, "")
    parts = urlsplit(urljoin("http://testserver/login/", goal))
    return (parts.scheme, parts.netloc) == ("http", "testserver")


@pytest.fixture
def sam(make_person):
    return make_person(cast.SAM)


@pytest.fixture
def page(sam):
    client = Client(raise_request_exception=False)
    client.force_login(sam)
    return client


def goal_of(answer):
    """Where an answer leads: by a redirect, or what sign-in was told to go on to."""
    location = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "/"
    assert leads_inside(location), location
    return parse_qs(urlsplit(location).query).get("next", [location])[0]


@pytest.mark.abuse("A11")
@pytest.mark.parametrize("way", ["sign in", "signed in", "theme", "preferences", "act"])
@read_facts_once()
def test_a11_a_goal_in_a_form_or_an_address_is_never_elsewhere(page, sam, attempts, way):
    ways = {
        "sign in": lambda goal: Client().post(
            "/login/", {"username": sam.email, "password": PASSWORD, "next": goal}
        ),
        "signed in": lambda goal: page.get("/login/", {"next": goal}),
        "theme": lambda goal: page.post("/ui/theme/", {"theme": "dark", "next": goal}),
        "preferences": lambda goal: page.post("/preferences/", {"language": "en", "next": goal}),
        "act": lambda goal: page.post("/incidents/act/assign/", {"to": "", "next": goal}),
    }
    for goal in ELSEWHERE:
        answer = ways[way](goal)
        assert answer.status_code in {200, 302, 400, 403, 404, 422}, (goal, answer.status_code)
        location = answer.headers.get("Location", "/")
        attempts.note((way, goal, location), blocked=leads_inside(location))


@pytest.mark.abuse("A11")
@pytest.mark.parametrize("header", ["Referer", "HX-Current-URL"])
def test_a11_where_a_form_stood_is_never_elsewhere(db, attempts, header):
    stranger = Client(raise_request_exception=False)
    more = {"HX-Request": "true"} if header == "HX-Current-URL" else {}
    for goal in ELSEWHERE:
        if any(ord(letter) < 32 or ord(letter) > 255 for letter in goal):
            continue  # no header can hold it
        answer = stranger.post("/preferences/", headers={header: goal, **more})
        assert answer.status_code in {204, 302}
        attempts.note((header, goal), blocked=leads_inside(goal_of(answer)))


@pytest.mark.abuse("A11")
def test_a11_a_line_of_the_inbox_is_never_elsewhere(page, sam, attempts):
    for goal in ELSEWHERE:
        line = notify(sam, path=goal, now=NOON)
        answer = page.get(f"/inbox/{line.pk}/")
        assert answer.status_code == 302
        attempts.note(goal, blocked=leads_inside(answer["Location"]))
