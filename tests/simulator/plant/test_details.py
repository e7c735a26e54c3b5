"""Alerts and entities come from the recipe alone and fit their incident."""

import json
import pickle

import pytest

from simulator.plant.plant import Plant


def test_a_recipe_is_short_and_another_plant_object_reads_it_the_same(small, plant):
    other = Plant(seed=7)
    for case in small[::97]:
        assert len(case.recipe) < 60
        assert other.details(case.recipe) == plant.details(case.recipe)


def test_alerts_fit_their_incident(small, plant):
    ids = set()
    for case in small:
        alerts, _ = plant.details(case.recipe)
        properties, first = case.properties, alerts[0]["properties"]
        assert len(alerts) == properties["additionalData"]["alertsCount"]
        assert first["alertDisplayName"] == properties["title"]
        assert first["startTimeUtc"] == properties["firstActivityTimeUtc"]
        assert max(a["properties"]["endTimeUtc"] for a in alerts) <= properties["createdTimeUtc"]
        products = {a["properties"]["productName"] for a in alerts}
        assert products == set(properties["additionalData"]["alertProductNames"])
        ids |= {a["name"] for a in alerts}
    assert len(ids) == sum(case.properties["additionalData"]["alertsCount"] for case in small)


def test_bags_hold_what_d4iot_sends_or_only_custom_details_where_a_rule_made_them(small, plant):
    raw = by_rule = 0
    for case in small[::3]:
        bag = plant.details(case.recipe)[0][0]["properties"]["additionalData"]
        if case.properties["relatedAnalyticRuleIds"]:
            by_rule += 1
            details = json.loads(bag["Custom Details"])
            assert set(details) == {"Sensor", "Protocol", "VendorOriginalId", "AlertManagementUri"}
            assert "SourceDevice" not in bag
        else:
            raw += 1
            members = {"SourceDevice", "DestinationDeviceAddress", "SensorId", "SiteDisplayName"}
            assert members <= set(bag)
            assert bag["isNew"] in {"True", "False"}
    assert raw > by_rule > 0


def test_empty_sides_mac_addresses_and_user_defined_titles_occur(small, plant):
    bags = [plant.details(c.recipe)[0][0]["properties"]["additionalData"] for c in small]
    raw = [bag for bag in bags if "SourceDevice" in bag]
    assert any(bag["DestinationDeviceAddress"] == "" for bag in raw)
    assert any(bag["SourceDeviceAddress"].count(":") == 5 for bag in raw)
    assert any("User Defined Description" in bag for bag in raw)


def test_entities_name_both_sides_and_refer_to_each_other(small, plant):
    kinds = set()
    for case in small[::7]:
        alerts, entities = plant.details(case.recipe)
        ids = {entity["id"] for entity in entities}
        assert len(ids) == len(entities)
        addresses = set()
        for entity in entities:
            kinds.add(entity["kind"])
            properties = entity["properties"]
            addresses |= {properties.get("address"), properties.get("macAddress")}
            if entity["kind"] == "IoTDevice":
                assert {"site", "zone", "sensor", "purdueLayer", "importance"} <= set(properties)
                assert set(properties["nicEntityIds"]) <= ids
                assert properties.get("ipAddressEntityId", next(iter(ids))) in ids
        bag = alerts[0]["properties"]["additionalData"]
        for side in ("SourceDeviceAddress", "DestinationDeviceAddress"):
            assert not bag.get(side) or bag[side] in addresses
    assert kinds == {"IoTDevice", "Ip", "Nic", "Host", "OtSegment"}


def test_who_changes_an_answer_does_not_change_the_plant(small, plant):
    case = small[0]
    _, entities = plant.details(case.recipe)
    before = pickle.dumps(entities)
    entities[0]["properties"]["deviceName"] = "scribbled"
    assert pickle.dumps(plant.details(case.recipe)[1]) == before


def test_nonsense_is_no_recipe(plant):
    with pytest.raises(ValueError, match="unpack"):
        plant.details("nonsense")
