"""Work that a program planned, changed or extended time-boxes nothing before a person of OT has
confirmed it on its page.
"""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.planned_work.models import WorkConfirmation
from alerts.planned_work.services.confirm import confirm_work
from alerts.planned_work.services.plan import CannotPlanWork
from alerts.planned_work.services.work import change_work, extend_work, finish_work
from alerts.suppression.drafting.work_size import work_hours_ahead, work_hours_around
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.planned_work.test_second_person import BEFORE, DAILY, ELEVEN, RULE, boxes
from tests.program import Program

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def program(oda):
    """Oda's token, which may plan work and nothing else."""
    return Program(oda, "work:write")


@pytest.fixture
def by_token(oda, program):
    """Oda as her token acts."""
    person = type(oda).objects.get(pk=oda.pk)
    person.via_token = program.token
    return person


@pytest.fixture
def olaf(make_person, site):
    return make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))


@pytest.fixture
def sam(make_person, workspace):
    return make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


def test_short_work_of_a_token_ranks_and_boxes_nothing_until_it_is_confirmed(
    planned, happen, by_token, oda
):
    work = planned(now=BEFORE, by=by_token)
    earlier = happen(ELEVEN)
    assert not boxes(earlier) and not boxes(earlier, as_of_alert=True)
    assert work_hours_ahead(RULE, site="Gdańsk", now=ELEVEN) == 0
    confirm_work(work_id=work.pk, revision=1, by=oda, now=ELEVEN + timedelta(minutes=1))
    assert not boxes(earlier), "what came before stays as it was"
    later = happen(ELEVEN + timedelta(minutes=2))
    assert boxes(later) and boxes(later, as_of_alert=True)
    at = ELEVEN + timedelta(minutes=2)
    assert work_hours_around(RULE, site="Gdańsk", at=at, known_at=at) == 3


def test_a_token_confirms_nothing(planned, by_token, program):
    work = planned(now=BEFORE, by=by_token)
    with pytest.raises(CannotPlanWork, match="never by a token"):
        confirm_work(work_id=work.pk, revision=1, by=by_token, now=BEFORE)
    assert not WorkConfirmation.objects.exists()


def test_the_soc_does_not_confirm_for_ot(planned, happen, by_token, sam):
    work = planned(now=BEFORE, by=by_token)
    happen(ELEVEN - DAY)
    with pytest.raises(CannotPlanWork, match="only OT of Gdańsk"):
        confirm_work(work_id=work.pk, revision=1, by=sam, now=BEFORE)


def test_wide_work_of_a_token_needs_a_second_person_of_ot(
    planned, happen, by_token, oda, olaf, sam
):
    work = planned(now=BEFORE, by=by_token, **DAILY)
    happen(ELEVEN - DAY)
    for person in (oda, sam):
        with pytest.raises(CannotPlanWork, match="only the OT site lead of Gdańsk"):
            confirm_work(work_id=work.pk, revision=1, by=person, now=BEFORE)
    confirm_work(work_id=work.pk, revision=1, by=olaf, now=BEFORE)
    assert boxes(happen(ELEVEN))


def test_the_page_of_wide_work_of_a_token_names_only_who_can_confirm_it(
    planned, happen, by_token, client, sam, olaf, monkeypatch
):
    monkeypatch.setattr("portal.clock.now", lambda: BEFORE)
    work = planned(now=BEFORE, by=by_token, **DAILY)
    happen(ELEVEN - DAY)
    for person, has_button in ((sam, False), (olaf, True)):
        client.force_login(person)
        page = client.get(f"/planned-work/{work.uuid}/").content.decode()
        assert "Until the OT site lead confirms it" in page
        assert "Until somebody of" not in page
        assert ("Confirm the work" in page) is has_button


def test_a_change_by_a_token_ends_what_people_planned_as_a_box(planned, plan, happen, by_token):
    work = planned(now=BEFORE)
    change_work(work_id=work.pk, plan=plan(title="Other"), by=by_token, now=BEFORE + HOUR)
    assert not boxes(happen(ELEVEN))


def test_a_change_on_the_page_is_a_person_s(planned, plan, happen, by_token, oda):
    work = planned(now=BEFORE, by=by_token)
    change_work(work_id=work.pk, plan=plan(title="Other"), by=oda, now=BEFORE + HOUR)
    assert boxes(happen(ELEVEN))


def test_an_extension_by_a_token_boxes_nothing_more(planned, happen, by_token, oda):
    work = planned(now=BEFORE)
    (row,) = work.occurrences.all()
    earlier = happen(ELEVEN)
    extend_work(occurrence_id=row.pk, until=row.ends_at + 4 * HOUR, by=by_token, now=ELEVEN + HOUR)
    assert boxes(earlier), "it was boxed when it came"
    assert not boxes(happen(row.ends_at + 2 * HOUR))
    confirm_work(work_id=work.pk, revision=1, by=oda, now=row.ends_at + 3 * HOUR)
    assert boxes(happen(row.ends_at + 4 * HOUR))


def test_work_of_a_token_that_ends_early_stays_of_the_token(planned, happen, by_token, oda):
    work = planned(now=BEFORE, by=by_token)
    incident = happen(ELEVEN)
    finish_work(occurrence_id=work.occurrences.get().pk, by=oda, now=ELEVEN + HOUR)
    assert not boxes(incident)


def test_over_the_api_it_is_of_the_token_and_the_page_asks_for_a_person(
    program, client, site, devices, oda, monkeypatch
):
    now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    monkeypatch.setattr("portal.clock.now", lambda: now)
    values = {
        "site": site.name,
        "title": "Drive firmware",
        "kind": "firmware",
        "starts_at": "2026-11-24T08:00:00",
        "ends_at": "2026-11-24T13:00:00",
        "from_devices": ["ENG-WS-04"],
        "to_devices": ["PLC-PL2-07"],
    }
    answer = program.post("planned-work/", values)
    assert answer.status_code in (200, 201), answer.content
    address = f"/planned-work/{answer.json()['id']}/"
    client.force_login(oda)
    page = client.get(address).content.decode()
    assert "It came by a token: confirm it." in page and "Confirm the work" in page
    assert "It needs a second person." not in page
    assert client.post(f"{address}confirm/", {"revision": "1"}).status_code == 302
    page = client.get(address).content.decode()
    assert "It came by a token" not in page and "confirmed it for OT" in page
