"""A lead of OT confirms what a file of verdicts brought about a site."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import Incident, TimelineItem
from alerts.reviews.models import (
    FileConfirmation,
    Opinion,
    SecondOpinion,
    Verdict,
    VerdictFile,
    VerdictIncident,
)
from alerts.reviews.queries.file_answers import answers_digest, answers_of_file
from alerts.reviews.queries.verdict_files import confirmations_of
from alerts.reviews.services.import_verdicts import import_verdicts
from alerts.reviews.services.verdict_files import (
    CannotConfirmFile,
    confirm_verdict_file,
    withdraw_file_confirmation,
)
from alerts.reviews.web.views import verdict_file
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_site
from tests.program import Program

HEAD = "incident,verdict,cause,by,at,note\n"
ONE_DAY = timedelta(days=1)


@pytest.fixture
def lead(make_person, site):
    """Olaf leads OT at the site."""
    return make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))


@pytest.fixture
def take(oda, make):
    """`take(by=…)` imports a file of two verdicts on incidents of the site."""

    def take(*, emails=("oda@demo.example",), by="command line"):
        lines = [
            f"{row.number},routine,other,{emails[n % len(emails)]},2026-11-24T11:50:0{n}Z,\n"
            for n, row in enumerate(make(2))
        ]
        data = (HEAD + "".join(lines)).encode()
        import_verdicts(data=data, source="past.csv", by=by, now=NOON)
        return VerdictFile.objects.latest("pk")

    return take


def confirm(file, site, by):
    shown = answers_digest(answers_of_file(file, site, user=by))
    confirm_verdict_file(file_id=file.pk, site_id=site.pk, shown=shown, by=by, now=NOON)


def test_an_import_is_a_file_with_its_verdicts(take):
    file = take()
    assert (file.name, file.imported_by_label, len(file.sha256)) == ("past.csv", "command line", 64)
    assert set(Verdict.objects.values_list("file", flat=True)) == {file.pk}


def test_a_lead_confirms_it_for_a_site_and_takes_that_back(take, site, lead):
    file = take()
    confirm(file, site, lead)
    assert confirmations_of([file.pk])[file.pk, site.pk].by == lead
    entry = Entry.objects.get(action="reviews.file.confirmed")
    assert (entry.actor_id, entry.details["site"], entry.details["n"]) == (lead.pk, "Gdańsk", 2)
    with pytest.raises(CannotConfirmFile, match="It is confirmed"):
        confirm(file, site, lead)
    withdraw_file_confirmation(file_id=file.pk, site_id=site.pk, by=lead, now=NOON + ONE_DAY)
    assert not confirmations_of([file.pk])
    assert Entry.objects.filter(action="reviews.file.withdrawn").exists()
    confirm(file, site, lead)
    assert FileConfirmation.objects.count() == 2


def test_what_a_lead_of_before_confirmed_another_lead_confirms_anew(take, site, lead, make_person):
    file = take()
    confirm(file, site, lead)
    lead.grants.update(revoked_at=NOON)
    assert not confirmations_of([file.pk])
    pia = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))
    confirm(file, site, pia)
    assert confirmations_of([file.pk])[file.pk, site.pk].by == pia


def test_the_page_counts_only_what_is_in_force(take, lead, client):
    take()
    first = Verdict.objects.order_by("pk")[0]
    Verdict.objects.filter(pk=first.pk).update(withdrawn_at=NOON)
    assert "1 answer" in read(client, lead)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("engineer", "Only the OT lead"),
        ("soc lead", "Only the OT lead"),
        ("elsewhere", "Only the OT lead"),
        ("token", "not a program"),
        ("importer", "You imported it"),
        ("author", "All of its answers are yours"),
        ("other site", "brought nothing"),
    ],
)
def test_each_thing_alone_refuses_it(take, site, lead, oda, make_person, case, words):
    porto = make_site("Porto")
    by, at, more = lead, site, {}
    if case == "engineer":
        by = oda
    elif case == "soc lead":
        by = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    elif case == "elsewhere":
        by = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, porto.uuid))
    elif case == "token":
        by.via_token = Program(by, "reviews:write").token
    elif case == "importer":
        more = {"by": lead}
    elif case == "author":
        more = {"emails": (lead.email,)}
    else:
        by, at = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.ALL, None)), porto
    file = take(**more)
    with pytest.raises(CannotConfirmFile, match=words):
        confirm(file, at, by)
    assert not FileConfirmation.objects.exists()
    assert Entry.objects.filter(action="reviews.file.refused").exists()


def test_what_was_confirmed_is_written_once(take, site, lead, oda):
    confirm(take(), site, lead)
    row = FileConfirmation.objects.all()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.update(by=oda)
    row.update(withdrawn_at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.update(withdrawn_at=None)


# The page.


def read(client, user, path="/reviews/files/"):
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def confirm_on_page(client, path, **query):
    """Confirm what a page of the answers shows."""
    page = client.get(path, query).content.decode()
    (shown,) = re.findall(r'name="shown" value="(\w+)"', page)
    return client.post(path, {"do": "confirm", "shown": shown})


def test_the_page_names_people_times_and_who_can_confirm(take, site, lead, oda, client):
    file = take(emails=("oda@demo.example", lead.email))
    page = read(client, oda)
    assert "past.csv" in page and "2 answers" in page
    assert "who ran it is not known" in page
    assert f"Oda Nowak (1), {lead.name} (1)" in page
    assert "Only the OT lead of Gdańsk can confirm this." in page
    path = f"/reviews/files/{file.pk}/{site.pk}/"
    assert f'href="{path}"' in read(client, lead)
    assert confirm_on_page(client, path).status_code == 302
    assert "Take back" in read(client, lead) and "Take back" not in read(client, oda)
    assert client.post(path, {"do": "withdraw"}).status_code == 422, "Oda is no lead"
    client.force_login(lead)
    assert client.post(path, {"do": "withdraw"}).status_code == 302
    assert not confirmations_of([file.pk])


def test_the_list_asks_as_many_questions_for_three_files_as_for_one(take, site, lead, client):
    def count():
        client.force_login(lead)
        with CaptureQueriesContext(connection) as asked:
            assert "past.csv" in client.get("/reviews/files/").text
        return len(asked)

    confirm(take(), site, lead)
    take()
    of_two = count()
    confirm(take(), site, lead)
    take()
    assert VerdictFile.objects.count() == 4
    assert count() == of_two


@pytest.mark.abuse("A12")
def test_people_of_another_site_see_no_file_and_confirm_none(take, site, make_person, client):
    file, porto = take(), make_site("Porto")
    pia = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, porto.uuid))
    assert "No file of answers was imported" in read(client, pia)
    assert client.post(f"/reviews/files/{file.pk}/{site.pk}/").status_code == 404


def test_it_is_found_from_the_list_of_reviews_where_there_is_a_file(take, oda, client):
    client.force_login(oda)
    assert "/reviews/files/" not in client.get("/reviews/").content.decode()
    take()
    assert "/reviews/files/" in client.get("/reviews/").content.decode()


# Its answers, one by one.


def path_of(file, site):
    return f"/reviews/files/{file.pk}/{site.pk}/"


def test_each_answer_is_shown_with_what_it_would_count_for(take, site, lead, client):
    file = take(emails=("oda@demo.example", lead.email))
    first, second = Incident.objects.order_by("number")
    page = read(client, lead, path_of(file, site))
    for row in (first, second):
        assert f'href="/incidents/{row.pk}/"' in page and f"#{row.number}" in page
    assert f"One look for trials of rules about {first.alert_type}." in page
    assert "Yours, so your confirmation does not count for it." in page
    assert "Confirm these 2 answers" in page


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("true positive", "the SOC found a true positive"),
        ("reopened", "the incident was opened again"),
        ("suspicious", "somebody else calls it suspicious"),
    ],
)
def test_what_disagrees_with_what_is_known_comes_first_and_counts_nothing(
    take, site, lead, oda, client, fact, words
):
    file = take()
    row = Incident.objects.order_by("number")[0]  # answered first, so last on the page
    if fact == "true positive":
        Incident.objects.filter(pk=row.pk).update(classification="TruePositive", status=3)
    elif fact == "reopened":
        TimelineItem.objects.create(incident=row, at=NOON, side="sentinel", code="reopened")
    else:
        rules.judge([row], by=oda, verdict="suspicious")
    page = read(client, lead, path_of(file, site))
    assert f"But: {words}" in page
    assert page.index(f"/incidents/{row.pk}/") < page.index("One look for trials")
    assert page.count("One look for trials") == 1


def test_an_answer_about_two_incidents_counts_while_nothing_disagrees_about_one(take, site, lead):
    file = take()
    first, second = Incident.objects.order_by("number")[:2]
    verdict = Verdict.objects.get(incidents=first)
    VerdictIncident.objects.create(verdict=verdict, incident=second)
    TimelineItem.objects.create(incident=first, at=NOON, side="sentinel", code="reopened")
    answers = {answer.verdict: answer for answer in answers_of_file(file, site, user=lead)}
    assert answers[verdict].contradictions == ["reopened"]
    assert all(answer.counts for answer in answers.values())


@pytest.mark.abuse("A20")
@pytest.mark.parametrize("change", ["answer", "incident"])
def test_what_changed_since_it_was_shown_is_not_confirmed(take, site, lead, client, change):
    file = take()
    shown = answers_digest(answers_of_file(file, site, user=lead))
    if change == "answer":
        first = Verdict.objects.order_by("pk")[0]
        Verdict.objects.filter(pk=first.pk).update(withdrawn_at=NOON)
    else:
        Incident.objects.update(classification="TruePositive", status=3)
    client.force_login(lead)
    answer = client.post(path_of(file, site), {"do": "confirm", "shown": shown})
    assert answer.status_code == 422
    assert "Look through them again." in answer.content.decode()
    assert not FileConfirmation.objects.exists()
    assert confirm_on_page(client, path_of(file, site)).status_code == 302


@pytest.mark.abuse("A20")
def test_what_was_never_shown_is_not_confirmed(take, site, lead, client):
    file = take()
    client.force_login(lead)
    assert client.post(path_of(file, site), {"do": "confirm"}).status_code == 422
    assert not FileConfirmation.objects.exists()


def test_many_answers_come_in_pages_and_are_confirmed_at_the_end(
    take, site, lead, client, monkeypatch
):
    monkeypatch.setattr(verdict_file, "PAGE", 1)
    file = take()
    path = path_of(file, site)
    page = read(client, lead, path)
    assert "Answers 1 to 1 of 2" in page and "at the end of the last page" in page
    assert 'name="shown"' not in page
    (shown,) = set(re.findall(r"shown=(\w+)", page))
    alone = read(client, lead, f"{path}?page=2")
    assert "the list begins anew" in alone and 'name="shown"' not in alone, "nobody saw page 1"
    assert confirm_on_page(client, path, page="2", shown=shown).status_code == 302


@pytest.mark.abuse("A12")
def test_what_the_lead_is_asked_a_second_opinion_on_is_neither_shown_nor_confirmed(
    take, site, lead, client
):
    file = take()
    first = Verdict.objects.order_by("pk")[0]
    asked = SecondOpinion.objects.create(verdict=first, site=site, opened_at=NOON)
    Opinion.objects.create(
        second_opinion=asked, person=lead, asked_at=NOON, due_at=NOON + ONE_DAY, act=uuid.uuid4()
    )
    page = read(client, lead, path_of(file, site))
    assert page.count("One look for trials") == 1
    assert "1 answer is hidden until you have given your second opinion" in page
    assert "Give that first." in page and "Confirm th" not in page
    with pytest.raises(CannotConfirmFile, match="Give that first"):
        confirm(file, site, lead)
