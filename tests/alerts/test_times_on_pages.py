"""Every moment on every page is on the clock of its plant, or of whoever reads, and says whose
where that could be doubted.

All moments of this world lie seven minutes past an hour of UTC, and its plants are half an hour
and three quarters off: a moment that a page shows in UTC is told by its minute.
"""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import DateTimeField, F
from django.test import Client

from alerts.sites.models import Site
from portal.accounts.models import User
from portal.ui.moments import ZONE_COOKIE
from tests.architecture.test_query_budgets import add_people, fill, make_place
from tests.conftest import NOON
from tests.crawl import crawl
from tests.factories.incidents import make_site
from tests.reuse import reuse_rows

SHIFT = timedelta(minutes=7)
SEEN_IN_UTC = {"07", "41"}  # 41: the moment that the frozen back-tests of the factories name
AT_PUNE, AT_KATHMANDU = {"37", "11"}, {"52", "26"}
CLOCK = re.compile(
    r"(?<!\d)([01]\d|2[0-3]):([0-5]\d)\b(?::[0-5]\d)?(?P<zone> (?:UTC|[A-Z]{3,4}\b))?"
)
TIME = re.compile(r"<time[^>]*>(.*?)</time>", re.S)
NOT_READ = re.compile(r"<(script|style|template)\b.*?</\1>|<!--.*?-->", re.S)
TITLE = re.compile(r' (?:title|aria-label|alt)="([^"]*)"')
TAG = re.compile(r"<[^>]*>")

pytestmark = pytest.mark.django_db


@reuse_rows
def people(db):
    """Five people and a world with one plant, in Pune."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.clock.now", lambda: NOON)
        site, workspace = make_place()
        people = add_people(site)
        fill(site, workspace, people, 3)
    Site.objects.update(time_zone="Asia/Kolkata")
    shift_all_moments()
    return people


@pytest.fixture(autouse=True)
def two_days_later(monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: NOON + SHIFT + timedelta(days=2))


def shift_all_moments():
    """Move the whole world by seven minutes; what is written once for all cannot be moved."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # leave the triggers out
        for model in apps.get_models():
            moments = [f for f in model._meta.local_concrete_fields if type(f) is DateTimeField]
            if moments and model._meta.managed and model._meta.app_label != "sessions":
                model._base_manager.update(**{f.attname: F(f.attname) + SHIFT for f in moments})
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def pages_of(
    person: User, *, display: str = "plant", cookie: str = "", most: int = 80
) -> dict[str, str]:
    User.objects.filter(pk=person.pk).update(time_display=display)
    client = Client()
    client.force_login(person)
    if cookie:
        client.cookies[ZONE_COOKIE] = cookie
    return crawl(client, most=most)


def words_of(html: str) -> str:
    """What is read, hovered over or heard on a page."""
    html = NOT_READ.sub(" ", html)
    return unescape(" | ".join([TAG.sub(" ", html), *TITLE.findall(html)]))


def bare_utc(html: str) -> list[str]:
    """Clocks that show a minute of UTC without saying so."""
    words = words_of(html)
    return [
        words[max(0, found.start() - 60) : found.end() + 20]
        for found in CLOCK.finditer(words)
        if found[2] in SEEN_IN_UTC and not (found["zone"] or "").endswith("UTC")
    ]


def clocks_of(html: str) -> set[str]:
    """The minutes that a page shows."""
    return {found[2] for found in CLOCK.finditer(words_of(html))}


@pytest.mark.parametrize(("name", "least"), [("oda", 40), ("mia", 30), ("ada", 5)])
def test_nothing_is_shown_in_utc_under_plant_time(people, name, least):
    found = pages_of(people[name])
    assert len(found) > least, found.keys()
    assert {address: bare for address, html in found.items() if (bare := bare_utc(html))} == {}
    if name != "ada":  # whose pages say how long ago
        assert set().union(*map(clocks_of, found.values())) & AT_PUNE


def test_pages_show_only_the_chosen_clock(people):
    found = pages_of(people["sam"], display="utc", most=20)
    shown = set().union(*map(clocks_of, found.values()))
    assert shown & SEEN_IN_UTC and not shown & (AT_PUNE | AT_KATHMANDU)

    found = pages_of(people["sam"], display="mine", cookie="Asia/Kathmandu", most=20)
    assert {address: bare for address, html in found.items() if (bare := bare_utc(html))} == {}
    shown = set().union(*map(clocks_of, found.values()))
    assert shown & AT_KATHMANDU and not shown & AT_PUNE

    found = pages_of(people["sam"], display="mine", most=20)  # no zone of the browser yet
    shown = set().union(*map(clocks_of, found.values()))
    assert shown & AT_PUNE and not shown & AT_KATHMANDU
    for html in (" ".join(html.split()) for html in found.values() if 'value="plant"' in html):
        assert 'value="plant" aria-pressed="true"' in html
        assert 'value="mine" aria-pressed="false" data-own-zone hidden' in html


def test_where_plants_have_different_clocks_every_moment_says_on_which_it_is(people):
    faults = {}
    make_site("Kathmandu", time_zone="Asia/Kathmandu")
    found = pages_of(people["leo"], most=95)  # all that an analyst sees, too
    assert len(found) > 40, found.keys()
    for address, html in found.items():
        words = [unescape(TAG.sub("", markup)) for markup in TIME.findall(html)]
        bare = [text for text in words for clock in CLOCK.finditer(text) if not clock["zone"]]
        if bare and "Times are local to each plant" not in html:
            faults[address] = bare
        if utc := bare_utc(html):
            faults[address] = utc
    assert faults == {}
