"""The portal speaks German to whoever wants it, without leaving English words behind."""

import html
import re
from datetime import timedelta
from functools import partial

import polib
import pytest
from django.conf import settings
from django.utils import translation

from alerts.incidents.acts.triage import change_severity
from alerts.incidents.models import Incident, Severity
from alerts.incidents.page.panel import parts_of
from alerts.intake.models import Cursor
from alerts.outbox.wording import note_words
from alerts.sentinel.models import Reachability
from portal.accounts.models import User
from portal.notifications.models import Notification
from tests.alerts.dashboards.conftest import answer_as, ask_about, make_alike
from tests.clocks import clocks_set
from tests.conftest import NOON
from tests.reuse import reuse_rows

pytestmark = pytest.mark.usefixtures("fixed_clocks")
VERBS = ("assign", "severity", "close", "comment")
QUESTION = "Habt ihr hier gearbeitet?"
LITTLE_ENGLISH = re.compile(r"\b(the|of|and|with|is|are|this|that|your|you|by|from|not)\b")


@pytest.fixture(scope="module")
def english():
    """The sentences that must not stand on a German page as they are."""
    catalogue = polib.pofile(str(settings.LOCALE_PATHS[0] / "de" / "LC_MESSAGES" / "django.po"))
    meant = {entry.msgstr for entry in catalogue} | {"Sentinel", "System", "OT"}
    return {entry.msgid for entry in catalogue} - meant


@reuse_rows
def world(workspace, site, oda, sam):
    """Work of every kind: judged, asked, and not asked yet; who is told of it wants German."""
    make = partial(make_alike, where=workspace, at=site)
    ask = partial(ask_about, site=site, by=sam, question=QUESTION)
    User.objects.filter(pk__in=[oda.pk, sam.pk]).update(language="de")
    with clocks_set(business=lambda: NOON, unshifted=lambda: NOON):
        answer_as(oda, ask(make()), note="Umbau an Linie 2")
        make(2, title="PLC Stop Command Was Sent", alert_type="PLC Stop")
        incident = make()[0]
        return {"incident": incident, "question": ask([incident])}


@pytest.fixture
def german(client):
    """`german(person, path)` opens a page as somebody who has chosen German."""

    def opened(person, path):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
        if person is not None:
            client.force_login(person)
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.text

    yield opened
    translation.activate("en")


def words_of(page: str) -> list[str]:
    """What people read on a page or have read out to them."""
    body = re.sub(r"<(script|style|template|pre)\b.*?</\1>", " ", page, flags=re.DOTALL)
    texts = re.findall(r'(?:aria-label|title|placeholder)="([^"]+)"', body)
    texts += re.findall(r">([^<>]+)<", body)
    return [" ".join(html.unescape(text).split()) for text in texts if text.strip()]


def pages(world):
    incident, question = world["incident"].pk, world["question"].uuid
    acts = [f"/incidents/act/{verb}/?incident={incident}" for verb in VERBS]
    return {
        "sam": [
            "/",
            "/incidents/?view=open",
            f"/incidents/{incident}/",
            "/inbox/",
            "/reviews/",
            f"/incidents/{incident}/?tab=timeline",
            f"/incidents/{incident}/?tab=devices",
            "/incidents/?view=late",
            f"/incidents/{incident}/panel",
            f"/incidents/{incident}/?tab=alerts",
            f"/incidents/{incident}/?tab=similar",
            "/incidents/?view=open&q=proto:smb",
            f"/reviews/ask/?incident={incident}",
            f"/incidents/{incident}/verdict/panel/",
            *acts,
        ],
        "oda": ["/", f"/reviews/{question}/", "/reviews/", "/reviews/?tab=mine", "/inbox/"],
        "mia": ["/", "/status/"],
        "ada": ["/status/", "/"],
    }


@pytest.mark.parametrize("name", ["sam", "oda", "mia", "ada"])
def test_no_english_is_left_on_the_main_pages(request, german, world, english, name):
    person = request.getfixturevalue(name)
    for path in pages(world)[name]:
        page = german(person, path)
        if "panel" not in path:
            assert '<html lang="de"' in page, path
        texts = words_of(page)
        assert sorted(set(texts) & english) == [], path
        assert [text for text in texts if LITTLE_ENGLISH.search(text)] == [], path


def test_sign_in_is_german_for_a_german_browser(client, db):
    page = client.get("/login/", headers={"Accept-Language": "de-DE,de;q=0.9"}).text
    assert '<html lang="de"' in page
    for word in ("Anmelden", "Passwort", "E-Mail-Adresse"):
        assert word in page


def test_a_wrong_password_is_told_in_german(client, sam):
    answer = client.post(
        "/login/",
        {"username": sam.email, "password": "guess"},
        headers={"Accept-Language": "de"},
    )
    assert answer.status_code == 422
    assert "passen nicht zusammen" in answer.text


def test_a_page_of_failure_is_german(client, sam):
    client.force_login(sam)
    page = client.get("/incidents/999999/", headers={"Accept-Language": "de"}).text
    assert "Hier ist nichts für Sie" in page


def test_people_choose_their_language_in_their_menu(client, sam):
    client.force_login(sam)
    page = client.get("/").text
    assert '<html lang="en"' in page
    assert re.search(r'name="language" value="de"\s+lang="de" aria-pressed="false"', page)
    gone = client.post("/preferences/", {"language": "de", "next": "/inbox/"})
    assert gone["Location"] == "/inbox/"
    assert User.objects.get(pk=sam.pk).language == "de"
    page = client.get("/inbox/").text
    assert '<html lang="de"' in page
    assert re.search(r'name="language" value="de"\s+lang="de" aria-pressed="true"', page)
    assert "English" in words_of(page)  # each language by its own name
    client.post("/preferences/", {"language": "en"})
    assert '<html lang="en"' in client.get("/inbox/").text


def test_what_the_soc_asks_comes_in_the_language_of_each_person(make, ask, oda, olaf, noon):
    User.objects.filter(pk=oda.pk).update(language="de")
    ask(make(), question=QUESTION, now=NOON - timedelta(minutes=5))
    lines = {line.to_id: line for line in Notification.objects.filter(kind="reviews.asked")}
    assert lines[oda.pk].subject.startswith(f"{QUESTION} Jemand hat")
    assert "Bitte antworten bis Di 24. Nov" in lines[oda.pk].body
    assert lines[olaf.pk].subject.startswith(f"{QUESTION} Someone")


def test_a_canned_question_is_asked_in_the_language_of_who_reads_it(german, make, ask, oda):
    User.objects.filter(pk=oda.pk).update(language="de")
    question = ask(make(), question="Was this planned work?")
    assert "War das geplante Arbeit?" in Notification.objects.get(to=oda).body
    assert "War das geplante Arbeit?" in german(oda, f"/reviews/{question.uuid}/")
    assert "War das geplante Arbeit?" in german(oda, f"/incidents/{question.lead.pk}/")
    own = ask(make(pattern=None), question="Was this planned work, Oda?")
    assert own.asked == "Was this planned work, Oda?"


def test_times_and_severities_are_german(german, make, sam):
    old = make(created_at=NOON - timedelta(days=30), title="PLC Stop", alert_type="PLC Stop")[0]
    page = german(sam, f"/incidents/{old.pk}/")
    assert "25. Okt., 13:00" in page
    assert "Hoch" in page


def test_what_changed_in_sentinel_is_told_in_german(german, make, sam):
    incident = make()[0]
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    page = german(sam, f"/incidents/{incident.pk}/?tab=timeline")
    assert "hat den Schweregrad geändert" in page
    assert re.search(r"<del>Hoch</del>.*<ins>Niedrig</ins>", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        ("It is no longer in Sentinel.", "In Sentinel gibt es ihn nicht mehr."),
        ("It was merged into #7 in Sentinel, and stays so.", "mit #7 zusammengeführt"),
        ("Tried 4 times without success. BadRequest", "4-mal ohne Erfolg versucht. BadRequest"),
        ("Severity is not allowed.", "Severity is not allowed."),
    ],
)
def test_our_own_notes_of_a_write_are_german_and_azures_stay(kept, text):
    with translation.override("de"):
        assert text in note_words(kept)


def test_why_a_workspace_is_late_is_german_on_its_card_and_on_every_page(german, sam, workspace):
    Cursor.objects.update(
        fresh_at=NOON - timedelta(hours=1), latest_error="The answer takes too long."
    )
    Reachability.objects.create(workspace=workspace, reached_at=NOON)
    for address in ("/incidents/", "/status/"):
        assert "Die Antwort dauert zu lange." in german(sam, address)


def test_levels_in_the_reasons_of_a_priority_are_german(make):
    incident = make()[0]
    Incident.objects.update(priority_parts=[["crosses", 10, "Level 3 to Level 1"]])
    incident.refresh_from_db()
    with translation.override("de"):
        assert "(Ebene 3 zu Ebene 1)" in parts_of(incident)[0][1]
