"""Where people meet a drift: OT's list, the question of one tap, the sitting in which both sign."""

import re
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.drafting.drift_questions import question_digest
from alerts.suppression.models import DriftQuestion, RuleVersion, VersionState
from portal.ui.words import percent
from tests.alerts.suppression.drifting import NEW, TARGETS, backups, live_rule, replaced_server
from tests.alerts.suppression.drifting import question_of_tonight as ask_tonight
from tests.conftest import NOON
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db
SINCE = "Since Sunday SRV-BKP-2 does what SRV-BKP-1 did until Saturday"


@reuse_rows
def question(workspace, site, people):
    """Asked tonight: the new server does one thing more."""
    live_rule(workspace, site, people)
    replaced_server(workspace, site)
    backups(workspace, site, NEW, range(2), targets=("DB-1",))
    return ask_tonight()


@pytest.fixture
def at(client, noon):
    """`at(person, path, …)` opens a page, or posts what is said of the form."""

    def sent(person, path, **fields):
        client.force_login(person)
        session = client.session
        session["proved_at"] = NOON.isoformat()
        session.save()
        return client.post(path, fields) if fields else client.get(path)

    return sent


def words_of(answer):
    return " ".join(answer.content.decode().split())


def text_of(answer):
    """The page without its tags: names are wrapped so that they do not break."""
    return " ".join(re.sub(r"<[^>]+>", "", answer.content.decode()).split())


def test_it_is_in_ots_list_and_in_nobody_elses(at, people, question):
    assert SINCE in text_of(at(people.oda, "/reviews/"))
    assert SINCE not in text_of(at(people.leo, "/reviews/"))


def test_what_speaks_against_comes_first_and_nothing_is_ticked(at, people, question):
    answer = at(people.oda, f"/drift/{question.uuid}/")
    page = words_of(answer)
    assert SINCE in text_of(answer) and "Is it its replacement?" in page
    assert page.index("It does one thing more") < page.index("Same partners")
    assert page.index("Speaks against") < page.index("Speaks for")
    assert "What it does beyond that still goes to the SOC." in page
    assert "checked" not in page
    assert "If you have just proved who you are, yes signs it for OT." in page


def test_who_cannot_answer_reads_it_without_the_buttons(at, people, question):
    answer = at(people.leo, f"/drift/{question.uuid}/")
    assert SINCE in text_of(answer) and 'name="answer"' not in words_of(answer)


def test_one_tap_proposes_the_line_and_signs_it_for_ot(at, people, question):
    answer = at(
        people.oda, f"/drift/{question.uuid}/", answer="yes", digest=question_digest(question)
    )
    assert (answer.status_code, answer.url) == (302, f"/drift/{question.uuid}/")
    page = words_of(at(people.oda, f"/drift/{question.uuid}/"))
    assert "Answered: yes" in page and "Oda Nowak" in page and "version 2" in page
    amendment = DriftQuestion.objects.get().lines.get().amendment
    assert amendment.state == VersionState.PROPOSED
    assert amendment.signatures.get().side == SigningSide.OT
    assert "Sunday" not in amendment.proposer_note  # on record a day has its date
    assert str(question.first_on.year) in amendment.proposer_note


def test_a_tap_on_a_page_that_a_night_has_overtaken_is_refused(at, people, question):
    page = at(people.oda, f"/drift/{question.uuid}/").content.decode()
    (digest,) = re.findall(r'name="digest" value="(\w+)"', page)
    DriftQuestion.objects.update(against=[["no_inventory", {"name": NEW}]])
    answer = at(people.oda, f"/drift/{question.uuid}/", answer="yes", digest=digest)
    assert answer.status_code == 422
    assert "It has changed since you opened it." in words_of(answer)
    assert not RuleVersion.objects.exclude(amends=None).exists()


def test_an_answer_that_is_none_is_refused(at, people, question):
    answer = at(
        people.oda, f"/drift/{question.uuid}/", answer="perhaps", digest=question_digest(question)
    )
    assert answer.status_code == 422
    assert "Choose yes, no or not sure." in words_of(answer)


def test_in_the_sitting_the_difference_is_one_line(at, people, question):
    at(people.oda, f"/drift/{question.uuid}/", answer="yes", digest=question_digest(question))
    page = words_of(at(people.leo, "/approvals/sitting/"))
    assert "One line changes" in page
    assert "<del>SRV-BKP-1</del>" in page and "<ins>SRV-BKP-2</ins>" in page
    assert "The other 4 lines stay as they were signed." in page
    assert "Oda Nowak said that it is so." in page
    assert "so that trial counts, with 2 matches" in page
    assert "days at least it only labels" not in page
    assert 'name="note"' not in page  # the verdicts on what it amends stand behind it
    amendment = DriftQuestion.objects.get().lines.get().amendment
    at(
        people.leo,
        f"/approvals/sitting/{amendment.uuid}/sign/",
        seen_hash=amendment.rule_hash,
        side="soc",
    )
    amendment.refresh_from_db()
    assert amendment.state == VersionState.IN_TRIAL


def plan_of(at, person):
    """What the plan's page says of changes of the plant; empty where it says nothing."""
    page = at(person, "/plan/").content.decode()
    found = re.search(r'<section class="plan-drift".*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_on_the_plan_a_change_says_what_yes_would_bring_and_whose_turn_it_is(at, people, question):
    since = Incident.objects.filter(created_at__gte=NOON.replace(hour=0) - timedelta(days=2))
    Incident.objects.filter(source=NEW).update(site_ids=[question.site_id])
    covered = since.filter(source=NEW, destination__in=TARGETS).count()
    words = plan_of(at, people.oda)
    assert "1 change of the plant" in words and SINCE in words and "Answer" in words
    assert f"{covered} of {since.count()} incidents since then" in words
    assert f"+{percent(covered / since.count())}" in words
    assert "Waiting for OT" in plan_of(at, people.leo)


def test_the_plan_follows_a_yes_until_both_sides_have_signed(at, people, question):
    digest = question_digest(question)
    at(people.oda, f"/drift/{question.uuid}/", answer="yes", digest=digest)
    assert "Waiting for the SOC" in plan_of(at, people.oda)
    amendment = DriftQuestion.objects.get().lines.get().amendment
    at(
        people.leo,
        f"/approvals/sitting/{amendment.uuid}/sign/",
        seen_hash=amendment.rule_hash,
        side="soc",
    )
    assert plan_of(at, people.leo) == ""


@pytest.mark.parametrize("state", ["no", "overtaken"])
def test_what_did_not_change_is_no_step_of_the_plan(at, people, question, state):
    by = people.oda if state == "no" else None
    DriftQuestion.objects.update(state=state, answered_by=by)
    assert plan_of(at, people.leo) == ""
