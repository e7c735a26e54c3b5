"""Totals of a team: who is in it, what they came to, and no number that tells of one person."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import grant_role
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories import lessons
from tests.factories.incidents import make_site, make_workspace
from training.catalog.models import Module, QuestionVersion
from training.progress.engine.statistics import people_step, share_step, week_start
from training.progress.models import Attempt
from training.progress.queries.team_totals import team_totals
from training.progress.services import answer_question

pytestmark = pytest.mark.django_db

PAGE = "/team-progress/"
EVERYWHERE = (GrantScope.ALL, None)
LAST_WEEK = NOON - timedelta(days=5)


def add_people(n, role=Role.SOC_ANALYST, where=EVERYWHERE, name="analyst"):
    return [
        add_person(cast.Person(f"{name}{at}@demo.example", f"{name} {at}"), (role, *where))
        for at in range(n)
    ]


def answer(learner, slug="port", text="102", at=LAST_WEEK):
    version = QuestionVersion.objects.get(question__slug=slug, is_current=True)
    answer_question(version=version, form={"text": [text]}, learner=learner, now=at)


@pytest.fixture
def see(client, noon):
    def get(person):
        client.force_login(person)
        return client.get(PAGE)

    return get


def test_a_manager_sees_in_steps_how_many_began_finished_and_were_right_at_once(see, mia, lesson):
    people = add_people(6)
    Module.objects.update(pass_mark=0.25)  # two of seven questions
    for person in people[:5]:
        answer(person)
        answer(person, "name", "S7")
    answer(people[5], text="502")
    answer(people[5])
    (module,) = team_totals(mia, now=NOON).modules
    # Six began, five finished, ten of eleven first tries were right.
    assert (module.began, module.finished, module.share_first_right) == (5, 5, 0.9)
    html = see(mia).text
    assert "Totals of 6 people" in html and "As of 23 Nov 2026." in html
    assert (
        "5 or more of 6 began" in html
        and "5 or more finished" in html
        and "about 90 % right at once" in html
    )
    assert "analyst 1" not in html and "/training/first-module/" not in html


def test_numbers_stand_still_until_monday(mia, lesson):
    people = add_people(6)
    for person in people[:5]:
        answer(person)
    before = team_totals(mia, now=NOON)
    assert before.counted_until == datetime(2026, 11, 23, tzinfo=UTC)
    answer(people[0], "name", "wrong", at=NOON)
    answer(people[5], text="502", at=before.counted_until)
    assert team_totals(mia, now=NOON) == before
    sunday = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    assert team_totals(mia, now=sunday) == before
    after = team_totals(mia, now=sunday + timedelta(minutes=1))
    assert after.modules[0].share_first_right == 0.7  # five of seven


def test_what_was_answered_this_week_finishes_nothing_yet(mia, lesson):
    Module.objects.update(pass_mark=0.25)
    for person in add_people(5):
        answer(person)
        answer(person, "name", "S7", at=NOON)
    assert team_totals(mia, now=NOON).modules[0].finished == 0
    assert team_totals(mia, now=NOON + timedelta(days=7)).modules[0].finished == 5


@pytest.mark.parametrize(("n", "step"), [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10), (500, 500)])
def test_people_are_counted_in_fives(n, step):
    assert people_step(n) == step


def test_a_week_begins_on_monday_and_shares_go_by_twentieths():
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    assert {week_start(monday + timedelta(hours=n)) for n in range(168)} == {monday}
    assert [share_step(n, 7) for n in range(8)] == [0, 0.15, 0.3, 0.45, 0.55, 0.7, 0.85, 1]


def test_below_five_people_no_number_is_shown_and_the_page_says_why(see, mia, leo, lesson):
    for person in add_people(3):
        answer(person)
    html = see(mia).text  # Leo is the fourth
    assert "There are 4 people in your team besides you." in html and "began" not in html
    assert team_totals(mia, now=NOON).modules == []
    add_people(1, Role.OT_ENGINEER, name="engineer")
    assert "Totals of 5 people" in see(mia).text
    assert "There are 3 people in your team besides you." in see(leo).text  # his own do not count


def test_below_five_who_began_nothing_tells_how_many(see, mia, lesson):
    people = add_people(6)
    untouched = see(mia).text
    assert "fewer than 5 began" in untouched and "share hidden" in untouched
    for person in people[:4]:
        answer(person)
    assert main_of(see(mia).text) == main_of(untouched)
    answer(people[4])
    assert "about 100 % right at once" in see(mia).text


def main_of(html):
    return html.partition("<main")[2].partition("</main>")[0]


def test_a_team_is_who_works_in_the_scope_of_ones_role(see, lesson, make_person):
    here, there, site = make_workspace("here"), make_workspace("there"), make_site()
    boss = {
        name: make_person(cast.Person(f"{name}@demo.example", name), (role, kind, scope))
        for name, role, kind, scope in (
            ("soc", Role.SOC_LEAD, GrantScope.WORKSPACE, here.uuid),
            ("ot", Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid),
            ("manager", Role.MANAGER, GrantScope.WORKSPACE, here.uuid),
        )
    }
    add_people(5, where=(GrantScope.WORKSPACE, here.uuid), name="here")
    add_people(7, where=(GrantScope.WORKSPACE, there.uuid), name="there")
    add_people(6, Role.OT_ENGINEER, (GrantScope.SITE, site.uuid), name="engineer")
    (elsewhere,) = add_people(1, Role.OT_ENGINEER, (GrantScope.SITE, uuid.uuid4()), name="far")
    assert {name: team_totals(person, now=NOON).people for name, person in boss.items()} == {
        "soc": 5,
        "ot": 6,
        "manager": 6,  # the SOC lead is one of the manager's
    }
    for name, whose in (("soc", "the SOC"), ("ot", "OT"), ("manager", "OT and SOC")):
        assert f"People of {whose} in your reach, yourself left out." in see(boss[name]).text
    grant_role(
        to=elsewhere, role=Role.SOC_ANALYST, scope=GrantScope.ALL, scope_uuid=None, by="t", now=NOON
    )
    assert team_totals(boss["soc"], now=NOON).people == 6
    elsewhere.is_active = False
    elsewhere.save()
    assert team_totals(boss["soc"], now=NOON).people == 5


def test_a_new_wording_counts_a_question_once_and_a_retired_one_not_at_all(mia, lesson, take_over):
    people = add_people(5)
    Module.objects.update(pass_mark=1 / 7)
    for person in people:
        answer(person)
    text = lessons.LESSON.replace("Which port?", "Which TCP port?")
    take_over(**{"01-one-stop__md": text})
    Module.objects.update(pass_mark=2 / 7)
    for person in people:
        answer(person)
    assert Attempt.objects.filter(is_first_right=True).count() == 5
    assert team_totals(mia, now=NOON).modules[0].finished == 0
    block = text[text.index("::: question {#port") :].partition("\n:::\n")[0]
    take_over(**{"01-one-stop__md": text.replace(block + "\n:::\n", "")})
    assert team_totals(mia, now=NOON).modules[0].began == 0


def test_it_is_for_those_who_look_after_a_team(see, sam, leo, mia, author, make_person):
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, *EVERYWHERE))
    status = {person.name: see(person).status_code for person in (sam, leo, mia, author, oda)}
    assert status == {sam.name: 403, leo.name: 200, mia.name: 200, author.name: 200, oda.name: 403}


def test_earlier_answers_are_found_to_be_first_right_ones(mia, sam, lesson):
    versions = (
        QuestionVersion.objects.get(question__slug="port"),
        QuestionVersion.objects.get(question__slug="name"),
    )
    rows = [
        (versions[0], 1, False),
        (versions[0], 2, True),
        (versions[0], 3, True),
        (versions[1], 1, True),
    ]
    made = [
        Attempt.objects.create(
            learner=sam,
            version=version,
            number=number,
            answer={},
            is_correct=right,
            answered_at=NOON,
        )
        for version, number, right in rows
    ]
    from importlib import import_module

    migration = import_module("training.progress.migrations.0005_find_first_right_answers")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.FORWARD)
    marked = Attempt.objects.filter(is_first_right=True).order_by("pk")
    assert [row.pk for row in marked] == [made[1].pk, made[3].pk]
