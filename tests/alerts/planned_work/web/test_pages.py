"""The week, the list and one work: what people see, and what they can do there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from alerts.planned_work.models import Occurrence, PlannedWork
from tests.factories.incidents import make_device

pytestmark = pytest.mark.django_db

ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
EARLY = ELEVEN - timedelta(hours=12)
AFTERNOON = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
WEEK = "/planned-work/?week=2026-11-24"


@pytest.fixture
def see(client, noon):
    def get(path, person):
        client.force_login(person)
        response = client.get(path)
        return response.status_code, response.content.decode()

    return get


@pytest.fixture
def send(client, noon):
    def post(path, person, **values):
        client.force_login(person)
        return client.post(path, values)

    return post


def address(work, act="work"):
    return reverse(f"planned_work:{act}", args=[work.uuid])


def test_the_week_shows_work_and_the_alerts_that_came_with_it(see, planned, happen, oda):
    planned(now=EARLY)
    planned(
        now=EARLY, title="Backup", rule="FREQ=DAILY", start=datetime(2026, 11, 23, 3, 0), hours=2
    )
    happen(ELEVEN)
    happen(ELEVEN, to="DB-GD-01")
    _status, page = see(WEEK, oda)
    assert "Drive firmware, Process Line 2" in page and "WO-4711" in page
    assert page.count("<b>Backup</b>") == 7
    assert "2 alerts, 1 expected" in page and "1 unexpected" in page
    assert 'class="mark from-16 from-4 from-2' in page  # 11:00 in Gdańsk


def test_work_over_its_end_asks_its_question_with_two_answers(see, planned, oda, monkeypatch):
    planned(now=EARLY)
    monkeypatch.setattr("portal.clock.now", lambda: AFTERNOON)
    _status, page = see(WEEK, oda)
    assert "Over by 2 h" in page
    assert "Planned until 13:00, with slack until 14:00. Is it still going on?" in page
    assert "Extend to 17:00" in page and "It is done" in page


def test_the_soc_reads_and_cannot_plan(see, planned, happen, sam):
    happen(ELEVEN)  # so that the workspace has alerts of the site
    work = planned()
    status, page = see(WEEK, sam)
    assert status == 200 and "Drive firmware" in page and "Plan work" not in page
    status, page = see(address(work), sam)
    assert status == 200 and "It is done" not in page
    assert see("/planned-work/new/", sam)[0] == 404
    assert see(address(work, "edit"), sam)[0] == 404


def test_work_of_another_site_does_not_exist_for_strangers(see, send, planned, pia):
    work = planned()
    assert "Drive firmware" not in see(WEEK, pia)[1]
    assert see(address(work), pia)[0] == 404
    assert send(address(work, "cancel"), pia).status_code == 404
    assert PlannedWork.objects.get().state == "planned"


def test_one_work_tells_what_is_planned_and_what_was_unexpected(see, planned, happen, oda):
    work = planned(now=EARLY)
    happen(ELEVEN)
    happen(ELEVEN, to="DB-GD-01")
    _status, page = see(address(work), oda)
    unexpected = "with a device that is not named"
    expected = ("WO-4711", "Nordval Drives", "ENG-WS-04", "PLC-PL2-07", "planned it", unexpected)
    for words in (*expected, "Nothing closes by the calendar alone."):
        assert words in page


def test_oda_plans_work_from_the_form(send, site, devices, oda):
    values = {
        "site": site.pk,
        "title": "Replace valve terminal",
        "kind": "replacement",
        "starts": "2026-11-25T13:00",
        "ends": "2026-11-25T16:00",
        "repeats": "",
        "rule": "",
        "from_names": "eng-ws-04",
        "to_names": "10.20.4.40",
        "any_names": "",
        "work_order": "WO-1",
    }
    response = send("/planned-work/new/", oda, **values)
    work = PlannedWork.objects.get()
    assert response["Location"] == address(work)
    one = Occurrence.objects.get()
    assert (one.starts_at.hour, one.ends_at.hour) == (12, 15)
    assert set(work.revisions.get().devices.values_list("side", "name")) == {
        ("from", "ENG-WS-04"),
        ("to", "PLC-PL2-07"),
    }


def test_the_form_suggests_devices_as_it_takes_them(see, site, devices, oda):
    make_device(site, "DB-GD-01", "10.20.9.10")  # two of one name
    _status, page = see("/planned-work/new/", oda)
    assert '<option value="ENG-WS-04">Packaging 2' in page
    assert '<option value="Packaging 2 / 10.20.9.9">' in page and 'value="DB-GD-01"' not in page
    assert '<details class="work-more">' in page, "what few need is folded"


@pytest.mark.parametrize(
    ("rule", "hours", "words"),
    [
        ("FREQ=WEEKLY", 4, "every week on Thursday, 22:00–02:00"),
        ("FREQ=WEEKLY;INTERVAL=2", 4, "every second week on Thursday, 22:00–02:00"),
        ("FREQ=DAILY", 2, "every day, 22:00–00:00"),
        ("FREQ=MONTHLY", 2, "on day 26 of each month, 22:00–00:00"),
        ("FREQ=WEEKLY", 30, "every week on Thursday<"),
    ],
)
def test_work_that_repeats_keeps_its_hours_in_words(see, planned, oda, rule, hours, words):
    work = planned(start=datetime(2026, 11, 26, 22, 0), rule=rule, hours=hours)
    assert words in see(address(work), oda)[1]


def test_the_list_names_the_day_of_an_end_that_is_another(see, planned, oda):
    planned(now=EARLY, start=datetime(2026, 11, 24, 23, 18), hours=26)
    assert "23:18 – 26 Nov, 01:18" in see(f"{WEEK}&as=list", oda)[1]


def test_what_is_wrong_stands_at_its_field(send, site, devices, oda):
    response = send(
        "/planned-work/new/",
        oda,
        site=site.pk,
        title="Backup",
        kind="backup",
        starts="2026-11-25T13:00",
        ends="2026-11-25T12:00",
        any_names="GHOST-1",
    )
    assert response.status_code == 422
    assert "Gdańsk has no device “GHOST-1”" in response.content.decode()
    assert not PlannedWork.objects.exists()


def test_a_change_is_a_new_revision_and_nothing_typed_anew_is_lost(see, send, planned, oda):
    work = planned()
    _status, page = see(address(work, "edit"), oda)
    assert "Packaging 2 / 10.20.4.15" in page
    values = {
        "title": "Drive firmware",
        "kind": "firmware",
        "starts": "2026-11-24T08:00",
        "ends": "2026-11-24T15:00",
        "from_names": "Packaging 2 / 10.20.4.15",
        "to_names": "Packaging 2 / 10.20.4.40",
    }
    assert send(address(work, "edit"), oda, **values).status_code == 302
    assert work.revisions.get(is_latest=True).number == 2


def test_work_is_extended_done_and_cancelled_from_its_page(send, planned, oda):
    work = planned(now=EARLY)
    one = work.occurrences.get()
    values = {"occurrence": one.uuid, "until": "2026-11-24T17:00"}
    assert send(address(work, "extend"), oda, **values).status_code == 302
    one = work.occurrences.get(known_until=None)
    assert one.ends_at == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert send(address(work, "done"), oda, occurrence=one.uuid).status_code == 302
    assert PlannedWork.objects.get().state == "done"
    refused = send(address(work, "cancel"), oda)
    assert refused.status_code == 422 and "The work is done" in refused.content.decode()


@pytest.mark.parametrize(
    ("day", "rule", "card", "button"),
    [
        (25, "", "It was called off", "Cancel the work"),
        (24, "", "It was stopped early", "End the work"),
        (25, "FREQ=WEEKLY", "It was called off", "Cancel the work"),
        (24, "FREQ=WEEKLY", "It does not come again", "End the series"),
    ],
    ids=["ahead", "running", "series ahead", "series under way"],
)
def test_work_that_runs_is_ended_and_not_called_off(see, planned, oda, day, rule, card, button):
    work = planned(now=EARLY, start=datetime(2026, 11, day, 10), rule=rule)
    _status, page = see(address(work), oda)
    offered = {"It was called off", "It was stopped early", "It does not come again"}
    assert {words for words in offered if words in page} == {card}
    assert button in page


@pytest.mark.parametrize(
    ("day", "said", "word"),
    [
        (25, "cancelled it", "Cancelled."),
        (24, "ended it", "Ended."),
        (17, "ended it", "Ended."),  # between two of a series
    ],
)
def test_history_says_ended_of_what_has_taken_place(send, see, planned, oda, day, said, word):
    start = datetime(2026, 11, day, 10)
    planned_at = start.replace(tzinfo=UTC) - timedelta(days=2)
    work = planned(now=planned_at, start=start, rule="FREQ=WEEKLY")
    if day == 17:
        work.occurrences.filter(starts_at__date="2026-11-24").delete()
        assert "End the series" in see(address(work), oda)[1]
    send(address(work, "cancel"), oda)
    page = see(address(work), oda)[1]
    assert said in page and word in page
    assert f"</svg>{word[:-1]}</span>" in page, "the chip has the same word"


def test_a_file_is_checked_first_and_then_imported(send, site, devices, oda):
    from io import BytesIO

    def file():
        made = BytesIO(
            b"title,kind,starts,ends,devices\n"
            b"Backup,backup,2026-11-25 02:00,2026-11-25 04:00,ENG-WS-04\n"
        )
        made.name = "plan.csv"
        return made

    checked = send("/planned-work/import/", oda, site=site.pk, file=file(), do="check")
    assert "Nothing was stored yet" in checked.content.decode()
    assert not PlannedWork.objects.exists()
    done = send("/planned-work/import/", oda, site=site.pk, file=file(), do="import")
    assert "New: 1." in done.content.decode()
    assert PlannedWork.objects.count() == 1


def test_a_page_does_not_let_a_person_wait_for_a_file_of_ten_thousand_works(send, site, oda):
    from io import BytesIO

    works = "".join(f"Backup {n},backup,2026-11-25 02:00,2026-11-25 04:00\n" for n in range(5001))
    file = BytesIO(b"title,kind,starts,ends\n" + works.encode())
    file.name = "plan.csv"
    refused = send("/planned-work/import/", oda, site=site.pk, file=file, do="import")
    assert refused.status_code == 422
    assert "Line 5002: The file names more than 5000 works." in refused.content.decode()


def test_an_incident_says_that_it_is_inside_planned_work_and_links_there(see, planned, happen, oda):
    work = planned(now=EARLY)
    incident = happen(ELEVEN)
    _status, page = see(f"/incidents/{incident.pk}/", oda)
    assert "Inside planned work WO-4711, Drive firmware, Process Line 2, until 13:00" in page
    assert address(work) in page


def test_an_incident_says_how_late_it_is(see, planned, happen, oda):
    planned(now=EARLY)
    incident = happen(datetime(2026, 11, 24, 13, 40, tzinfo=UTC))
    _status, page = see(f"/incidents/{incident.pk}/", oda)
    assert "Outside planned work WO-4711, Drive firmware, Process Line 2: 40 min late" in page


def test_a_week_without_work_says_what_belongs_there(see, site, oda):
    assert "Nothing is planned this week" in see("/planned-work/", oda)[1]
