"""Catalogue, module and lesson: what a learner reads, answers, and finds again."""

import re

import pytest
from django.db import InternalError, ProgrammingError, connection

from portal.audit.models import Entry
from tests.factories import lessons
from tests.factories.incidents import make_alert, make_incident, make_workspace
from training.catalog.models import Lesson, QuestionVersion
from training.progress.models import Attempt
from training.progress.queries.lesson_progress import order_for

pytestmark = pytest.mark.django_db

MODULE = "/training/first-module/"
LESSON = f"{MODULE}one-stop/"


@pytest.fixture
def see(client, noon):
    def get(path, person, **more):
        client.force_login(person)
        response = client.get(path, **more)
        return response.status_code, response.content.decode()

    return get


@pytest.fixture
def send(client, noon):
    def post(question, person, *, htmx=False, **form):
        client.force_login(person)
        headers = {"HX-Request": "true"} if htmx else {}
        form = {name.replace("_", "-"): value for name, value in form.items()}
        return client.post(f"{LESSON}questions/{question}/", form, headers=headers)

    return post


def version_of(slug):
    return QuestionVersion.objects.get(question__slug=slug, is_current=True)


def shown(slug, person, *texts):
    """The values of options, right sides or steps with these texts, as this person sees them."""
    version = version_of(slug)
    question = version.content
    names = [o.text for o in question.options or question.items] or [
        pair.right for pair in question.pairs
    ]
    order = order_for(version, person)
    return [str(order.index(names.index(text))) for text in texts]


def test_a_lesson_shows_text_figure_sources_and_open_questions(see, sam, lesson):
    status, html = see(LESSON, sam)
    assert status == 200
    assert '<span class="unbroken">ENG-WS-04</span>' in html and "<svg xmlns" in html
    assert 'id="source-1"' in html and "Wireshark 4.4, table of S7 functions." in html
    assert "T0858 Change Operating Mode" in html
    assert 'href="../captures/stop.pcap"' in html
    assert html.count('class="question print-form"') == 7
    assert "Question 7 of 7" in html and "0 of 7 questions right" in html
    assert "Too soon." not in html, "feedback comes after the answer"
    assert "style=" not in html.partition("<main")[2]


def test_an_answer_without_scripts_leads_back_to_the_question_with_all_feedback(
    see, send, sam, lesson
):
    wrong, right = shown("choose", sam, "Wait.", "Phone the control room.")
    answer = send("choose", sam, choice=wrong)
    assert (answer.status_code, answer["Location"]) == (302, f"{LESSON}#q-choose")
    _, html = see(LESSON, sam)
    for feedback in ("Right. They see the line.", "Too soon.", "The line stands."):
        assert feedback in html
    assert "Your answer." in html and "Not right yet" in html and "0 of 7" in html
    send("choose", sam, choice=right)
    _, html = see(LESSON, sam)
    assert "Your first answer." in html and "Right after 2 tries" in html
    assert "1 of 7 questions right" in html and "6 min, 6 left" in html
    _, again = see(f"{LESSON}?again=choose", sam)
    assert again.count('name="choice"') == html.count('name="choice"') + 3
    assert not Entry.objects.filter(action__startswith="progress").exists()


def test_htmx_gets_the_question_and_the_count_and_opens_it_again(see, send, sam, lesson):
    answer = send("port", sam, htmx=True, text="502")
    html = answer.content.decode()
    assert "<main" not in html and 'id="q-port"' in html and "That is Modbus." in html
    assert "Not right yet" in html and 'hx-swap-oob="true"' in html
    html = send("port", sam, htmx=True, text="0x66").content.decode()
    assert "1 of 7 questions right" in html and "Right after 2 tries" in html
    status, html = see(f"{LESSON}questions/port/", sam, headers={"HX-Request": "true"})
    assert status == 200 and 'name="text"' in html and "<main" not in html


def test_what_cannot_be_judged_is_told_at_the_question_and_kept_as_typed(send, sam, lesson):
    for htmx in (True, False):
        answer = send("port", sam, htmx=htmx, text="many")
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "Type a number, such as 502 or 0x29." in html and 'value="many"' in html
    answer = send("levels", sam, htmx=True, place_0="1")
    assert "Choose something in every row." in answer.content.decode()
    assert '<option value="1" selected>' in answer.content.decode()
    answer = send("port", sam, text="102", version="0")
    assert answer.status_code == 422
    assert "This question has just been changed." in answer.content.decode()
    assert not Attempt.objects.exists()
    assert send("gone", sam, text="1").status_code == 404


def test_all_types_answered_right_complete_lesson_and_module(see, send, sam, lesson):
    both = shown("both", sam, "The work order.", "The engineer.")
    levels = shown("levels", sam, "1", "2", "3")
    steps = order_for(version_of("steps"), sam)
    send("choose", sam, choice=shown("choose", sam, "Phone the control room."))
    send("both", sam, choice=both)
    send("port", sam, text="102")
    send("name", sam, text="s7")
    assert "5 of 7 right" in (send("frame", sam, text="frame 2"), see(MODULE, sam))[1][1]
    assert "Continue, 2 min left" in see("/training/", sam)[1]
    send("levels", sam, **{f"place_{row}": value for row, value in enumerate(levels)})
    assert "Complete" in see("/training/", sam)[1], "six of seven are above the pass mark"
    send("steps", sam, **{f"place_{row}": step for row, step in enumerate(steps)})
    assert Attempt.objects.filter(is_correct=True).count() == 7
    assert "all 7 questions right" in see(LESSON, sam)[1]
    assert "You have answered every question right." in see("/training/", sam)[1]


def test_progress_is_ones_own_and_survives_a_new_wording(see, send, sam, leo, take_over, lesson):
    send("port", sam, text="102")
    assert "1 of 7 questions right" in see(LESSON, sam)[1]
    assert "0 of 7 questions right" in see(LESSON, leo)[1]
    assert "Your answer." not in see(LESSON, leo)[1]
    take_over(**{"01-one-stop__md": lessons.LESSON.replace("Which port?", "Which TCP port?")})
    html = see(LESSON, sam)[1]
    assert "Which TCP port?" in html and "1 of 7 questions right" in html
    assert "You answered an earlier wording of this question right." in html


def test_attempts_are_append_only(send, sam, lesson):
    send("port", sam, text="502")
    with (
        pytest.raises((InternalError, ProgrammingError), match="append-only"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE progress_attempt SET is_correct = true")


def test_the_catalogue_follows_the_role_and_the_rail_leads_to_it(see, sam, mia, lesson):
    _, html = see("/training/", sam)
    assert re.search(r'href="/training/"[^>]*aria-current="page"', html)
    assert "Reading alerts" in html and "1 lesson, 20 min" in html and "Start, 6 min" in html
    assert "No module is made for this role yet." in see("/training/?for=ot", sam)[1]
    assert "Reading alerts" in see("/training/?for=all", sam)[1]
    assert see("/training/", mia)[0] == 403
    assert 'href="/training/"' not in see("/", mia)[1]
    for path in ("/training/gone/", f"{MODULE}gone/", f"{MODULE}captures/gone.pcap"):
        assert see(path, sam)[0] == 404


def test_a_question_about_a_capture_leads_to_the_viewer_and_to_the_file(client, sam, lesson):
    client.force_login(sam)
    html = client.get(f"{MODULE}one-stop/").content.decode()
    assert f'href="{MODULE}captures/stop.pcap/view/"' in html
    assert f'href="{MODULE}captures/stop.pcap"' in html
    answer = client.get(f"{MODULE}captures/stop.pcap/view/")
    assert b"Frame 1 of 4" in answer.content


def test_old_addresses_lead_to_the_new_ones(client, sam, lesson):
    client.force_login(sam)
    moved = client.get(f"/training/captures/of/{lesson.module.slug}/stop.pcap/?frame=2")
    address = f"{MODULE}captures/stop.pcap/view/?frame=2"
    assert (moved.status_code, moved["Location"]) == (301, address)
    moved = client.post(f"{LESSON}choose/")  # 308: the answer goes on with it
    assert (moved.status_code, moved["Location"]) == (308, f"{LESSON}questions/choose/")


def test_a_capture_is_handed_out_as_a_file(client, sam, lesson):
    client.force_login(sam)
    answer = client.get(f"{MODULE}captures/stop.pcap")
    assert answer.content == lessons.capture()
    assert answer["Content-Disposition"] == 'attachment; filename="stop.pcap"'


def test_an_empty_catalogue_says_how_to_fill_it(see, sam):
    assert "python manage.py training import" in see("/training/", sam)[1]


def test_a_lesson_stands_beside_an_incident_of_its_alert_type(client, sam, mia, noon, lesson):
    stop = make_incident(make_workspace(), title="Two alerts")
    make_alert(stop, alert_type="(MDIoT) Controller Stop")
    other = make_incident(stop.workspace, title="A title nobody knows")
    client.force_login(sam)
    address = "/training/beside/?type=Controller+Stop"
    assert f'hx-get="{address}"' in client.get(f"/incidents/{stop.pk}/").content.decode()
    assert "/training/beside/" not in client.get(f"/incidents/{other.pk}/").content.decode()
    html = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert f'href="{LESSON}"' in html and "6 min" in html and "<main" not in html
    none = client.get("/training/beside/?type=Address+Scan", headers={"HX-Request": "true"})
    assert none.status_code == 204
    assert "No lesson on this alert yet" in client.get("/training/beside/?type=x").content.decode()
    client.cookies["tagout_scripts"] = "off"
    assert f'href="{LESSON}"' in client.get(f"/incidents/{stop.pk}/").content.decode()
    client.force_login(mia)
    assert "/training/beside/" not in client.get(f"/incidents/{stop.pk}/").content.decode()


def test_the_lesson_of_the_reviewed_technique_stands_first(client, sam, noon, lesson):
    Lesson.objects.create(
        module=lesson.module,
        slug="other-stop",
        title="Other stop",
        number=2,
        minutes=1,
        techniques=["T0814"],
        alert_types=lesson.alert_types,
        review_by=lesson.review_by,
        body=[],
        outline=[],
        sources=[],
    )
    client.force_login(sam)
    html = client.get("/training/beside/?type=Controller+Stop").content.decode()
    assert html.index("One stop") < html.index("Other stop"), "a stop is T0858 by its review"


def test_the_search_finds_lessons_by_title_alert_type_and_technique(client, sam, mia, lesson):
    client.force_login(sam)
    for text in ("one stop", "controller STOP", "t0843"):
        html = client.get("/search/", {"q": text}).content.decode()
        assert f'href="{LESSON}"' in html, text
    assert LESSON not in client.get("/search/", {"q": "T0800"}).content.decode()
    client.force_login(mia)
    assert LESSON not in client.get("/search/", {"q": "one stop"}).content.decode()


def test_home_leads_to_the_next_lesson(client, send, sam, mia, noon, lesson):
    client.force_login(sam)
    assert 'hx-get="/training/next/"' in client.get("/").content.decode()
    part = client.get("/training/next/", headers={"HX-Request": "true"}).content.decode()
    assert f'href="{LESSON}"' in part and "6 min" in part and "<main" not in part
    send("port", sam, text="102")
    assert "6 min left" in client.get("/training/next/").content.decode()
    client.force_login(mia)
    assert "/training/next/" not in client.get("/").content.decode()
