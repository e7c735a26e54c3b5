"""What workers read of a workspace, and what is judged from it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.automation.models import Playbook
from alerts.incidents.models import IncidentAlert
from alerts.intake.models import Cursor
from alerts.readiness.engine.readings import CheckRemedy, CheckState
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.models import Finding
from alerts.readiness.services.check_workspace import (
    EVERY,
    SOON,
    CannotCheck,
    check_due_workspace,
    request_check,
)
from alerts.readiness.wording import check_evidence, fix_of
from alerts.sentinel.client.errors import (
    SentinelDenied,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.prerequisites import Prerequisite
from portal import clock
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests import cast
from tests.alerts.readiness import azure
from tests.alerts.readiness.conftest import checks_by_name
from tests.conftest import NOON
from tests.factories.incidents import (
    make_alert,
    make_incident,
    make_listed_incident,
    make_site,
    put_in_portal,
)
from tests.worker_roles import take_on

pytestmark = pytest.mark.django_db
ABOUT_PEOPLE = {
    "people of the SOC",
    "people of OT",
    "first answer",
    "latest alert",
    "double creation",
}
PRODUCT = ["Azure Security Center for IoT"]


def test_everything_in_order_is_told_with_evidence_and_age(look_now, workspace):
    put_in_portal(workspace, is_in_portal=False)
    checks = look_now()
    in_azure = {name: check for name, check in checks.items() if name not in ABOUT_PEOPLE}
    assert {check.state for check in in_azure.values()} == {CheckState.OK}
    assert {check.checked_at for check in in_azure.values()} == {NOON}
    assert all(check_evidence(check) for check in checks.values())


def test_before_anybody_looked_nothing_in_azure_is_known(workspace):
    checks = checks_by_name(workspace)
    states = {check.state for name, check in checks.items() if name not in ABOUT_PEOPLE}
    assert states == {CheckState.UNKNOWN}


WRONG = {
    "sentinel": (Prerequisite.ONBOARDING, "", None, CheckReason.SENTINEL_OFF),
    "plan": (Prerequisite.PLAN, azure.SUBSCRIPTION, [], CheckReason.NO_PLAN),
    "connector": (Prerequisite.CONNECTORS, "", [], CheckReason.NOT_CONNECTED),
    "content package": (Prerequisite.PACKAGES, "", [], CheckReason.NOT_INSTALLED),
    "fusion": (Prerequisite.ANALYTICS_RULES, "", azure.solution(), CheckReason.FUSION_OFF),
    "ueba": (Prerequisite.SETTINGS, "", [], CheckReason.UEBA_OFF),
    "playbook permission": (
        Prerequisite.ROLE_ASSIGNMENTS,
        azure.GROUP,
        [],
        CheckReason.PLAYBOOKS_REFUSED,
    ),
    "subscription rights": (
        Prerequisite.SUBSCRIPTION_RIGHTS,
        azure.SUBSCRIPTION,
        [{"actions": ["*/read"], "notActions": []}],
        CheckReason.NOT_CONTRIBUTOR,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_azure_fails_with_a_fix(look_now, sentinel, name):
    part, of, answer, reason = WRONG[name]
    sentinel.lay_out(part, answer, of=of)
    checks = look_now()
    (check,) = [check for key, check in checks.items() if check.name == name]
    assert (check.state, check.reason) == (CheckState.FAILED, reason)
    assert fix_of(check)


def test_missing_actions_are_named_for_each_purpose(look_now, sentinel):
    requirements = "Microsoft.SecurityInsights/dataConnectorsCheckRequirements/action"
    reader = {"actions": ["*/read", requirements], "notActions": []}
    sentinel.lay_out(Prerequisite.RIGHTS, [reader])
    checks = look_now()
    assert checks["rights (read)"].state is CheckState.OK
    for action in ("incidents/write", "tasks/write", "incidents/runPlaybook/action"):
        assert action in check_evidence(checks["rights (incidents)"])
    assert checks["rights (incidents)"].state is CheckState.FAILED
    assert "automationRules/write" in check_evidence(checks["rights (rules)"])


def test_rights_on_playbooks_are_named_for_each_group(look_now, workspace, sentinel):
    group = f"/subscriptions/{azure.SUBSCRIPTION}/resourcegroups/rg-apps"
    for kind in ("microsoft.logic/workflows/enrich", "microsoft.web/sites/ot/workflows/enrich"):
        Playbook.objects.create(
            workspace=workspace,
            resource_id=f"{group}/providers/{kind}",
            name="enrich",
            is_enabled=True,
            has_incident_trigger=True,
        )
    granted = ["*/read", "Microsoft.Logic/workflows/triggers/listCallbackUrl/action"]
    rights = [{"actions": granted, "notActions": []}]
    sentinel.lay_out(Prerequisite.GROUP_RIGHTS, rights, of=group)
    checks = look_now()
    assert checks["playbook rights (rules)"].state is CheckState.OK
    check = checks["playbook rights (incidents)"]
    assert check.state is CheckState.FAILED
    assert check.values["missing"] == [
        "Microsoft.Web/sites/hostruntime/webhooks/api/workflows/triggers/listCallbackUrl/action"
        " (rg-apps)"
    ]


def test_rights_to_set_up_are_named_without_being_a_fault(look_now, sentinel):
    """Who connects and installs by hand need not let Tagout do it."""
    responder = {"actions": ["*/read", "Microsoft.SecurityInsights/automationRules/*"]}
    sentinel.lay_out(Prerequisite.RIGHTS, [responder])
    checks = look_now()
    assert checks["rights (rules)"].state is CheckState.OK
    assert checks["rights (set-up)"].state is CheckState.OK
    for action in ("alertRules/write", "triggerRuleRun/action", "contentPackages/write"):
        assert action in check_evidence(checks["rights (set-up)"])


def test_that_alerts_may_not_be_asked_for_is_found_out_by_asking(look_now, workspace, sentinel):
    incident = make_incident(workspace)
    sentinel.add_incident(incident.name)
    denied = SentinelDenied("no", status=403, code="AuthorizationFailed")
    sentinel.fail_next(denied, verb="list_alerts")
    check = look_now()["rights (read)"]
    assert (check.state, check.reason) == (CheckState.FAILED, CheckReason.ACTIONS_MISSING)
    assert "POST incidents/{id}/alerts" in check_evidence(check)


def test_what_we_may_not_read_is_unknown_with_the_reason(look_now, sentinel):
    denied = SentinelDenied("no right to read settings", status=403, code="AuthorizationFailed")
    real = sentinel.read_prerequisite

    def read(part, **options):
        if part is Prerequisite.SETTINGS:
            raise denied
        return real(part, **options)

    sentinel.read_prerequisite = read
    checks = look_now()
    assert checks["ueba"].state is CheckState.UNKNOWN
    assert "no right to read settings" in check_evidence(checks["ueba"])
    assert checks["fusion"].state is CheckState.OK


def test_what_was_read_once_is_not_called_well_when_it_cannot_be_read_any_more(
    look_now, workspace, sentinel
):
    assert look_now()["ueba"].state is CheckState.OK
    later = NOON + timedelta(days=1)
    sentinel.fail_next(SentinelUnavailable("Azure is away."), verb="probe", times=3)
    checks = look_now(later)
    assert checks["reach (read)"].state is CheckState.FAILED
    assert checks["ueba"].state is CheckState.UNKNOWN
    assert "Azure is away." in check_evidence(checks["ueba"])
    assert checks["ueba"].checked_at == later
    assert Finding.objects.get(part="settings").read_at == NOON


def test_silence_in_the_middle_ends_the_round(look_now, sentinel):
    sentinel.fail_next(SentinelThrottled("slower"), verb="read_prerequisite")
    look_now()
    assert [call.name for call in sentinel.calls if call.verb == "read_prerequisite"] == [
        "rights",
        "rights",
        "rights",
    ]


def test_an_answer_that_is_no_list_is_unknown(look_now, sentinel):
    sentinel.lay_out(Prerequisite.SETTINGS, {"value": 7})
    assert look_now()["ueba"].state is CheckState.UNKNOWN


@pytest.mark.parametrize("odd", [None, 7, "x", [], {"properties": None}, {"properties": {"x": 1}}])
def test_odd_resources_are_lived_with(look_now, sentinel, odd):
    for part in (
        Prerequisite.CONNECTORS,
        Prerequisite.ANALYTICS_RULES,
        Prerequisite.PACKAGES,
        Prerequisite.SETTINGS,
        Prerequisite.RIGHTS,
    ):
        sentinel.lay_out(part, [odd])
    look_now()
    assert not Finding.objects.exclude(error="").exists()


def test_no_rule_fails_and_both_ways_fail(look_now, sentinel):
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [azure.fusion()])
    assert look_now()["incident creation"].reason is CheckReason.NO_RULE
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [*azure.solution(), azure.creation_rule()])
    checks = look_now()
    assert checks["incident creation"].reason is CheckReason.BOTH_WAYS
    assert checks["incident creation"].remedy is CheckRemedy.SINGLE
    assert checks["coverage"].reason is CheckReason.ALL_ALERTS


def test_rules_that_are_off_are_named(look_now, sentinel):
    rules = azure.solution()
    rules[0]["properties"]["enabled"] = False
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, rules)
    check = look_now()["analytics rules"]
    assert check.state is CheckState.FAILED
    assert check.values["missing"] == ["Denial of Service"]
    assert check.values["enabled"] == 14


def test_a_rule_made_by_hand_is_known_by_its_name(look_now, sentinel):
    rules = [
        azure.scheduled("", f"{rule['properties']['displayName']} (Microsoft Defender for IoT)")
        for rule in azure.solution()
    ]
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, rules)
    assert look_now()["analytics rules"].state is CheckState.OK


def test_alerts_in_two_incidents_are_counted(look_now, workspace):
    first, second = (make_incident(workspace, product_names=PRODUCT) for _ in range(2))
    alert = make_alert(first, key="one")
    make_alert(first, key="two")
    IncidentAlert.objects.create(incident=second, alert=alert)
    check = look_now()["double creation"]
    assert (check.state, check.values["doubles"], check.values["n"]) == (CheckState.FAILED, 1, 2)


def test_without_alerts_nobody_can_tell_whether_they_come_twice(look_now):
    check = look_now()["double creation"]
    assert (check.state, check.reason) == (CheckState.UNKNOWN, CheckReason.NO_RECENT_ALERT)


def connect_xdr(sentinel):
    xdr = {"name": "x", "kind": "MicrosoftThreatProtection", "properties": {}}
    sentinel.lay_out(Prerequisite.CONNECTORS, [azure.connector(), xdr])


def test_onboarding_stops_the_rule_of_the_connector(look_now, sentinel, workspace):
    put_in_portal(workspace)
    sentinel.lay_out(
        Prerequisite.ANALYTICS_RULES, [*azure.solution(), azure.creation_rule(enabled=False)]
    )
    checks = look_now()
    assert checks["portal"].reason is CheckReason.IN_DEFENDER
    coverage = checks["coverage"]
    assert (coverage.state, coverage.reason) == (
        CheckState.FAILED,
        CheckReason.STOPPED_BY_ONBOARDING,
    )
    assert coverage.values["n"] == 53
    assert checks["fusion"].reason is CheckReason.FUSION_REPLACED


def test_a_rule_of_ones_own_covers_the_rest(look_now, sentinel, workspace):
    put_in_portal(workspace)
    own = azure.scheduled("", "The rest", description="#DONT_CORR# ours")
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [own])
    checks = look_now()
    assert checks["coverage"].reason is CheckReason.OWN_RULE
    assert checks["correlation"].state is CheckState.OK


def test_rules_without_the_tag_are_named_in_the_defender_portal(look_now, workspace):
    put_in_portal(workspace)
    check = look_now()["correlation"]
    assert (
        check.state is CheckState.UNKNOWN
    )  # the default of the tenant decides, and cannot be read
    assert "Denial of Service" in check.values["names"]
    assert "Microsoft Defender XDR, Rules" in fix_of(check)


def test_analytics_rules_whose_types_are_not_proved_are_named_in_the_defender_portal(
    look_now, sentinel, workspace
):
    put_in_portal(workspace)
    assert look_now()["rule queries"].state is CheckState.OK
    first, second, third, *rest = azure.solution()
    for rule, query in (
        (first, "union SecurityAlert, SecurityAlert"),
        (second, "SecurityAlert"),
        (third, third["properties"]["query"].replace('"Firmware Update"', '"Controller Stop"')),
    ):
        rule["properties"]["query"] = query
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [first, second, third, *rest])
    check = look_now()["rule queries"]
    names = sorted(rule["properties"]["displayName"] for rule in (first, second, third))
    assert (check.state, check.values["names"]) == (CheckState.UNKNOWN, names)
    assert "put the query of the template back" in fix_of(check)
    second["properties"]["customDetails"] = {"AlertName": "AlertName"}
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [second, *rest])
    assert look_now()["rule queries"].state is CheckState.OK, "each alert shows its type"


def test_the_connector_of_defender_xdr_is_no_sign_of_the_defender_portal(
    look_now, sentinel, workspace
):
    connect_xdr(sentinel)
    make_listed_incident(workspace, provider="Microsoft XDR", rules=())
    checks = look_now()
    assert (checks["portal"].state, checks["portal"].reason) == (
        CheckState.UNKNOWN,
        CheckReason.PORTAL_UNKNOWN,
    )
    put_in_portal(workspace, is_in_portal=False)
    checks = look_now()
    assert checks["portal"].reason is CheckReason.IN_AZURE
    assert checks["fusion"].reason is not CheckReason.FUSION_REPLACED
    assert checks["correlation"].reason is CheckReason.NOT_CORRELATED


def test_what_a_poll_found_is_said_with_the_incident_that_shows_it(look_now, workspace):
    put_in_portal(workspace)
    check = look_now()["portal"]
    assert (check.state, check.reason) == (CheckState.OK, CheckReason.IN_DEFENDER)
    assert (check.values["incident"], check.checked_at) == ("#1", NOON)


@pytest.mark.parametrize(
    ("days", "state"), [(1, CheckState.OK), (5, CheckState.UNKNOWN), (20, CheckState.FAILED)]
)
def test_the_age_of_the_latest_alert(workspace, days, state):
    at = NOON - timedelta(days=days)
    make_incident(workspace, created_at=at, modified_at=at, product_names=PRODUCT)
    check = checks_by_name(workspace)["latest alert"]
    assert (check.state, check.values["days"]) == (state, days)


def test_incidents_of_another_product_are_no_sign_of_life(workspace):
    make_incident(workspace, product_names=["Microsoft Defender for Endpoint"])
    assert checks_by_name(workspace)["latest alert"].reason is CheckReason.NO_ALERT_YET


def test_sites_are_asked_about_together(workspace, make_person):
    sites = [make_site(name) for name in ("Gdańsk", "Lyon", "Porto")]
    make_person(cast.ODA, ("ot-engineer", "site", sites[0].uuid))
    queries = []
    for n in (1, 3):
        make_incident(workspace, site_ids=[site.pk for site in sites[:n]])
        with CaptureQueriesContext(connection) as asked:
            checks = checks_by_name(workspace)
        queries.append(len(asked))
    assert checks["people of OT"].values["names"] == ["Lyon", "Porto"]
    assert queries[0] == queries[1]
    make_person(cast.OLAF, ("ot-site-lead", "all", None))
    assert checks_by_name(workspace)["people of OT"].state is CheckState.OK


def test_people_are_asked_for_at_each_site(workspace, make_person):
    from tests import cast

    site = make_site()
    incident = make_incident(workspace, site_ids=[site.pk], product_names=PRODUCT)
    checks = checks_by_name(workspace)
    assert checks["people of the SOC"].reason is CheckReason.SOC_MISSING
    assert checks["people of OT"].values["names"] == [site.name]
    make_person(cast.SAM, ("soc-analyst", "workspace", workspace.uuid))
    make_person(cast.ODA, ("ot-engineer", "site", site.uuid))
    checks = checks_by_name(workspace)
    assert checks["people of the SOC"].state is CheckState.OK
    assert checks["people of OT"].state is CheckState.OK
    assert checks["first answer"].reason is CheckReason.NONE_ANSWERED
    incident.ot_state = "routine"
    incident.save()
    assert checks_by_name(workspace)["first answer"].state is CheckState.OK


@pytest.mark.parametrize(
    ("purpose", "worker"), [("read", "intake"), ("incidents", "outbox"), ("rules", "deployments")]
)
def test_each_worker_looks_once_a_day_with_its_own_rights(workspace, sentinel, purpose, worker):
    def step():
        return check_due_workspace(purpose=purpose, now=NOON, connect=lambda *_: sentinel)

    Cursor.objects.update_or_create(workspace=workspace, defaults={"fresh_at": NOON})
    with take_on(worker):
        assert step()
        assert not step()
    job = Job.objects.get(kind=f"readiness.{purpose}")
    assert job.due_at - clock.unshifted() > EVERY - SOON


def test_a_round_that_azure_did_not_answer_begins_anew_soon(workspace, sentinel):
    sentinel.fail_next(SentinelUnavailable("Azure is away."), verb="probe")
    check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)
    job = Job.objects.get(kind="readiness.read")
    assert job.latest_error == "Azure is away."
    assert job.due_at - clock.unshifted() < SOON * 2


def test_check_now_makes_the_round_due_and_stands_on_record(workspace, sentinel, leo):
    check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)
    request_check(workspace=workspace, by=leo, now=NOON)
    assert check_due_workspace(purpose="read", now=NOON, connect=lambda *_: sentinel)
    assert Entry.objects.filter(action="readiness.check.asked").count() == 1


def test_an_analyst_cannot_have_a_workspace_checked(workspace, sam):
    with pytest.raises(CannotCheck):
        request_check(workspace=workspace, by=sam, now=NOON)
    assert not Entry.objects.filter(action="readiness.check.asked").exists()


def test_violations_and_sensors_behind_incidents_are_counted(look_now, workspace):
    from alerts.incidents.models import AlertRaw

    incident = make_incident(workspace)
    old = make_alert(incident, key="a", sensor="S1", at=NOON - timedelta(days=100))
    new = make_alert(incident, key="b", sensor="S2")
    for alert, listed in ((old, []), (new, "[1, 2, 3]")):
        bag = {"Violations": listed}
        body = {"properties": {"additionalData": bag}}
        AlertRaw.objects.update_or_create(alert=alert, defaults={"body": body})
    look_now()
    numbers = Finding.objects.get(part="collected").facts
    assert (numbers["alerts"], numbers["only_here"], numbers["incidents"]) == (2, 1, 1)
    assert (numbers["several_sensors"], numbers["most_sensors"]) == (1, 2)
    assert (numbers["violations"], numbers["with_violations"]) == (3, 1)
