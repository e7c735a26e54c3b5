"""Work that recurs or lasts longer than a day time-boxes nothing before a second person has
confirmed it; work that was planned late never does.
"""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.incidents.models import Alert
from alerts.planned_work.engine.recurrence import MAX_LENGTH
from alerts.planned_work.models import NamedDevice, WorkConfirmation
from alerts.planned_work.services.confirm import confirm_work
from alerts.planned_work.services.plan import CannotPlanWork
from alerts.planned_work.services.work import change_work, extend_work, finish_work
from alerts.suppression.drafting.work_size import work_hours_ahead, work_hours_around
from alerts.suppression.queries import facts_of
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from tests import cast
from tests.alerts.suppression.samples import clause, rule
from tests.program import Program

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # on the plant's clock
BEFORE = ELEVEN - DAY
DAILY = {"rule": "FREQ=DAILY"}
LONG = {"hours": 30}
RULE = rule(
    clause("site", "is", "Gdańsk"),
    clause("source_device", "is", "ENG-WS-04"),
    clause("destination_device", "is", "PLC-PL2-07"),
    clause("planned_work", "within", "firmware"),
)


@pytest.fixture
def sam(make_person, workspace):
    return make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


@pytest.fixture
def olaf(make_person, site):
    return make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))


def boxes(incident, *, as_of_alert=False):
    """Whether the work beside the incident's alert boxes it in, as rules read it."""
    ids = list(Alert.objects.filter(incidents=incident).values_list("pk", flat=True))
    (facts,) = facts_of(ids, as_of_alert=as_of_alert).values()
    assert facts.planned_work == ("firmware",), "it ranks and annotates in any case"
    return facts.planned_work_for_hours == ("firmware",)


def test_short_work_that_was_planned_in_time_boxes_by_itself(planned, happen):
    planned(now=BEFORE)
    incident = happen(ELEVEN)
    assert boxes(incident) and boxes(incident, as_of_alert=True)


@pytest.mark.parametrize("changes", [DAILY, LONG], ids=["every day", "thirty hours"])
def test_recurring_and_long_work_boxes_nothing_before_it_is_confirmed(
    planned, happen, olaf, changes
):
    work = planned(now=BEFORE, **changes)
    earlier = happen(ELEVEN)
    assert not boxes(earlier)
    confirm_work(work_id=work.pk, revision=1, by=olaf, now=ELEVEN + timedelta(minutes=1))
    assert not boxes(earlier), "what came before stays as it was"
    assert boxes(happen(ELEVEN + timedelta(minutes=2)))


def test_a_change_voids_the_confirmation(planned, plan, happen, oda, olaf):
    work = planned(now=BEFORE, **DAILY)
    confirm_work(work_id=work.pk, revision=1, by=olaf, now=BEFORE)
    change_work(work_id=work.pk, plan=plan(title="Other", **DAILY), by=oda, now=BEFORE + HOUR)
    assert not boxes(happen(ELEVEN))
    with pytest.raises(CannotPlanWork, match="has changed in the meantime"):
        confirm_work(work_id=work.pk, revision=1, by=olaf, now=BEFORE + HOUR)
    confirm_work(work_id=work.pk, revision=2, by=olaf, now=BEFORE + 2 * HOUR)
    assert boxes(happen(ELEVEN + HOUR))


def test_work_planned_after_it_began_or_after_the_alert_boxes_nothing(planned, happen):
    earlier = happen(ELEVEN)
    planned(now=ELEVEN + HOUR)
    assert not boxes(earlier)
    assert not boxes(happen(ELEVEN + 2 * HOUR))


def test_a_change_under_way_counts_from_the_next_time_on(planned, plan, happen, oda):
    work = planned(now=BEFORE)
    earlier = happen(ELEVEN)
    change_work(work_id=work.pk, plan=plan(hours=6), by=oda, now=ELEVEN + HOUR)
    assert boxes(earlier), "it was boxed when it came, and still is inside"
    assert not boxes(happen(ELEVEN + 90 * timedelta(minutes=1)))


def test_an_extension_boxes_what_comes_after_it_up_to_a_day(planned, happen, oda, olaf):
    work = planned(now=BEFORE)
    earlier, (row,) = happen(ELEVEN), work.occurrences.all()
    longer = extend_work(
        occurrence_id=row.pk, until=row.ends_at + 4 * HOUR, by=oda, now=ELEVEN + HOUR
    )
    assert boxes(earlier)
    assert boxes(happen(row.ends_at + 3 * HOUR))
    extend_work(
        occurrence_id=longer.pk, until=row.starts_at + MAX_LENGTH, by=oda, now=ELEVEN + 2 * HOUR
    )
    assert not boxes(happen(row.ends_at + 3 * HOUR)), "a month needs a second person"
    confirm_work(work_id=work.pk, revision=1, by=olaf, now=row.ends_at + 3 * HOUR)
    assert boxes(happen(row.ends_at + 4 * HOUR))


def test_work_that_ends_early_keeps_what_it_boxed(planned, happen, oda):
    work = planned(now=BEFORE)
    incident = happen(ELEVEN)
    finish_work(occurrence_id=work.occurrences.get().pk, by=oda, now=ELEVEN + HOUR)
    assert boxes(incident)


def test_who_may_confirm(planned, oda, olaf, sam, pia, plan):
    work = planned(now=BEFORE, **DAILY)
    for person, words in (
        (oda, "Only the SOC of this site's workspaces and the OT site lead"),
        (pia, "Only the SOC of this site's workspaces and the OT site lead"),
    ):
        with pytest.raises(CannotPlanWork, match=words):
            confirm_work(work_id=work.pk, revision=1, by=person, now=BEFORE)
    olafs = planned(now=BEFORE, by=olaf, **DAILY)
    with pytest.raises(CannotPlanWork, match="planned or changed this work yourself"):
        confirm_work(work_id=olafs.pk, revision=1, by=olaf, now=BEFORE)
    olaf.via_token = Program(olaf).token
    with pytest.raises(CannotPlanWork, match="never by a token"):
        confirm_work(work_id=work.pk, revision=1, by=olaf, now=BEFORE)
    olaf.via_token = None
    confirm_work(work_id=work.pk, revision=1, by=olaf, now=BEFORE)
    with pytest.raises(CannotPlanWork, match="already confirmed"):
        confirm_work(work_id=work.pk, revision=1, by=olaf, now=BEFORE)
    short = planned(now=BEFORE)
    with pytest.raises(CannotPlanWork, match="needs no confirmation"):
        confirm_work(work_id=short.pk, revision=1, by=olaf, now=BEFORE)
    entry = Entry.objects.get(action="planned_work.work.confirmed")
    assert (entry.actor, entry.details["revision"]) == (olaf, 1)


def test_the_soc_of_the_workspace_may_confirm(planned, happen, sam):
    work = planned(now=BEFORE, **DAILY)
    happen(ELEVEN - DAY)  # so the site is one of this workspace
    confirm_work(work_id=work.pk, revision=1, by=sam, now=BEFORE)
    assert WorkConfirmation.objects.get().by == sam


def test_the_hours_of_a_week_count_over_all_works_of_the_rule(planned, oda, olaf):
    planned(now=BEFORE, hours=20, start=datetime(2026, 11, 24, 8, 0))
    assert work_hours_ahead(RULE, site="Gdańsk", now=BEFORE) == 21, "with the hour of slack"
    daily = planned(now=BEFORE, hours=14, **DAILY)
    assert work_hours_ahead(RULE, site="Gdańsk", now=BEFORE) == 21, "unconfirmed, it opens nothing"
    confirm_work(work_id=daily.pk, revision=1, by=olaf, now=BEFORE)
    hours = work_hours_around(RULE, site="Gdańsk", at=ELEVEN, known_at=ELEVEN)
    assert hours == work_hours_ahead(RULE, site="Gdańsk", now=BEFORE) == 7 * 15 + 6
    NamedDevice.objects.update(name="")  # told by their addresses alone
    assert work_hours_around(RULE, site="Gdańsk", at=ELEVEN, known_at=ELEVEN) == hours
    for other in ("Porto", ""):
        assert work_hours_around(RULE, site=other, at=ELEVEN, known_at=ELEVEN) == 0


def test_what_was_cancelled_and_planned_anew_each_day_adds_up(planned, oda):
    from alerts.planned_work.services.work import cancel_work

    for day in range(6):
        start = datetime(2026, 11, 24, 0, 0) + day * DAY
        began = start.replace(tzinfo=UTC) - HOUR
        work = planned(now=began - HOUR, hours=20, start=start)
        cancel_work(work_id=work.pk, by=oda, now=began + 18 * HOUR)
    at = ELEVEN + 6 * DAY
    assert work_hours_around(RULE, site="Gdańsk", at=at, known_at=at) >= 6 * 18


def test_the_page_shows_who_is_missing_and_has_the_button(planned, client, oda, olaf, monkeypatch):
    monkeypatch.setattr("portal.clock.now", lambda: BEFORE)
    work = planned(now=BEFORE, **DAILY)
    address = f"/planned-work/{work.uuid}/"
    client.force_login(oda)
    assert "Confirm the work" not in (page := client.get(address).content.decode())
    assert "It needs a second person." in page
    client.force_login(olaf)
    assert "Confirm the work" in client.get(address).content.decode()
    assert client.post(f"{address}confirm/", {"revision": "9"}).status_code == 422
    assert client.post(f"{address}confirm/", {"revision": "1"}).status_code == 302
    page = client.get(address).content.decode()
    assert "It needs a second person." not in page
    assert "confirmed it as the second person" in page
