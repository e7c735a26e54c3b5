"""System status: freshness for everybody, the rest for those who can do something about it."""

import time
import uuid
from datetime import timedelta

import pytest

from alerts.dashboards.queries.sync import sites_of, workspaces_feeding
from alerts.incidents.models import BulkAct, DetailsState, Incident
from alerts.intake.models import Cursor, Quarantined, Run
from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.client.port import SentinelUnavailable
from alerts.sentinel.models import Reachability
from alerts.sentinel.services.reach import note_error, note_success
from alerts.suppression.models import Stop
from alerts.suppression.queries import COMPARED
from portal.accounts.models import GrantScope, Role
from portal.audit.services import prove_record
from portal.jobs import circuit_breakers
from portal.jobs.instances import note_instance
from portal.jobs.models import Job, JobState
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.runtime.infrastructure import database_facts, is_broker_reachable
from portal.runtime.worker_identity import InstanceIdentity
from tests import cast
from tests.conftest import NOON

pytestmark = pytest.mark.usefixtures("fixed_clocks", "keep_contexts")
STATUS = "/status/"


@pytest.fixture
def opens(client):
    def opened(person, address=STATUS):
        client.force_login(person)
        return client.get(address)

    return opened


@pytest.fixture
def denied(workspace):
    """A workspace whose identity Azure refuses since an hour."""
    Cursor.objects.filter(workspace=workspace).update(fresh_at=NOON - timedelta(hours=1))
    return Reachability.objects.create(
        workspace=workspace,
        denied_since=NOON - timedelta(hours=1),
        failures=4,
        latest_error="does not have authorization",
        latest_error_code="AuthorizationFailed",
    )


@pytest.fixture
def given_up(workspace):
    return Change.objects.create(
        key=uuid.uuid4(),
        act=uuid.uuid4(),
        workspace=workspace,
        incident_name="abc",
        kind="update",
        by_label="Sam Keller",
        made_at=NOON,
        due_at=NOON,
        state=JobState.DEAD,
        attempts=4,
        outcome=ChangeOutcome.REFUSED,
        note="Severity is not allowed.",
        settled_at=NOON,
    )


@pytest.fixture
def quarantined(workspace):
    return Quarantined.objects.create(
        workspace=workspace,
        fingerprint="f" * 64,
        reason="It has no name.",
        raw='{"a": "<b>"}',
        first_seen_at=NOON,
        latest_seen_at=NOON,
    )


@pytest.mark.parametrize("person", ["oda", "sam", "leo", "olaf", "mia", "ada"])
def test_everybody_sees_how_fresh_the_data_is(request, opens, make, person):
    make()
    page = opens(request.getfixturevalue(person))
    assert "synced 38 s ago" in page.text


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get(STATUS)["Location"].startswith("/login/")


def test_ot_of_a_quiet_plant_sees_no_other_workspace(opens, make, pia, porto):
    make()
    assert "No workspace yet" in opens(pia).text


def test_ot_sees_the_workspace_that_feeds_its_site_though_nothing_is_open(opens, make, oda):
    make()
    Incident.objects.update(status=3, group_key=None)
    assert "gdansk" in opens(oda).text


def test_the_newest_incidents_of_a_workspace_are_not_joined_with_all_of_a_site(make, oda):
    # On every page of OT; joined, it took as many steps as the site has incidents times 500.
    make()
    assert "Join" not in workspaces_feeding(oda).order_by().select_related(None).explain()


@pytest.mark.parametrize("person", ["oda", "sam", "olaf", "mia"])
def test_others_see_no_inner_things(request, opens, make, given_up, quarantined, person):
    make()
    text = opens(request.getfixturevalue(person)).text
    for word in ("PostgreSQL", "Severity is not allowed.", "It has no name.", "Retry", "Broker"):
        assert word not in text


def test_a_refused_identity_is_said_in_plain_words_and_in_azures(opens, denied, sam):
    text = opens(sam).text
    assert "Azure refuses Tagout&#x27;s identity." in text
    assert "AuthorizationFailed" in text
    assert "older than 15 minutes" in text
    assert "Sentinel sync of gdansk: 1 h ago" in text  # the footer


def test_amber_comes_before_red(opens, workspace, sam):
    Cursor.objects.update(fresh_at=NOON - timedelta(minutes=6))
    text = opens(sam).text
    assert "older than 5 minutes" in text
    assert "is-warn" in text


def test_a_paused_workspace_is_no_alarm(opens, workspace, sam):
    type(workspace).objects.update(state="paused")
    Cursor.objects.update(fresh_at=NOON - timedelta(days=6))
    text = opens(sam).text
    assert "paused" in text
    assert "older than" not in text


def test_a_lead_sees_runs_backlogs_and_progress(opens, workspace, make, leo):
    make(2, details_state=DetailsState.PENDING, details_due_at=NOON)
    Cursor.objects.update(
        backfill_ends_at=NOON - timedelta(days=90), backfilled_until=NOON - timedelta(days=45)
    )  # half of 90 days
    for minutes, new in ((30, 1), (1, 7)):
        Run.objects.create(
            workspace=workspace,
            kind="poll",
            started_at=NOON - timedelta(minutes=minutes),
            seen=9,
            new=new,
            unchanged=2,
        )
    Change.objects.create(
        key=uuid.uuid4(),
        act=uuid.uuid4(),
        workspace=workspace,
        incident_name="x",
        kind="comment",
        by_label="Sam",
        made_at=NOON,
        due_at=NOON - timedelta(minutes=3),
    )
    page = opens(leo)
    card = page.context["cards"][0]
    assert card["run_words"] == "Changes: 9 read, 7 new"
    assert card["history"] == "History read: 50 %"
    assert (card["owing"].details, card["owing"].waiting) == (2, 1)
    assert card["oldest"] == "3 min ago"


def test_a_lead_can_mend_what_was_given_up(opens, given_up, leo):
    text = opens(leo).text
    assert "Severity is not allowed." in text
    assert f"/outbox/changes/{given_up.pk}/retry/" in text


def test_an_auditor_reads_what_was_given_up_and_has_no_buttons(opens, given_up, make_person):
    text = opens(make_person(cast.MIA, (Role.AUDITOR, GrantScope.ALL, None))).text
    assert "Severity is not allowed." in text
    assert "/outbox/changes/" not in text


def test_what_could_not_be_read_is_shown_as_it_came_and_harmless(opens, quarantined, leo):
    text = opens(leo).text
    assert "It has no name." in text
    assert "{&quot;a&quot;: &quot;&lt;b&gt;&quot;}" in text


def test_a_lead_of_another_workspace_sees_none_of_it(
    opens, given_up, quarantined, porto_workspace, make_person
):
    boss = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, porto_workspace.uuid))
    text = opens(boss).text
    assert "porto" in text
    for word in ("gdansk", "Severity is not allowed.", "It has no name."):
        assert word not in text


def test_signs_of_life_and_of_silence(opens, ada, monkeypatch):
    assert "never seen" in opens(ada).text
    keep_note(kind=HEARTBEAT, key="intake", now=NOON)
    later = NOON + timedelta(minutes=3)
    monkeypatch.setattr("portal.clock.unshifted", lambda: later)
    keep_note(kind=HEARTBEAT, key="outbox", now=later)
    assert Job.objects.filter(kind="heartbeat").count() == 2
    keep_note(kind=HEARTBEAT, key="outbox", now=later)
    assert Job.objects.filter(kind="heartbeat").count() == 2
    text = opens(ada).text
    assert "silent, last seen 3 min ago" in text
    assert "seen 0 s ago" in text


def test_a_worker_that_does_no_work_is_red_beside_its_sister(opens, ada, monkeypatch):
    for node in ("outbox@one", "outbox@two"):
        note_instance(InstanceIdentity(node, node, ("outbox",)), now=NOON)
    text = opens(ada).text
    assert text.count("at work 0 s ago") == 2 and "does no work" not in text
    assert "Every worker does work" in opens(ada, "/").text
    later = NOON + timedelta(minutes=2)
    note_instance(InstanceIdentity("outbox@two", "outbox@two", ("outbox",)), now=later)
    monkeypatch.setattr("portal.clock.unshifted", lambda: later)
    text = opens(ada).text
    assert "Workers that do no work: outbox@one" in opens(ada, "/").text
    assert "does no work, last seen at work 2 min ago" in text
    details = opens(ada, "/api/v1/status/").json()["details"]
    assert {row["node"]: row["silent"] for row in details["worker_instances"]} == {
        "outbox@one": True,
        "outbox@two": False,
    }


def test_everybody_is_told_when_no_worker_was_heard_for_two_minutes(opens, sam, monkeypatch):
    words = "Background work stopped"
    assert words not in opens(sam).text, "none was ever heard: Tagout has just been installed"
    keep_note(kind=HEARTBEAT, key="intake", now=NOON - timedelta(hours=1))
    keep_note(kind=HEARTBEAT, key="outbox", now=NOON)
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON + timedelta(minutes=2))
    assert words not in opens(sam).text, "the outbox is at work"
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON + timedelta(minutes=3))
    assert f"{words} 3 min ago" in opens(sam).text


def test_a_list_says_above_its_rows_that_background_work_has_stopped(opens, sam, monkeypatch):
    keep_note(kind=HEARTBEAT, key="outbox", now=NOON)
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON + timedelta(minutes=3))
    assert "go out once workers and beat run again" in opens(sam, "/incidents/").text


def test_the_record_says_when_it_was_proved_whole(opens, ada):
    assert "Not yet. A check runs" in opens(ada).text
    prove_record(now=NOON)
    assert "intact, checked 0 s ago" in opens(ada).text
    Job.objects.filter(kind="audit-verified").update(
        payload={"broken_at": 2, "reason": "its content was changed"}
    )
    assert "Broken at entry 2: its content was changed." in opens(ada).text


def test_a_broker_that_is_away_is_a_normal_state(opens, ada, settings):
    assert is_broker_reachable(within=10)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    text = opens(ada).text
    assert "does not answer" in text
    assert "Work waits in the database" in text


def test_nobody_waits_long_for_a_broker():
    started = time.monotonic()
    assert not is_broker_reachable(url="redis://192.0.2.1:6379/0")  # an address that leads nowhere
    assert not is_broker_reachable(url="redis://nowhere.invalid:6379/0")
    assert time.monotonic() - started < 20


def test_nothing_new_is_an_empty_answer(opens, client, workspace, ada):
    version = opens(ada).context["seen"]
    headers = {"HX-Request": "true"}
    assert client.get(STATUS, {"seen": version}, headers=headers).status_code == 204
    Cursor.objects.update(fresh_at=NOON)
    assert client.get(STATUS, {"seen": version}, headers=headers).status_code == 200


def test_a_few_bytes_more_in_the_database_are_no_news(db):
    assert database_facts().size % 1024**2 == 0


def test_the_frame_counts_workspaces_and_plants(opens, make, sam, porto, porto_workspace, mia):
    make()
    assert "1 workspace · 1 plant" in opens(sam).text
    assert "2 workspaces · 2 plants" in opens(mia).text


def test_plants_count_once_whether_granted_or_touched(make, workspace, site, porto, make_person):
    make()
    in_gdansk = (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid)
    at_porto = (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid)
    at_site = (Role.OT_ENGINEER, GrantScope.SITE, site.uuid)
    assert sites_of(make_person(cast.PIA, in_gdansk, at_porto)) == 2
    assert sites_of(make_person(cast.OLAF, in_gdansk, at_site)) == 1
    assert sites_of(make_person(cast.ADA)) == 0


def test_the_foot_of_a_page_that_stays_open_keeps_telling_the_truth(client, workspace, sam):
    client.force_login(sam)
    assert "Sentinel sync 38 s ago" in client.get("/ui/foot/").text
    Cursor.objects.update(fresh_at=NOON - timedelta(minutes=20))
    answer = client.get("/ui/foot/", headers={"HX-Request": "true"})
    assert "Sentinel sync of gdansk: 20 min ago" in answer.text
    assert "is-bad" in answer.text


def test_a_list_says_that_its_rows_are_old_and_why(client, denied, make, sam):
    make()
    client.force_login(sam)
    text = client.get("/incidents/").text
    assert 'class="stale"' in text
    assert "(AuthorizationFailed)" in text
    Cursor.objects.update(fresh_at=NOON)
    assert 'class="stale"' not in client.get("/incidents/").text


def test_a_page_that_stays_open_asks_again_whether_it_is_late(client, workspace, make, sam):
    incident = make()[0]
    client.force_login(sam)
    for page, about in (("/incidents/", ""), (f"/incidents/{incident.pk}/", workspace.name)):
        text = client.get(page).text
        asks = f'data-live="60" data-live-idle hx-get="/ui/foot/?about={about}" hx-trigger="live"'
        assert asks in text and 'class="stale"' not in text
        Cursor.objects.update(fresh_at=NOON - timedelta(minutes=20))
        late = client.get(f"/ui/foot/?about={about}", headers={"HX-Request": "true"}).text
        assert asks in late and "Sentinel sync of gdansk: 20 min ago" in late
        assert "rail-foot" not in late
        Cursor.objects.update(fresh_at=NOON)
        assert 'class="stale"' not in client.get(f"/ui/foot/?about={about}").text
    Cursor.objects.update(fresh_at=NOON - timedelta(minutes=20))
    assert 'class="stale"' not in client.get("/ui/foot/?about=porto").text


def test_it_says_how_suppression_stands(opens, ada, workspace):
    page = opens(ada).text
    assert "not used: rules may act" in page
    assert "Not compared yet" in page
    Stop.objects.create(workspace=workspace, stopped_at=NOON, stopped_by_label="Leo")
    keep_note(
        kind=COMPARED,
        key="ledger",
        now=NOON,
        payload={
            "differences": 1,
            "compared": 7,
            "told": ["Incident #7 was closed in our name."],
        },
    )
    page = opens(ada).text
    assert f"suppression is off in {workspace.name}" in page
    assert "1 difference" in page
    assert "Incident #7 was closed in our name." in page


def test_an_act_on_many_that_failed_is_told_without_its_title(opens, ada, oda):
    BulkAct.objects.create(
        act=uuid.uuid4(),
        verb="close",
        title="Close: Secret process ×60",
        by=oda,
        worked=50,
        incident_ids=list(range(60)),
        standings=["x"] * 60,
        made_at=NOON,
        due_at=NOON,
        state=JobState.DEAD,
        attempts=4,
        latest_error="The worker died each time it tried.",
    )
    text = opens(ada).text
    assert "Jobs that failed</dt><dd>1</dd>" in text
    assert f"{oda.name}, stopped at 50 of 60" in text and "The worker died" in text
    assert "Secret process" not in text


def test_a_far_end_that_fails_is_told_at_its_first_call_though_nothing_is_old(
    opens, workspace, sam
):
    assert "does not answer" not in opens(sam).text
    error = SentinelUnavailable("Connection refused.", code="Refused")
    note_error(workspace_id=workspace.pk, now=NOON, error=error)
    text = opens(sam).text
    assert "At least one workspace does not answer as it should." in text
    assert "Azure does not answer. Tagout keeps trying." in text
    assert "Connection refused." in text
    note_success(workspace_id=workspace.pk, now=NOON)
    text = opens(sam).text
    assert "does not answer" not in text and "Connection refused." not in text


def test_a_mail_server_that_does_not_answer_is_named_with_its_error(opens, ada):
    assert "Mail server" not in opens(ada).text
    now = NOON
    circuit_breakers.note_failure(
        "mail", error="Connection refused", now=now - timedelta(minutes=3)
    )
    page = opens(ada).text
    assert "does not answer, first noticed 3 min ago" in page and "Connection refused" in page
    circuit_breakers.note_answer("mail", now=now)
    assert "Mail server" not in opens(ada).text


def test_hosts_that_workspaces_share_are_shown_with_how_they_answer(opens, ada):
    assert "graph.microsoft.com" not in opens(ada).text
    circuit_breakers.note_failure(
        "graph graph.microsoft.com", error="Connection refused", now=NOON - timedelta(minutes=3)
    )
    circuit_breakers.note_answer("logs api.loganalytics.io", now=NOON - timedelta(minutes=2))
    page = opens(ada).text
    assert "does not answer, first noticed 3 min ago" in page and "Connection refused" in page
    assert "graph.microsoft.com" in page
    assert "answers, latest 2 min ago" in page and "api.loganalytics.io" in page
