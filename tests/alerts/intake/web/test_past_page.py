"""The page about the past of a workspace: what it shows, to whom, and what its buttons do."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import translation

from alerts.incidents.models import Alert, IncidentAlert
from alerts.intake.models import LogBackfill
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests import cast
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site
from tests.program import Program

pytestmark = pytest.mark.django_db
PAGE = "/workspaces/gdansk/past/"


@pytest.fixture
def ada(make_person):
    return make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))


@pytest.fixture
def ada_here(client, ada, workspace):
    client.force_login(ada)
    return client


@pytest.fixture
def backfill(workspace):
    return LogBackfill.objects.create(
        workspace=workspace,
        state="running",
        since=NOON - timedelta(days=100),
        until=NOON,
        read_since=NOON - timedelta(days=25),
        window_seconds=86400,
        incidents=12_345,
        alerts=23_456,
        lone_alerts=345,
        asked_by="Ada",
        asked_at=NOON,
    )


def make_alert(workspace, key, *, days=1, **columns):
    values = {"alert_type": "Modbus Exception", "severity": 3, "at": NOON - timedelta(days=days)}
    return Alert.objects.create(workspace=workspace, key=key, **values | columns)


def test_before_anybody_asked_the_page_says_so(ada_here):
    text = ada_here.get(PAGE).text
    assert "Nothing was read from Log Analytics yet" in text and "Read older alerts" in text


def test_it_tells_how_far_the_past_was_read(ada_here, backfill):
    text = ada_here.get(PAGE).text
    assert "25.0" in text and "12,345" in text and "23,456" in text and "345" in text
    assert "Being read" in text and 'id="past" data-live' in text
    LogBackfill.objects.update(state="failed", latest_error="Log Analytics does not answer.")
    text = ada_here.get(PAGE).text
    assert "Log Analytics does not answer." in text and "Go on, or read further back" in text


def test_why_it_does_not_go_on_is_german_for_who_reads_german(ada_here, backfill):
    LogBackfill.objects.update(latest_error="Log Analytics takes long to answer.")
    ada_here.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    with translation.override("en"):  # and back to it, whatever the page has activated
        assert "Log Analytics antwortet nur langsam." in ada_here.get(PAGE).text


def test_where_it_goes_on_to_is_told_only_while_it_does(ada_here, backfill):
    assert "goes on until" in ada_here.get(PAGE).text
    LogBackfill.objects.update(state="done", read_since=backfill.since)
    assert "goes on until" not in ada_here.get(PAGE).text


def test_what_was_read_already_is_not_said_to_be_read_now(ada_here, backfill):
    done = {"state": "done", "read_since": backfill.since, "reaches_oldest": True}
    LogBackfill.objects.update(**done)
    text = ada_here.post(PAGE + "read/", {"since": ""}, follow=True).text
    assert "The older alerts of gdansk have been read that far already." in text
    assert "Workers now read older alerts of gdansk." not in text
    assert not Job.objects.filter(kind="intake.logs").exists()


def test_an_administrator_has_the_past_read(ada_here, ada, workspace):
    answer = ada_here.post(PAGE + "read/", {"since": "2025-11-20"})
    assert answer.status_code == 302
    backfill = LogBackfill.objects.get()
    assert (backfill.state, f"{backfill.since:%Y-%m-%d %H:%M}") == ("running", "2025-11-20 00:00")
    assert Job.objects.get(kind="intake.logs").key == str(workspace.uuid)
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.actor) == ("intake.log_backfill.started", ada)


def test_a_day_that_is_none_or_to_come_is_refused(ada_here):
    for day, words in (("soon", "Enter a valid date"), ("2027-01-01", "Choose a time before now")):
        answer = ada_here.post(PAGE + "read/", {"since": day})
        assert answer.status_code == 422 and words in answer.text
    assert not LogBackfill.objects.exists()


def test_an_administrator_pauses_it(ada_here, backfill):
    assert ada_here.post(PAGE + "pause/").status_code == 302
    assert LogBackfill.objects.get().state == "paused"
    again = ada_here.post(PAGE + "pause/")
    assert again.status_code == 422 and "are being read at the moment" in again.text


@pytest.mark.parametrize("role", [Role.SOC_ANALYST, Role.SOC_LEAD, Role.AUDITOR])
def test_others_of_the_soc_see_it_and_change_nothing(
    client, make_person, workspace, backfill, role
):
    client.force_login(make_person(cast.SAM, (role, GrantScope.ALL, None)))
    text = client.get(PAGE).text
    assert "12,345" in text and "past/pause/" not in text
    refused = client.post(PAGE + "pause/")
    assert refused.status_code == 422 and "Only an administrator" in refused.text
    assert LogBackfill.objects.get().state == "running"


def test_ot_does_not_see_it(client, make_person, workspace):
    client.force_login(make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.ALL, None)))
    assert client.get(PAGE).status_code == 404


def test_alerts_without_an_incident_are_shown(client, make_person, ada, workspace):
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None))
    client.force_login(sam)
    site = make_site()
    alone = make_alert(workspace, "a", alert_type="Device Failed", source_device="PLC-4", site=site)
    make_alert(workspace, "old", days=40, alert_type="Long ago")
    part = make_alert(workspace, "b", alert_type="Part of an incident")
    incident = make_incident(workspace)
    IncidentAlert.objects.create(incident=incident, alert=part)
    text = client.get(PAGE).text
    assert "Device Failed" in text and "PLC-4" in text
    assert "Part of an incident" not in text and "Long ago" not in text
    program = Program(sam)
    listed = program.get("alerts/", {"has_incident": "false"}).json()["results"]
    assert [row["id"] for row in listed][:1] == [alone.pk]
    linked = program.get("alerts/", {"has_incident": "true"}).json()["results"]
    assert [row["id"] for row in linked] == [part.pk]
    assert program.get("alerts/", {"has_incident": "perhaps"}).status_code == 400
    client.force_login(ada)
    assert "without an incident</h2>" not in client.get(PAGE).text, "who reads no incidents"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_holds_the_bars(browse, ada, backfill, workspace):
    make_alert(workspace, "a", alert_type="Device Failed", source_device="PLC-4")
    assert bar_faults_everywhere(browse(PAGE, as_=ada)) == []


@pytest.mark.parametrize("day", ["0001-01-01", "2014-01-01"])
def test_a_day_before_anything_is_kept_is_refused_in_one_sentence(ada_here, day):
    answer = ada_here.post(f"{PAGE}read/", {"since": day})
    assert answer.status_code == 422
    assert "keeps at most 12 years" in answer.text
    assert not LogBackfill.objects.exists()
