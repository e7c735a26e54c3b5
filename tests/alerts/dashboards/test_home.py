"""Home shows each role its own work, and nothing of the others'."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.incidents.acts.apply import undo_act
from alerts.incidents.acts.triage import assign_incidents
from alerts.incidents.queue.queries import Queue, queue_params
from alerts.reviews.services.questions import withdraw_question
from alerts.suppression.queries import COMPARED
from portal.accounts.models import GrantScope, Role
from portal.jobs.services import keep_note
from tests import cast
from tests.abuse.roles import plain
from tests.conftest import NOON

pytestmark = pytest.mark.usefixtures("fixed_clocks", "keep_contexts")
HOME = "/"


@pytest.fixture
def opens(client):
    """`opens(person)` is the text of that person's home."""

    def opened(person, **headers):
        client.force_login(person)
        return client.get(HOME, headers=headers)

    return opened


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get(HOME)["Location"].startswith("/login/")


def test_the_most_urgent_question_is_opened_for_ot_and_the_others_listed(opens, make, ask, oda):
    ask(make(3, destination="PLC-1"))
    later = ask(make(destination="PLC-2"), question="And this?", now=NOON - timedelta(minutes=5))
    answer = opens(oda)
    assert "2 questions are waiting for you." in answer.text
    ot = answer.context["ot"]
    assert ot["first"]["it"].n == 3
    assert "PLC-1" in ot["first"]["sentence"]
    assert [other["it"].uuid for other in ot["others"]] == [later.uuid]
    assert "Was this planned?" in answer.text
    assert "Needs triage" not in answer.text


def test_ot_sees_what_became_of_its_answers(opens, make, ask, answer, oda):
    incidents = make(2)
    answer(ask(incidents))
    type(incidents[0]).objects.filter(pk=incidents[0].pk).update(
        status=3, classification="BenignPositive"
    )
    page = opens(oda)
    effect = page.context["ot"]["it"].effect
    assert (effect.total, effect.incidents, effect.closed) == (1, 2, 1)
    assert "Nothing is waiting for you" in page.text
    assert "still open" in page.text


def test_ot_of_another_plant_sees_none_of_it(opens, make, ask, pia):
    ask(make())
    page = opens(pia)
    assert "Nothing is waiting for you" in page.text
    assert "You have not answered anything yet" in page.text
    assert "PLC-PL2-07" not in page.text


def test_the_soc_sees_its_queue_its_work_and_what_ot_said(opens, make, ask, answer, sam):
    needs = make(4)
    make(destination="PLC-9", owner_id=sam.email, owner_name=sam.name)
    suspicious = make(destination="PLC-5")
    answer(
        ask(suspicious),
        verdict="suspicious",
        note="No work today.",
        now=NOON - timedelta(minutes=12),
    )
    answer(ask(make(destination="PLC-3")), note="New recipe loaded.")
    ask(make(destination="PLC-4"), now=NOON - timedelta(days=3))  # late by now
    assign_incidents(incident_ids=[needs[0].pk], to=sam, by=sam, now=NOON)
    page = opens(sam)
    tiles = {tile.view: (tile.rows, tile.incidents) for tile in page.context["soc"]["it"].tiles}
    assert tiles == {"needs": (2, 5), "waiting": (1, 1), "late": (1, 1), "mine": (2, 2)}
    assert "5 incidents need triage. 1 answer is late." in page.text
    queue = Queue(sam, queue_params("needs", ""), now=NOON).page().rows
    to_triage = [str(row.key) for row, _ in page.context["soc"]["to_triage"]]
    assert to_triage == [row.key for row in queue] and len(to_triage) == 2
    open_work = {row.destination for row, _ in page.context["soc"]["open_work"]}
    assert open_work == {"PLC-9", "PLC-PL2-07"}
    first_answer, latest_answer = (row for row, _ in page.context["soc"]["answers"])
    incident = suspicious[0]
    assert (first_answer.verdict, first_answer.number) == ("suspicious", incident.number)
    assert f"#{incident.number} · Oda Nowak" in plain(page.text) and first_answer.priority
    assert (latest_answer.by, latest_answer.verdict, latest_answer.note) == (
        "Oda Nowak",
        "maintenance",
        "New recipe loaded.",
    )
    assert [word for _, word, _ in page.context["soc"]["recent_acts"]] == [
        "Assigned",
        "Asked OT",
        "Asked OT",
    ]
    assert "waiting for you" not in page.text


def deeds_on(page):
    card = page.text.partition("What I did")[2].partition("</ol>")[0]
    words = [plain(line) for line in card.split("<li")[1:]]
    return [line.partition(">")[2].strip() for line in words], re.findall(r'href="([^"]+)"', card)


def test_what_i_did_leaves_out_what_was_undone_and_leads_to_the_question(opens, make, ask, sam):
    one, other = make(), make(destination="PLC-9")
    question = ask(one, now=NOON)
    withdraw_question(question_id=ask(other, now=NOON).pk, by=sam, now=NOON)
    act = assign_incidents(incident_ids=[other[0].pk], to=sam, by=sam, now=NOON)
    undo_act(act=act, by=sam, now=NOON)
    words, links = deeds_on(opens(sam))
    assert [line.startswith("Asked OT Unauthorized PLC Programming") for line in words] == [True]
    assert links == [f"/reviews/{question.uuid}/"]


def test_an_act_on_several_kinds_is_titled_by_their_number(opens, make, sam):
    rows = [*make(3), *make(2, destination="PLC-9")]
    assign_incidents(incident_ids=[row.pk for row in rows], to=sam, by=sam, now=NOON)
    words, links = deeds_on(opens(sam))
    assert words[0].startswith("Assigned 5 incidents")
    assert "Unauthorized" not in words[0]
    assert links == []


def test_an_act_on_one_kind_is_titled_by_it_with_its_number(opens, make, sam):
    rows = make(3)
    assign_incidents(incident_ids=[row.pk for row in rows], to=sam, by=sam, now=NOON)
    words, _links = deeds_on(opens(sam))
    assert words[0].startswith("Assigned Unauthorized PLC Programming ×3")


def test_answers_older_than_a_day_are_gone(opens, make, ask, answer, sam):
    answer(ask(make(), now=NOON - timedelta(days=3)), now=NOON - timedelta(hours=25))
    assert "No answers in the last 24 hours." in opens(sam).text


def test_own_work_that_waits_for_ot_has_its_time(opens, make, ask, sam):
    rows = make(destination="PLC-9", owner_id=sam.email, owner_name=sam.name)
    ask(rows)
    (row, _href), *_ = opens(sam).context["soc"]["open_work"]
    assert row.ot_state == "waiting" and row.ot_due_at is not None


def test_the_first_day_of_the_soc_says_what_happens_next(opens, sam):
    page = opens(sam)
    assert "No incidents yet" in page.text
    assert reverse("dashboards:status") in page.text


def test_a_manager_sees_numbers_and_no_queue_of_work(opens, make, mia):
    make(2)
    page = opens(mia)
    assert "2 incidents are open." in page.text
    assert "My open work" not in page.text
    assert "waiting for you" not in page.text


def test_numbers_end_at_the_edge_of_the_reach(
    opens, make, porto, porto_workspace, make_person, workspace
):
    make(2)
    make(3, where=porto_workspace, at=porto)
    boss = make_person(cast.MIA, (Role.MANAGER, GrantScope.SITE, porto.uuid))
    page = opens(boss)
    assert page.context["numbers"]["it"].open == 3
    assert "Gdańsk" not in page.text
    assert "gdansk" not in page.text


def test_a_site_lead_answers_and_reads_numbers_of_the_site(opens, make, ask, olaf):
    ask(make())
    page = opens(olaf)
    assert page.context["sections"] == ["ot", "numbers"]
    assert "1 question is waiting for you." in page.text


def test_who_has_several_roles_gets_the_sections_of_each(opens, site, workspace, make_person):
    both = make_person(
        cast.SAM,
        (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid),
        (Role.OT_ENGINEER, GrantScope.SITE, site.uuid),
    )
    assert opens(both).context["sections"] == ["ot", "soc"]


def test_an_administrator_sees_how_the_portal_is_and_no_incidents(opens, make, ada):
    make()
    page = opens(ada)
    assert "synced 38 s ago" in page.text
    assert "he broker" in page.text
    assert "Workers that have gone silent: all" in page.text
    assert "No change to Sentinel has failed" in page.text
    assert "PLC-PL2-07" not in page.text


def test_ledger_and_sentinel_agree_only_once_they_were_compared(opens, ada):
    assert "Ledger and Sentinel: not compared yet" in opens(ada).text
    keep_note(kind=COMPARED, key="all", now=NOON, payload={})
    assert "Ledger and Sentinel agree" in opens(ada).text


def test_who_has_no_role_is_told_whom_to_ask(opens, make_person):
    assert "You have no role yet" in opens(make_person(cast.PIA)).text


def test_nothing_new_is_an_empty_answer(opens, client, make, oda, ask):
    version = opens(oda).context["seen"]
    headers = {"HX-Request": "true"}
    assert client.get(HOME, {"seen": version}, headers=headers).status_code == 204
    ask(make())
    changed = client.get(HOME, {"seen": version}, headers=headers)
    assert changed.status_code == 200
    assert "<html" not in changed.text
    assert "1 question is waiting for you." in changed.text


def test_the_card_of_the_most_urgent_question_leads_to_its_answer(
    opens, make, ask, oda, monkeypatch
):
    question = ask(make())
    monkeypatch.setattr(
        "alerts.dashboards.web.views.home.address_of_link",
        lambda name, *args: f"/at/{name}/{args and args[0]}/",
    )
    assert f'href="/at/reviews:answer/{question.uuid}/"' in opens(oda).text


def test_an_auditor_reads_numbers_and_changes_nothing(opens, make, make_person):
    make()
    page = opens(make_person(cast.MIA, (Role.AUDITOR, GrantScope.ALL, None)))
    assert page.context["sections"] == ["numbers"]


def test_who_manages_training_sees_no_incidents_and_a_part_for_lessons(opens, make, make_person):
    make()
    text = opens(make_person(cast.MIA, (Role.TRAINING_MANAGER, GrantScope.ALL, None))).text
    assert "Your role sees no incidents." in text and 'hx-get="/training/next/"' in text
    assert "Nothing here for your role yet" not in text
    assert "PLC-PL2-07" not in text
