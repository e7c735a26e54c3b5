"""What a look keeps of a workspace's analytics rules for the rooms below."""

from datetime import timedelta

import pytest

from alerts.readiness.models import Finding
from alerts.rules.compile_sentinel import reasons_against_titles
from alerts.sentinel.client.errors import SentinelDenied, SentinelUnavailable
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.suppression.drafting.enforcement_choice import analytics_rules_of, target_of
from tests.alerts.readiness import azure
from tests.conftest import NOON


def test_analytics_rules_that_make_incidents_are_kept_for_the_rooms_below(
    look_now, sentinel, workspace
):
    """Rules of suppression are compiled to them in the Defender portal."""
    own = azure.scheduled("", "The rest", customDetails={"AlertName": "AlertName", "A": "B"})
    off = azure.scheduled("", "Off", enabled=False)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [*azure.solution(), own, off, azure.fusion()])
    look_now()
    workspace.refresh_from_db()
    rules = {rule.name: rule for rule in analytics_rules_of(workspace)}
    assert len(rules) == 16 and "Off" not in rules
    rest = rules["The rest"]
    assert (rest.titles, rest.details) == (None, {"AlertName"})
    assert rest.rule_id.startswith(f"/subscriptions/{azure.SUBSCRIPTION}/resourceGroups/rg-soc/")
    makers = [rule for rule in rules.values() if "Illegal MODBUS Operation" in str(rule.titles)]
    assert len(makers) == 1 and makers[0].details == frozenset()
    assert makers[0].is_plain and not makers[0].has_only_titles, "it asks for words in titles"
    stops = [rule for rule in rules.values() if "Controller Stop" in (rule.titles or ())]
    assert len(stops) == 1 and stops[0].has_only_titles
    sentinel.fail_next(SentinelUnavailable("Azure is away."), verb="read_prerequisite", times=99)
    look_now()
    workspace.refresh_from_db()
    assert len(analytics_rules_of(workspace)) == 16, "what cannot be read stays as it was"


def test_two_rules_of_one_template_are_both_kept_whatever_their_queries_name(
    look_now, sentinel, workspace
):
    first, *_ = azure.solution()
    copy = azure.scheduled(
        first["properties"]["alertRuleTemplateName"], "A copy", query="SecurityAlert"
    )
    copy["name"] = "rule-copy"
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [first, copy])
    look_now()
    workspace.refresh_from_db()
    titles = {rule.name: rule.titles for rule in analytics_rules_of(workspace)}
    assert titles == {
        "Denial of Service": {"Suspicion of Denial Of Service Attack"},
        "A copy": None,
    }


def test_what_could_not_be_read_for_two_days_proves_nothing(look_now, sentinel, workspace):
    look_now()
    sentinel.fail_next(
        SentinelDenied("Not any more.", code="Forbidden"), verb="read_prerequisite", times=99
    )
    look_now()
    workspace.refresh_from_db()
    assert all(rule.is_plain for rule in analytics_rules_of(workspace))
    Finding.objects.update(read_at=NOON - timedelta(days=3))
    look_now()
    workspace.refresh_from_db()
    assert not any(rule.is_plain for rule in analytics_rules_of(workspace))


WHOLE = [{"columnName": "Entities"}]
ADDRESS = {
    "entityType": "IP",
    "fieldMappings": [{"identifier": "Address", "columnName": "SourceDeviceAddress"}],
}


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"sentinelEntitiesMappings": WHOLE}, True),
        ({"sentinelEntitiesMappings": WHOLE, "entityMappings": None}, True),
        ({"sentinelEntitiesMappings": WHOLE, "entityMappings": [ADDRESS]}, False),
        ({"sentinelEntitiesMappings": [{"columnName": "Description"}]}, False),
        ({"sentinelEntitiesMappings": None, "entityMappings": [ADDRESS]}, False),
        ({}, False),
    ],
)
def test_an_analytics_rule_passes_on_the_devices_of_the_alert_by_their_column_alone(
    look_now, sentinel, workspace, changes, passes
):
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, azure.solution(**changes))
    look_now()
    workspace.refresh_from_db()
    found = {rule.passes_entities for rule in analytics_rules_of(workspace)}
    assert found == {passes}


@pytest.mark.parametrize(
    ("protocol", "shows"), [("tostring(Bag.Protocol)", True), ('"MODBUS"', False)]
)
def test_a_custom_detail_is_what_the_sensor_wrote_or_none(
    look_now, sentinel, workspace, protocol, shows
):
    query = (
        'SecurityAlert | where ProviderName == "IoTSecurity"'
        f"| extend Bag = parse_json(ExtendedProperties) | extend Protocol = {protocol}"
    )
    own = azure.scheduled("", "Ours", query=query, customDetails={"Protocol": "Protocol"})
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [own])
    look_now()
    workspace.refresh_from_db()
    (rule,) = analytics_rules_of(workspace)
    assert rule.shows("Protocol") is shows


def test_a_query_that_was_cut_off_proves_nothing(look_now, sentinel, workspace):
    head = 'SecurityAlert | where ProviderName == "IoTSecurity" //\x00'
    query = head + " " * 100_000 + "\n| union SecurityAlert"
    own = azure.scheduled("", "Ours", query=query)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [own])
    look_now()
    workspace.refresh_from_db()
    assert [rule.is_plain for rule in analytics_rules_of(workspace)] == [False]


@pytest.mark.parametrize(
    ("query", "is_iot"),
    [
        ('SecurityAlert | where ProviderName == "IoTSecurity"', True),
        ('SecurityAlert | where ProductName has "IoT"', True),
        ('SecurityAlert | where ProductName contains "for iot" or Entities has "PLC-7"', True),
        ("SecurityAlert_IoT | take 1", True),
        ('SecurityAlert | where ProviderName == "MDATP"', False),
        ('SigninLogs | where AppDisplayName == "Patriot" or City == "Tiotown"', False),
    ],
)
def test_however_a_query_names_defender_for_iot_its_incidents_are_of_the_plant(
    look_now, sentinel, workspace, query, is_iot
):
    own = azure.scheduled("", "Ours", query=query)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [own])
    look_now()
    workspace.refresh_from_db()
    known = workspace.iot_rules if is_iot else workspace.other_rules
    assert known == [own["name"].lower()]


NAMING = "(MDIoT) {{AlertName}}"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"alertDetailsOverride": {"alertDisplayNameFormat": NAMING}}, ""),
        ({"alertDetailsOverride": {"alertDisplayNameFormat": "{{AlertName}}"}}, ""),
        ({}, "Ours"),
        ({"alertDetailsOverride": None}, "Ours"),
        ({"alertDetailsOverride": {"alertDisplayNameFormat": ""}}, "Ours"),
        ({"alertDetailsOverride": {"alertDescriptionFormat": NAMING}}, "Ours"),
        ({"alertDetailsOverride": {"alertDisplayNameFormat": "SPS-Stopp"}}, "SPS-Stopp"),
        ({"alertDetailsOverride": {"alertDisplayNameFormat": f"{NAMING}!"}}, None),
        ({"alertDetailsOverride": {"alertDisplayNameFormat": "{{alertname}}"}}, None),
        ({"alertDetailsOverride": {"alertDisplayNameFormat": ["x"]}}, None),
    ],
)
def test_the_title_of_a_rules_alerts_is_their_name_one_text_or_anything(
    look_now, sentinel, workspace, changes, title
):
    """Without a format Sentinel titles every alert with the name of the rule."""
    row = azure.scheduled("", "Ours", **changes)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [row])
    look_now()
    workspace.refresh_from_db()
    (rule,) = analytics_rules_of(workspace)
    assert rule.title == title
    names = workspace.capabilities["analytics_rules"]["titles"]
    assert (names["naming"] == ["rule-ours"]) is (title == "")
    assert (names["doubtful"] == ["rule-ours"]) is (title != "")


def test_rules_that_are_off_are_kept_too_for_the_alerts_that_they_made(
    look_now, sentinel, workspace
):
    override = {"alertDisplayNameFormat": NAMING}
    off = azure.scheduled("", "Off", enabled=False, alertDetailsOverride=override)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [off, azure.fusion()])
    look_now()
    workspace.refresh_from_db()
    assert analytics_rules_of(workspace) == ()
    titles = workspace.capabilities["analytics_rules"]["titles"]
    assert titles == {"naming": ["rule-off"], "doubtful": []}


ROUTINE = "Function Code Raised Unauthorized Exception"
HAS_IOT = 'SecurityAlert | where ProviderName has "IoT"'


@pytest.mark.parametrize(
    ("query", "changes", "is_doubtful"),
    [
        (HAS_IOT, {"displayName": ROUTINE}, True),
        (HAS_IOT, {"alertDetailsOverride": {"alertDisplayNameFormat": "{{Kind}}"}}, True),
        (HAS_IOT, {"alertDetailsOverride": {"alertDisplayNameFormat": NAMING}}, False),
        ('SecurityAlert | where AlertName has "Stop"', {"displayName": f"(MDIoT) {ROUTINE}"}, True),
        ("SecurityAlert", {"displayName": ROUTINE, "enabled": False}, False),
        ("SigninLogs", {"alertDetailsOverride": {"alertDisplayNameFormat": "{{User}}"}}, False),
        ("SigninLogs", {}, False),
    ],
)
def test_a_rule_that_does_not_name_the_product_may_write_the_title_of_a_routine_too(
    look_now, sentinel, workspace, query, changes, is_doubtful
):
    """Sentinel compares titles alone: whatever table the alert came from, it would close it."""
    own = azure.scheduled("", "Ours", query=query, **changes)
    sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [own])
    look_now()
    workspace.refresh_from_db()
    assert analytics_rules_of(workspace) == (), "nothing is compiled to it"
    codes = [why.code for why in reasons_against_titles(frozenset({ROUTINE}), target_of(workspace))]
    assert codes == (["sentinel.title_of_rule"] if is_doubtful else [])
