"""Searches that sort nothing out are refused with a sentence before anything is looked up."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.engine.tokens import parse_query
from alerts.incidents.queue.conditions import where
from alerts.incidents.queue.queries import Queue, queue_params
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.abuse("A10")]
NETWORKS = "Search in networks of /8 or smaller, with IPv6 of /32 or smaller."
WORDS = "Search for words of 2 letters or more, or for a number like #7."


def problems_of(text, user):
    return where(
        parse_query(text), Queue(user, queue_params("open", text), now=NOON).around("open")
    )[1]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("0.0.0.0/0", [NETWORKS]),
        ("10.0.0.0/7", [NETWORKS]),
        ("device:0.0.0.0/0", [NETWORKS]),
        ("-0.0.0.0/0", [NETWORKS]),
        ("::/0", [NETWORKS]),
        ("fd00::/31", [NETWORKS]),
        ("a", [WORDS]),
        ("-a", [WORDS]),
        ("é", [WORDS]),
        ("7", [WORDS]),
        ("label:a", [WORDS]),
        ("a b c d e ::/0 0.0.0.0/0", [WORDS, NETWORKS]),
        ("10.0.0.0/8", []),
        ("fd00::/32", []),
        ("#7", []),
        ("ab", []),
        ("label:=a", []),
        ("zone:A", []),
    ],
)
def test_a_search_that_finds_nearly_everything_is_refused(ada, text, problems):
    assert problems_of(text, ada) == problems


@pytest.mark.parametrize("text", ["0.0.0.0/0 ", "{n}.0.0.0/0 ", "{letter} ", "device:::/0 "])
def test_forty_of_them_ask_the_database_for_nothing(ada, text):
    words = "".join(text.format(n=n, letter=chr(97 + n % 26)) for n in range(40))
    queue = Queue(ada, queue_params("open", words), now=NOON)
    around = queue.around("open")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        began = time.monotonic()
        _, problems = where(queue.params.terms, around)
    assert len(problems) == 1 and len(queries) == 0 and time.monotonic() - began < 1


def test_the_page_says_it_once(client, sam):
    client.force_login(sam)
    answer = client.get("/incidents/", {"q": "0.0.0.0/0 " * 40})
    assert answer.status_code == 200
    assert answer.content.decode().count(NETWORKS) == 1
