"""A18 and A43: secrets that were used are looked for where an attacker might read."""

import inspect
import io
import json
import logging
import re

import pytest
from django.conf import settings as live
from django.db import connection
from django.test import Client

from portal.accounts.models import User
from portal.accounts.services.people import change_password
from portal.accounts.services.tokens import create_token, rotate_token
from portal.api.schema import api_description
from portal.celery import app
from portal.errors import Misconfigured
from portal.runtime import service_urls
from portal.runtime.logs import JsonLines
from portal.schedule import SCHEDULE
from tests import cast
from tests.architecture.tree import HOME, tracked
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

OLD, NEW, WRONG = "canary of an old password", "canary of a new password", "canary mistyped"
KEY = "canary-of-the-secret-key-4f1c"


@pytest.fixture
def sam(make_person):
    person = make_person(cast.SAM)
    person.set_password(OLD)
    person.save()
    return person


@pytest.fixture
def page(sam, settings):
    """Sam's browser, after a password that was mistyped; failures are answered, not raised."""
    settings.SECRET_KEY = KEY
    client = Client(raise_request_exception=False)
    for password in (WRONG, OLD):
        client.post("/login/", {"username": sam.email, "password": password})
    assert client.get("/").status_code == 200
    return client


@pytest.fixture
def used(sam, page):
    """Every secret that was used, by what it is: tokens, cookies, passwords, the key."""
    first = create_token(owner=sam, name="a", scopes=["read"], by=sam, now=NOON, days=30)
    second = rotate_token(token_id=first.token.pk, by=sam, now=NOON)
    program = Client(headers={"Authorization": f"Bearer {second.secret}"})
    assert program.get("/api/v1/incidents/").status_code == 200
    cookies = {name: cookie.value for name, cookie in page.cookies.items()}
    assert {"session", "csrf", "device"} <= {name.split("_")[1] for name in cookies}
    change_password(person_id=sam.pk, password=NEW, by=User.objects.get(pk=sam.pk), now=NOON)
    secrets = {
        "the first token": first.secret.split("_", 2)[2],
        "the second token": second.secret.split("_", 2)[2],
        "the old password": OLD,
        "the new password": NEW,
        "the mistyped password": WRONG,
        "the key": KEY,
        "the key of this machine": live.SECRET_KEY,
    }
    return secrets | {f"the cookie {name}": value for name, value in cookies.items()}


def text_of_the_database():
    """Every row of every table as text, as a dump would hold it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema = 'public'"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert len(tables) > 50
        dump = io.StringIO()
        for table in tables:
            cursor.execute(f"SELECT row.*::text FROM {table} AS row")
            dump.writelines(f"{text}\n" for (text,) in cursor.fetchall())
    return dump.getvalue()


@pytest.mark.abuse("A18")
def test_a18_a_dump_holds_no_secret_that_could_be_used(used, attempts):
    dump = text_of_the_database()
    assert cast.SAM.email in dump
    for what, secret in used.items():
        attempts.note(what, blocked=len(secret) > 8 and secret not in dump)


@pytest.mark.abuse("A18")
def test_a18_what_is_stored_of_a_secret_opens_nothing(sam, page, used, attempts):
    """Whoever has read a digest, a row of a session or a hash sends just that."""
    words = set(re.findall(r"[\w$=+/.:-]{20,}", text_of_the_database()))
    digests = sorted(word for word in words if re.fullmatch(r"[0-9a-f]{64}|\w+\$.*", word))
    assert len(digests) >= 3
    for digest in digests:
        session = Client(headers={"Cookie": f"{live.SESSION_COOKIE_NAME}={digest}"})
        attempts.note(f"session {digest}", blocked=session.get("/").status_code == 302)
        prefix = used and sam.tokens.latest("pk").prefix
        program = Client(headers={"Authorization": f"Bearer tagout_{prefix}_{digest}"})
        answer = program.get("/api/v1/incidents/")
        attempts.note(f"token {digest}", blocked=answer.status_code == 401)
        answer = Client().post("/login/", {"username": sam.email, "password": digest})
        attempts.note(f"password {digest}", blocked=answer.status_code in {422, 429})


@pytest.fixture
def log():
    """Every line of the log, as production writes it, tracebacks and all."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in ("", "portal.audit.anchors")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel("DEBUG")
    yield stream
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def break_down(*_args, **_kwargs):
    raise RuntimeError("broken on purpose")


@pytest.mark.abuse("A43")
def test_a43_neither_log_nor_failure_page_nor_record_tells_a_secret(
    log, used, page, sam, monkeypatch, attempts
):
    token = f"tagout_0123456789_{used['the second token']}"
    sam.refresh_from_db()
    page.force_login(sam)
    monkeypatch.setattr("portal.ui.views.find_everything", break_down)
    monkeypatch.setattr("portal.accounts.web.views.sign_in.note_sign_in", break_down)
    monkeypatch.setattr("portal.accounts.web.views.tokens.create_token", break_down)
    monkeypatch.setattr("portal.accounts.web.views.sign_in.change_password", break_down)
    answers = [
        page.get("/search/?q=plc"),
        Client(raise_request_exception=False).post(
            "/login/", {"username": sam.email, "password": NEW}
        ),
        page.post("/tokens/", {"name": "x", "scopes": ["read"], "days": 30, "password": NEW}),
        page.post("/login/password/", {"old": NEW, "new": OLD, "again": OLD}),
        page.get(f"/api/v1/incidents/?token={token}"),
        Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/incidents/"),
        page.get("/nothing/"),
        page.post("/preferences/", {"password": NEW}, headers={"Referer": "https://evil.example"}),
    ]
    assert [answer.status_code for answer in answers].count(500) >= 2
    texts = "".join(answer.text for answer in answers)
    lines = log.getvalue()
    assert "broken on purpose" in lines
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text FROM audit_entry e")
        record = "".join(text for (text,) in cursor.fetchall())
    for what, secret in used.items():
        if "csrf" in what:
            continue  # a page has to hold its own
        for where, text in (("page", texts), ("log", lines), ("record", record)):
            attempts.note((what, where), blocked=secret not in text)


@pytest.mark.abuse("A43")
@pytest.mark.parametrize(
    "read", [service_urls.database, service_urls.broker, lambda: service_urls.mailer("")]
)
@pytest.mark.parametrize(
    "value",
    [
        "{scheme}://tagout:{secret}",  # the rest of the line was lost
        "{scheme}://tagout:{secret}/x@host/tagout",  # a character that should have been escaped
        "{scheme}://tagout:{secret}#x@host/tagout",
        "{scheme}://tagout:{secret}@host:{secret}/tagout",
        "{scheme}://tagout:{secret}@[host/tagout",
        "{secret}",  # the password where the address should be
        "tagout:{secret}@host/tagout",
        "http://tagout:{secret}@host/tagout",
        "{scheme}://tagout:{secret}@",
        "{scheme}://:{secret}@:80",
    ],
)
def test_a43_a_setting_that_is_wrong_is_named_without_its_secret(
    monkeypatch, read, value, attempts
):
    secret = "hunter2canary"
    names = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis", "EMAIL_URL": "smtp"}
    for name, scheme in names.items():
        monkeypatch.setenv(name, value.format(scheme=scheme, secret=secret))
    try:
        read()
    except Misconfigured as refusal:
        attempts.note((value, str(refusal)), blocked=secret[:8] not in str(refusal))
    else:
        attempts.note(value, blocked=True)  # it means something, and nothing is said


@pytest.mark.abuse("A43")
def test_a43_a_message_in_the_broker_carries_nothing(attempts):
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    assert len(ours) > 15
    for task in ours:
        taken = set(inspect.signature(task.run).parameters) - {"_later"}
        attempts.note((task.name, taken), blocked=taken <= {"name"})
    sent = json.dumps([entry.get("kwargs", {}) for entry in SCHEDULE.values()], default=str)
    attempts.note(sent, blocked=not re.search(r"password|secret|token|://", sent))


MADE_UP = {
    "tests/faults/test_as_composed.py",  # for servers of its own, which end with it
    "tests/abuse/test_service_urls.py",
}
# Where a pattern begins with a letter of its own, and not with the edge of a word, all files are
# searched in a tenth of the time.
SECRETS = {
    "a private key": r"BEGIN (?:[A-Z]+ )?PRIVATE KEY",
    "a key of a cloud": r"A(?:KIA|SIA)[0-9A-Z]{16}\b|AIza[\w-]{35}",
    "a secret of an Entra application": r"[78]Q~[\w.~-]{31,34}",
    "a storage key": r"AccountKey=[\w+/]{40,}",
    "a token of ours": r"tagout_[0-9a-f]{10}_[\w-]{43}",
    "a token of GitHub": r"gh[pousr]_\w{36}\b",
    "a token of GitLab": r"glpat-[\w-]{20}",
    "a token of Slack": r"xox[abps]-[\w-]{10,}",
    "a JSON web token": r"eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}",
    "a password in an address": r"://\w*:(?!(?i:password)@)[^\s@/{}<>$%\"'`]{6,}@",
}


@pytest.mark.abuse("A43")
def test_a43_neither_the_repository_nor_the_description_of_the_api_holds_one(attempts):
    texts = {str(path): (HOME / path).read_bytes().decode("utf-8", "replace") for path in tracked()}
    texts["the description of the API"] = json.dumps(api_description())
    for what, pattern in SECRETS.items():
        hits_by_file = {
            name: re.search(pattern, text) for name, text in texts.items() if name not in MADE_UP
        }
        hits = [(name, hit[0][:30]) for name, hit in hits_by_file.items() if hit]
        attempts.note((what, hits), blocked=not hits)
