"""Twelve weeks as lines: as a picture, as a table, and honest about what was not read."""

import re
from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentStatus
from alerts.intake.models import Cursor
from tests.conftest import NOON
from tests.factories.incidents import make_incident

pytestmark = pytest.mark.usefixtures("fixed_clocks")
DAY = timedelta(days=1)


@pytest.fixture
def cards(client, mia, workspace):
    """`cards()` are the five cards of Mia's home, by name, each as HTML."""

    def read(**cursor):
        if cursor:
            Cursor.objects.filter(workspace=workspace).update(**cursor)
        client.force_login(mia)
        found = re.findall(
            r'<section class="card kpi trend" aria-labelledby="trend-([\w-]+)">(.*?)</section>',
            client.get("/").text,
            flags=re.S,
        )
        return dict(found)

    return read


def rows_of(card):
    """The table beside a picture."""
    return re.findall(r'<th scope="row">(.*?)</th><td class="cell-number">(.*?)</td>', card)


def close(workspace, *days, rule=""):
    for ago in days:
        make_incident(
            workspace,
            status=IncidentStatus.CLOSED,
            created_at=NOON - 60 * DAY,
            closed_at=NOON - ago * DAY,
            closed_by=rule,
        )


def test_each_number_has_its_twelve_weeks_as_a_picture_and_as_a_table(cards, workspace):
    close(workspace, 1, 2, 9, 9.5, 9.6)
    close(workspace, 3, rule="R-12")
    found = cards()
    assert list(found) == [
        *("decisions", "closed-by-rule", "open-incidents", "closed-by-people", "answer-time")
    ]
    people = found["closed-by-people"]
    assert len(rows_of(people)) == 12
    assert rows_of(people)[-2:] == [("17 Nov", "3"), ("24 Nov", "2")]
    assert 'aria-label="Closed by people, 12 weeks: 2 in the latest, 3 at most."' in people
    assert 'role="img"' in people
    assert "<summary>Show as table</summary>" in people
    assert people.count("<polyline") == 1
    assert rows_of(found["closed-by-rule"])[-1] == ("24 Nov", "1")


def test_weeks_without_data_are_a_gap_and_no_zero(cards, workspace):
    close(workspace, 1, 20, 30)
    card = cards(backfilled_until=NOON - 40 * DAY)["closed-by-people"]
    values = [value for _, value in rows_of(card)]
    assert values[:6] == ["7 days not read from Sentinel"] * 6
    assert values[6:] == ["2 days not read from Sentinel", "1", "0", "1", "0", "1"][-6:]
    assert card.count('class="gap"') == 7
    assert "7 weeks are missing." in card


def test_a_stale_sync_takes_the_number_of_the_week_away(cards, workspace):
    close(workspace, 5)
    card = cards(fresh_at=NOON - 3 * DAY - timedelta(minutes=15))["closed-by-people"]
    assert 'aria-label="Closed by people: –"' in card
    assert '<p class="kpi-hint">3 days not read from Sentinel</p>' in card
    assert rows_of(card)[-1] == ("24 Nov", "3 days not read from Sentinel")


def test_a_gap_in_the_middle_of_answers_breaks_the_line_without_a_mark(cards, make, ask, answer):
    for weeks in (1, 3):
        asked_at = NOON - weeks * 7 * DAY + DAY
        answer(
            ask(make(destination=f"PLC-{weeks}"), now=asked_at),
            now=asked_at + timedelta(minutes=30),
        )
    card = cards()["answer-time"]
    assert [value for _, value in rows_of(card)][-3:] == ["30 min", "–", "30 min"]
    assert card.count("<polyline") == 2
    assert 'class="gap"' not in card


def test_before_there_is_a_week_of_data_the_page_says_how_long_still(client, cards):
    found = cards(backfilled_until=NOON - 2 * DAY)
    assert not any("<polyline" in card for card in found.values())
    text = client.get("/").text
    assert "5 more days until there is a week of data. Then the trend lines appear." in text


def test_while_history_is_read_the_page_says_that_numbers_are_too_low(client, cards):
    cards(backfilled_until=NOON - 30 * DAY, backfill_ends_at=NOON - 90 * DAY)
    text = client.get("/").text
    assert "Tagout is still reading older incidents from Sentinel." in text


def test_without_any_workspace_the_lines_are_seven_days_away(client, mia, db):
    client.force_login(mia)
    assert "7 more days until there is a week of data." in client.get("/").text
