"""The editor of a draft, as a plain form and as htmx asks for its parts."""

import json
import re
from datetime import timedelta

import pytest

from alerts.suppression.models import RuleVersion
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device

HTMX = {"HX-Request": "true"}
TYPE = {"all-0-field": "alert_type", "all-0-was": "alert_type", "all-0-operator": "is"}


@pytest.fixture
def draft(client, noon, oda):
    client.force_login(oda)
    client.post("/rules/new/")
    return RuleVersion.objects.get()


@pytest.fixture
def save(client, draft):
    """`save(title=…)` posts the form of the editor and gives the body that was stored."""

    def saved(status=302, **fields):
        draft.refresh_from_db()
        form = {"revision": draft.revision, "all-shown": "1", "not-shown": "1"}
        answer = client.post(f"/rules/{draft.uuid}/edit/", form | fields)
        assert answer.status_code == status, answer.content.decode()[:2000]
        draft.refresh_from_db()
        return draft.body

    return saved


def line(at, field, operator, *values, **more):
    return {
        f"{at}-field": field,
        f"{at}-was": field,
        f"{at}-operator": operator,
        f"{at}-value": list(values),
    } | {f"{at}-{k}": v for k, v in more.items()}


def test_a_new_rule_is_owned_by_its_author_and_ends_in_ninety_days(draft, oda):
    assert draft.body["owner_ot"] == oda.email
    assert draft.expires_at == NOON + timedelta(days=90)


@pytest.mark.parametrize("day", ["9999-12-31", "2026-02-30"])
def test_a_day_that_no_calendar_goes_on_from_changes_nothing(save, draft, day):
    before = draft.body["expires_at"]
    assert save(expires=day)["expires_at"] == before


def test_lines_are_added_filled_and_removed_by_plain_submits(save):
    body = save(**{"all-new": "site", "do": "add-all"})
    assert body["all_of"] == [{"field": "site", "operator": "is", "values": []}]
    body = save(**line("all-0", "site", "is", add="Gdańsk"))
    assert body["all_of"] == [{"field": "site", "operator": "is", "values": ["Gdańsk"]}]
    body = save(**line("all-0", "site", "is", "Gdańsk", add="Porto"))
    assert body["all_of"][0]["operator"] == "is_one_of"
    assert save(**line("all-0", "site", "is_one_of", "Gdańsk"), do="drop-all-0")["all_of"] == []


def test_a_value_whose_tick_is_taken_away_goes(save):
    body = save(**line("not-0", "protocol", "is_one_of", "CIP"))
    assert body["except_any"] == [{"field": "protocol", "operator": "is_one_of", "values": ["CIP"]}]


def test_a_line_on_functions_may_hold_for_alerts_that_tell_none(client, save, draft):
    fields = line("all-0", "function", "is_one_of", "Read")
    save(**fields)
    page = client.get(f"/rules/{draft.uuid}/edit/").content.decode()
    assert "or not specified" in page
    body = save(**line("all-0", "function", "is_one_of", "Read", ""))
    assert body["all_of"][0]["values"] == ["", "Read"]
    page = client.get(f"/rules/{draft.uuid}/edit/").content.decode()
    assert "or not specified" not in page and "not specified" in page
    assert save(**fields)["all_of"][0]["values"] == ["Read"]
    body = save(**line("all-0", "protocol", "is_one_of", "CIP", ""))
    assert body["all_of"][0]["values"] == ["CIP"]


def test_another_field_starts_its_line_anew(save):
    body = save(**line("all-0", "time", "is", "Gdańsk") | {"all-0-was": "site"})
    assert body["all_of"] == [{"field": "time", "operator": "within", "values": []}]


def test_a_weekly_window_is_put_together_from_days_and_hours(save):
    window = {"day": ["Tue", "Thu"], "from": "06:00", "to": "08:00", "zone": "Europe/Warsaw"}
    body = save(**line("all-0", "time", "within", **window))
    assert body["all_of"][0]["values"] == [
        "Thu 06:00-08:00 Europe/Warsaw",
        "Tue 06:00-08:00 Europe/Warsaw",
    ]


def test_the_end_is_the_last_moment_of_a_day_on_the_plants_clock(save, draft, site):
    save(**line("all-0", "site", "is", site.name))
    assert (
        save(expires="2026-12-20", **line("all-0", "site", "is", site.name))["expires_at"]
        == "2026-12-20T22:59:59Z"
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (line("all-0", "port", "is", add="often"), "often is not a valid port"),
        (line("all-0", "source_address", "is", add="0.0.0.0"), "address"),
        (line("all-0", "techniques", "is", add="T08"), "“T08” is not an ATT&amp;CK technique"),
        (line("all-0", "site", "matches", add="Gdańsk"), "“matches” does not work with the site"),
        (line("all-0", "colour", "is", add="red"), "“colour” is not a field of a rule"),
        (
            line(
                "all-0",
                "time",
                "within",
                day=["Tue"],
                to="08:00",
                zone="Mars/Base",
                **{"from": "06:00"},
            ),
            "“Mars/Base” is not a time zone",
        ),
        (line("all-0", "alert_type", "is"), "has no value yet"),
        ({"expires": "2020-01-01"}, "The end date is in the past."),
        ({"expires": "2030-01-01"}, "The end date is more than"),
        ({}, "The rule has no condition"),
    ],
)
def test_what_is_wrong_stands_on_the_page_as_a_sentence(client, save, draft, fields, words):
    full = (
        {}
        if not fields or any(key.startswith("all-0") for key in fields)
        else line("all-0", "site", "is", "Gdańsk")
    )
    save(title="Recipe downloads", **full | fields)
    assert words in client.get(f"/rules/{draft.uuid}/edit/").content.decode()


def test_a_draft_saved_in_another_window_meanwhile_is_not_overwritten(save):
    save(title="First title")
    assert save(status=422, title="Second title", revision="0")["title"] == "First title"


def test_exclude_adds_an_exception_and_joins_one_that_is_there(save):
    first = save(exclude="source_device|ENG-WS-02")
    assert first["except_any"] == [
        {"field": "source_device", "operator": "is", "values": ["ENG-WS-02"]}
    ]
    more = save(**line("not-0", "source_device", "is", "ENG-WS-02"), exclude="source_device|HMI-1")
    assert more["except_any"][0]["values"] == ["ENG-WS-02", "HMI-1"]


def test_why_sentinel_cannot_is_one_line_until_it_is_opened(client, noon, people, history):
    draft = rules.draft(rules.downloads(), by=people.oda, evidence=history.verdicts, now=NOON)
    client.force_login(people.oda)
    page = " ".join(client.get(f"/rules/{draft.uuid}/edit/").text.split())
    after = page.split("Sentinel itself is not offered", 1)[1]
    assert re.search(
        r'<details class="detail-more whole"> <summary> \d+ reasons? </summary>', after
    )


def test_only_the_author_edits_a_draft(client, draft, leo):
    client.force_login(leo)
    address = f"/rules/{draft.uuid}/"
    draft.workspace_ids = [leo.pk]
    assert client.get(f"{address}edit/").status_code in (302, 404)


def test_suggestions_are_of_what_one_may_see(client, save, draft, site, porto):
    make_device(site, "PLC-GD-1", "10.1.1.1")
    make_device(porto, "PLC-PT-1", "10.2.1.1")
    save(**line("all-0", "source_device", "is") | line("all-1", "site", "is"))
    page = client.get(f"/rules/{draft.uuid}/edit/").content.decode()
    assert "PLC-GD-1" in page
    assert "PLC-PT-1" not in page
    assert "Porto" not in page


def test_the_panel_counts_what_is_left_after_each_line(client, save, draft, workspace, site):
    rules.routine(workspace, site)
    rules.noise(workspace, site, n=10)
    save(
        title="Recipe downloads",
        **line("all-0", "site", "is", site.name)
        | line("all-1", "alert_type", "is", rules.DOWNLOAD)
        | line("all-2", "source_device", "is", "ENG-WS-04"),
    )
    answer = client.get(f"/rules/{draft.uuid}/backtest/", headers=HTMX).content.decode()
    assert ">22</output>" in answer
    assert ">12</output>" in answer
    assert "would match, in 12 incidents" in answer
    page = client.get(f"/rules/{draft.uuid}/edit/?tested=1").content.decode()
    assert "would match, in 12 incidents" in page


def test_nobody_counts_alerts_of_plants_they_do_not_see(client, save, draft, workspace, porto):
    rules.routine(workspace, porto)
    for clauses in (
        line("all-0", "alert_type", "is", rules.DOWNLOAD),
        line("all-0", "site", "is", "Porto"),
    ):
        save(title="Other plant", **clauses)
        answer = client.get(f"/rules/{draft.uuid}/backtest/", headers=HTMX).content.decode()
        assert ">12<" not in answer
        assert "site" in answer or "places" in answer


def test_ot_counts_a_rule_of_a_workspace_whose_alerts_are_all_of_the_own_site(
    client, save, draft, workspace, site, porto
):
    rules.routine(workspace, site)
    clauses = (
        line("all-0", "workspace", "is", workspace.name)
        | line("all-1", "alert_type", "is", rules.DOWNLOAD)
        | line("all-2", "any_device", "is", "ENG-WS-04")
    )
    save(title="As Sentinel can hold it", **clauses)
    address = f"/rules/{draft.uuid}/backtest/"
    assert ">12</output>" in client.get(address, headers=HTMX).content.decode()
    rules.routine(workspace, porto)
    answer = client.get(address, headers=HTMX).content.decode()
    assert "only some of these sites" in answer
    assert ">12</output>" not in answer and ">24</output>" not in answer


def test_htmx_gets_the_editor_anew_and_the_panel_is_told(client, draft):
    form = {"revision": draft.revision, "title": "Recipe downloads", "all-shown": "1"}
    answer = client.post(f"/rules/{draft.uuid}/edit/", form, headers=HTMX)
    assert answer.status_code == 200
    assert "rule-saved" in json.loads(answer["HX-Trigger"])
    assert "<html" not in answer.content.decode()
    assert 'name="revision" value="1"' in answer.content.decode()


def test_the_page_says_what_is_missing_before_it_can_be_proposed(client, draft):
    page = client.get(f"/rules/{draft.uuid}/edit/").content.decode()
    assert "Choose the verdicts this rule rests on." in page
    assert "Choose an owner on each side." in page


def test_a_half_entered_window_outlives_the_save_of_another_line(client, save, draft):
    save(**{"all-new": "protocol", "do": "add-all"})
    form = {"revision": draft.revision + 1, "all-shown": "1"}
    form |= line("all-0", "protocol", "is", "CIP") | line("all-1", "time", "within")
    form |= {"all-1-day": ["Tue", "Fri"], "all-1-from": "06:00", "do": "drop-all-0"}
    page = client.post(f"/rules/{draft.uuid}/edit/", form, headers=HTMX).content.decode()
    page = " ".join(page.split())
    assert 'name="all-0-day" value="Tue" checked' in page
    assert 'name="all-0-day" value="Mon">' in page
    assert 'name="all-0-from" value="06:00"' in page


def test_owners_are_named_once_the_rule_says_where_it_acts(save, oda, leo, workspace):
    body = save(owner_ot="", **line("all-0", "workspace", "is", workspace.name))
    assert (body["owner_ot"], body["owner_soc"]) == ("", leo.email)
    body = save(
        owner_ot="",
        **line("all-0", "workspace", "is", workspace.name),
        **line("all-1", "site", "is", "Gdańsk"),
    )
    assert (body["owner_ot"], body["owner_soc"]) == (oda.email, leo.email)


def test_of_several_leads_none_is_guessed(save, oda, leo, workspace, make_person):
    make_person(
        cast.Person("lea@demo.example", "Lea Sommer"),
        (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid),
    )
    assert save(**line("all-0", "workspace", "is", workspace.name))["owner_soc"] == ""


def test_planned_work_is_picked_by_its_kind(client, save, draft):
    body = save(**line("all-0", "planned_work", "within", "firmware", "vendor-visit"))
    assert body["all_of"] == [
        {"field": "planned_work", "operator": "within", "values": ["firmware", "vendor-visit"]}
    ]
    page = client.get(f"/rules/{draft.uuid}/edit/").content.decode()
    ticked = '<input type="checkbox" name="all-0-value" value="firmware" checked>'
    assert ticked in " ".join(page.split())
    assert "Firmware update" in page and "Other work" not in page
