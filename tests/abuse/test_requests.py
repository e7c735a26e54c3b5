"""A09, A10 and A44: what any request may do, what any answer says, and what is not there at all."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import SCOPES_OF_ROLE
from tests import cast
from tests.abuse.test_api import OPERATIONS
from tests.abuse.test_pages import PAGES
from tests.abuse.world import filled
from tests.crawl import read_facts_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# What looking at something writes: how long the session is idle, how often the API was asked; and
# of some that somebody has looked at them.
WRITTEN_BY_LOOKING = {"accounts_session", "api_usage"}
NOTED_BY_LOOKING = {
    "/captures/": {"captures_captureaccess", "audit_entry"},
    "/reviews/": {"reviews_review", "incidents_timelineitem", "audit_entry"},
}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
NOT_THERE = [
    ".git/",
    ".git/HEAD",
    ".git/config",
    ".svn/entries",
    ".hg/",
    ".env",
    ".env.local",
    ".DS_Store",
    ".htaccess",
    ".ssh/id_rsa",
    "admin/",
    "admin/login/",
    "django-admin/",
    "administrator/",
    "wp-admin/",
    "wp-login.php",
    "phpmyadmin/",
    "console",
    "__debug__/",
    "debug/",
    "debug/pprof/",
    "silk/",
    "metrics",
    "metrics/",
    "server-status",
    "server-info",
    "actuator",
    "actuator/env",
    "status.json",
    "swagger/",
    "swagger.json",
    "redoc/",
    "docs/",
    "openapi.json",
    "schema/",
    "graphql",
    "settings.py",
    "manage.py",
    "portal/settings.py",
    "pyproject.toml",
    "requirements.lock",
    "docker-compose.yml",
    "Dockerfile",
    "Makefile",
    "config.json",
    "backup.sql",
    "dump.sql",
    "db.sqlite3",
    "tagout.dump",
    ".data/secret-key",
    "media/",
    "media/captures/",
    "files/",
    "upload/",
    "cgi-bin/",
    "shell.php",
    "xmlrpc.php",
    "autodiscover/",
    "static/../manage.py",
    "static/..%2fmanage.py",
    "static/%2e%2e/%2e%2e/manage.py",
    "static/..\\manage.py",
    "static//etc/passwd",
    "static/%00",
    "static/.git/config",
    "static/staticfiles.json/../../manage.py",
    "demo/mail/",
    "demo/mail/..%2f..%2fetc%2fpasswd/0/",
    "api/",
    "api/v1/",
    "api/v2/",
    "api/v1/schema/",
    "api/v1/admin/",
    "api/v1/users/",
    "api/v1/tokens/",
    "api/v1/sessions/",
]
VERBS = ("TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND", "MOVE", "SEARCH")
INSIDE = re.compile(
    rb"Traceback|DEBUG = True|SECRET_KEY|INSTALLED_APPS|site-packages|\[core\]|BEGIN [A-Z ]*KEY"
)


@pytest.fixture
def everything(make_person, home):
    """Somebody who may do whatever any role may: nothing is refused for want of a right."""
    return make_person(
        cast.SAM,
        *((role, GrantScope.ALL, None) for role in Role if GrantScope.ALL in SCOPES_OF_ROLE[role]),
    )


def browser(person, **options):
    client = Client(raise_request_exception=False, **options)
    client.force_login(person)
    return client


def api_addresses(ids):
    for path, method, _said in OPERATIONS:
        place = path.strip("/").split("/")
        kind = "/".join(place[:2]) if place[0] == "training" else place[0]
        named = path.replace("{name}", "open-incidents").replace("{id}", str(ids.get(kind)))
        yield f"/api/v1{named}", method.upper()


def get(client, address, *, head=False, **headers):
    """The answer, with its file read to the end, which closes it."""
    dashed = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = (client.head if head else client.get)(address, secure=True, headers=dashed)
    if answer.streaming:
        assert b"".join(answer) or head
    return answer


class Writes:
    """The tables that are written while it listens."""

    def __init__(self):
        self.tables = set()

    def __call__(self, execute, sql, params, many, context):
        match = re.match(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\s+"?(\w+)', sql, re.I)
        if match:
            self.tables.add(match[1])
        return execute(sql, params, many, context)


@pytest.mark.abuse("A09")
@read_facts_once()
def test_a09_without_a_csrf_token_nothing_is_carried_out(everything, gdansk, home, attempts):
    page, (_workspace, _site, ids) = browser(everything, enforce_csrf_checks=True), gdansk
    addresses = [(filled(route, home), UNSAFE) for route in PAGES]
    addresses += [(path, ("POST",)) for path, method in api_addresses(ids) if method == "POST"]
    writes = Writes()
    with connection.execute_wrapper(writes):
        for address, methods in addresses:
            for method in methods:
                answer = page.generic(method, address, b"{}", "application/json")
                what = (method, address, answer.status_code)
                # The door for push hints looks at no cookie: there a session proves nothing.
                refusals = {401, 405} if address.startswith("/hooks/") else {403}
                attempts.note(what, blocked=answer.status_code in refusals)
    assert writes.tables <= WRITTEN_BY_LOOKING


@pytest.mark.abuse("A09")
@pytest.mark.parametrize("came_from", ["https://evil.example/", "null", "http://testserver.evil/"])
def test_a09_a_form_of_another_site_does_not_do_even_with_a_token(everything, attempts, came_from):
    page = browser(everything, enforce_csrf_checks=True)
    page.get("/preferences/", follow=True)
    token = page.cookies[next(name for name in page.cookies if "csrf" in name)].value
    form = {"language": "de", "csrfmiddlewaretoken": token}
    assert page.post("/preferences/", form).status_code == 302, "with its token alone it does"
    answer = page.post("/preferences/", form, headers={"Origin": came_from})
    attempts.note(came_from, blocked=answer.status_code == 403)


def missing(answer, *, is_kept=False):
    """The headers that this answer does not have as it should."""
    expected = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    }
    if not is_kept:
        expected |= {"X-Frame-Options": "DENY"}
    faults = {name for name, value in expected.items() if answer.headers.get(name) != value}
    if not is_kept and "no-store" not in answer.headers["Cache-Control"]:
        faults.add("Cache-Control")
    return faults


@pytest.fixture
def production(settings):
    """Headers as behind TLS; tests/portal/test_checks.py holds the settings to it."""
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


@pytest.mark.abuse("A09")
@pytest.mark.abuse("A10")
@read_facts_once()
def test_a09_a10_looking_changes_nothing_and_shows_nothing_without_headers(
    everything, gdansk, home, production, attempts, long_abuse
):
    page, (_workspace, _site, ids) = browser(everything), gdansk
    ways = [{}] + ([{"head": True}, {"HX_Request": "true"}] if long_abuse else [])
    addresses = [filled(route, home) for route in PAGES]
    addresses += [path for path, method in api_addresses(ids) if method == "GET"]
    for address in addresses:
        noted = [tables for at, tables in NOTED_BY_LOOKING.items() if address.startswith(at)]
        for way in ways:
            writes = Writes()
            with connection.execute_wrapper(writes):
                answer = get(page, address, **way)
            written = writes.tables - WRITTEN_BY_LOOKING - set().union(*noted)
            assert answer.status_code < 500, address
            assert answer.status_code != 405 or address.startswith("/hooks/"), address
            faults = missing(answer)
            attempts.note((address, way, written, faults), blocked=not written and not faults)


@pytest.mark.abuse("A10")
def test_a10_what_strangers_get_has_policy_and_headers(gdansk, home, production, attempts):
    stranger, (_workspace, _site, ids) = Client(), gdansk
    addresses = [filled(route, home) for route in PAGES]
    addresses += [path for path, _method in api_addresses(ids)]
    for address in addresses:
        faults = missing(get(stranger, address))
        attempts.note((address, faults), blocked=not faults)
    for name in ("ui/css/base.css", "ui/img/mark.svg", "nothing.js"):
        answer = get(stranger, f"/static/{name}")
        faults = missing(answer, is_kept=answer.status_code == 200)
        attempts.note((name, answer.status_code, faults), blocked=not faults)


@pytest.mark.abuse("A10")
def test_a10_every_failure_has_them_too(everything, home, production, attempts, monkeypatch):
    def break_down(*_args, **_kwargs):
        raise RuntimeError("broken on purpose")

    page = browser(everything, enforce_csrf_checks=True)
    free = browser(everything)
    huge = {"CONTENT_LENGTH": str(2 << 30), "content_type": "multipart/form-data; boundary=x"}
    answers = {
        400: page.get("/ledger/?where=a%00", secure=True),
        "another host": page.get("/", secure=True, headers={"Host": "evil.example"}),
        403: page.post("/preferences/", secure=True),
        404: page.get("/nothing/", secure=True),
        405: free.put("/preferences/", secure=True),
        413: free.generic("POST", "/devices/import/", b"x", secure=True, **huge),
        422: Client().post("/login/", {"username": "x", "password": "x"}, secure=True),
        "a file that is none": free.post(
            "/devices/import/",
            {"file": SimpleUploadedFile("x.csv", b"\xff\xfe\x00")},
            secure=True,
        ),
        "API, no such address": page.get("/api/v1/nothing/", secure=True),
        "API, a parameter": page.get("/api/v1/incidents/?x=1", secure=True),
        "API, no JSON": free.post("/api/v1/incidents/1/close/", b"{", "text/plain", secure=True),
    }
    monkeypatch.setattr("portal.ui.views.find_everything", break_down)
    answers[500] = free.get("/search/?q=plc", secure=True)
    for expected, answer in answers.items():
        if isinstance(expected, int):
            assert answer.status_code == expected
        faults = missing(answer)
        attempts.note((expected, answer.status_code, faults), blocked=not faults)


@pytest.mark.abuse("A44")
@read_facts_once()
def test_a44_what_others_have_is_not_here(everything, attempts):
    for client in (Client(raise_request_exception=False), browser(everything)):
        for address in NOT_THERE:
            answer = client.get(f"/{address}")
            body = b"".join(answer) if answer.streaming else answer.content
            asks_to_sign_in = answer.headers.get("Location", "").startswith("/login/?")
            is_refused = answer.status_code in {400, 401, 403, 404} or asks_to_sign_in
            blocked = is_refused and not INSIDE.search(body)
            attempts.note((address, answer.status_code), blocked=blocked)


@pytest.mark.abuse("A44")
@read_facts_once()
def test_a44_no_other_verb_is_answered_or_given_back(everything, attempts):
    secret = "7b0ba7f5-in-a-header"
    for client in (Client(raise_request_exception=False), browser(everything)):
        for verb in VERBS:
            for address in ("/", "/login/", "/incidents/", "/healthz", "/api/v1/incidents/"):
                answer = client.generic(verb, address, headers={"X-Secret": secret})
                blocked = answer.status_code in {302, 401, 403, 405} and secret not in answer.text
                attempts.note((verb, address, answer.status_code), blocked=blocked)


@pytest.mark.abuse("A44")
def test_a44_a_failure_shows_nothing_of_the_inside(everything, monkeypatch, attempts):
    def break_down(*_args, **_kwargs):
        secret_of_the_frame = "hunter2"
        raise RuntimeError(f"broken on purpose {secret_of_the_frame}")

    monkeypatch.setattr("portal.ui.views.find_everything", break_down)
    page = browser(everything)
    for headers in ({}, {"HX-Request": "true"}, {"Accept": "application/json"}):
        answer = page.get("/search/?q=plc", headers=headers)
        assert answer.status_code == 500
        blocked = not INSIDE.search(answer.content) and b"on purpose" not in answer.content
        attempts.note(headers, blocked=blocked)
