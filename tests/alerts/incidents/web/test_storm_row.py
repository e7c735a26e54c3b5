"""The row of a storm says how fast it comes, what came before, and what to do about it."""

from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.html import strip_tags

from alerts.incidents.models import Group, Incident
from alerts.reviews.models import STORM_QUESTION, Question
from tests.conftest import NOON
from tests.factories.incidents import make_queue_row


def plain(html):
    return " ".join(unescape(strip_tags(html)).split())


pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def storm(gdansk, plant):
    row = make_queue_row(gdansk, plant, n=40, source="SCADA-02")
    Group.objects.filter(pk=row.pk).update(
        storm_since=NOON - timedelta(minutes=2),
        storm_before=3,
        storm_hours=1,
        storm_peers=24,
        latest_at=NOON,
    )
    Incident.objects.filter(group_key=row.key).update(storm=row.key)
    make_queue_row(gdansk, plant, source="SCADA-02", title="PLC Stop Command Was Sent")
    return Group.objects.get(pk=row.pk)


def test_the_row_says_how_many_how_fast_and_what_came_before(signed_in, sam, storm):
    text = plain(signed_in(sam).get("/incidents/").text)
    assert "SCADA-02 → 24 devices" in text
    assert "Storm: 40 in 2 min, 20 a minute; before: at most 3 an hour" in text
    assert text.count("apart from the storm") == 1


def test_the_panel_offers_what_it_may_be_and_lists_what_is_apart(signed_in, sam, storm, htmx):
    text = plain(signed_in(sam).get(f"/incidents/groups/{storm.key}/panel", headers=htmx).text)
    for words in ("Broken device or sensor", "Loop", "Commissioning", "Scan", "They count as one."):
        assert words in text
    assert "1 row of this source differs and is apart:" in text
    assert "PLC Stop Command Was Sent" in text


def test_the_panel_states_how_many_rows_are_apart_and_lists_the_gravest(
    signed_in, sam, gdansk, plant, storm, htmx
):
    for _ in range(11):
        make_queue_row(gdansk, plant, source="SCADA-02")
    text = plain(signed_in(sam).get(f"/incidents/groups/{storm.key}/panel", headers=htmx).text)
    assert "12 rows of this source differ and are apart:" in text
    assert "and 2 more" in text


def test_a_row_that_is_made_anew_leaves_out_what_came_before(signed_in, sam, storm, htmx):
    Group.objects.filter(pk=storm.pk).update(storm_before=None, storm_hours=None)
    client = signed_in(sam)
    text = plain(client.get("/incidents/").text)
    assert "Storm: 40 in 2 min, 20 a minute" in text and "before:" not in text
    panel = client.get(f"/incidents/groups/{storm.key}/panel", headers=htmx).text
    assert "<dt>Before</dt>" not in panel and "<dt>Pace</dt>" in panel


def test_ot_is_asked_once_what_it_is(signed_in, sam, oda, plant, storm, htmx):
    client = signed_in(sam)
    form = client.get(f"/reviews/ask/?group={storm.key}", headers=htmx).text
    assert STORM_QUESTION in form
    values = {"group": storm.key, "site": plant.pk, "canned": STORM_QUESTION}
    assert client.post("/reviews/ask/", values, headers=htmx).status_code == 200
    question = Question.objects.get()
    assert (question.text, question.incidents.count()) == (STORM_QUESTION, 40)


def test_no_other_row_offers_that_question(signed_in, sam, gdansk, plant, htmx):
    row = make_queue_row(gdansk, plant)
    form = signed_in(sam).get(f"/reviews/ask/?group={row.key}", headers=htmx).text
    assert STORM_QUESTION not in form


def test_a_storm_in_german(signed_in, sam, storm):
    client = signed_in(sam)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    text = plain(client.get("/incidents/").text)
    translation.activate("en")
    assert "Sturm: 40 in 2 min, 20 je Minute; zuvor: höchstens 3 je Stunde" in text
