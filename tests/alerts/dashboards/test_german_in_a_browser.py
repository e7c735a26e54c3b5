"""German words are longer: pages still fit a phone and a screen."""

import pytest
from django.conf import settings

from portal.accounts.models import User
from tests.bars import cut_words, settle, sideways
from tests.browser import PHONE, WIDE, change_person

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("fixed_clocks")]
SIZES = (WIDE, PHONE)


@pytest.fixture
def world(transactional_db, make, ask, answer, oda, sam):
    """Work of every kind, and people who want German."""
    User.objects.filter(pk__in=[oda.pk, sam.pk]).update(language="de")
    answer(ask(make()), note="Umbau an Linie 2")
    make(2, title="PLC Stop Command Was Sent", alert_type="PLC Stop")
    incident = make()[0]
    return {"incident": incident.pk, "review": ask([incident]).uuid}


PAGES = {
    "sam": [
        "/",
        "/incidents/?view=open",
        "/incidents/{incident}/",
        "/inbox/",
        "/reviews/",
        "/incidents/{incident}/?tab=timeline",
        "/incidents/act/close/?incident={incident}",
        "/incidents/act/assign/?incident={incident}",
        "/incidents/?view=late",
    ],
    "oda": ["/", "/reviews/{review}/", "/reviews/", "/incidents/{incident}/"],
    "mia": ["/", "/status/"],
    "ada": ["/status/"],
}


def test_pages_fit_in_german(request, browse, live_server, world):
    page = browse("/login/", locale="de")
    language = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "de", "url": live_server.url}
    page.context.add_cookies([language])
    faults = []
    for name, path in [(who, path) for who, paths in PAGES.items() for path in paths]:
        change_person(page, request.getfixturevalue(name))
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.goto(path.format(**world))
        assert page.locator("html").get_attribute("lang") == "de"
        assert "/login/" not in page.url
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            here = f"{name} {path} at {width}"
            faults += [f"{here}: {sideways(page)} px sideways"] if sideways(page) else []
            faults += [f"{here}: cut {words}" for words in cut_words(page)]
    assert faults == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_rail_of_a_lead_fits_a_screen_of_900_px(browse, transactional_db, leo, language):
    User.objects.filter(pk=leo.pk).update(language=language)
    page = browse("/", as_=leo)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.locator(".rail-link").count() >= 22
    rail = page.locator(".rail-links")
    assert rail.evaluate("links => links.scrollHeight <= links.clientHeight"), "none is hidden"
    heights = "links => links.map(link => link.offsetHeight)"
    assert set(page.locator(".rail-link").evaluate_all(heights)) == {28}, "one line each"
