"""A34 to A37: texts that a spreadsheet would run, that break a line of the log, that a template
would carry out, or that a search would take for more than words.
"""

import csv
import io
import json
import logging
import time
from datetime import timedelta
from html import escape

import pytest
from django.core import mail
from django.test import Client

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident
from alerts.suppression.models import RuleVersion
from portal import clock
from portal.accounts.models import User
from portal.formats.csv_files import csv_bytes
from portal.notifications.services import send_one_mail
from portal.runtime.logs import ConsoleLines, JsonLines
from tests.conftest import NOON
from tests.factories.inbox import notify
from tests.factories.incidents import make_incident
from tests.program import Program

CELLS = [
    "=1+1",
    "=cmd|'/c calc'!A0",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "'=1+1",
    '"=1+1"',
    ";=1+1",
    ",=1+1",
    "=1+1\r\n=2+2",
    "x\r\n=1+1,=2+2",
    'x","=1+1',
    'x"\r\n"=1+1',
    "|=1+1",
    "%0A=1+1",
    "=\u202e1+1",
    "-2+3+cmd|' /C calc'!D2",
    "x;=HYPERLINK(1)",
    "x;\t =1+1",
    "x\t=1+1",
    "x\n@SUM(1)",
    "x\r\n＝1+1",
    'x;"=1+1"',
    'x\n"=1+1"',
    'x;"\t1+1',
    "\t1+1",
    "x;",
    'x;"',
    "x\n",
    ";",
]
STARTS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
AROUND = "".join(map(chr, range(33))) + "\u00a0\ufeff\u200b"  # what spreadsheets drop or skip

LINES = [
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\x00",
    "\x1b[2J\x1b[1;31m",
    "\x1b]0;owned\x07",
    "\x9b31m",
    "\x08\x08\x08",
    "\x7f",
    "\ud800",
    "\ufffe",
    "\u202e",
    '"}\n{"level": "CRITICAL", "message": "forged"}',
    '", "level": "CRITICAL", "x": "',
    "\\n\\u000a",
    "%s%s%n%(x)s",
    "{0.__class__}",
    "x" * 1_000_000,
]

SYNTAX = [
    "{{ settings.SECRET_KEY }}",
    "{{ request.user.email }}",
    "{{ 7191|add:7 }}",
    "{% debug %}",
    "{% now 'Y' %}",
    "{% include 'layouts/page.html' %}",
    "{% load static %}",
    "{# gone #}",
    "{% comment %}",
    "{{",
    "}}",
    "{%",
    "{{ person }}",
    "{{ csrf_token }}",
    "{{ perms }}",
    "%(count)s",
    "%(name)s %(subject)s",
    "%s %d %n",
    "%%",
    "100 % of it",
    "{0}",
    "{}",
    "{name}",
    "{0.__class__.__mro__}",
    "{person.password}",
    "${7191*7}",
    "#{7191*7}",
    "<%= 7191*7 %>",
    "$(id)",
    "`id`",
    "{{constructor.constructor('alert(1)')()}}",
    "\\{\\{ x \\}\\}",
    "{{{{ x }}}}",
]

SEARCHES = [
    "'",
    '"',
    "''",
    "\\",
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR ""="',
    "1; DROP TABLE audit_entry",
    "'; SELECT pg_sleep(5); --",
    "' || pg_sleep(5) || '",
    "1 AND (SELECT 1 FROM pg_sleep(5))",
    "') UNION SELECT password FROM accounts_user --",
    "$$; SELECT pg_sleep(5); $$",
    "%27%20OR%201",
    "%",
    "_",
    "%%%%%%%%",
    "____",
    "a%' ESCAPE '\\",
    "{'a': 1}",
    "$.a[*]",
    '$ ? (@ like_regex ".*")',
    '{"$ne": null}',
    "raw__body__a",
    "a' @> 'b",
    "a::regclass",
    "pg_catalog.version()",
    "a & b | !c",
    "!!!",
    "a <-> b",
    ":*",
    "'a':*",
    "(((((",
    ")))))",
    "*" * 500,
    "(" * 500,
    '"' * 501,
    "-" * 500,
    "a" * 100_000,
    "(a+)+$" + "a" * 60 + "!",
    "a " * 5_000,
    "device:" * 2_000,
    "-device:a " * 500,
    "\u0130" * 5_000,
    "\U0001f600" * 5_000,
    "a\u0301" * 5_000,
    "0" * 400,
    "9" * 400,
    "1e999",
    "NaN",
    "../../etc/passwd",
    "file:///etc/passwd",
    'title:"' + "x" * 3_000,
    "a:b:c:d:e:f",
    "\u202e\u2066x",
]
MAX_SECONDS = 2.0


@pytest.fixture
def lead(gdansk):
    return User.objects.get(email="lead@gdansk.example")


@pytest.fixture
def page(lead):
    client = Client(raise_request_exception=False)
    client.force_login(lead)
    return client


@pytest.mark.abuse("A34")
def test_a34_no_cell_of_an_export_is_a_formula_and_none_breaks_out_of_its_place(attempts):
    columns = ["before", "cell", "after"]
    for cell in CELLS:
        text = csv_bytes(columns, [["before", cell, "after"]]).decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert head == columns
        whole = len(rows) == 1 and rows[0][0::2] == ["before", "after"]
        read = rows[0][1] if whole else ""
        is_formula = read.strip(AROUND).startswith(STARTS_A_FORMULA)
        attempts.note((cell, rows), blocked=whole and not is_formula)


@pytest.mark.abuse("A34")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a34_no_cell_is_a_formula_whatever_sign_a_spreadsheet_separates_by(attempts, delimiter):
    for cell in CELLS:
        data = [[cell, 5, "x", None], ["x", -1.5, cell, cell], [cell, cell, 7, cell], [1, cell]]
        text = csv_bytes(["a", cell, "c", cell], data).decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        read = [found for row in rows for found in row if found != "-1.5"]
        formulas = [
            found
            for found in read
            if found.startswith(("\t", "\r")) or found.strip(AROUND).startswith(STARTS_A_FORMULA)
        ]
        attempts.note((cell, formulas), blocked=bool(read) and not formulas)


@pytest.mark.abuse("A34")
def test_a34_numbers_stay_numbers_and_texts_are_quoted():
    text = csv_bytes(["n", "text"], [[-5, "-5"], [1.5, None], [True, "x;=1"]]).decode("utf-8-sig")
    lines = ['"n","text"', '-5,"\'-5"', "1.5,", 'True,"x;\'=1"']
    assert text.splitlines() == lines


@pytest.mark.abuse("A35")
def test_a35_one_event_is_one_line_whatever_is_in_it(attempts):
    log, stream = logging.Logger("test"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    for text in LINES:
        try:
            raise ValueError(f"before{text}after")
        except ValueError:
            log.exception("of %s: %s", text, {text: [text]})
        log.warning(f"before{text}after")
        written = stream.getvalue()
        stream.seek(0), stream.truncate()
        lines = written.splitlines()  # at whatever ends a line anywhere
        events = [json.loads(line) for line in lines] if len(lines) == 2 else []
        blocked = [event["level"] for event in events] == ["ERROR", "WARNING"]
        blocked &= written.isascii() and all(event >= " " for event in written.replace("\n", ""))
        attempts.note(text[:40], blocked=blocked)


@pytest.mark.abuse("A35")
def test_a35_at_a_terminal_one_event_is_one_line_too(attempts):
    for text in LINES:
        record = logging.LogRecord("test", logging.INFO, "", 0, f"before{text}after", None, None)
        line = ConsoleLines().format(record)
        is_one_line = len(line.splitlines()) == 1
        attempts.note(text[:40], blocked=is_one_line and "\x1b" not in line and "\x9b" not in line)


@pytest.mark.abuse("A35")
@pytest.mark.django_db
def test_a35_what_is_asked_for_does_not_write_lines(noon, attempts, page):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    try:
        for text in ("%0a{}", "%0d%0a{}", "%e2%80%a8{}", "%1b[2J", "%85", "%00", "%ff"):
            for answer in (page.get(f"/nothing{text}/"), page.get(f"/api/v1/nothing{text}/")):
                assert answer.status_code in {400, 404}
            lines = stream.getvalue().splitlines()
            stream.seek(0), stream.truncate()
            blocked = bool(lines) and all(json.loads(line)["level"] == "WARNING" for line in lines)
            attempts.note(text, blocked=blocked)
    finally:
        logging.getLogger().removeHandler(handler)


@pytest.mark.abuse("A36")
@pytest.mark.django_db
def test_a36_template_syntax_in_what_the_plant_says_is_text(
    noon, page, gdansk, attempts, long_abuse
):
    workspace, site, _ids = gdansk
    plain = {"site_ids": [site.pk], "place": "Gdansk, Packaging 2"}
    texts = SYNTAX if long_abuse else SYNTAX[1::3]
    rows = [make_incident(workspace, title=text, source=text, **plain) for text in texts]
    regroup([row.pk for row in rows], now=NOON)
    queue = page.get("/incidents/?view=open").text
    for row in rows:
        whole = page.get(f"/incidents/{row.pk}/").text
        blocked = escape(row.title) in whole and escape(row.title) in queue
        attempts.note(row.title, blocked=blocked)


@pytest.mark.abuse("A36")
@pytest.mark.django_db
def test_a36_template_syntax_in_rules_and_notifications_is_text(
    noon, page, lead, attempts, long_abuse
):
    version, texts = RuleVersion.objects.get(), SYNTAX if long_abuse else SYNTAX[::3]
    for text in texts:
        RuleVersion.objects.filter(pk=version.pk).update(title=text)
        html = page.get(f"/rules/{version.uuid}/").text
        attempts.note(("rule", text), blocked=escape(text) in html)
        notify(lead, text, body=f"It says {text}.", now=NOON)
    inbox = page.get("/inbox/").text
    mail.outbox.clear()
    while send_one_mail(now=clock.unshifted() + timedelta(minutes=1)):
        pass
    sent = "\n".join(f"{message.subject}\n{message.body}" for message in mail.outbox)
    for text in texts:
        is_text = escape(text) in inbox and f"\nIt says {text}." in sent
        attempts.note(("notification", text), blocked=is_text)


def seconds_of(ask):
    """How long an answer takes; asked once more where something else may have held it up."""
    for _ in range(2):
        began = time.monotonic()
        answer = ask()
        took = time.monotonic() - began
        if took <= MAX_SECONDS:
            break
    return took, answer


@pytest.mark.abuse("A37")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/incidents/", "q"),
        ("/search/", "q"),
        ("/devices/", "q"),
        ("/people/", "q"),
        ("/attack/mapping/", "q"),
        ("/ledger/", "where"),
        ("/rules/", "after"),
        ("/reviews/", "after"),
        ("/planned-work/", "site"),
        ("/api/v1/incidents/", "label"),
        ("/api/v1/devices/", "site"),
    ],
)
def test_a37_a_search_takes_anything_for_words_and_is_quick(
    noon, page, lead, attempts, long_abuse, address, name
):
    program = Program(lead)
    counts = Incident.objects.count(), User.objects.count()
    for text in SEARCHES if long_abuse else SEARCHES[::4]:
        ask = program.get if address.startswith("/api/") else page.get
        at = address.removeprefix("/api/v1/") if address.startswith("/api/") else address
        took, answer = seconds_of(lambda ask=ask, at=at, text=text: ask(at, {name: text}))
        blocked = answer.status_code < 500 and took <= MAX_SECONDS
        attempts.note((address, text[:40], answer.status_code, f"{took:.1f} s"), blocked=blocked)
    assert (Incident.objects.count(), User.objects.count()) == counts
