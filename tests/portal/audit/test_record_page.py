"""The page of the audit record: an auditor of everything sees all of it, nobody else any."""

import html
import re

import pytest
from django.db import transaction

from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.audit.services import prove_record, record
from portal.audit.web.views import AT_ONCE
from tests import cast
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PAGE = "/audit/"


@pytest.fixture
def ines(make_person):
    return make_person(cast.INES, (Role.AUDITOR, GrantScope.ALL, None))


@pytest.fixture
def ines_here(client, ines):
    client.force_login(ines)
    return client


def numbers(answer):
    return [int(n.replace(",", "")) for n in re.findall(r'mono small muted">([\d,]+)', answer.text)]


def older_page(answer):
    found = re.search(r'href="(\?[^"]*before=\d+)"', answer.text)
    return html.unescape(found[1]) if found else ""


def test_it_lists_the_latest_first_and_older_pages_without_gaps(ines_here, ines):
    gdansk = make_workspace("gdansk")
    for number in range(AT_ONCE):
        record("sentinel.workspace.paused", on=gdansk, by=ines, at=NOON, reason=f"<b>{number}</b>")
    first = ines_here.get(PAGE)
    assert "&lt;b&gt;" in first.text and "<b>49" not in first.text
    older = ines_here.get(PAGE + older_page(first))
    assert older_page(older) == ""
    everything = Entry.objects.order_by("-seq").values_list("seq", flat=True)
    assert numbers(first) + numbers(older) == list(everything)


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("thing=sentinel.workspace", 1),
        ("actor=ines", 1),
        ("since=2026-03-02&until=2026-03-02&thing=sentinel.workspace", 0),
        ("before=1", 0),
    ],
)
def test_it_is_narrowed(ines_here, ines, query, n):
    record("sentinel.workspace.paused", on=make_workspace("gdansk"), by=ines, at=NOON)
    found = ines_here.get(f"{PAGE}?{query}")
    assert found.status_code == 200
    assert len(numbers(found)) == n


@pytest.mark.parametrize(
    "query",
    ["thing=x", "since=2026-13-01", "since=2026-03-05&until=2026-03-04", "before=0"],
)
def test_bad_choices_are_refused_with_a_sentence(ines_here, query):
    answer = ines_here.get(f"{PAGE}?{query}")
    assert answer.status_code == 422
    assert re.search(r"<p>\w+: \w.*\.</p>", answer.text)


def test_the_result_of_the_latest_check_is_shown(ines_here):
    assert "has not been checked yet" in ines_here.get(PAGE).text
    report = prove_record(now=NOON)
    assert report.whole
    assert "Its chain of 1 entry was whole" in ines_here.get(PAGE).text


def test_nobody_else_sees_it(client, make_person):
    gdansk = make_workspace("gdansk")
    here = make_person(cast.LEO, (Role.AUDITOR, GrantScope.WORKSPACE, gdansk.uuid))
    lead = make_person(cast.OLAF, (Role.SOC_LEAD, GrantScope.ALL, None))
    for person in (here, lead):
        client.force_login(person)
        assert client.get(PAGE).status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_holds_the_bars(browse, ines):
    gdansk = make_workspace("gdansk")
    with transaction.atomic():
        record("sentinel.workspace.paused", on=gdansk, by=ines, at=NOON, reason="A test.")
    page = browse(PAGE, as_=ines)
    page.get_by_text("Details").first.click()
    assert bar_faults_everywhere(page) == []
