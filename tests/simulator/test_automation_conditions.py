"""When the conditions of an automation rule hold: one table per kind of condition."""

import pytest

from simulator.automation.conditions import Change, View, conditions_hold

PROPERTIES = {
    "title": "(MDIoT) Unauthorized PLC Programming",
    "description": "A download to a controller",
    "severity": "Medium",
    "status": "New",
    "providerName": "Azure Sentinel",
    "labels": [{"labelName": "tagout:routine"}, {"labelName": "night"}],
    "relatedAnalyticRuleIds": ["/x/alertRules/AAA"],
    "owner": {"objectId": "o-1", "assignedTo": "Elif Demir"},
    "additionalData": {
        "alertProductNames": ["Azure Security Center for IoT"],
        "tactics": ["ImpairProcessControl"],
    },
}
ALERTS = [
    {
        "kind": "SecurityAlert",
        "properties": {
            "alertDisplayName": "Unauthorized PLC Programming",
            "additionalData": {"Custom Details": '{"Sensor": ["S1", "S2"], "Protocol": ["S7"]}'},
        },
    }
]
ENTITIES = [
    {"kind": "IoTDevice", "properties": {"deviceName": "PLC-1", "vendor": "Siemens"}},
    {"kind": "IoTDevice", "properties": {"deviceName": "EWS-1", "vendor": "Dell"}},
    {"kind": "Ip", "properties": {"address": "10.1.0.5"}},
]
VIEW = View(PROPERTIES, ALERTS, ENTITIES)
EMPTY = View({**PROPERTIES, "labels": [], "owner": None}, [], [])


def prop(name, operator, *values):
    return {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": name,
            "operator": operator,
            "propertyValues": list(values),
        },
    }


def array(kind, which, *inner):
    return {
        "conditionType": "PropertyArray",
        "conditionProperties": {
            "arrayType": kind,
            "arrayConditionType": which,
            "itemConditions": list(inner),
        },
    }


def boolean(operator, *inner):
    return {
        "conditionType": "Boolean",
        "conditionProperties": {"operator": operator, "innerConditions": list(inner)},
    }


def changed(name, **more):
    return {
        "conditionType": "PropertyChanged",
        "conditionProperties": {"propertyName": name, **more},
    }


def grown(kind):
    return {
        "conditionType": "PropertyArrayChanged",
        "conditionProperties": {"arrayType": kind, "changeType": "Added"},
    }


def test_no_conditions_hold_always():
    assert conditions_hold([], EMPTY)
    assert conditions_hold(None, EMPTY)


def test_all_conditions_must_hold():
    good, bad = prop("IncidentStatus", "Equals", "New"), prop("IncidentStatus", "Equals", "Closed")
    assert not conditions_hold([good, bad], VIEW)


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("Equals", ["(mdiot) unauthorized plc programming"], True),
        ("Equals", ["Unauthorized PLC Programming"], False),
        ("Equals", ["x", "(MDIoT) Unauthorized PLC Programming"], True),
        ("Contains", ["PLC"], True),
        ("StartsWith", ["(MDIoT)"], True),
        ("EndsWith", ["Programming"], True),
        ("EndsWith", ["PLC"], False),
        ("NotEquals", ["x", "(MDIoT) Unauthorized PLC Programming"], False),
        ("NotEquals", ["x", "y"], True),
        ("NotContains", ["PLC"], False),
        ("NotContains", ["x", "PLC"], False),
        ("NotStartsWith", ["PLC"], True),
        ("NotEndsWith", ["Programming"], False),
        ("Resembles", ["PLC"], False),
    ],
)
def test_several_values_are_or_for_positive_and_nor_for_negative(operator, values, holds):
    assert conditions_hold([prop("IncidentTitle", operator, *values)], VIEW) is holds


@pytest.mark.parametrize(
    ("name", "operator", "value", "holds"),
    [
        ("IncidentDescription", "Contains", "controller", True),
        ("IncidentSeverity", "Equals", "Medium", True),
        ("IncidentStatus", "NotEquals", "Closed", True),
        ("IncidentTactics", "Contains", "ImpairProcessControl", True),
        ("IncidentRelatedAnalyticRuleIds", "Contains", "/x/alertRules/aaa", True),
        ("IncidentRelatedAnalyticRuleIds", "Equals", "/X/alertrules/AAA", True),
        ("IncidentRelatedAnalyticRuleIds", "Contains", "aaa", False),
        ("IncidentRelatedAnalyticRuleIds", "NotContains", "aaa", True),
        ("IncidentRelatedAnalyticRuleIds", "NotEquals", "/x/alertRules/aaa", False),
        ("IncidentRelatedAnalyticRuleIds", "StartsWith", "/x/alertRules/", False),
        ("AlertProductNames", "Equals", "Azure Security Center for IoT", True),
        ("IncidentProviderName", "Equals", "Azure Sentinel", True),
        ("IncidentAlertTitle", "Equals", "Unauthorized PLC Programming", True),
        ("IncidentLabel", "Equals", "night", True),
        ("IncidentLabel", "NotEquals", "night", True),  # as another tag is there, too
        ("IncidentCustomDetailsKey", "Equals", "Protocol", True),
        ("IncidentCustomDetailsValue", "Equals", "S2", True),
        ("IPAddress", "Equals", "10.1.0.5", True),
        ("IPAddress", "NotEquals", "10.1.0.5", False),
        ("IPAddress", "Equals", "10.1.0.50", False),
        ("IoTDeviceName", "Equals", "PLC-1", True),
        ("IoTDeviceName", "NotEquals", "PLC-1", False),
        ("IoTDeviceName", "NotEquals", "PLC-9", True),
        ("IoTDeviceVendor", "Equals", "Siemens", True),
        ("HostName", "Equals", "EWS-1", False),
        ("HostName", "NotEquals", "EWS-1", True),
        ("NoSuchProperty", "Equals", "x", False),
    ],
)
def test_properties_are_those_of_the_incident_or_of_any_entity(name, operator, value, holds):
    assert conditions_hold([prop(name, operator, value)], VIEW) is holds


def test_a_device_condition_holds_when_any_entity_of_a_mixed_incident_meets_it():
    both = [prop("IoTDeviceName", "Equals", "PLC-1"), prop("IoTDeviceName", "Equals", "EWS-1")]
    assert conditions_hold(both, VIEW)


@pytest.mark.parametrize("operator", ["Equals", "NotEquals", "Contains", "NotContains"])
def test_what_the_portal_changes_afterwards_meets_no_condition(operator):
    names = frozenset({"IncidentTitle"})
    for title in (PROPERTIES["title"], "x"):
        assert not conditions_hold([prop("IncidentTitle", operator, title)], VIEW, unreliable=names)


def test_a_negative_comparison_of_tags_holds_as_soon_as_one_differs():
    """Outside of a collection: so the documents say, and a gate must not rely on less."""
    gated = {**PROPERTIES, "labels": [{"labelName": "tagout-off"}, {"labelName": "night"}]}
    condition = prop("IncidentLabel", "NotContains", "tagout-off")
    assert conditions_hold([condition], View(gated, ALERTS, ENTITIES))
    alone = {**PROPERTIES, "labels": [{"labelName": "tagout-off"}]}
    assert not conditions_hold([condition], View(alone, ALERTS, ENTITIES))
    assert conditions_hold([condition], EMPTY)


def test_a_provider_name_may_be_passed_over():
    condition = [prop("IncidentProviderName", "Equals", "Somebody else")]
    assert conditions_hold(condition, VIEW, ignored=frozenset({"IncidentProviderName"}))


@pytest.mark.parametrize(
    ("which", "operator", "value", "with_labels", "without"),
    [
        ("AnyItem", "Equals", "night", True, False),
        ("AnyItem", "Equals", "tagout-off", False, False),
        ("AnyItem", "NotEquals", "night", True, False),
        ("AllItems", "NotEquals", "night", False, True),
        ("AllItems", "NotEquals", "tagout-off", True, True),
    ],
)
def test_labels_in_collection_form(which, operator, value, with_labels, without):
    condition = [array("IncidentLabels", which, prop("IncidentLabel", operator, value))]
    assert conditions_hold(condition, VIEW) is with_labels
    assert conditions_hold(condition, EMPTY) is without


@pytest.mark.parametrize(
    ("key", "value", "holds"),
    [("Sensor", "S2", True), ("Protocol", "S2", False), ("Zone", "S2", False)],
)
def test_a_custom_detail_is_matched_with_its_own_values(key, value, holds):
    inner = array(
        "CustomDetailValues", "AnyItem", prop("IncidentCustomDetailsValue", "Equals", value)
    )
    condition = array(
        "CustomDetails", "AnyItem", prop("IncidentCustomDetailsKey", "Equals", key), inner
    )
    assert conditions_hold([condition], VIEW) is holds


def test_boolean_conditions_nest():
    good, bad = prop("IncidentStatus", "Equals", "New"), prop("IncidentStatus", "Equals", "Closed")
    assert conditions_hold([boolean("Or", bad, good)], VIEW)
    assert not conditions_hold([boolean("And", bad, good)], VIEW)
    assert conditions_hold([boolean("And", good, boolean("Or", bad, good))], VIEW)


@pytest.mark.parametrize(
    ("before", "condition", "holds"),
    [
        ({"status": "Active"}, {}, True),
        ({"status": "New"}, {}, False),
        ({"status": "Active"}, {"changeType": "ChangedFrom", "propertyValues": ["Active"]}, True),
        ({"status": "Closed"}, {"changeType": "ChangedFrom", "propertyValues": ["Active"]}, False),
        ({"status": "Active"}, {"changeType": "ChangedTo", "propertyValues": ["New"]}, True),
        ({"status": "New"}, {"changeType": "ChangedTo", "propertyValues": ["New"]}, False),
        (
            {"status": "Active"},
            {"changeType": "ChangedTo", "operator": "NotEquals", "propertyValues": ["Closed"]},
            True,
        ),
    ],
)
def test_a_changed_property(before, condition, holds):
    change = Change({**PROPERTIES, **before})
    assert conditions_hold([changed("IncidentStatus", **condition)], VIEW, change) is holds


def test_a_changed_owner_is_known_by_any_of_its_names():
    change = Change({**PROPERTIES, "owner": None})
    condition = changed("IncidentOwner", changeType="ChangedTo", propertyValues=["Elif Demir"])
    assert conditions_hold([condition], VIEW, change)


def test_changes_never_hold_for_a_new_incident():
    assert not conditions_hold([changed("IncidentStatus")], VIEW)
    assert not conditions_hold([grown("Labels")], VIEW)


@pytest.mark.parametrize(
    ("kind", "change", "holds"),
    [
        ("Alerts", Change(PROPERTIES, alerts_added=1), True),
        ("Alerts", Change(PROPERTIES), False),
        ("Comments", Change(PROPERTIES, comments_added=1), True),
        ("Labels", Change({**PROPERTIES, "labels": [{"labelName": "night"}]}), True),
        ("Labels", Change(PROPERTIES), False),
        ("Tactics", Change({**PROPERTIES, "additionalData": {}}), True),
        ("Bookmarks", Change(PROPERTIES), False),
    ],
)
def test_a_grown_array(kind, change, holds):
    assert conditions_hold([grown(kind)], VIEW, change) is holds


def test_the_source_of_an_update():
    condition = [prop("IncidentUpdatedBySource", "Equals", "Automation rule")]
    assert conditions_hold(condition, VIEW, Change(PROPERTIES, source="Automation rule"))
    assert not conditions_hold(condition, VIEW, Change(PROPERTIES, source="User"))


def test_an_unknown_kind_of_condition_never_holds():
    assert not conditions_hold([{"conditionType": "Mood", "conditionProperties": {}}], VIEW)
