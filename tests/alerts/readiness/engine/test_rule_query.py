"""What is proved of a query of an analytics rule."""

import pytest

from alerts.incidents.engine.catalogue import all_types
from alerts.readiness.engine.content import coverage_body
from alerts.readiness.engine.rule_query import QueryTypes, columns_as_written, types_of_query
from alerts.readiness.engine.solution import titles_without_rule
from alerts.sentinel import kql
from simulator.solution import query_of, solution_rules

DHCP, STOP = "Device Failed to Receive a Dynamic IP Address", "Controller Stop"
HEAD = 'SecurityAlert | where ProviderName == "IoTSecurity" '
ONLY_DHCP = QueryTypes(is_plain=True, titles=frozenset({DHCP}), has_only_titles=True)
ALL, NOTHING = QueryTypes(is_plain=True), QueryTypes()


def test_queries_that_tagout_makes_select_exactly_their_titles():
    found = types_of_query(coverage_body()["properties"]["query"])
    titles = frozenset(titles_without_rule())
    assert found == QueryTypes(is_plain=True, titles=titles, has_only_titles=True)


# Of the fifteen published rules these compare whole titles. The others ask for words in a title, or
# look into other columns too: they may take a type that nobody knows yet.
BY_WHOLE_TITLES = {
    "Denial of Service",
    "Excessive Login Attempts",
    "High bandwidth in the network",
    "No traffic on Sensor Detected",
    "PLC Stop Command",
    "Unauthorized DHCP configuration in the network",
    "Unauthorized device in the network",
    "Unauthorized remote access to the network",
}


def test_queries_in_the_form_of_the_templates_name_the_titles_of_the_catalogue():
    closed = set()
    for rule in solution_rules().values():
        query = query_of(rule)
        found = types_of_query(query)
        names = {rule.name, f"{rule.name} in the network"}
        known = {kind.title for kind in all_types() if names & set(kind.solution_rules)}
        assert found.is_plain and found.titles, rule.name
        assert known <= found.titles, rule.name
        assert columns_as_written(query) >= {"AlertName", "Entities", "Protocol"}, rule.name
        if found.has_only_titles:
            assert found.titles == known, rule.name
            closed.add(rule.name)
    assert closed == BY_WHOLE_TITLES


@pytest.mark.parametrize(
    "query",
    [
        f'SecurityAlert\n| where AlertName == "{DHCP}"',
        f"SecurityAlert | where (AlertName == '{DHCP}')",
        HEAD + f'and AlertName in ("{DHCP}") // nur dieser Typ',
        HEAD + f'| where AlertName in ("{DHCP}", "{STOP}") | where AlertName == "{DHCP}"',
        HEAD + f'| where AlertName contains "Dynamic" | where AlertName == "{DHCP}"',
        f'let names = dynamic(["{DHCP}"]);\nSecurityAlert | where AlertName in (names)',
        HEAD + f'| where AlertName == "{DHCP}" | extend Zone = tostring(AlertName) | project Zone',
    ],
)
def test_a_filter_by_whole_titles_proves_them(query):
    assert types_of_query(query) == ONLY_DHCP


@pytest.mark.parametrize("lines", [f'| where AlertName == "{DHCP}"\n', ""])
def test_lines_that_leave_signed_routine_out_take_nothing_more(lines):
    before = types_of_query(HEAD + lines)
    assert types_of_query(HEAD + lines + kql.exclusion()) == before
    assert before.is_plain


@pytest.mark.parametrize(
    "condition",
    [
        f'AlertName has_any ("{DHCP}", "Firmware Version Changed")',
        f'AlertName == "{DHCP}" or AlertName contains "Firmware Version"',
        f'AlertName == "{DHCP}" or AlertName has "Firmware" or ExtendedProperties has "AMS"',
    ],
)
def test_parts_of_titles_name_types_and_may_take_others(condition):
    found = types_of_query(f"{HEAD}| where {condition}")
    assert found.is_plain and not found.has_only_titles
    assert found.titles >= {DHCP, "Firmware Version Changed"} and STOP not in found.titles


@pytest.mark.parametrize(
    "query",
    [
        HEAD,
        HEAD + '| where AlertSeverity == "Low"',
        HEAD + f'| where AlertName != "{DHCP}"',
        HEAD + f'| where not(AlertName == "{DHCP}")',
        HEAD + f'| where AlertName == "{DHCP}" or AlertSeverity == "Low"',
        HEAD + f'| where AlertName =~ "{DHCP}"',
        HEAD + f'| where tolower(AlertName) == "{DHCP}"',
        HEAD + f'| where AlertName in ("{DHCP}") == false',
        HEAD + f'| where iff(true, true, AlertName == "{DHCP}")',
        HEAD + f'// | where AlertName == "{DHCP}"',
    ],
)
def test_without_a_filter_by_titles_any_may_come_and_their_names_are_as_sensors_wrote_them(query):
    assert types_of_query(query) == ALL


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SecurityIncident",
        f'SecurityIncident | where AlertName == "{DHCP}"',
        f'union SecurityAlert, SecurityAlert | where AlertName == "{DHCP}"',
        f'let Alarme = SecurityAlert; Alarme | where AlertName == "{DHCP}"',
        f'let SecurityAlert = dynamic(["x"]); SecurityAlert | where AlertName == "{DHCP}"',
        f'let Zeit = 1h; SecurityAlert | where AlertName == "{DHCP}"',
        f'let Namen = dynamic(["{DHCP}"]); SecurityAlert | extend Namen = "x" '
        "| where AlertName in (Namen)",
        f'let DisplayName = dynamic(["{DHCP}"]); SecurityAlert | where AlertName in (DisplayName)',
        f'let _ResourceId = dynamic(["{DHCP}"]); SecurityAlert | where AlertName in (_ResourceId)',
        HEAD + f'| where AlertName == "{DHCP}" // nur dieser\ror true',
        HEAD + f'| where AlertName == "{DHCP}" // nur dieser\u2028or true',
        HEAD + f'//\r| where AlertName == "{DHCP}"',
        HEAD + f'| where AlertName == "{DHCP}" | union SecurityAlert',
        HEAD + f'| extend AlertName = "{DHCP}"',
        HEAD + f"| extend ['AlertName'] = \"{DHCP}\"",
        HEAD + f'| extend (AlertName, x) = pack("a", "{DHCP}")',
        HEAD + f'| extend AlertName = "{DHCP}" | where AlertName == "{DHCP}"',
        HEAD + "| project AlertName = DisplayName",
        HEAD + f'| where AlertName == "{DHCP}" | summarize AlertName = take_any(AlertName)',
        HEAD + f'| where AlertName == "{DHCP}" | join (SecurityAlert) on SystemAlertId',
        HEAD + '| parse DisplayName with * ":" AlertName',
        HEAD + f'| where AlertName == "{DHCP}" | invoke Mehr()',
        HEAD + f'| where AlertName == "{DHCP}\\"" or true',
        HEAD + f'| where AlertName in (("{DHCP}"))',
        HEAD + f'| where AlertName in ("{DHCP}") == (1 == 2)',
        HEAD + f"| where AlertName == ```{DHCP}```",
        HEAD + f'| where AlertName == "{DHCP}") or (true',
        HEAD + f'| where AlertName == "{DHCP}"; SecurityAlert',
        HEAD + f'| where AlertName == "{DHCP}" | extend Größe = 1',
    ],
)
def test_of_a_query_that_does_more_nothing_is_proved(query):
    assert types_of_query(query) == NOTHING


BAG = "| extend Properties = parse_json(ExtendedProperties) "
PROTOCOL = "| extend Protocol = tostring(Properties.Protocol)"


@pytest.mark.parametrize(
    "query",
    [
        query_of(next(iter(solution_rules().values()))),
        coverage_body()["properties"]["query"],
        HEAD + BAG + PROTOCOL,
        HEAD + "| extend ExtendedProperties = parse_json(ExtendedProperties)"
        "| extend Protocol = tostring(ExtendedProperties.Protocol)",
        HEAD + BAG + PROTOCOL + "| where Protocol != 'x' | project AlertName, Protocol, Entities",
        HEAD + "| extend Protocol = tostring(parse_json(ExtendedProperties).Protocol)",
    ],
)
def test_members_of_the_bag_under_their_own_names_are_what_the_sensor_wrote(query):
    assert columns_as_written(query) >= {"AlertName", "Entities", "Protocol"}


@pytest.mark.parametrize(
    "lines",
    [
        '| extend Protocol = "MODBUS"',
        BAG + "| extend Protocol = tostring(Properties.Port)",
        BAG + '| extend Protocol = iff(true, "MODBUS", tostring(Properties.Protocol))',
        BAG + PROTOCOL + '| extend Protocol = "MODBUS"',
        BAG + PROTOCOL + '| project AlertName, Protocol = "MODBUS"',
        """| extend Properties = dynamic({"Protocol": "MODBUS"}) """ + PROTOCOL,
        BAG + "| extend Properties = Other " + PROTOCOL,
        "| extend ExtendedProperties = Other " + BAG + PROTOCOL,
        "| extend ExtendedProperties = Other"
        "| extend ExtendedProperties = parse_json(ExtendedProperties)"
        "| extend Protocol = tostring(ExtendedProperties.Protocol)",
        BAG + "| extend Properties = Other, Protocol = tostring(Properties.Protocol)",
        "| extend Properties = parse_json(ExtendedProperties), ExtendedProperties = Other "
        + PROTOCOL,
        BAG + PROTOCOL + "| union SecurityAlert",
        "| extend Protocol = tostring(parse_json(Other).Protocol)",
        "| extend ExtendedProperties = Other,"
        " Protocol = tostring(parse_json(ExtendedProperties).Protocol)",
        "| extend Protocol = tostring(parse_json(ExtendedProperties).Port)",
        "| extend ExtendedProperties = Other"
        " | extend Protocol = tostring(parse_json(ExtendedProperties).Protocol)",
        "| extend Protocol = tostring(iff(parse_json(ExtendedProperties).Port, Other).Protocol)",
    ],
)
def test_a_column_that_may_hold_something_else_is_not(lines):
    assert "Protocol" not in columns_as_written(HEAD + lines)


def test_entities_made_anew_are_not_those_of_the_alert():
    assert "Entities" in columns_as_written(HEAD + BAG)
    assert "Entities" not in columns_as_written(HEAD + '| extend Entities = "[]"')
    assert "Entities" not in columns_as_written(HEAD + "| project AlertName, Entities = Other")
