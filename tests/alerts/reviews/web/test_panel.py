"""What the incident page includes, and asking from a row of the queue."""

import json
import re
import uuid

import pytest

from alerts.incidents.models import Incident, IncidentStatus, Severity
from alerts.reviews.models import CANNED, Question, Verdict
from alerts.reviews.queries.questions import waiting_incidents_of
from alerts.reviews.web.forms import MAX_OWN_WORDS
from portal.accounts.models import GrantScope, Role
from portal.notifications.models import Notification
from tests import cast
from tests.abuse.roles import plain
from tests.program import Program

HTMX = {"hx-request": "true"}


@pytest.fixture
def panel(client, noon):
    def shown(person, incident, **more):
        client.force_login(person)
        return client.get(f"/incidents/{incident.pk}/verdict/panel/", headers=HTMX, **more)

    return shown


@pytest.fixture
def see(client, noon):
    """`see(person, incident)` reads the panel as text."""

    def read(person, incident, query=""):
        client.force_login(person)
        address = f"/incidents/{incident.pk}/verdict/panel/{query}"
        return client.get(address, headers=HTMX).content.decode()

    return read


@pytest.fixture
def post(client, noon):
    def posted(person, path, **form):
        client.force_login(person)
        return client.post(path, form, headers=HTMX)

    return posted


def test_the_panel_is_a_fragment_for_htmx_and_a_page_without(client, panel, incident, sam):
    part = panel(sam, incident)
    assert part.content.decode().lstrip().startswith('<div class="ot-panel" id="ot-panel"')
    assert part["Vary"].count("HX-Request") == 1
    assert b"<html" in client.get(f"/incidents/{incident.pk}/verdict/panel/").content


@pytest.mark.parametrize(
    ("who", "sees", "not_sees"),
    [
        ("oda", "Save verdict", "Ask OT"),
        ("sam", "Ask OT", "Save verdict"),
        ("mia", "OT was not asked about this incident.", "<form"),
    ],
)
def test_what_each_side_can_do(request, panel, incident, who, sees, not_sees):
    page = panel(request.getfixturevalue(who), incident).content.decode()
    assert sees in page
    assert not_sees not in page


def test_strangers_to_the_incident_get_404(panel, post, incident, pia):
    assert panel(pia, incident).status_code == 404
    assert post(pia, f"/incidents/{incident.pk}/verdict/").status_code == 404
    assert post(pia, "/reviews/ask/", incident=incident.pk).status_code == 404
    assert post(pia, "/reviews/ask/", group=incident.group_key).status_code == 404


def test_asking_from_the_panel(post, incident, sam, oda, site):
    reply = post(
        sam, "/reviews/ask/", incident=incident.pk, panel=1, site=site.pk, canned="Was this you?"
    )
    assert reply.status_code == 200
    page = reply.content.decode()
    assert "asked OT at Gdańsk" in page
    assert "Nobody from OT has opened it yet." in page
    events = json.loads(reply["HX-Trigger"])
    assert events["toast"]["undo"] == f"/reviews/{Question.objects.get().uuid}/withdraw/"
    assert "ot-changed" in events


@pytest.fixture
def both(post, incident, sam, oda, site):
    """A question of both parts, as Sam has asked it."""
    post(
        sam,
        "/reviews/ask/",
        incident=incident.pk,
        panel=1,
        site=site.pk,
        canned="Was this you?",
        question="Who was at ENG-WS-04?",
    )
    return Question.objects.get()


BOTH = ("Was this you?", "Who was at ENG-WS-04?")


def test_a_ready_question_and_ones_own_words_both_reach_ot(client, panel, both, incident, oda):
    """On the phone, in the list, on the incident, by mail and by the API."""
    client.force_login(oda)
    pages = {
        "phone": client.get(f"/reviews/{both.uuid}/").text,
        "list": client.get("/reviews/").text,
        "panel": panel(oda, incident).content.decode(),
        "timeline": client.get(f"/incidents/{incident.pk}/?tab=timeline").text,
        "home": client.get("/").text,
        "mail": Notification.objects.get(to=oda).body,
        "api": json.dumps(Program(oda).get("reviews/").json()),
    }
    missing = [(name, part) for name, text in pages.items() for part in BOTH if part not in text]
    assert missing == []


def test_the_ready_part_is_in_the_readers_language(client, both, oda):
    client.force_login(oda)
    page = client.get(f"/reviews/{both.uuid}/", headers={"Accept-Language": "de"}).text
    assert "Waren Sie das?" in page
    assert "Who was at ENG-WS-04?" in page


def test_the_longest_words_fit_beside_the_longest_ready_question(post, incident, sam, oda, site):
    longest = max(CANNED, key=len)
    post(
        sam,
        "/reviews/ask/",
        incident=incident.pk,
        panel=1,
        site=site.pk,
        canned=longest,
        question="x" * MAX_OWN_WORDS,
    )
    assert Question.objects.get().text.endswith("x")


def test_an_invented_ready_question_is_not_passed_off_as_one(post, incident, sam, oda, site):
    reply = post(sam, "/reviews/ask/", incident=incident.pk, panel=1, site=site.pk, canned="Hello")
    assert reply.status_code == 422


def test_before_asking_one_sees_who_is_asked_and_by_when(
    client, incident, sam, oda, olaf, pia, site, noon
):
    site.control_room_phone = "+48 58 555 01 00"
    site.save()
    client.force_login(sam)
    form = plain(client.get(f"/reviews/ask/?incident={incident.pk}", headers=HTMX).text)
    assert "OT at Gdańsk Oda Nowak, Olaf Lindqvist Answer due 24 Nov, 14:00 CET (in 1 h)" in form
    assert "Control room +48 58 555 01 00" in form
    assert "Tagout does not know who is on shift" in form
    assert "Pia" not in form


def test_who_is_named_is_who_is_told(client, post, incident, oda, olaf, site, make_person):
    """Whoever asks and speaks for OT as well is neither."""
    both = make_person(
        cast.LEO,
        (Role.SOC_LEAD, GrantScope.WORKSPACE, incident.workspace.uuid),
        (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid),
    )
    client.force_login(both)
    form = plain(client.get(f"/reviews/ask/?incident={incident.pk}", headers=HTMX).text)
    assert "OT at Gdańsk Oda Nowak, Olaf Lindqvist Answer due" in form
    post(both, "/reviews/ask/", incident=incident.pk, site=site.pk, canned="Was this you?")
    assert {texts.to for texts in Notification.objects.all()} == {oda, olaf}


def test_several_rows_may_be_due_at_several_times(client, make, sam, oda, site, noon):
    rows = [
        *make(1, pattern=uuid.uuid4()),
        *make(1, pattern=uuid.uuid4(), severity=Severity.MEDIUM),
    ]
    client.force_login(sam)
    asked = "&".join(f"group={row.group_key}" for row in rows)
    form = plain(client.get(f"/reviews/ask/?{asked}", headers=HTMX).text)
    assert "24 Nov, 14:00 CET (in 1 h) to 24 Nov, 17:00 CET (in 4 h), by severity" in form


def test_where_nobody_speaks_for_ot_that_is_said_before_asking(client, incident, sam):
    client.force_login(sam)
    form = plain(client.get(f"/reviews/ask/?incident={incident.pk}", headers=HTMX).text)
    assert "OT at Gdańsk Nobody yet. An administrator can grant the role." in form


def test_an_empty_question_comes_back(post, incident, sam, oda, site):
    reply = post(sam, "/reviews/ask/", incident=incident.pk, panel=1, site=site.pk)
    assert reply.status_code == 422
    assert "Choose a question" in reply.content.decode()


def test_asking_about_a_row_is_a_dialog(client, post, make, sam, oda, site):
    rows = make(14)
    key = rows[0].group_key
    client.force_login(sam)
    form = client.get(f"/reviews/ask/?group={key}", headers=HTMX).content.decode()
    assert "<dialog" in form
    assert "14 incidents" in form
    reply = post(sam, "/reviews/ask/", group=key, site=site.pk, canned="Was this you?")
    assert reply["HX-Reswap"] == "none"
    assert {"close-dialog", "toast", "ot-changed"} <= json.loads(reply["HX-Trigger"]).keys()
    assert Question.objects.get().incidents.count() == 14


def test_asking_about_several_rows_asks_about_each(client, post, make, sam, oda, site):
    first, second = (make(n, pattern=uuid.uuid4())[0] for n in (2, 3))
    keys = [first.group_key, second.group_key]
    client.force_login(sam)
    form = client.get(f"/reviews/ask/?group={keys[0]}&group={keys[1]}", headers=HTMX)
    assert "2 rows, 5 incidents" in form.content.decode()
    reply = post(sam, "/reviews/ask/", group=keys, site=site.pk, canned="Was this you?")
    assert "was asked 2 questions" in reply["HX-Trigger"]
    assert sorted(object.incidents.count() for object in Question.objects.all()) == [2, 3]
    mixed = [make(1, pattern=uuid.uuid4())[0].pk, first.pk]
    again = post(sam, "/reviews/ask/", incident=mixed, site=site.pk, canned="Was this you?")
    assert again.status_code == 422 and "has already asked" in again.content.decode()
    assert Question.objects.count() == 2, "all rows or none"


def test_rows_without_a_common_site_are_not_asked_about_at_once(client, make, sam, site):
    rows = make(1, pattern=uuid.uuid4()) + make(1, pattern=uuid.uuid4(), site_ids=[])
    client.force_login(sam)
    asked = "&".join(f"group={row.group_key}" for row in rows)
    form = client.get(f"/reviews/ask/?{asked}", headers=HTMX)
    assert "These rows share no site." in form.content.decode()


def test_asking_works_without_scripts(client, incident, sam, oda, site, noon):
    client.force_login(sam)
    assert b"<form" in client.get(f"/reviews/ask/?incident={incident.pk}").content
    form = {"incident": incident.pk, "site": site.pk, "question": "Was this you?"}
    reply = client.post("/reviews/ask/", form)
    assert reply["Location"] == f"/reviews/{Question.objects.get().uuid}/"


@pytest.mark.parametrize("query", ["", "?group=x", "?incident=99999999999999999999", "?incident=0"])
def test_asking_about_nothing_is_404(client, sam, query):
    client.force_login(sam)
    assert client.get(f"/reviews/ask/{query}").status_code == 404


def test_an_incident_without_a_site_cannot_be_asked_about(panel, make, sam):
    page = panel(sam, make(site_ids=[])[0]).content.decode()
    assert "it is not known whom to ask" in page


def test_withdrawing_from_the_panel(post, question, incident, sam):
    reply = post(sam, f"/reviews/{question.uuid}/withdraw/", incident=incident.pk)
    page = reply.content.decode()
    assert "Ask OT" in page
    assert "Withdraw" not in page


def test_a_verdict_from_the_panel(post, incident, oda):
    path = f"/incidents/{incident.pk}/verdict/"
    reply = post(
        oda, path, key=str(uuid.uuid4()), verdict="routine", cause_routine="runs-by-itself"
    )
    assert reply.status_code == 200
    assert "Oda Nowak answered" in reply.content.decode()
    undo = json.loads(reply["HX-Trigger"])["toast"]["undo"]
    assert undo == f"/reviews/undo/{Verdict.objects.get().act}/"


def test_a_verdict_from_the_panel_is_about_what_is_ticked_in_it(post, see, make, ask, oda):
    rows = make(3)
    question = ask(rows)
    path = f"/incidents/{rows[1].pk}/verdict/"
    routine = {"verdict": "routine", "cause_routine": "runs-by-itself"}
    assert see(oda, rows[1]).count(" checked") == 3, "all of the question's incidents are ticked"
    post(oda, path, key=str(uuid.uuid4()), **routine)  # a form with nothing to tick
    question.refresh_from_db()
    assert question.state == "waiting"
    assert [incident.pk for incident in waiting_incidents_of(question)] == [rows[2].pk, rows[0].pk]
    path = f"/incidents/{rows[0].pk}/verdict/"
    both = [str(rows[0].pk), str(rows[2].pk)]
    post(oda, path, key=str(uuid.uuid4()), dates="1", incident=both, **routine)
    question.refresh_from_db()
    assert question.state == "answered"


def test_a_verdict_on_a_row_of_the_queue_lists_its_incidents(post, see, make, oda, olaf):
    rows = make(3)
    page = see(oda, rows[2], f"?group={rows[2].group_key}")
    assert page.count(" checked") == 3
    assert "Your answer is about 3 incidents" in page
    assert see(oda, rows[2]).count(" checked") == 0, "the incident's own page is about it alone"
    ticked = [str(rows[0].pk), str(rows[2].pk)]
    path = f"/incidents/{rows[2].pk}/verdict/"
    post(
        oda,
        path,
        key=str(uuid.uuid4()),
        dates="1",
        incident=ticked,
        group=rows[2].group_key,
        verdict="routine",
        cause_routine="runs-by-itself",
    )
    verdict = Verdict.objects.get()
    assert set(verdict.incidents.all()) == {rows[0], rows[2]}


def test_of_a_long_row_an_answer_is_about_this_incident_and_the_newest(see, make, oda, monkeypatch):
    monkeypatch.setattr("alerts.reviews.web.views.panel.MAX_ABOUT", 3)
    rows = make(6)  # the oldest first
    page = see(oda, rows[1], f"?group={rows[1].group_key}")
    ticked = re.findall(r'name="incident" value="(\d+)" checked', page)
    assert {int(pk) for pk in ticked} == {rows[1].pk, rows[5].pk, rows[4].pk}


def test_what_is_out_of_reach_is_not_judged_by_ticking_it(post, make, oda):
    incident, elsewhere = make()[0], make(site_ids=[])[0]
    path = f"/incidents/{incident.pk}/verdict/"
    values = {"dates": "1", "verdict": "routine", "cause_routine": "runs-by-itself"}
    refused = post(oda, path, key=str(uuid.uuid4()), incident=[str(elsewhere.pk)], **values)
    assert refused.status_code == 422
    assert "There is no incident to judge." in refused.content.decode()
    assert not Verdict.objects.exists(), "nor is what was not ticked"
    both = [str(elsewhere.pk), str(incident.pk)]
    post(oda, path, key=str(uuid.uuid4()), incident=both, **values)
    assert list(Verdict.objects.get().incidents.all()) == [incident]


def test_a_refused_verdict_comes_back_in_the_panel(post, incident, oda):
    path = f"/incidents/{incident.pk}/verdict/"
    reply = post(oda, path, key=str(uuid.uuid4()), verdict="routine")
    assert reply.status_code == 422
    assert "Choose a reason." in reply.content.decode()


def test_the_soc_cannot_judge(post, incident, sam):
    path = f"/incidents/{incident.pk}/verdict/"
    reply = post(sam, path, key=str(uuid.uuid4()), verdict="routine", cause_routine="other")
    assert reply.status_code == 422
    assert not Verdict.objects.exists()


def test_both_sides_see_the_answer(panel, answer, incident, sam):
    answer(incident_ids=[incident.pk], note="Recipe fix", work_order="WO-20917")
    page = panel(sam, incident).content.decode()
    for words in ("Maintenance", "Planned programming", "Recipe fix", "WO-20917", "Ask again"):
        assert words in page


def test_asking_about_a_row_says_which_incidents_are_meant(client, noon, make, sam):
    rows = make(3)
    client.force_login(sam)
    page = plain(client.get(f"/reviews/ask/?group={rows[0].group_key}", headers=HTMX).text)
    assert "3 incidents" in page
    for minute, row in enumerate(rows):
        assert f"#{row.number} 12:4{minute}" in page


def test_a_closed_incident_is_not_offered_as_a_question(see, incident, sam):
    """The form stays, folded: nobody is led to ask OT within hours about what a rule has closed."""
    assert "OT was not asked" not in (page := see(sam, incident)) and "Ask OT anyway" not in page
    Incident.objects.filter(pk=incident.pk).update(status=IncidentStatus.CLOSED, closed_by="rule")
    page = see(sam, incident)
    assert page.index("OT was not asked about this incident.") < page.index("Ask OT anyway")
