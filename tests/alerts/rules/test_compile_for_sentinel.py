"""What Sentinel can express of a rule: exactly, more widely, or not at all, and why."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.incidents.engine.catalogue import all_types
from alerts.rules import sentinel_conditions as parts
from alerts.rules.analytics_rules import (
    AnalyticsRule,
)
from alerts.rules.compile_sentinel import Target, compile_rule, deployed
from alerts.rules.fields import SEVERITIES, FieldValues
from alerts.rules.guards.closing import Scene, reasons_to_keep_open
from alerts.rules.guards.never import reasons_against_alert
from alerts.rules.match import holds
from alerts.rules.sentinel_forms import live_form
from simulator.automation.check import check_rule
from simulator.automation.conditions import View, conditions_hold
from tests.alerts.rules.polling import (
    ALL,
    DOWNLOADED,
    GATEWAYS,
    HISTORIAN,
    NAMES,
    NORTH,
    POLL,
    POLLING,
    TITLE,
    codes,
)
from tests.alerts.suppression import samples
from tests.alerts.suppression.samples import NOW, SITE, TUESDAY, but, clause, facts, rule


def test_type_and_devices_are_exact():
    compiled = compile_rule(POLLING, NORTH)
    assert (compiled.verdict, compiled.reasons) == ("exact", ())
    assert (
        parts.property_condition("IncidentTitle", [POLL, f"(MDIoT) {POLL}"]) in compiled.conditions
    )
    assert (
        parts.property_condition("IoTDeviceName", ["GATEWAY-1", "GATEWAY-2"]) in compiled.conditions
    )


def test_what_each_rule_carries_whatever_it_says():
    conditions = compile_rule(POLLING, NORTH).conditions
    assert parts.property_condition("AlertProductNames", parts.PRODUCTS) in conditions
    assert (
        parts.property_condition("AlertProductNames", parts.OTHER_PRODUCTS, unless=True)
        in conditions
    )
    assert (
        parts.property_condition("IncidentSeverity", ["Informational", "Low", "Medium"])
        in conditions
    )
    assert parts.property_condition("IncidentStatus", ["New"]) in conditions
    assert parts.property_condition("IoTDeviceName", ["SIS-01"], unless=True) in conditions
    assert parts.property_condition("IPAddress", ["10.66.0.1"], unless=True) in conditions
    assert {
        "conditionType": "PropertyArray",
        "conditionProperties": {
            "arrayType": "IncidentLabels",
            "arrayConditionType": "AllItems",
            "itemConditions": [
                parts.property_condition("IncidentLabel", ["tagout-off"], unless=True)
            ],
        },
    } in conditions
    for name, guarded in (("IncidentTitle", 27), ("IncidentAlertTitle", 27 + 28)):
        never = next(
            condition["conditionProperties"]["propertyValues"]
            for condition in conditions
            if condition["conditionProperties"].get("propertyName") == name
            and condition["conditionProperties"]["operator"] == "NotEquals"
        )
        assert len(never) == 2 * guarded
        assert "Profinet Device Factory Reset" in never
        assert "(MDIoT) Suspicion of Malicious Activity (Stuxnet)" in never


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (clause("source_device", "is", "HIST-01"), "sentinel.direction"),
        (clause("destination_address", "is", "10.20.4.15"), "sentinel.direction"),
        (SITE, "sentinel.unknown"),
        (clause("zone", "is", "Packaging 2"), "sentinel.unknown"),
        (clause("sensor", "is", "sensor-a"), "sentinel.unknown"),
        (clause("port", "is", 502), "sentinel.unknown"),
        (clause("protocol", "is", "MODBUS"), "sentinel.unknown"),
        (clause("function", "is", "5"), "sentinel.unknown"),
        (clause("techniques", "is", "T0843"), "sentinel.unknown"),
        (clause("alerts_in_incident", "at_most", 1), "sentinel.unknown"),
        (clause("product_name", "is", parts.PRODUCTS[0]), "sentinel.unknown"),
        (clause("user_defined_title", "is", "Nightly"), "sentinel.own_rule"),
        (clause("any_address", "within", "10.20.4.0/24"), "sentinel.network"),
        (clause("any_address", "is", "00:00:BC:00:00:01"), "sentinel.mac"),
        (clause("any_device", "is", "PLC-99"), "sentinel.not_one"),
    ],
)
def test_what_sentinel_does_not_know_makes_the_rule_wider(line, code):
    for made in (but(POLLING, line), but(POLLING, except_any=(line,))):
        compiled = compile_rule(made, NORTH)
        assert (compiled.verdict, codes(compiled)) == ("wider", [code])
        assert compiled.reasons[0].clause == line
        assert compiled.conditions


def test_capitals_and_unknown_titles_are_not_exact():
    for title in ("Quelque chose de neuf", POLL.upper()):
        compiled = compile_rule(rule(clause("alert_type", "is", title), HISTORIAN), NORTH)
        assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.unlisted"])


@pytest.mark.parametrize(
    ("made", "target", "code"),
    [
        (but(POLLING, TUESDAY), NORTH, "sentinel.time"),
        (but(POLLING, except_any=(TUESDAY,)), NORTH, "sentinel.time"),
        (but(POLLING, clause("planned_work", "within", "backup")), NORTH, "sentinel.work"),
        (rule(TITLE, HISTORIAN, clause("workspace", "is", "south")), NORTH, "sentinel.not_here"),
        (
            but(rule(TITLE, HISTORIAN), except_any=(clause("workspace", "is", "north"),)),
            NORTH,
            "sentinel.not_here",
        ),
        (rule(HISTORIAN), NORTH, "sentinel.no_type"),
        (rule(HISTORIAN, except_any=[TITLE]), NORTH, "sentinel.no_type"),
        (rule(TITLE), NORTH, "sentinel.no_asset"),
        (rule(TITLE, clause("source_device", "is", "HIST-01")), NORTH, "sentinel.no_asset"),
        (rule(TITLE, except_any=[HISTORIAN]), NORTH, "sentinel.no_asset"),
        (rule(TITLE, clause("any_address", "within", "10.20.4.0/24")), NORTH, "sentinel.no_asset"),
        (DOWNLOADED, NORTH, "sentinel.timeboxed"),
        (but(POLLING, clause("severity", "is", "High")), NORTH, "sentinel.timeboxed"),
        (
            rule(clause("alert_type", "is", "Profinet Device Factory Reset"), HISTORIAN),
            NORTH,
            "never.type",
        ),
        (rule(), NORTH, "rule.empty"),
        (POLLING, Target(workspace="north", accepts=ALL - {"IncidentTitle"}), "sentinel.unproven"),
        (POLLING, Target(workspace="north", accepts=ALL - parts.GATE_FORMS), "sentinel.unproven"),
        (
            POLLING,
            Target(workspace="north", accepts=ALL - {"AlertProductNames"}),
            "sentinel.unproven",
        ),
        (
            POLLING,
            Target(workspace="north", accepts=ALL, is_in_defender_portal=True),
            "sentinel.no_maker",
        ),
        (
            POLLING,
            Target(workspace="north", accepts=ALL, is_in_defender_portal=None),
            "sentinel.portal_unknown",
        ),
    ],
)
def test_what_cannot_be_deployed_has_its_reason_and_no_conditions(made, target, code):
    compiled = compile_rule(made, target)
    assert (compiled.verdict, compiled.conditions) == ("impossible", ())
    assert codes(compiled)[0] == code


def test_more_conditions_than_sentinel_takes_are_refused(monkeypatch):
    spared = [clause("any_device", "is", f"PLC-{n:03}") for n in range(20)]
    wanted = [clause("any_device", "is", f"HMI-{n:03}") for n in range(19)]
    longest = rule(TITLE, *wanted, except_any=spared)
    assert parts.count_conditions(compile_rule(longest, NORTH).conditions) == 50
    monkeypatch.setattr("alerts.rules.compile_sentinel.MAX_CONDITIONS", 49)
    compiled = compile_rule(longest, NORTH)
    assert (compiled.verdict, codes(compiled)[0]) == ("impossible", "sentinel.conditions")


# ---- in the Defender portal ----------------------------------------------------------------------

ARM = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/north"
ARM += "/providers/Microsoft.SecurityInsights/alertRules/"
DETAILS = frozenset({"AlertName", "Protocol"})
PLC_CHANGES, ILLEGAL_CODES, MALWARE, STOPS = (
    AnalyticsRule(
        rule_id=ARM + name,
        name=name,
        titles=frozenset(kind.title for kind in all_types() if name in kind.solution_rules),
        has_only_titles=True,
        is_plain=True,
        passes_entities=True,
    )
    for name in (
        "Unauthorized PLC changes",
        "Illegal Function Codes for ICS traffic",
        "Suspicious malware found in the network",
        "PLC Stop Command",
    )
)
OF_SOLUTION = (PLC_CHANGES, ILLEGAL_CODES, MALWARE, STOPS)
AS_IT_COMES = replace(NORTH, is_in_defender_portal=True, analytics_rules=OF_SOLUTION)
IN_PORTAL = replace(
    AS_IT_COMES, analytics_rules=tuple(replace(row, details=DETAILS) for row in OF_SOLUTION)
)
UNRELIABLE = frozenset({"IncidentTitle", "IncidentDescription", "IncidentAlertTitle"})


def test_in_the_portal_analytics_rules_and_custom_details_stand_for_the_type():
    compiled = compile_rule(POLLING, IN_PORTAL)
    assert (compiled.verdict, compiled.reasons) == ("exact", ())
    ids = parts.property_condition("IncidentRelatedAnalyticRuleIds", [PLC_CHANGES.rule_id])
    assert ids in compiled.conditions
    assert parts.detail_condition("AlertName", [POLL]) in compiled.conditions
    assert parts.property_condition("IoTDeviceName", ["HIST-01"]) in compiled.conditions
    ids = [MALWARE.rule_id, ILLEGAL_CODES.rule_id, STOPS.rule_id]
    others = parts.property_condition("IncidentRelatedAnalyticRuleIds", ids, unless=True)
    assert others in compiled.conditions
    kept = {kind.title for kind in all_types() if kind.guard in ("never", "timeboxed")}
    assert parts.no_detail_value(kept) in compiled.conditions
    assert parts.no_gate() in compiled.conditions
    assert not parts.properties_of(compiled.conditions) & UNRELIABLE


def test_an_analytics_rule_that_makes_more_is_wider_and_says_which():
    compiled = compile_rule(POLLING, AS_IT_COMES)
    assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.maker_of_more"])
    assert "Unauthorized PLC changes" in str(compiled.reasons[0].why)
    whole = rule(clause("alert_type", "is_one_of", *sorted(ILLEGAL_CODES.titles)), HISTORIAN)
    compiled = compile_rule(whole, AS_IT_COMES)
    assert compiled.verdict == "exact"
    assert "IncidentCustomDetailsKey" not in parts.properties_of(compiled.conditions)


def test_a_rule_of_which_nothing_is_known_may_make_the_type_too():
    own = AnalyticsRule(rule_id=ARM + "own", name="Ours", is_plain=True, passes_entities=True)
    target = replace(IN_PORTAL, analytics_rules=(*IN_PORTAL.analytics_rules, own))
    compiled = compile_rule(POLLING, target)
    assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.maker_of_more"])
    told = replace(own, details=DETAILS, is_plain=True)
    target = replace(IN_PORTAL, analytics_rules=(*IN_PORTAL.analytics_rules, told))
    compiled = compile_rule(POLLING, target)
    assert compiled.verdict == "exact"
    makers = parts.property_condition(
        "IncidentRelatedAnalyticRuleIds", [PLC_CHANGES.rule_id, own.rule_id]
    )
    assert makers in compiled.conditions


def test_a_protocol_is_told_by_its_custom_detail():
    line = clause("protocol", "is", "MODBUS")
    compiled = compile_rule(but(POLLING, line), IN_PORTAL)
    assert compiled.verdict == "exact"
    assert parts.detail_condition("Protocol", ["MODBUS"]) in compiled.conditions
    assert codes(compile_rule(but(POLLING, except_any=(line,)), IN_PORTAL)) == ["sentinel.unknown"]
    assert compile_rule(but(POLLING, line), NORTH).verdict == "wider"


def test_an_exception_of_a_type_is_taken_off():
    both = clause("alert_type", "is_one_of", POLL, "Modbus Exception")
    made = rule(both, HISTORIAN, except_any=(clause("alert_type", "is", "Modbus Exception"),))
    compiled = compile_rule(made, IN_PORTAL)
    assert parts.detail_condition("AlertName", [POLL]) in compiled.conditions
    makers = parts.property_condition("IncidentRelatedAnalyticRuleIds", [PLC_CHANGES.rule_id])
    assert makers in compiled.conditions


@pytest.mark.parametrize("second", ["Controller Stop", "Suspicion of Malicious Activity (Stuxnet)"])
@pytest.mark.parametrize("target", [NORTH, IN_PORTAL], ids=["arm", "portal"])
def test_an_incident_with_another_alert_that_people_see_is_not_closed(target, second):
    made = compile_rule(POLLING, target)
    ends = {"any_device": ("HIST-01", "GATEWAY-1"), "product_name": parts.PRODUCTS[0]}
    first = view_of(facts(alert_type=POLL, severity=2, **ends), makers=target.analytics_rules)
    portal = UNRELIABLE if target.is_in_defender_portal else frozenset()
    assert conditions_hold(list(made.conditions), first, unreliable=portal)
    more = view_of(facts(alert_type=second, severity=2, **ends), makers=target.analytics_rules)
    ids = first.properties["relatedAnalyticRuleIds"] + more.properties["relatedAnalyticRuleIds"]
    both = replace(
        first,
        properties=first.properties | {"relatedAnalyticRuleIds": ids},
        alerts=[*first.alerts, *more.alerts],
    )
    assert not conditions_hold(list(made.conditions), both, unreliable=portal)


def test_where_the_gate_is_taken_in_its_plain_form_only_that_is_written():
    plain = {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentLabel",
            "operator": "NotContains",
            "propertyValues": ["tagout-off"],
        },
    }
    for target in (NORTH, IN_PORTAL):
        taken = replace(target, accepts=ALL - {"IncidentLabel", "IncidentAlertTitle"})
        compiled = compile_rule(POLLING, taken)
        assert (compiled.verdict, plain in compiled.conditions) == ("exact", True)
        neither = replace(taken, accepts=taken.accepts - {"IncidentLabel NotContains"})
        assert codes(compile_rule(POLLING, neither)) == ["sentinel.unproven"]


# ---- agreement with the other side's own reading ------------------------------------------------

_EXPRESSIBLE = ("workspace", "alert_type", "severity", "tactics", "any_device", "any_address")


def _agreed(pool, most=3, least=1):
    return st.lists(st.sampled_from(pool), min_size=least, max_size=most, unique=True)


@st.composite
def lines(draw):
    name = draw(st.sampled_from(_EXPRESSIBLE))
    if name == "severity" and draw(st.booleans()):
        return clause(name, "at_most", draw(st.sampled_from(SEVERITIES[1:4])))
    pool = {
        "workspace": ("north", "south"),
        "alert_type": (POLL, "Modbus Exception", "Unpermitted Usage of DNP3 Function Code"),
        "severity": SEVERITIES[1:4],
        "tactics": ("ImpairProcessControl", "Persistence"),
        "any_device": NAMES[:5],
        "any_address": NAMES[5:],
    }[name]
    return clause(name, "is_one_of", *draw(_agreed(pool)))


EXPRESSIBLE = st.builds(
    lambda first, asset, more, spared: rule(first, asset, *more, except_any=spared),
    st.sampled_from((TITLE, clause("alert_type", "is_one_of", POLL, "Modbus Exception"))),
    st.sampled_from((HISTORIAN, GATEWAYS, clause("any_address", "is", "10.20.4.15"))),
    st.lists(lines(), max_size=3),
    st.lists(lines(), max_size=2),
)


@st.composite
def single_alerts(draw):
    """An incident of one alert, of whatever product, severity and devices."""
    return facts(
        alert_type=draw(
            st.sampled_from(
                (
                    POLL,
                    "Modbus Exception",
                    "Unpermitted Usage of DNP3 Function Code",
                    "Controller Stop",
                )
            )
        ),
        severity=draw(st.integers(1, 4)),
        tactics=tuple(draw(_agreed(("ImpairProcessControl", "Persistence"), 2, 0))),
        any_device=tuple(draw(_agreed((*NAMES[:5], "SIS-01", "LAPTOP-9"), 3, 0))),
        any_address=tuple(draw(_agreed((*NAMES[5:], "10.66.0.1", "00:00:BC:00:00:01"), 2, 0))),
        product_name=draw(st.sampled_from((*parts.PRODUCTS, "Microsoft Defender for Endpoint"))),
    )


def view_of(alert_facts: FieldValues, *, prefix="", labels=(), status="New", makers=()) -> View:
    """The incident that Sentinel would make of the alert, in its own words; of `makers`, those that
    select its type.
    """
    entities = [
        {"kind": "IoTDevice", "properties": {"deviceName": n}} for n in alert_facts.any_device
    ]
    entities += [
        {"kind": "Ip", "properties": {"address": a}}
        for a in alert_facts.any_address
        if "BC" not in a
    ]
    properties = {
        "title": prefix + alert_facts.alert_type,
        "severity": SEVERITIES[alert_facts.severity],
        "status": status,
        "labels": [{"labelName": label} for label in labels],
        "additionalData": {
            "alertProductNames": [alert_facts.product_name],
            "tactics": list(alert_facts.tactics),
        },
    }
    found = [maker for maker in makers if alert_facts.alert_type in (maker.titles or ())]
    properties["relatedAnalyticRuleIds"] = [maker.rule_id for maker in found]
    details = {"AlertName": [alert_facts.alert_type], "Protocol": [alert_facts.protocol]}
    declared = {name: details[name] for maker in found for name in sorted(maker.details)}
    alert = {
        "properties": {
            "alertDisplayName": prefix + alert_facts.alert_type,
            "additionalData": {"Custom Details": json.dumps(declared)},
        }
    }
    return View(properties, [alert], entities)


def tagout_would_close(made, alert: FieldValues, labels=(), touched=()) -> bool:
    critical = {"SIS-01": "safety", "10.66.0.1": "crown-jewel"}
    named = {*alert.any_device, *alert.any_address}
    scene = Scene(
        alerts=((alert, made if holds(made, alert) else None),),
        products=(alert.product_name,),
        labels=tuple(labels),
        touched=tuple(touched),
        criticality={name: found for name, found in critical.items() if name in named},
    )
    return not reasons_to_keep_open(scene)


@given(
    EXPRESSIBLE,
    single_alerts(),
    st.sampled_from(("", "(MDIoT) ")),
    st.sampled_from(((), ("night",), ("tagout-off",), ("night", "Tagout-Off"))),
    st.sampled_from(("New", "Active", "Closed")),
)
def test_what_is_exact_agrees_with_the_other_sides_reading(made, alert, prefix, labels, status):
    compiled = compile_rule(made, NORTH)
    if compiled.verdict != "exact":
        assert codes(compiled)[0] in {"sentinel.not_here", "sentinel.timeboxed"}
        return
    check_rule(live_form(compiled, number=1, title="x", attribution="x", lease_until=NOW))
    there = conditions_hold(
        list(compiled.conditions), view_of(alert, prefix=prefix, labels=labels, status=status)
    )
    touched = () if status == "New" else (f"status {status}",)
    assert there is tagout_would_close(made, alert, labels, touched)


@given(
    EXPRESSIBLE,
    single_alerts(),
    st.sampled_from(((), ("night",), ("tagout-off",), ("night", "Tagout-Off"))),
    st.sampled_from((IN_PORTAL, AS_IT_COMES)),
)
def test_what_is_exact_in_the_portal_agrees_with_the_other_sides_reading(
    made, alert, labels, target
):
    compiled = compile_rule(made, target)
    if compiled.verdict != "exact":
        return
    check_rule(live_form(compiled, number=1, title="x", attribution="x", lease_until=NOW))
    there = conditions_hold(
        list(compiled.conditions),
        view_of(alert, labels=labels, makers=target.analytics_rules),
        unreliable=UNRELIABLE,
    )
    has_maker = any(alert.alert_type in row.titles for row in OF_SOLUTION)
    assert there is (has_maker and tagout_would_close(made, alert, labels))


@given(samples.rules(), samples.any_facts())
def test_what_is_wider_never_misses_what_the_rule_matches(made, alert):
    target = Target(workspace=alert.workspace, accepts=ALL)
    compiled = compile_rule(made, target)
    if compiled.verdict == "impossible":
        assert compiled.reasons
        return
    if not holds(made, alert) or reasons_against_alert(alert, made) or not alert.product_name:
        return
    assert conditions_hold(list(compiled.conditions), view_of(alert))


def test_what_a_wider_deployment_would_catch_can_be_read_on_history():
    directed = but(POLLING, clause("port", "is", 502), except_any=(clause("function", "is", "6"),))
    overmatch = deployed(directed, compile_rule(directed, NORTH))
    alert = facts(alert_type=POLL, any_device=("HIST-01", "GATEWAY-1"), port=102, function="6")
    assert not holds(directed, alert)
    assert holds(overmatch, alert)
    assert not holds(overmatch, replace(alert, severity=4))
    assert not holds(overmatch, replace(alert, any_device=("HIST-01",)))
    unknown = but(POLLING, clause("any_device", "is", "PLC-99"))
    assert not holds(deployed(unknown, compile_rule(unknown, NORTH)), alert)
    with pytest.raises(ValueError, match="catches nothing"):
        deployed(DOWNLOADED, compile_rule(DOWNLOADED, NORTH))


@given(samples.rules(), samples.any_facts(), st.sampled_from(parts.PRODUCTS))
def test_the_deployed_reading_agrees_with_the_other_sides(made, alert, product):
    names = tuple(name for name in alert.any_device if name != "plc-4")  # PLC-4 to Sentinel
    alert = replace(alert, product_name=product, severity=alert.severity or 1, any_device=names)
    compiled = compile_rule(made, Target(workspace=alert.workspace, accepts=ALL))
    if compiled.verdict == "impossible":
        return
    there = conditions_hold(list(compiled.conditions), view_of(alert))
    assert there is holds(deployed(made, compiled), alert)


@pytest.mark.abuse("A45")
def test_a_mixed_incident_is_kept_open_by_the_never_list():
    stuxnet = "Suspicion of Malicious Activity (Stuxnet)"
    conditions = list(compile_rule(POLLING, NORTH).conditions)
    alert = facts(alert_type=POLL, any_device=("HIST-01", "GATEWAY-1"))
    assert conditions_hold(conditions, view_of(alert))
    mixed = view_of(alert)
    mixed.alerts.append({"properties": {"alertDisplayName": stuxnet}})
    assert not conditions_hold(conditions, mixed)
    second = view_of(alert)
    second.properties["additionalData"]["alertProductNames"].append("Microsoft Defender XDR")
    assert not conditions_hold(conditions, second)
