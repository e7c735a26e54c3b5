"""A lead of OT confirms what a file of verdicts brought about a site."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from alerts.reviews.models import FileConfirmation, Verdict, VerdictFile
from alerts.reviews.queries.verdict_files import confirmations_of
from alerts.reviews.services.import_verdicts import import_verdicts
from alerts.reviews.services.verdict_files import (
    CannotConfirmFile,
    confirm_verdict_file,
    withdraw_file_confirmation,
)
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON
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
        return VerdictFile.objects.get()

    return take


def confirm(file, site, by):
    confirm_verdict_file(file_id=file.pk, site_id=site.pk, by=by, now=NOON)


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


def read(client, user):
    client.force_login(user)
    answer = client.get("/reviews/files/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_names_people_times_and_who_can_confirm(take, site, lead, oda, client):
    file = take(emails=("oda@demo.example", lead.email))
    page = read(client, oda)
    assert "past.csv" in page and "2 answers" in page
    assert "who ran it is not known" in page
    assert f"Oda Nowak (1), {lead.name} (1)" in page
    assert "Only the OT lead of Gdańsk can confirm this." in page
    assert "Confirm for Gdańsk" in read(client, lead)
    path = f"/reviews/files/{file.pk}/{site.pk}/"
    assert client.post(path, {"do": "confirm"}).status_code == 302
    assert "Take back" in read(client, lead) and "Take back" not in read(client, oda)
    assert client.post(path, {"do": "withdraw"}).status_code == 422, "Oda is no lead"
    client.force_login(lead)
    assert client.post(path, {"do": "withdraw"}).status_code == 302
    assert not confirmations_of([file.pk])


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
