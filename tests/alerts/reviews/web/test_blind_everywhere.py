"""Whoever is asked for a second opinion learns the first answer nowhere before they have answered:
on no page and in no answer of the API. Everybody else reads what they always did.
"""

import json
import re
import uuid
from collections import defaultdict
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection, transaction
from django.test import Client

from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.acts.triage import comment_on_incidents
from alerts.incidents.models import Comment, Group, Incident, IncidentRaw
from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.services.opinions import give_opinion, pass_opinion_on
from alerts.reviews.services.second_opinions import run_second_opinions
from portal.accounts.models import GrantScope, Role
from portal.api.schema import api_description
from tests import cast
from tests.alerts.reviews.conftest import answer_of, make_alike
from tests.conftest import NOON, add_person
from tests.crawl import crawl, read_facts_once
from tests.factories.incidents import make_device
from tests.program import Program
from tests.reuse import reuse_rows

pytestmark = pytest.mark.usefixtures("noon")

SEED = b"a secret"
HOUR = timedelta(hours=1)
KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")
# The author's words, those of the cause, and what people of the SOC wrote because of it.
# No form offers this cause for alerts of this type.
NOTE, CAUSE, CAUSE_ID = "Zebrafinch at the panel.", "Windows patching", "windows-patching"
ESCALATED, COMMENTED, IN_SENTINEL = "Kingfisher call.", "Cormorant talk.", "Nightjar note."
TELLING = (NOTE, CAUSE, CAUSE_ID, ESCALATED, COMMENTED, IN_SENTINEL, "tagout:suspicious")
HIDDEN = "Hidden until you have answered"


@reuse_rows
def kasia(site):
    return add_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


@reuse_rows
def asked(workspace, site, oda, kasia, sam, leo):
    """Oda called one of four alike incidents suspicious, the SOC acted on that, and Kasia is asked.
    The others wait for nobody: one of them is closed.
    """
    make_device(site, "PLC-PL2-07", "10.20.2.7", kind="PLC")
    make_alike(workspace, site, 1, at=NOON - timedelta(days=3))
    (row,) = make_alike(workspace, site)
    IncidentRaw.objects.create(
        incident=row, body={"properties": {"labels": [{"labelName": "tagout:suspicious"}]}}
    )
    verdict = answer_of(
        oda,
        incident_ids=[row.pk],
        verdict="suspicious",
        cause=CAUSE_ID,
        note=NOTE,
        now=NOON - 3 * HOUR,
    )
    escalate_incidents(incident_ids=[row.pk], by=sam, note=ESCALATED, now=NOON - 2 * HOUR)
    comment_on_incidents(incident_ids=[row.pk], by=sam, message=COMMENTED, now=NOON - 2 * HOUR)
    Comment.objects.create(
        incident=row,
        name=str(uuid.uuid4()),
        author="Sue",
        message=IN_SENTINEL,
        created_at=NOON - 2 * HOUR,
    )
    Incident.objects.filter(pk=row.pk).update(
        labels=["tagout:suspicious", "night-shift", "tagout:escalated"]
    )
    run_second_opinions(seed=SEED, now=NOON - HOUR)
    return verdict


@pytest.fixture
def opinion(asked):
    return Opinion.objects.get(second_opinion__verdict=asked)


@pytest.fixture
def row(asked):
    return Incident.objects.get(verdicts=asked)


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


def pages_about(row):
    """The addresses of everything that tells of one incident."""
    group = Group.objects.filter(key=row.group_key).first()
    page, queue = f"/incidents/{row.pk}/", "/incidents/"
    return [
        *(
            f"{page}?tab={tab}"
            for tab in ("overview", "timeline", "alerts", "devices", "similar", "raw", "captures")
        ),
        f"{page}panel",
        f"{queue}groups/{group.key}/panel",
        f"/incidents/{row.pk}/verdict/panel/",
        f"/incidents/{row.pk}/why-open/",
        f"{page}?who=people",
        *(
            f"{queue}?view={view}"
            for view in ("needs", "waiting", "answered", "late", "open", "closed")
        ),
        f"{queue}filters/?view=open",
        f"{queue}matching/?view=open",
        "/reviews/?tab=answered",
        "/",
        "/devices/",
        "/patterns/",
        "/inbox/",
    ]


def rows_in(person, query):
    """The numbers of the incidents that the queue lists."""
    found = Program(person).get(f"incidents/?{query}").json()["results"]
    return [row["id"] for row in found]


def test_no_page_that_the_asked_person_reaches_tells_of_it(kasia, row, opinion):
    client = client_of(kasia)
    pages = crawl(client, most=110)
    for address in set(pages_about(row)) - pages.keys():
        answer = client.get(address)
        if answer.status_code == 200:
            pages[address] = answer.content.decode()
    assert any(address.startswith(f"/incidents/{row.pk}/") for address in pages)
    texts = {
        address: [word for word in TELLING if word in unescape(html)]
        for address, html in pages.items()
    }
    assert {address: words for address, words in texts.items() if words} == {}


def test_the_pages_about_the_incident_say_so_and_lead_to_the_question(kasia, row, opinion):
    client = client_of(kasia)
    group = row.group_key
    for address in (
        f"/incidents/{row.pk}/",
        f"/incidents/{row.pk}/panel",
        f"/incidents/groups/{group}/panel",
        f"/incidents/{row.pk}/verdict/panel/",
        f"/incidents/{row.pk}/?tab=timeline",
    ):
        page = text_of(client, address)
        assert HIDDEN in page, address
        assert f'href="/reviews/{opinion.uuid}/second/"' in page, address
        main = page[page.index("<main") :] if "<main" in page else page
        assert "uspicious" not in main, address
        assert cast.ODA.name not in main, address


def test_the_row_of_the_queue_waits_for_the_reader(kasia, row):
    client = client_of(kasia)
    for view in ("waiting", "open"):
        page = text_of(client, f"/incidents/?view={view}")
        line = page[page.index(f'data-row="{row.group_key}"') :]
        assert HIDDEN in line[: line.index("</tr>")], view
        assert "uspicious" not in page[page.index("<main") :], "nor do rows of its pattern"
    assert str(row.group_key) not in text_of(client, "/incidents/?view=answered")


@pytest.mark.parametrize(
    "query",
    [
        "verdict:suspicious",
        "ot:answered",
        "ot:suspicious",
        "suspicious",
        "label:tagout:suspicious",
        "label:=tagout:escalated",
        "label:suspicious",
    ],
)
def test_no_filter_finds_it_by_its_verdict(kasia, sam, row, query):
    found = f'data-row="{row.group_key}"'
    assert found not in text_of(client_of(kasia), f"/incidents/?view=open&q={query}")
    assert found in text_of(client_of(sam), f"/incidents/?view=open&q={query}")
    assert found in text_of(client_of(kasia), "/incidents/?view=open&q=-verdict:suspicious")


def test_neither_search_nor_counts_tell(kasia, row):
    client = client_of(kasia)
    page = text_of(client, "/incidents/?view=open")
    counts = page[page.index('id="queue-tabs"') :] if 'id="queue-tabs"' in page else page
    assert "OT answered" in counts
    menus = text_of(client, "/incidents/filters/?view=open")
    assert "uspicious" not in menus
    assert "tagout:" not in menus
    found = client.get("/ui/palette/?q=verdict:suspicious", headers={"HX-Request": "true"})
    assert f"/incidents/{row.pk}/" not in found.content.decode()


def answers_of_api(person, rows):
    """What the lists of the API answer to this person, and all about these incidents."""
    program, texts = Program(person), {}
    paths = [path for path, verbs in api_description()["paths"].items() if "get" in verbs]
    addresses = [path for path in paths if "{" not in path and path != "/openapi.json"]
    for row in rows:
        parts = ("", "timeline/", "comments/", "alerts/")
        addresses += [f"/incidents/{row.pk}/{part}" for part in parts]
    for path in addresses:
        answer = program.get(path.removeprefix("/"))
        if answer.status_code == 200:
            texts[path] = json.dumps(json.loads(answer.content), ensure_ascii=False)
    return texts


def test_no_answer_of_the_api_tells_of_it(kasia, row):
    answers = answers_of_api(kasia, [row])
    words = (*TELLING, '"suspicious"')
    texts = {path: [word for word in words if word in text] for path, text in answers.items()}
    assert len(texts) > 20
    assert {path: words for path, words in texts.items() if words} == {}


def test_the_api_says_that_it_waits(kasia, sam, row):
    own = Program(kasia).get(f"incidents/{row.pk}/").json()
    theirs = Program(sam).get(f"incidents/{row.pk}/").json()
    assert (own["ot_state"], theirs["ot_state"]) == ("waiting", "suspicious")
    assert own["labels"] == ["night-shift"]
    assert "tagout:suspicious" in theirs["labels"]
    codes = [part["code"] for part in own["priority_parts"]]
    assert "was-suspicious" not in codes
    assert "was-suspicious" in [part["code"] for part in theirs["priority_parts"]]
    assert own["priority"] == sum(part["points"] for part in own["priority_parts"])
    assert own["severity"] == theirs["severity"] == "High", "a fact of Sentinel"
    ids = rows_in(kasia, "ot_state=waiting")
    assert row.pk in ids
    assert row.pk not in rows_in(kasia, "ot_state=suspicious")
    assert row.pk not in rows_in(kasia, "label=tagout:suspicious")
    assert row.pk in rows_in(sam, "ot_state=suspicious")
    assert row.pk in rows_in(sam, "label=tagout:suspicious")
    # What a program holds of the hidden row is another version than what others hold.
    etags = [Program(person).get(f"incidents/{row.pk}/")["ETag"] for person in (kasia, sam)]
    assert etags[0] != etags[1]


def test_what_the_first_answer_was_makes_no_difference(workspace, site, oda, kasia):
    suspicious, routine = (
        answer_everything(workspace, site, oda, kasia, verdict)
        for verdict in ("suspicious", "routine")
    )
    assert suspicious.keys() == routine.keys()
    assert len(suspicious) > 70
    assert [
        suspiciou for suspiciou in suspicious if suspicious[suspiciou] != routine[suspiciou]
    ] == []


def answer_everything(workspace, site, oda, kasia, verdict):
    """All that Kasia reads in a world in which this was Oda's answer."""
    with transaction.atomic(), read_facts_once():
        restart_sequences()
        make_device(site, "PLC-PL2-07", "10.20.2.7", kind="PLC")
        alike = [
            *make_alike(workspace, site, at=NOON - timedelta(days=3), number=1, etag="1"),
            *make_alike(workspace, site, number=2, etag="2"),
        ]
        answer = answer_of(
            oda,
            incident_ids=[alike[1].pk],
            verdict=verdict,
            cause="other",
            note=NOTE,
            now=NOON - 3 * HOUR,
        )
        Incident.objects.filter(pk=alike[1].pk).update(labels=[f"tagout:{verdict}"])
        asked = SecondOpinion.objects.create(verdict=answer, site=site, opened_at=NOON - HOUR)
        asked.opinions.create(
            person=kasia, asked_at=NOON - HOUR, due_at=NOON + HOUR, act=uuid.uuid4()
        )
        client = client_of(kasia)
        pages = crawl(client, most=25)
        for incident in alike:
            incident.refresh_from_db()
        about = {address for incident in alike for address in pages_about(incident)}
        for address in about - pages.keys():
            pages[address] = client.get(address).content.decode()
        texts = defaultdict(list)  # their addresses differ in each world
        for address, text in [*pages.items(), *answers_of_api(kasia, alike).items()]:
            texts[chance_out(address)].append(chance_out(text))
        transaction.set_rollback(True)
    return {address: sorted(found) for address, found in texts.items()}


def restart_sequences():
    """Let equal rows get equal ids, none of which is written as a year or a port is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 700000)"
            " FROM pg_sequences WHERE schemaname = 'public'"
        )


def chance_out(text):
    """The text without what is drawn by chance: ids, marks of versions, tokens against forgery."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "UUID", text)
    text = re.sub(r'csrf[^>]*value="[^"]*"|(?i:x-csrftoken)[^,}]*', "TOKEN", text)
    return re.sub(r"\b(?!700\d{3}\b)[0-9a-f]{8,}\b", "MARK", text)


def test_incidents_of_the_same_pattern_do_not_tell_of_it(kasia, sam, row):
    other = Incident.objects.filter(pattern=row.pattern).exclude(pk=row.pk).get()
    page = text_of(client_of(kasia), f"/incidents/{other.pk}/")
    assert "OT called it suspicious" not in page
    assert "OT has not judged this pattern yet." in page
    page = text_of(client_of(sam), f"/incidents/{other.pk}/")
    assert "OT called it suspicious in 1 of 1 answer" in page


def test_a_colleague_reads_all_of_it(olaf, row):
    client = client_of(olaf)
    page = text_of(client, f"/incidents/{row.pk}/")
    assert HIDDEN not in page
    for words in (NOTE, ESCALATED, COMMENTED, IN_SENTINEL, cast.ODA.name, "Suspicious"):
        assert words in page, words
    assert CAUSE in text_of(client, f"/incidents/{row.pk}/verdict/panel/")
    lines = Program(olaf).get(f"incidents/{row.pk}/timeline/").content.decode()
    assert NOTE in lines


@pytest.mark.parametrize("way", ["answer", "pass", "decided"])
def test_afterwards_it_is_shown(kasia, row, opinion, way):
    if way == "answer":
        values = {"verdict": "routine", "cause": "other", "note": ""}
        give_opinion(opinion=opinion.uuid, by=kasia, now=NOON, **values)
    elif way == "pass":
        pass_opinion_on(opinion=opinion.uuid, by=kasia, now=NOON)
    else:
        Incident.objects.filter(pk=row.pk).update(
            status=3,
            classification="TruePositive",
            classification_reason="SuspiciousActivity",
            closed_at=NOON,
        )
        run_second_opinions(seed=SEED, now=NOON)
    client = client_of(kasia)
    page = text_of(client, f"/incidents/{row.pk}/")
    assert HIDDEN not in page
    assert NOTE in page
    assert COMMENTED in page
    assert Program(kasia).get(f"incidents/{row.pk}/").json()["ot_state"] == "suspicious"
