"""From the answer sheet: “this is planned until 16:00”, in three taps."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from alerts.planned_work.models import PlannedWork
from alerts.reviews.models import Verdict
from alerts.reviews.services.questions import ask_ot
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

ELEVEN = NOON - timedelta(hours=2)


@pytest.fixture
def asked(happen, site, sam, oda):
    incident = happen(ELEVEN)
    return ask_ot(
        incident_ids=[incident.pk], site_id=site.pk, by=sam, question="Planned?", now=ELEVEN
    )


@pytest.fixture
def answer(client, noon, asked, oda):
    key = str(uuid.uuid4())

    def post(**values):
        client.force_login(oda)
        return client.post(
            f"/reviews/{asked.uuid}/", {"key": key, "verdict": "maintenance", **values}
        )

    return post


def test_the_sheet_offers_full_hours_of_the_plant(client, noon, asked, oda):
    client.force_login(oda)
    page = client.get(f"/reviews/{asked.uuid}/").content.decode()
    assert "Planned until" in page and "It is over" in page
    assert re.findall(r'name="until"\s+value="(2026[^"]+)"', page) == [
        "2026-11-24T15:00:00+01:00",
        "2026-11-24T17:00:00+01:00",
    ]


def test_what_happened_more_than_a_day_ago_is_not_covered_by_work_from_now(
    client, answer, asked, oda, monkeypatch
):
    later = NOON + timedelta(days=1)
    monkeypatch.setattr("portal.clock.now", lambda: later)
    client.force_login(oda)
    page = client.get(f"/reviews/{asked.uuid}/").content.decode()
    assert "Planned until" not in page
    refused = answer(until=(later + timedelta(hours=3)).isoformat())
    assert refused.status_code == 422
    assert "It happened more than a day ago" in refused.content.decode()
    assert not PlannedWork.objects.exists() and not Verdict.objects.exists()


def test_work_that_would_miss_one_of_several_is_refused(client, noon, happen, site, sam, oda):
    old, recent = happen(NOON - timedelta(days=3)), happen(ELEVEN)
    asked = ask_ot(
        incident_ids=[old.pk, recent.pk], site_id=site.pk, by=sam, question="Planned?", now=ELEVEN
    )
    client.force_login(oda)
    fields = {"verdict": "maintenance", "until": "2026-11-24T15:00:00+01:00"}
    address = f"/reviews/{asked.uuid}/"
    both = client.post(address, {**fields, "key": str(uuid.uuid4())})
    assert both.status_code == 422 and "more than a day ago" in both.text
    assert not PlannedWork.objects.exists() and not Verdict.objects.exists()


def test_three_taps_answer_and_plan_the_work_on_both_devices(answer, asked):
    assert answer(until="2026-11-24T15:00:00+01:00").status_code == 302
    verdict = Verdict.objects.get()
    assert (verdict.kind, verdict.cause) == ("maintenance", "planned-work")
    occurrence = PlannedWork.objects.get().occurrences.get()
    assert (occurrence.starts_at, occurrence.ends_at) == (
        ELEVEN,
        datetime(2026, 11, 24, 14, 0, tzinfo=UTC),
    )
    assert occurrence.revision.title == "Other work: ENG-WS-04, PLC-PL2-07"
    named = occurrence.revision.devices.values_list("side", "name")
    assert set(named) == {("from", "ENG-WS-04"), ("to", "PLC-PL2-07")}
    incident = asked.incidents.get()
    assert incident.is_open, "nothing closes by it"
    assert ["planned-work", -25, ""] in incident.priority_parts


def test_the_same_answer_sent_twice_plans_once(answer):
    for _ in range(2):
        answer(until="2026-11-24T15:00:00+01:00")
    assert PlannedWork.objects.count() == Verdict.objects.count() == 1


def test_what_the_cause_says_is_the_kind_of_work(answer):
    answer(
        until="2026-11-24T15:00:00+01:00", cause_maintenance="firmware-campaign", work_order="WO-7"
    )
    says = PlannedWork.objects.get().revisions.get()
    assert (says.kind, says.work_order) == ("firmware", "WO-7")


def test_another_time_is_read_on_the_clock_of_the_plant(answer):
    answer(until_other="2026-11-24T19:30")
    occurrence = PlannedWork.objects.get().occurrences.get()
    assert occurrence.ends_at == datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"until": "2026-11-24T09:00:00+01:00"}, "later than now"),
        ({"until": "soon"}, "Enter a day and a time"),
        ({"until": "2027-11-24T09:00:00+01:00"}, "longer than 31 days"),
    ],
)
def test_a_time_that_makes_no_sense_saves_neither(answer, values, sentence):
    response = answer(**values)
    assert response.status_code == 422 and sentence in response.content.decode()
    assert not PlannedWork.objects.exists() and not Verdict.objects.exists()


def test_it_is_over_answers_without_planning(answer):
    answer(until="over")
    assert Verdict.objects.get().cause == "planned-work"
    assert not PlannedWork.objects.exists()


def test_other_verdicts_plan_nothing(answer):
    answer(verdict="routine", cause_routine="other", until="2026-11-24T15:00:00+01:00")
    assert Verdict.objects.get().kind == "routine"
    assert not PlannedWork.objects.exists()


def test_an_answer_that_is_withdrawn_takes_its_plan_with_it(client, answer):
    answer(until="2026-11-24T15:00:00+01:00")
    client.post(f"/reviews/undo/{Verdict.objects.get().act}/")
    assert PlannedWork.objects.get().state == "cancelled"
