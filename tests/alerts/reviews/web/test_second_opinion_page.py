"""The blind question on a phone, and afterwards all answers side by side."""

import re
import uuid
from datetime import timedelta

import pytest

from alerts.reviews.models import Opinion, SecondOpinion, Verdict
from alerts.reviews.services.second_opinions import run_second_opinions
from portal.accounts.models import GrantScope, Role
from portal.notifications.queries import unread_count
from tests import cast
from tests.abuse.roles import plain
from tests.alerts.reviews.conftest import answer_of, make_alike
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_device
from tests.factories.rewriting import rewrite
from tests.reuse import reuse_rows

pytestmark = pytest.mark.usefixtures("noon")

SEED = b"a secret"
KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")
LEADING = (
    "Oda",
    "Suspicious</",
    "Odd thing",
    "High",
    "Crown jewel",
    "Yes:",
    "No:",
    "severity",
    "OT said of others of this pattern",
    "doubted",
)


@reuse_rows
def kasia(site):
    return add_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


@reuse_rows
def suspicious(workspace, site, oda, kasia):
    make_device(site, "PLC-PL2-07", "10.20.2.7", criticality="crown-jewel", kind="PLC")
    make_alike(workspace, site, 2, at=NOON - timedelta(days=3))
    (row,) = make_alike(workspace, site)
    verdict = answer_of(
        oda,
        incident_ids=[row.pk],
        verdict="suspicious",
        cause="other",
        note="Odd thing.",
        now=NOON - timedelta(hours=1),
    )
    run_second_opinions(seed=SEED, now=NOON)
    return verdict


@pytest.fixture
def opinion(suspicious):
    return Opinion.objects.get(second_opinion__verdict=suspicious)


@pytest.fixture
def address(opinion):
    return f"/reviews/{opinion.uuid}/second/"


def form(verdict="routine", **more):
    return {"key": str(uuid.uuid4()), "verdict": verdict, f"cause_{verdict}": "other"} | more


def as_person(client, person):
    client.force_login(person)
    return client


def test_the_question_shows_facts_and_nothing_that_leads(client, kasia, address):
    page = as_person(client, kasia).get(address).content.decode()
    assert "Someone loaded a program into PLC-PL2-07" in page
    assert "What was this?" in page
    assert "A colleague has answered too." in page
    assert "Seen 2 times before" in page
    assert "All facts of the alert" in page
    assert "checked" not in page, "nothing is preselected"
    text = page[page.index("<main") : page.index("verdict-routine")]
    assert [word for word in LEADING if word in text] == []
    assert "/incidents/" not in text, "the incident tells what the first person said"


def test_a_question_about_a_harmless_answer_looks_the_same(client, kasia, address, suspicious):
    page = as_person(client, kasia)
    before = page.get(address).content.decode()
    rewrite(Verdict.objects.filter(pk=suspicious.pk), kind="routine", note="")
    after = page.get(address).content.decode()
    assert (
        before[before.index("<main") : before.index("csrf")]
        == after[after.index("<main") : after.index("csrf")]
    )


def test_the_list_shows_it_like_any_question(client, kasia, opinion):
    page = as_person(client, kasia).get("/reviews/").content.decode()
    assert f'href="/reviews/{opinion.uuid}/"' in page
    assert "What was this?" in page
    card = page[page.index("review-cards") :]
    for word in ("second", "Second", "High", *LEADING):
        assert word not in card[: card.index("</ol>")], word
    assert client.get(f"/reviews/{opinion.uuid}/")["Location"] == f"/reviews/{opinion.uuid}/second/"


def test_home_and_the_rail_count_it(client, kasia, opinion):
    page = as_person(client, kasia).get("/").content.decode()
    assert "1 question is waiting for you." in page
    assert f"/reviews/{opinion.uuid}/" in page
    assert "Oda" not in page


@pytest.mark.parametrize(("who", "status"), [("oda", 404), ("olaf", 404), ("pia", 404)])
def test_nobody_else_sees_the_question(request, client, address, who, status):
    assert as_person(client, request.getfixturevalue(who)).get(address).status_code == status


def test_an_answer_shows_both_side_by_side(client, kasia, olaf, address, opinion):
    page = as_person(client, kasia)
    answer = page.post(address, form())
    assert answer["Location"] == address
    text = page.get(address).content.decode()
    assert "You two see it differently" in text
    assert "You, Kasia Nowicka" in text
    assert cast.ODA.name in text
    assert "Odd thing." in text
    assert "Somebody else is asked. Two of three people decide." in text
    opinion.refresh_from_db()
    assert (opinion.state, opinion.verdict) == ("answered", "routine")


def test_who_agrees_reads_that_it_stands(client, kasia, address, suspicious):
    page = as_person(client, kasia)
    page.post(address, form("suspicious", why="Me neither."))
    text = page.get(address).content.decode()
    assert "You see it the same way" in text
    assert "The answer of Oda stands." in text
    assert "Everything that touches these devices at this site stays open." in text
    client.force_login(suspicious.by)
    found = SecondOpinion.objects.get()
    shown = client.get(f"/reviews/{found.uuid}/second/").content.decode()
    assert "Me neither." in shown, "decided, the first person sees it too"


def test_an_answer_over_a_poor_network_is_told_where_to_go(client, kasia, address):
    page = as_person(client, kasia)
    values = form()
    for _ in range(2):
        reply = page.post(address, values, headers={"Accept": "application/json"})
        assert reply.json()["next"] == address
    assert Opinion.objects.filter(state="answered").count() == 1


def test_a_refused_form_says_what_is_missing_and_keeps_it(client, kasia, address):
    reply = as_person(client, kasia).post(address, form("suspicious"))
    assert reply.status_code == 422
    text = reply.content.decode()
    assert "Suspicious needs one line" in text
    assert "What was this?" in text


def test_it_can_be_passed_to_the_lead(client, kasia, olaf, address, opinion):
    page = as_person(client, kasia)
    assert page.post(f"{address}pass/")["Location"] == "/reviews/"
    opinion.refresh_from_db()
    assert opinion.state == "passed"
    assert page.get(address).status_code == 404, "who did not answer sees no answers"
    run_second_opinions(seed=SEED, now=NOON)
    assert Opinion.objects.get(state="waiting").person == olaf


def test_too_late_it_says_so(client, kasia, olaf, answer, suspicious, address):
    answer(incident_ids=[suspicious.incidents.get().pk], by=olaf)
    run_second_opinions(seed=SEED, now=NOON)
    page = as_person(client, kasia)
    assert page.post(address, form())["Location"] == "/reviews/"
    shown = page.get(address)
    assert "A later answer has taken its place." in shown.content.decode()


@reuse_rows
def undecided(suspicious, olaf, leo):
    run_second_opinions(seed=SEED, now=NOON + timedelta(hours=73))
    return SecondOpinion.objects.get()


def test_leads_find_it_on_their_list_and_decide_with_a_reason(client, leo, undecided):
    page = as_person(client, leo)
    assert "Suspicions for you to decide" in page.get("/reviews/").content.decode()
    address = f"/reviews/{undecided.uuid}/second/"
    shown = page.get(address).content.decode()
    assert "Your decision" in shown
    assert "What goes between these two devices stays open until then." in shown
    refused = page.post(f"{address}decide/", {"choice": "confirm", "reason": ""})
    assert (refused.status_code, "Say why." in refused.content.decode()) == (422, True)
    reply = page.post(f"{address}decide/", {"choice": "correct", "reason": "The vendor said so."})
    assert reply["Location"] == address
    shown = page.get(address).content.decode()
    assert "The SOC decided that it was harmless." in shown
    assert "<h2>Your decision</h2>" not in shown
    assert "Suspicions for you to decide" not in page.get("/reviews/").content.decode()


def test_the_lead_of_ot_says_what_it_was(client, olaf, undecided):
    address = f"/reviews/{undecided.uuid}/second/"
    values = {"choice": "correct", "reason": "Our backup.", "verdict": "routine"}
    assert as_person(client, olaf).post(f"{address}decide/", values)["Location"] == address
    undecided.refresh_from_db()
    assert (undecided.state, undecided.correction.by) == ("corrected", olaf)


def test_others_of_the_site_see_it_but_do_not_decide(client, sam, undecided):
    page = as_person(client, sam)
    address = f"/reviews/{undecided.uuid}/second/"
    assert "Your decision" not in page.get(address).content.decode()
    reply = page.post(f"{address}decide/", {"choice": "correct", "reason": "No."})
    assert reply.status_code == 422
    undecided.refresh_from_db()
    assert undecided.is_open


@pytest.mark.parametrize("language", ["de", "en"])
def test_both_pages_are_whole_in_both_languages(client, kasia, leo, undecided, opinion, language):
    for person, at in ((kasia, opinion.uuid), (leo, undecided.uuid)):
        page = as_person(client, person)
        page.cookies["django_language"] = language
        text = page.get(f"/reviews/{at}/second/").content.decode()
        assert ("Zweite Meinung" in text) == (language == "de")


def test_all_pages_count_the_same_and_answering_empties_the_bell(
    client, opinion, kasia, oda, ask, answer, make
):
    """Two questions of the SOC and a second opinion: home, list, rail and sheets, for Kasia."""
    others = [ask(make(at=NOON - timedelta(hours=hours), pattern=uuid.uuid4())) for hours in (3, 5)]
    client.force_login(kasia)

    def counts():
        home, listed, sheet, blind = (
            plain(client.get(address).content.decode())
            for address in ("/", "/reviews/", f"/reviews/{others[1].uuid}/", ask_page)
        )
        waiting = re.search(r"(\d+) questions? (?:is|are) waiting", home)
        tab = re.search(r"Waiting (\d+) Answered", listed)
        places = [re.search(r"(?:Review|opinion,) \d of (\d+)", page) for page in (sheet, blind)]
        rail = re.search(r"OT reviews (\d+)", home)
        return [found and int(found[1]) for found in (waiting, tab, rail, *places)]

    ask_page = f"/reviews/{opinion.uuid}/second/"
    assert counts() == [3, 3, 3, 3, 3]
    unread = [unread_count(person) for person in (kasia, oda)]
    answer(others[0], by=kasia)
    assert [unread_count(person) for person in (kasia, oda)] == [n - 1 for n in unread]
    assert counts() == [2, 2, 2, 2, 2]
    form = {"verdict": "routine", "cause": "other", "key": uuid.uuid4()}
    done = client.post(ask_page, form, follow=True).content.decode()
    assert unread_count(kasia) == unread[0] - 2
    assert f"/reviews/{others[1].uuid}/" in done  # the next one, not the list
