"""Which incidents of a workspace are taken in, at the edges: rules, records that name nothing yet,
records that cannot be read, incidents that change sides, and what push hints ask for.
"""

from datetime import timedelta

import orjson
import pytest
from django.conf import settings

from alerts.incidents.models import UNNAMED, Entity, Group, Incident, OtState, TimelineItem
from alerts.intake.engine.push_signature import signature_of
from alerts.intake.models import Cursor, OutsideCount, Quarantined
from alerts.intake.push.access import make_push_key
from alerts.intake.push.hints import Hint, take_hint
from alerts.intake.scope import change_scope, remove_unnamed_outside
from alerts.intake.services.outside import RULE_READING
from alerts.intake.services.poll import pull_changes
from alerts.intake.services.sweep import schedule_comparison, sweep_workspace
from alerts.readiness.services.check_workspace import kind_of_job
from alerts.reviews.models import Verdict
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.services.scope import MAX_CHECKS, keep_check, keep_rules
from alerts.sentinel.services.workspaces import CannotChangeWorkspace
from alerts.suppression.enforcing.judging import blocking_devices
from alerts.suppression.queries import facts_by_incident
from portal import clock
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_alert, make_device, make_incident
from tests.memory_sentinel import MemorySentinel
from tests.whole_database import tables_with

D4IOT, MAIL = "Azure Security Center for IoT", "Office 365 Advanced Threat Protection"
SENTINEL = "Azure Sentinel"
RULES = "/subscriptions/s/providers/Microsoft.SecurityInsights/alertRules/"


def add(sentinel, *products, rules=(), at=NOON - timedelta(minutes=10), **properties):
    return sentinel.add_incident(
        at=at,
        additionalData={"alertProductNames": list(products)},
        relatedAnalyticRuleIds=[RULES + rule for rule in rules],
        **{"title": "Something odd", **properties},
    )


@pytest.fixture
def sentinel():
    return MemorySentinel(starts_at=NOON - timedelta(minutes=9))  # when people change incidents


@pytest.fixture
def poll(workspace, sentinel):
    def run(now=NOON):
        workspace.refresh_from_db()
        return pull_changes(workspace=workspace, client=sentinel, now=now)

    return run


def learn(workspace, iot=(), other=()):
    keep_rules(workspace_id=workspace.pk, iot=iot, other=other, by="test", now=NOON)


def is_stored(name):
    return Incident.objects.filter(name=name).exists()


@pytest.mark.parametrize(
    ("kind", "products", "rules", "title", "is_in"),
    [
        ("d4iot", [D4IOT], [], "x", True),
        ("d4iot", ["microsoft defender for IoT"], [], "x", True),
        ("d4iot", [MAIL, D4IOT], [], "x", True),
        ("d4iot", [SENTINEL], ["iot-rule"], "x", True),
        ("d4iot", [SENTINEL], ["other-rule", "IOT-rule"], "x", True),
        ("d4iot", [SENTINEL], ["unknown"], "(MDIoT) PLC Stop", True),
        ("d4iot", [MAIL], [], "x", False),
        ("d4iot", [SENTINEL, MAIL], ["other-rule"], "x", False),
        ("d4iot", [SENTINEL], ["other-rule"], "x", False),
        ("d4iot", [SENTINEL], ["unknown"], "x", False),
        ("d4iot", [MAIL], ["a-detector-of-another-product"], "x", False),
        ("rules", [D4IOT], ["iot-rule"], "x", True),
        ("rules", [D4IOT], ["other-rule"], "x", False),
        ("rules", [SENTINEL], ["iot-rule"], "x", True),
        ("rules", [D4IOT], [], "(MDIoT) PLC Stop", True),
        ("all", [MAIL], [], "x", True),
    ],
)
def test_scopes(workspace, sentinel, poll, kind, products, rules, title, is_in):
    learn(workspace, iot=["iot-rule"], other=["other-rule"])
    change_scope(workspace=workspace, kind=kind, by="test", now=NOON)
    name = add(sentinel, *products, rules=rules, title=title)
    found = poll()
    assert is_stored(name) == is_in
    assert (found.total, found.out_of_scope) == ((1, 0) if is_in else (0, 1))


CHECK = "0f1e2d3c-4b5a-4000-8000-000000000001"  # the analytics rule of a workflow check
CHECK_TITLE = "Tagout workflow check 0f1e2d3c4b5a"


@pytest.mark.parametrize("kind", ["d4iot", "all"])
@pytest.mark.parametrize(
    ("rules", "title", "more", "is_in"),
    [
        ([CHECK], CHECK_TITLE, {}, False),
        ([CHECK.upper()], "Renamed by a person", {}, False),
        ([CHECK], CHECK_TITLE, {"alerts": 2}, True),
        ([CHECK, "iot-rule"], CHECK_TITLE, {}, True),
        (["iot-rule"], CHECK_TITLE, {}, True),
        (["unknown"], CHECK_TITLE, {}, True),
        ([], CHECK_TITLE, {}, False),
        ([], CHECK_TITLE, {"at": NOON - timedelta(hours=1)}, True),
        ([], CHECK_TITLE, {"at": NOON + timedelta(hours=4)}, True),
        ([], CHECK_TITLE, {"alerts": 2}, True),
        ([], "Tagout workflow check ffffffffffff", {}, True),
        ([], f"{CHECK_TITLE} runs PLC Stop", {}, True),
    ],
)
def test_only_what_a_check_of_ours_made_is_taken_for_a_test(
    workspace, sentinel, poll, kind, rules, title, more, is_in
):
    learn(workspace, iot=["iot-rule"])
    change_scope(workspace=workspace, kind=kind, by="test", now=NOON)
    begun = NOON - timedelta(minutes=15)
    keep_check(workspace=Workspace.objects.get(pk=workspace.pk), rule=CHECK, now=begun)
    name = sentinel.add_incident(
        at=more.get("at", NOON - timedelta(minutes=10)),
        additionalData={"alertProductNames": [D4IOT], "alertsCount": more.get("alerts", 1)},
        relatedAnalyticRuleIds=[RULES + rule for rule in rules],
        title=title,
    )
    poll(more.get("at", NOON) + timedelta(minutes=1))
    assert is_stored(name) == is_in


def test_checks_of_long_ago_are_forgotten_first(workspace):
    for n in range(MAX_CHECKS + 3):
        keep_check(workspace=workspace, rule=f"rule-{n}", now=NOON + timedelta(minutes=n))
    kept = Workspace.objects.get(pk=workspace.pk).scope.checks
    assert len(kept) == MAX_CHECKS and "rule-2" not in kept and "rule-3" in kept


def test_an_incident_that_names_nothing_yet_is_asked_for_again_and_not_lost(
    workspace, sentinel, poll
):
    of_plant, of_mail, of_nobody = (add(sentinel, at=NOON) for _ in range(3))
    for seconds in range(0, 240, 20):
        poll(NOON + timedelta(seconds=seconds))
    assert not Incident.objects.exists()
    sentinel.starts_at = NOON + timedelta(minutes=3)
    sentinel.edit(of_plant, additionalData={"alertProductNames": [D4IOT]})
    sentinel.edit(of_mail, additionalData={"alertProductNames": [MAIL]})
    poll(NOON + timedelta(minutes=4))
    assert is_stored(of_plant)
    sentinel.add_incident(at=NOON + timedelta(minutes=5))  # the watermark goes on
    poll(NOON + timedelta(minutes=6))
    assert not is_stored(of_mail)
    row = Incident.objects.get(name=of_nobody)  # nothing says it is not of the plant
    assert UNNAMED in row.flags


def test_what_was_let_in_unnamed_goes_when_it_names_others_only(workspace, sentinel, poll):
    name, kept = add(sentinel), add(sentinel)
    poll()
    assert is_stored(name)
    sentinel.edit(name, additionalData={"alertProductNames": [MAIL]})
    sentinel.edit(kept, additionalData={"alertProductNames": [D4IOT]})
    poll()
    assert remove_unnamed_outside(now=NOON, is_dry_run=True) == 1
    assert remove_unnamed_outside(now=NOON, is_dry_run=False) == 1
    assert [is_stored(name), is_stored(kept)] == [False, True]
    assert not Group.objects.filter(lead__name=name).exists()


def test_a_stored_incident_is_followed_whatever_it_names_later(workspace, sentinel, poll):
    name = add(sentinel, D4IOT)
    poll()
    sentinel.edit(name, additionalData={"alertProductNames": [MAIL]}, severity="High")
    poll()
    assert Incident.objects.get(name=name).get_severity_display() == "High"


def test_an_incident_of_the_office_that_the_plant_joins_comes_in(workspace, sentinel, poll):
    name = add(sentinel, MAIL)
    poll()
    assert not is_stored(name)
    sentinel.edit(name, additionalData={"alertProductNames": [MAIL, D4IOT]})
    poll()
    row = Incident.objects.get(name=name)
    assert ["second-product", 15, MAIL] in row.priority_parts


def test_a_rule_that_nobody_has_looked_at_is_looked_at_and_its_incidents_come(
    workspace, sentinel, poll
):
    assert kind_of_job(ClientPurpose.READ) == RULE_READING
    later = clock.unshifted() + timedelta(days=1)
    job = Job.objects.create(kind=RULE_READING, key=str(workspace.uuid), due_at=later, made_at=NOON)
    add(sentinel, SENTINEL, rules=["own-rule"])
    poll()
    assert OutsideCount.objects.get().reason == "unknown-rule"
    job.refresh_from_db()
    assert job.due_at < later
    Cursor.objects.update(swept_at=NOON)
    learn(workspace, iot=["own-rule"])
    schedule_comparison(workspace_id=workspace.pk)
    workspace.refresh_from_db()
    sweep_workspace(workspace=workspace, client=sentinel, now=NOON + timedelta(minutes=1))
    assert Incident.objects.count() == 1
    assert not OutsideCount.objects.exists()


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({"additionalData": {"alertProductNames": [MAIL]}, "title": "Payslip of Anouk"}, None),
        ({"additionalData": {"alertProductNames": [D4IOT]}, "title": "Payslip of Anouk"}, True),
        ({"title": "Payslip of Anouk"}, False),
        ("Payslip of Anouk", False),
    ],
)
def test_what_cannot_be_read_leaves_no_content_of_others(
    workspace, sentinel, poll, properties, kept
):
    name = add(sentinel, MAIL)
    whole = sentinel.incidents[name]
    whole["properties"], whole["name"] = properties, "not a name"
    sentinel.list_incidents = lambda **_: orjson.dumps({"value": [whole]})
    poll()
    assert not Incident.objects.exists()
    rows = list(Quarantined.objects.values_list("raw", flat=True))
    assert len(rows) == (0 if kept is None else 1)
    assert ("Payslip" in "".join(rows)) == bool(kept)


def test_a_second_product_counts_only_beside_defender_for_iot(workspace, sentinel, poll):
    change_scope(workspace=workspace, kind="all", by="test", now=NOON)
    names = [add(sentinel, MAIL), add(sentinel, MAIL, SENTINEL), add(sentinel, D4IOT, SENTINEL)]
    poll()
    for name in names:
        parts = Incident.objects.get(name=name).priority_parts
        assert "second-product" not in [part[0] for part in parts]


def test_a_change_of_scope_is_on_record_and_a_wrong_one_is_refused(workspace):
    change_scope(workspace=workspace, kind="all", by="test", now=NOON)
    change_scope(workspace=workspace, kind="all", by="test", now=NOON)
    entry = Entry.objects.get(action="sentinel.workspace.scope_set")
    assert (entry.details["was"], entry.details["became"]) == ("d4iot", "all")
    with pytest.raises(CannotChangeWorkspace, match="Use d4iot, rules or all"):
        change_scope(workspace=workspace, kind="ot", by="test", now=NOON)


def test_of_an_incident_that_people_have_decided_on_a_shell_stays(
    workspace, sentinel, poll, leo, client
):
    change_scope(workspace=workspace, kind="all", by="test", now=NOON)
    decided, other = (add(sentinel, MAIL, title="Payslip of Anouk") for _ in range(2))
    poll()
    for name in (decided, other):
        row = Incident.objects.get(name=name)
        make_alert(row, source_device="anouk.verhoeven")
        Entity.objects.create(
            incident=row, name="a", kind="Account", label="anouk.verhoeven", body={}
        )
    Incident.objects.filter(name=decided).update(ot_state=OtState.NOT_SURE)
    line = {"at": NOON, "side": TimelineItem.Side.SENTINEL, "code": "title"}
    TimelineItem.objects.create(
        incident=Incident.objects.get(name=decided), details={"from": "Payslip", "to": "x"}, **line
    )
    removed = change_scope(workspace=workspace, kind="d4iot", by="test", now=NOON)
    assert removed == (1, 1, 0)
    assert not tables_with(["Payslip", "anouk.verhoeven"])
    assert not Group.objects.exists()
    row = Incident.objects.get()
    assert (row.name, row.ot_state, row.is_read_only) == (decided, OtState.NOT_SURE, True)
    poll()
    assert not tables_with(["Payslip"])
    client.force_login(leo)
    page = client.get(f"/incidents/{row.pk}/").content.decode()
    assert "Outside of the scope of its workspace" in page
    assert "Deleted in Sentinel" not in page


@pytest.mark.abuse("A45")
@pytest.mark.parametrize("kind", ["true positive", "suspicion"])
def test_what_holds_a_device_stays_whole_until_it_holds_nothing(
    workspace, site, sentinel, poll, oda, kind
):
    change_scope(workspace=workspace, kind="all", by="test", now=NOON)
    make_device(site, "EWS-07", "10.20.1.7")
    name, mail = (add(sentinel, MAIL, title=title) for title in ("Malware", "Payslip"))
    poll()
    row = Incident.objects.get(name=name)
    make_alert(row, site=site, source_device="EWS-07")
    if kind == "true positive":
        sentinel.edit(name, status="Closed", classification="TruePositive")
        poll()
    else:
        (verdict,) = rules.judge([row], by=oda, verdict="suspicious")
    routine = make_incident(workspace, site_ids=[site.pk], created_at=NOON)
    make_alert(routine, site=site, source_device="EWS-07")

    def devices(now):
        alerts = facts_by_incident([routine.pk])[routine.pk].values()
        found = blocking_devices(routine, alerts=alerts, now=now)
        return {*found.of_cases, *found.by_past_cases, *found.by_suspicions}

    removed = change_scope(workspace=workspace, kind="d4iot", by="test", now=NOON)
    assert (removed.removed, removed.waiting) == (1, 1) and not is_stored(mail)
    assert devices(NOON) == {"EWS-07"}
    later = NOON + timedelta(days=5)
    assert remove_unnamed_outside(now=later, is_dry_run=True) == 0
    assert devices(later) == {"EWS-07"}, "it waits for a person"
    routine.delete()
    if kind == "suspicion":
        Verdict.objects.filter(pk=verdict.pk).update(withdrawn_at=NOON)
    assert remove_unnamed_outside(now=later, is_dry_run=False) == 1
    assert not is_stored(name)


@pytest.mark.parametrize(("product", "is_read"), [(D4IOT, True), (MAIL, False)])
def test_a_push_hint_of_another_product_asks_for_no_reading(workspace, product, is_read):
    key = make_push_key(workspace_id=workspace.pk, by="test", now=NOON)
    properties = {"title": "x", "additionalData": {"alertProductNames": [product]}}
    body = orjson.dumps({"object": {"name": "a", "etag": "e", "properties": properties}})
    sent = str(int(clock.unshifted().timestamp()))
    signature = signature_of(key, message_id="m", timestamp=sent, body=body)
    hint = Hint(workspace.name, body, "", "m", sent, signature)
    assert take_hint(hint) is is_read
    assert not tables_with(["alertProductNames"])


def test_the_page_of_a_workspace_says_what_is_outside_and_why(
    workspace, sentinel, poll, ada, client
):
    learn(workspace, iot=["iot-rule"], other=["other-rule"])
    for _ in range(3):
        add(sentinel, MAIL, "Payslip Inc. Gateway")
    add(sentinel, SENTINEL, rules=["other-rule"])
    poll()
    client.force_login(ada)
    page = client.get(f"/workspaces/{workspace.name}/").content.decode()
    assert "Another product, Microsoft Defender for Office 365" in page
    assert "its analytics rule reads no alerts of Defender for IoT" in page
    assert "4 incidents" in page
    assert "Nov 2026" in page
    assert "1 of 2 rules" in page
    assert "Payslip" not in page
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    german = client.get(f"/workspaces/{workspace.name}/").content.decode()
    assert "Was draußen bleibt" in german
